"""Sample pages of the relay log."""

from __future__ import annotations

from datetime import date

from tests.support.preview_public import read
from tests.support.preview_samples import (
    MOTHER,
    PEOPLE,
    PPT,
    SOLVEIG,
    TOPICS,
    Model,
    Sample,
    at,
    case,
    form,
    page,
)  # fmt: skip


def _measure(number: int, what: str, status: str = "running", **more: object) -> Model:
    return {
        "id": f"m{number}",
        "what": what,
        "responsible": "Solveig Brekke",
        "childs_own": False,
        "arena": "kindergarten",
        "deadline": date(2026, 4, 20),
        "status": status,
        "effect": None,
        "topic": "wellbeing",
        "held_back": False,
        "unread": False,
        **more,
    }


RUNNING: list[Model] = [
    _measure(1, "Leke i en fast gruppe på tre barn hver dag etter frokost"),
    _measure(2, "Tegne hvordan dagen har vært", responsible="Jonas", childs_own=True, effect="good"),
    _measure(3, "Lese sammen ti minutter hver kveld", responsible="Torbjørn Lillevik", arena="home"),
    _measure(5, "Hente tidlig mens mor er syk", responsible="Torbjørn Lillevik", held_back=True, unread=True),
]
GOALS: list[Model] = [
    {
        "id": "g1",
        "text": "Jonas leker med minst ett annet barn hver dag",
        "topic": "wellbeing",
        "status": "active",
        "held_back": False,
        "measures": RUNNING,
        "ended": [_measure(4, "Sitte ved siden av en voksen", "ended", effect="none")],
    },
    {
        "id": "g2",
        "text": "Jonas forteller hva han vil med hele setninger",
        "topic": "learning",
        "status": "active",
        "held_back": True,
        "measures": [],
        "ended": [],
    },
]
OTHERS = [
    {"code": "p2", "text": "Ánne Márjá Hætta-Lillevik"},
    {"code": "p3", "text": "Torbjørn Lillevik"},
    {"code": "somebody", "text": "Søsken eller noen andre"},
]
VIEWS = [
    {
        "text": "Jeg vil leke med Ella. Det er for mye bråk.",
        "missing": None,
        "at": at(5),
        "by": "Solveig Brekke",
        "apart": True,
    }
]
MAY: Model = {
    "goal": True,
    "measure": True,
    "evaluate": True,
    "suggest": False,
    "view": True,
    "call": True,
    "minutes": True,
    "write": True,
    "bring_in": True,
    "release": True,
    "comment": False,
    "correct": True,
}
NOT: Model = {key: key in ("suggest", "comment") for key in MAY}
PARTICIPANT: Model = {
    "id": "t1",
    "name": "Ingrid Žarković",
    "title": "Psykolog",
    "unit": "PPT Granli",
    "service": PPT["name"],
    "topics": ["learning", "wellbeing"],
    "since": at(9),
    "until": None,
    "may_write": True,
    "follows_up": True,
    "release_url": "#r",
}


def _plan() -> list[Sample]:
    plan = {
        "views": VIEWS,
        "goals": GOALS,
        "next_evaluation": date(2026, 4, 20),
        "missing_arenas": ["leisure"],
        "missing_own": True,
        "third_url": "#",
        "partial": None,
        "unknown": False,
    }
    frame = {"page": page(SOLVEIG), "case": case(2)}
    return [
        Sample("plan", "log/plan.html", {**frame, **plan, "may": MAY}),
        Sample(
            "plan-empty",
            "log/plan.html",
            {**frame, **plan, "goals": [], "views": [], "may": MAY, "next_evaluation": None},
        ),
        Sample(
            "plan-family",
            "log/plan.html",
            {"page": page(MOTHER), "case": case(2, "guardian"), **plan, "may": NOT},
        ),
        Sample(
            "plan-partial",
            "log/plan.html",
            {
                "page": page(SOLVEIG),
                "case": case(2, "participant"),
                **plan,
                "goals": GOALS[1:],
                "may": NOT,
                "partial": ["learning", "wellbeing"],
                "views": [],
            },
        ),
    ]


def _goals() -> list[Sample]:
    frame = {"page": page(SOLVEIG), "case": case(2)}
    return [
        Sample(
            "goal-new",
            "log/goal_form.html",
            {**frame, "goal_id": None, "topics": TOPICS, "form": form(), "others": OTHERS, "marked": None},
        ),
        Sample(
            "goal-edit",
            "log/goal_form.html",
            {
                **frame,
                "goal_id": "g1",
                "topics": TOPICS,
                "others": OTHERS,
                "marked": "Ánne Márjá Hætta-Lillevik",
                "form": form(
                    {
                        "text": GOALS[0]["text"],
                        "topic": "wellbeing",
                        "status": "active",
                        "third_person": "p2",
                    },
                    etag="3",
                ),
            },
        ),
        Sample(
            "measure-edit",
            "log/measure_form.html",
            {
                **frame,
                "measure_id": "m1",
                "goals": [],
                "people": PEOPLE,
                "others": OTHERS,
                "marked": None,
                "cannot_read": "Torbjørn Lillevik",
                "form": form(
                    {
                        "what": RUNNING[0]["what"],
                        "responsible": "p1",
                        "arena": "kindergarten",
                        "deadline": "2026-04-20",
                        "status": "running",
                    },
                    etag="2",
                ),
            },
        ),
        Sample(
            "conflict",
            "log/conflict.html",
            {
                **frame,
                "by": "Torbjørn Lillevik",
                "action": "#a",
                "back": "#b",
                "form": form({"what": "x", "l": ["a"]}),
                "changes": [
                    {
                        "field": "what",
                        "yours": "Lese sammen hver kveld",
                        "theirs": "Lese sammen tre kvelder i uka",
                    },
                    {"field": "deadline", "yours": "20. april", "theirs": "1. juni"},
                ],
            },
        ),
    ]


def _evaluation() -> list[Sample]:
    frame = {"page": page(SOLVEIG), "case": case(2)}
    return [
        Sample(
            "evaluate",
            "log/evaluate.html",
            {
                **frame,
                "measures": RUNNING[:2],
                "people": PEOPLE,
                "form": form({"effect-m1": "none", "outcome-m1": "change", "new_what-m1": "Leke to og to"}),
            },
        ),
        Sample(
            "marks",
            "log/marks.html",
            {
                **frame,
                "form": form({"needed": ["goal:g"]}),
                "topics": ["health"],
                "items": [
                    {"code": "goal:g", "text": "Jonas sover hele natten.", "hint": "Mål, helse"},
                    {"code": "entry:e", "text": "Jonas sover dårlig om søndagen.", "hint": "Innlegg, helse"},
                ],
            },
        ),
        Sample(
            "evaluation-date",
            "log/evaluation_date.html",
            {**frame, "form": form({"evaluate_on": "2026-04-20"})},
        ),
    ]


def _third_person() -> list[Sample]:
    frame = {"page": page(SOLVEIG), "case": case(2)}
    return [
        Sample(
            "third-person",
            "log/third_person.html",
            {
                **frame,
                "page": page(MOTHER),
                "today": "2026-03-10",
                "form": form(),
                "theirs": [],
                "mine": [
                    {
                        "id": "e1",
                        "key": "e1",
                        "whom": "Ánne",
                        "text": "Mor sover dårlig for tiden, og er ofte sliten.",
                        "by": "Solveig Brekke, Bjørkelia barnehage",
                        "at": at(9),
                        "topic": "home",
                        "shown": False,
                        "others": ["Torbjørn Lillevik", "Pedagogisk-psykologisk tjeneste (PPT)"],
                    },
                    {
                        "id": "e2",
                        "key": "e2",
                        "whom": "Ánne",
                        "text": "Mor begynner i ny jobb.",
                        "by": "Solveig Brekke, Bjørkelia barnehage",
                        "at": at(8),
                        "topic": "home",
                        "shown": True,
                        "corrected": True,
                        "others": ["Torbjørn Lillevik"],
                    },
                ],
            },
        ),
        Sample(
            "third-person-holder",
            "log/third_person.html",
            {
                **frame,
                "today": "2026-03-10",
                "form": form({}, {"answer": "Velg ett svar"}),
                "mine": [],
                "theirs": [
                    {
                        "id": "e3",
                        "key": "e3",
                        "whom": "Søsken eller noen andre",
                        "text": "Broren har vært syk i vinter.",
                        "by": "Solveig Brekke, Bjørkelia barnehage",
                        "at": at(9),
                        "topic": "health",
                        "shown": False,
                        "others": [],
                    },
                ],
            },
        ),
        Sample(
            "third-person-none",
            "log/third_person.html",
            {**frame, "today": "2026-03-10", "form": form(), "mine": [], "theirs": []},
        ),
    ]


def _entries() -> list[Sample]:
    frame = {"page": page(SOLVEIG), "case": case(2)}
    return [
        Sample(
            "entry",
            "log/entry_form.html",
            {
                **frame,
                "form": form(),
                "topics": TOPICS,
                "corrects": None,
                "kinds": ["note", "hindrance"],
                "others": OTHERS,
            },
        ),
        Sample(
            "entry-correct",
            "log/entry_form.html",
            {
                **frame,
                "form": form(),
                "topics": TOPICS,
                "kinds": ["note"],
                "others": OTHERS,
                "corrects": {
                    "id": "e1",
                    "text": "Møtet er på onsdag.",
                    "at": at(8),
                    "by": "Solveig Brekke",
                    "marked": None,
                },
            },
        ),
        Sample(
            "entry-correct-marked",
            "log/entry_form.html",
            {
                **frame,
                "form": form(),
                "topics": TOPICS,
                "kinds": ["note"],
                "others": OTHERS,
                "corrects": {
                    "id": "e1",
                    "text": "Mor er sliten for tiden.",
                    "at": at(8),
                    "by": "Solveig Brekke",
                    "marked": "Ánne Márjá Hætta-Lillevik",
                },
            },
        ),
    ]


def _meetings() -> list[Sample]:
    frame = {"page": page(SOLVEIG), "case": case(2), "partial": None, "unknown": False, "may": MAY}
    minutes = {
        "items": [{"topic": "wellbeing", "text": "Jonas leker mer. Han viste en tegning av Ella."}],
        "rest": [{"label": "Hva går bra?", "text": "Morgenen er roligere."}],
        "present": ["Solveig Brekke", "Torbjørn Lillevik"],
        "next_meeting": date(2026, 4, 20),
        "next_evaluation": date(2026, 4, 20),
        "published_at": at(9),
        "by": "Solveig Brekke",
    }
    meeting = {
        "id": "x",
        "starts_at": at(9, hour=11),
        "ends_at": at(9, hour=12),
        "place": "Møterommet i Bjørkelia",
        "called_by": "Solveig Brekke",
        "agenda": [{"topic": "wellbeing", "text": "Hvordan leken går"}],
        "invited": [
            {"name": "Ingrid Žarković", "role": "psykolog"},
            {"name": "Torbjørn Lillevik", "role": "far"},
        ],
        "minutes": minutes,
    }
    return [
        Sample(
            "meetings",
            "log/meetings.html",
            {
                **frame,
                "coming": [
                    {"id": "n", "starts_at": at(20, hour=10), "ends_at": at(20, hour=11), "place": "Rom 2"}
                ],
                "earlier": [{"id": "x", "starts_at": at(9), "minutes": False}],
            },
        ),
        Sample(
            "meeting-new",
            "log/meeting_form.html",
            {**frame, "form": form({"invited": ["p1"]}), "people": PEOPLE, "topics": TOPICS, "rows": 4},
        ),
        Sample("meeting", "log/meeting.html", {**frame, "meeting": meeting, "calendar_url": "#k"}),
        Sample(
            "meeting-called",
            "log/meeting.html",
            {**frame, "meeting": {**meeting, "minutes": None}, "calendar_url": "#k"},
        ),
        Sample(
            "minutes",
            "log/minutes.html",
            {
                **frame,
                "meeting_id": "x",
                "people": PEOPLE,
                "item_topics": TOPICS[:2],
                "others": [
                    {"code": "m", "text": "Ánne Márjá Hætta-Lillevik"},
                    {"code": "somebody", "text": "Søsken eller noen andre"},
                ],
                "form": form(),
                "definition": read("forms/meeting_template.v1"),
            },
        ),
    ]


def _timeline() -> list[Sample]:
    frame = {"page": page(SOLVEIG), "case": case(2), "partial": None, "unknown": False, "may": MAY}
    rows = [
        {"at": at(9), "told": "event.minutes_published", "params": {"by": "Solveig Brekke"}},
        {
            "at": at(8),
            "kind": "note",
            "topic": "wellbeing",
            "text": "Møtet er på onsdag.",
            "by": "Solveig Brekke",
            "corrected": True,
        },
        {
            "at": at(7),
            "kind": "proposal",
            "topic": "home",
            "text": "Kan han få låne boka med hjem?",
            "by": "Torbjørn Lillevik, far",
            "correct_url": "#c",
        },
    ]
    return [
        Sample("timeline", "log/timeline.html", {**frame, "rows": rows, "next_url": "#n"}),
    ]


def _participants() -> list[Sample]:
    frame = {"page": page(SOLVEIG), "case": case(2), "partial": None, "unknown": False, "may": MAY}
    return [
        Sample(
            "participants",
            "log/participants.html",
            {
                **frame,
                "now": [PARTICIPANT],
                "earlier": [{**PARTICIPANT, "name": "Odd Bråthen", "until": at(1)}],
                "family": [{"name": "Ánne Márjá Hætta-Lillevik", "relation": "mother"}],
            },
        ),
        Sample(
            "participant-new", "log/participant_form.html", {**frame, "form": form(), "people": PEOPLE[3:]}
        ),
        Sample("participant-new-none", "log/participant_form.html", {**frame, "form": form(), "people": []}),
        Sample(
            "participant-release",
            "log/participant_release.html",
            {**frame, "form": form(), "participant": PARTICIPANT},
        ),
    ]


def samples() -> list[Sample]:
    """One of each page of the log."""
    return [
        *_plan(),
        *_goals(),
        *_evaluation(),
        *_third_person(),
        *_entries(),
        *_meetings(),
        *_timeline(),
        *_participants(),
    ]

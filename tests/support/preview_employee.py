"""Sample pages of employees: work, concern, case, talk, decisions, consent, handover, the lane."""

from __future__ import annotations

from datetime import date

from tests.support.preview_public import read
from tests.support.preview_samples import (
    EVENTS,
    HEALTH,
    PEOPLE,
    PPT,
    READERS,
    SOLVEIG,
    TOPICS,
    Model,
    Sample,
    at,
    case,
    form,
    page,
)  # fmt: skip

SEEN = "Jonas satt alene ved vinduet under frileken tre dager på rad. Han sa at magen var vond."


def _row(
    act: str, deadline: date | None, level: int = 1, part: str = "holder", name: str = "Jonas Lillevik"
) -> Model:
    child = {"name": name, "first_name": name.split()[0], "age": 4 if name.startswith("J") else 15}
    return {
        "case_id": "c",
        "url": f"#{act}",
        "child": child,
        "level": level,
        "state": "open",
        "part": part,
        "act": act,
        "deadline": deadline,
        "overdue": False,
        "holder": "Solveig Brekke" if level else None,
    }


def _work() -> list[Sample]:
    mine = [
        _row("talk", date(2026, 3, 9), 0, "owner", "Emilie Nordgård-Ånestad"),
        _row("ask_consent", date(2026, 3, 13)),
        _row("renew_consent", date(2026, 4, 8), 2),
        _row("evaluate", date(2026, 4, 20), 2, "holder", "Máhtte Juhani Sárá"),
    ]
    others = [_row("await_consent", None, 1, "holder", "Iben Fossåskaret")]
    full = {"mine": mine, "others": others, "cases": mine + others, "show_closed": False}
    empty: Model = {"mine": [], "others": [], "cases": [], "show_closed": False}
    return [
        Sample("work", "employee/work.html", {"page": page(SOLVEIG, active="work"), **full}),
        Sample("work-empty", "employee/work.html", {"page": page(SOLVEIG, active="work"), **empty}),
    ]


def _concern() -> list[Sample]:
    units = [{"code": "u1", "text": "Bjørkelia barnehage"}, {"code": "u2", "text": "Måltrosten barnehage"}]
    frame = page(SOLVEIG)
    answers = {
        "subject_kind": "child",
        "child_number": "05 83 22 •••••",
        "unit": "Bjørkelia barnehage",
        "concern": SEEN,
        "topic": "wellbeing",
    }
    return [
        Sample("concern-1", "employee/concern_duty.html", {"page": frame, "form": form(), "unsure": False}),
        Sample(
            "concern-1-unsure",
            "employee/concern_duty.html",
            {"page": frame, "form": form(), "unsure": True, "phone": "00 00 00 15"},
        ),
        Sample(
            "concern-2",
            "employee/concern_child.html",
            {
                "page": frame,
                "units": units,
                "form": form(
                    {"subject_kind": "child", "child_number": "123"},
                    {"child_number": "Fødselsnummeret stemmer ikke. Sjekk at det har 11 siffer"},
                ),
            },
        ),
        Sample(
            "concern-3",
            "employee/concern_seen.html",
            {"page": frame, "form": form({"concern": SEEN}), "topics": TOPICS},
        ),
        Sample(
            "concern-4", "employee/concern_check.html", {"page": frame, "form": form(), "answers": answers}
        ),
        Sample(
            "concern-5",
            "employee/concern_receipt.html",
            {"page": frame, "case": case(0, "owner"), "decide_by": date(2026, 3, 24), "joined": False},
        ),
    ]


def _case_0() -> list[Sample]:
    steps_0 = [
        {
            "title": "Du legger merke til noe",
            "url": "#1",
            "status": "done",
            "by": "Solveig Brekke",
            "at": at(2),
        },
        {"title": "Skriv ned det du ser", "url": "#2", "status": "done", "by": "Solveig Brekke", "at": at(4)},
        {"title": "Snakk med barnet og foreldrene", "url": "#3", "note": "Frist 13. mars", "status": "you"},
        {
            "title": "Bestem om dere går videre",
            "url": None,
            "note": "Starter når samtalen er skrevet inn",
            "status": "later",
        },
    ]
    return [
        Sample(
            "case-0",
            "employee/case.html",
            {
                "page": page(SOLVEIG, active="work"),
                "case": case(0, "owner"),
                "consents": [],
                "events": EVENTS[2:],
                "now": {"code": "talk", "url": "#talk", "deadline": date(2026, 3, 13), "params": {}},
                "steps": steps_0,
                "notes": [{"at": at(3), "by": "Solveig Brekke", "text": SEEN}],
                "notes_shared": False,
                "may_note": True,
                "form": form(),
                "joined": None,
                "forms": [{"title": "Hvor sterk er bekymringen?", "url": "#f", "at": at(4)}],
                "readers": [READERS[0] | {"role": "owner"}],
                "actions": [{"code": "observation", "url": "#o"}, {"code": "view", "url": "#v"}],
            },
        ),
    ]


def _case_1() -> list[Sample]:
    steps_1: list[Model] = [
        {
            "title": "Finn ut hva som trengs",
            "url": "#1",
            "status": "done",
            "by": "Solveig Brekke",
            "at": at(9),
        },
        {
            "title": "Lag en plan sammen",
            "url": "#2",
            "note": "Frist 20. mars",
            "status": "you",
            "code": "plan",
            "may_finish": True,
        },
        {
            "title": "Gjør det dere ble enige om",
            "url": None,
            "note": "Starter når planen har et tiltak",
            "status": "later",
        },
    ]
    consents = [
        {"service": PPT["name"], "state": "waits_for_more", "until": None},
        {"service": HEALTH["name"], "state": "active", "until": date(2027, 3, 10)},
    ]
    return [
        Sample(
            "case-1",
            "employee/case.html",
            {
                "page": page(SOLVEIG, active="work", missing=["samtykkene"]),
                "case": case(1, protected=True),
                "now": {"code": "ask_consent", "url": "#c", "deadline": date(2026, 3, 13), "params": {}},
                "steps": steps_1,
                "notes": None,
                "notes_shared": True,
                "form": form(),
                "forms": [],
                "readers": READERS,
                "consents": consents,
                "events": EVENTS,
                "actions": [
                    {"code": code, "url": f"#{code}"} for code in ("level", "meeting", "handover", "close")
                ],
            },
        ),
        Sample(
            "case-emergency",
            "employee/case.html",
            {
                "page": page(SOLVEIG, active="work"),
                "case": case(1, "emergency"),
                "emergency": {"end": {"url": "#end", "key": "a-key"}, "until": at(9)},
                "now": None,
                "steps": [{**step, "may_finish": False} for step in steps_1],
                "notes": None,
                "notes_shared": True,
                "form": form(),
                "forms": [],
                "readers": READERS,
                "consents": consents,
                "events": EVENTS,
                "actions": [],
            },
        ),
    ]


def _case_closed() -> list[Sample]:
    return [
        Sample(
            "case-closed",
            "employee/case.html",
            {
                "page": page(SOLVEIG, active="work"),
                "case": case(2, state="closed"),
                "now": None,
                "steps": [],
                "notes": None,
                "notes_shared": True,
                "form": form(),
                "forms": [],
                "readers": READERS,
                "consents": [],
                "events": EVENTS,
                "actions": [{"code": "report", "url": "#r"}],
            },
        ),
    ]


def _forms() -> list[Sample]:
    zones = read("forms/concern_zones.v1")
    frame = {"page": page(SOLVEIG), "case": case(0, "owner"), "read_by": "concern.sees"}
    tools = [one for one in read("tools")["tools"] if one["form"]]
    return [
        Sample("form-choose", "common/form_choose.html", {**frame, "tools": tools}),
        Sample(
            "form-fill",
            "common/form_fill.html",
            {
                **frame,
                "tool_id": "concern_zones",
                "definition": zones,
                "topics": TOPICS,
                "form": form(
                    {"zone": "zone_3", "talked_with": ["colleague"]},
                    {"why_zone": "Dette må fylles ut"},
                    draft="d1",
                ),
            },
        ),
        Sample(
            "form-fill-minutes",
            "common/form_fill.html",
            {
                **frame,
                "tool_id": "meeting_template",
                "definition": read("forms/meeting_template.v1"),
                "topics": TOPICS,
                "form": form({"next_evaluation_on": "2026-06-01"}),
            },
        ),
        Sample(
            "form-view",
            "common/form_view.html",
            {
                **frame,
                "tool_id": "concern_zones",
                "definition": zones,
                "may_fill": True,
                "answers": {
                    "zone": "zone_3",
                    "why_zone": SEEN,
                    "talked_with": ["colleague", "leader"],
                    "look_again": "2026-03-20",
                },
                "filled": {"at": at(4), "by": "Solveig Brekke", "version": 1},
            },
        ),
    ]


def _notes() -> list[Sample]:
    frame = {"page": page(SOLVEIG), "case": case(0, "owner"), "read_by": "concern.sees"}
    return [
        Sample("note", "employee/note.html", {**frame, "form": form(), "topics": TOPICS}),
        Sample(
            "talk",
            "employee/talk.html",
            {
                **frame,
                "form": form({"with": ["p2"], "held_on": "2026-03-09"}),
                "people": PEOPLE[1:3],
                "with_guardians": True,
            },
        ),
        Sample("view", "employee/view.html", {**frame, "form": form(), "topics": TOPICS}),
    ]


def _levels() -> list[Sample]:
    frame = {"page": page(SOLVEIG), "case": case(0, "owner"), "read_by": "concern.sees"}
    return [
        Sample(
            "decide",
            "employee/decide.html",
            {
                **frame,
                "form": form({}, {"decision": "Dette må fylles ut"}),
                "decide_by": date(2026, 3, 9),
                "talk_recorded": False,
                "holders": PEOPLE[:1],
            },
        ),
        Sample(
            "level",
            "employee/level.html",
            {
                **frame,
                "case": case(1),
                "form": form({"services": [PPT["id"]]}),
                "levels": [2],
                "suggestion": 2,
                "holders": PEOPLE[:1],
                "services": [
                    {"code": one["id"], "text": one["name"], "hint": "Samtykket gjelder"}
                    for one in (PPT, HEALTH)
                ],
            },
        ),
    ]


def _requests() -> list[Model]:
    def answers(mother: str, father: str) -> list[Model]:
        return [
            {"name": "Ánne Márjá Hætta-Lillevik", "relation": "mother", "answer": mother, "at": at(8),
             "way": "paper", "registered_by": "Solveig Brekke", "evidence_url": "#scan"},
            {"name": "Torbjørn Lillevik", "relation": "father", "answer": father, "at": None},
        ]  # fmt: skip

    new = {
        "id": "r2",
        "asked_at": at(7),
        "asked_by": "Solveig Brekke",
        "valid_from": at(7),
        "valid_to": date(2027, 3, 7),
        "state": "partly",
        "current": True,
        "answer_url": None,
        "renew_url": "#renew",
        "talk_first": ["Torbjørn Lillevik"],
        "to_register": [{"name": "Torbjørn Lillevik", "url": "#register"}],
        "purpose": "Jonas skal få hjelp med språket, og slippe å fortelle det samme flere ganger.",
        "services": [
            {
                **PPT,
                "topics": ["learning", "wellbeing"],
                "state": "waits_for_more",
                "means": "waits_for_more",
                "waits_for": ["Torbjørn Lillevik"],
                "answers": answers("yes", "talk_first"),
            },
            {
                **HEALTH,
                "topics": ["health"],
                "state": "refused",
                "means": "refused",
                "waits_for": [],
                "answers": answers("no", "none"),
            },
            {
                **HEALTH,
                "topics": ["home"],
                "state": "lapsed",
                "means": "lapsed_earlier",
                "waits_for": ["Jonas Lillevik"],
                "answers": answers("yes", "yes"),
            },
        ],
    }
    return [
        new,
        {**new, "id": "r1", "current": False, "state": "expired", "asked_at": at(1, 2), "talk_first": []},
    ]


def _register() -> list[Sample]:
    shared: Model = {
        "page": page(SOLVEIG),
        "case": case(1),
        "signer": "Torbjørn Lillevik",
        "action": "#action",
        "ways": [
            {"code": "paper", "text": "På papir", "url": "#paper"},
            {"code": "oral", "text": "Muntlig", "url": "#oral"},
        ],
        "sheets": [
            {"language": "Bokmål", "url": "#nb"},
            {"language": "Nynorsk", "url": "#nn"},
            {"language": "Engelsk", "url": "#en"},
        ],
        "languages": [{"code": "nb", "text": "Bokmål"}, {"code": "en", "text": "Engelsk"}],
        "questions": [
            {"field": "answer-1", "text": f"Kan {PPT['name']} få lese om temaet «Læring og språk»?"},
            {"field": "answer-2", "text": f"Kan {HEALTH['name']} få lese om temaet «Helse»?"},
        ],
        "megabytes": 10,
    }
    faults = {
        "code": "Koden hører ikke til denne forespørselen. Sjekk at det er riktig ark",
        "scan": "Filen må være PDF, JPEG eller PNG",
    }
    evidence = {
        "signer": "Torbjørn Lillevik",
        "registered_by": "Solveig Brekke",
        "given_on": date(2026, 3, 9),
        "journal_ref": "2026/77, dokument 4",
    }
    return [
        Sample(
            "consent-register", "employee/consent_register.html", {**shared, "way": "paper", "form": form()}
        ),
        Sample(
            "consent-register-error",
            "employee/consent_register.html",
            {**shared, "way": "paper", "form": form({"code": "0000-0000"}, faults)},
        ),
        Sample(
            "consent-register-oral",
            "employee/consent_register.html",
            {**shared, "way": "oral", "form": form()},
        ),
        Sample(
            "consent-evidence",
            "employee/consent_evidence.html",
            {"page": page(SOLVEIG), "case": case(1), "evidence": evidence},
        ),
    ]


def _consent() -> list[Sample]:
    frame = {"page": page(SOLVEIG), "case": case(1)}
    topics = f"topics-{PPT['id']}"
    return [
        Sample(
            "consent-ask",
            "employee/consent_ask.html",
            {
                **frame,
                "form": form({topics: ["learning"], "valid_to": "2027-03-09"}),
                "topics": TOPICS,
                "months": 12,
                "services": [PPT, HEALTH],
                "signers": [
                    {"name": "Ánne Márjá Hætta-Lillevik", "relation": "mother", "topics": []},
                    {"name": "Jonas Lillevik", "relation": "self", "topics": ["learning", "health"]},
                ],
                "persons": [{"id": "p", "name": "Torbjørn Lillevik", "relation": "father"}],
            },
        ),
        Sample(
            "consent-status",
            "employee/consent_status.html",
            {**frame, "requests": _requests(), "may_ask": True, "may_withdraw": False},
        ),
    ]


def _handover() -> list[Sample]:
    frame = {"page": page(SOLVEIG), "case": case(1)}
    handover = {
        "id": "h1",
        "from": {"name": "Solveig Brekke", "unit": "Bjørkelia barnehage"},
        "to": {"name": "Ragnhild Åsheim", "unit": "Helsestasjonen"},
        "at": at(9),
        "reason": "Jonas liker best å snakke mens han tegner.",
    }
    return [
        Sample(
            "handover", "employee/handover.html", {**frame, "form": form(), "pending": None, "people": PEOPLE}
        ),
        Sample(
            "handover-answer",
            "employee/handover_answer.html",
            {**frame, "case": case(2, "participant"), "form": form(), "handover": handover},
        ),
        Sample("close", "employee/close.html", {**frame, "form": form(), "feedback": False}),
    ]


def _emergency() -> list[Sample]:
    return [
        Sample(
            "emergency",
            "employee/emergency.html",
            {
                "page": page(SOLVEIG),
                "form": form(),
                "reasons": ["danger_to_life", "acute_care", "missing_child", "crisis_at_home", "other"],
            },
        ),
        Sample(
            "emergencies",
            "employee/emergencies.html",
            {
                "page": page(SOLVEIG),
                "opened": [
                    {
                        "by": "Ingvild Tangvoll",
                        "unit": "Granli helsestasjon",
                        "owner_unit": "Bjørkelia barnehage",
                        "reason_code": "acute_care",
                        "reason": "Barnet er innlagt, og vi må vite hva som er prøvd.",
                        "at": at(7),
                        "until": at(7, hour=10),
                        "ended_by": ended_by,
                        "end": end,
                        "ground": {
                            "text": "En nødssituasjon der noen må lese for å hjelpe.",
                            "reference": "",
                        },
                    }
                    for ended_by, end in (
                        ("", {"url": "/nodsituasjon/1/avslutt", "key": "k"}),
                        ("Ragnhild Moanes", None),
                    )
                ],
                "refused": [
                    {"by": "Frode Heimlund", "unit": "Granli skole", "attempts": 3, "last_at": at(6)}
                ],
                "first": True,
                "more": None,
            },
        ),
    ]


def _lane_report() -> list[Sample]:
    return [
        Sample(
            "lane-report",
            "lane/report.html",
            {
                "page": page(SOLVEIG),
                "form": form({"kind": "protected", "ground": "duty_to_avert"}),
                "grounds": [
                    {
                        "code": "duty_to_report",
                        "text": "Plikten til å melde til barnevernet. Den gjelder uten samtykke.",
                    },
                    {
                        "code": "duty_to_avert",
                        "text": "Plikten til å avverge noe alvorlig som er i ferd med å skje.",
                    },
                ],
                "case_id": "c",
                "kept": True,
                "phone": "00 00 00 11",
            },
        ),
        Sample(
            "lane-report-blank",
            "lane/report.html",
            {
                "page": page(SOLVEIG),
                "form": form({}, {"text": "Dette må fylles ut"}),
                "case_id": None,
                "other": "#o",
            },
        ),
        Sample("lane-receipt", "lane/receipt.html", {"page": page(SOLVEIG)}),
    ]


_REPORT = {
    "id": "m1",
    "at": at(9),
    "by": "Solveig Brekke",
    "child": "Jonas Lillevik",
    "child_birth_date": date(2021, 5, 5),
    "child_description": None,
    "suspicion": "violence",
    "kind": "protected",
    "text": SEEN,
    "guardians_informed": "no",
    "guardians_informed_reason": None,
    "police_contacted": True,
    "ground": {
        "text": "Plikten til å melde til barnevernet. Den gjelder uten samtykke.",
        "reference": "Barnevernsloven om meldeplikt til barnevernet",
    },
    "state": "received",
    "taken_by": None,
    "taken_at": None,
    "answers": [],
    "readers": [],
    "may": ["follow_up", "name_readers", "read_access"],
    "in_lane": True,
}
_FOLLOWED_UP = {
    **_REPORT,
    "state": "answered",
    "taken_by": "Espen Lysvollen",
    "taken_at": at(10),
    "answers": [
        {"text": "Vi har mottatt meldingen og åpnet undersøkelse.", "by": "Espen Lysvollen", "at": at(11)}
    ],
    "readers": [
        {
            "person_id": "p2",
            "name": "Turid Haugnesli",
            "valid_from": at(9),
            "valid_to": at(12),
            "removable": True,
        }
    ],
}


def _lane_list() -> list[Sample]:
    states = ["received", "being_assessed", "answered"]
    return [
        Sample(
            "lane-list",
            "lane/list.html",
            {
                "page": page(SOLVEIG),
                "reports": [_REPORT, {**_FOLLOWED_UP, "id": "m2"}],
                "states": states,
                "state": "received",
                "next_url": "#n",
            },
        ),
        Sample(
            "lane-list-faults",
            "lane/list.html",
            {
                "page": page(SOLVEIG),
                "reports": [_REPORT],
                "unreadable": [_REPORT["at"]],
                "faults": [{"code": "filing", "at": _REPORT["at"]}, {"code": "other", "at": _REPORT["at"]}],
                "states": states,
            },
        ),
    ]


def _lane_item() -> list[Sample]:
    return [
        Sample("lane-item", "lane/item.html", {"page": page(SOLVEIG), "report": _REPORT, "form": form()}),
        Sample(
            "lane-item-answered",
            "lane/item.html",
            {"page": page(SOLVEIG), "report": _FOLLOWED_UP, "form": form()},
        ),
    ]


def _lane_readers() -> list[Sample]:
    lines = [
        {"at": at(11), "by": "Turid Haugnesli", "unit": "Bjørkelia barnehage", "act": "read_report", "allowed": False},
        {"at": at(10), "by": "Espen Lysvollen", "unit": "Barnevernet", "act": "assess_report", "allowed": True},
    ]  # fmt: skip
    units = [{"code": "u1", "text": "Bjørkelia barnehage"}]
    return [
        Sample(
            "lane-reader",
            "lane/reader.html",
            {
                "page": page(SOLVEIG),
                "report": {"id": "m1"},
                "form": form(),
                "units": units,
                "unit": "u1",
                "people": PEOPLE,
            },
        ),
        Sample(
            "lane-access",
            "lane/access.html",
            {"page": page(SOLVEIG), "report": {"id": "m1"}, "rows": lines},
        ),
    ]


def samples() -> list[Sample]:
    """One of each page of employees, some in several states."""
    return [
        *_work(),
        *_concern(),
        *_case_0(),
        *_case_1(),
        *_case_closed(),
        *_forms(),
        *_notes(),
        *_levels(),
        *_register(),
        *_consent(),
        *_handover(),
        *_emergency(),
        *_lane_report(),
        *_lane_list(),
        *_lane_item(),
        *_lane_readers(),
    ]

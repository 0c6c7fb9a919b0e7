"""Sample pages of the relay log, the family, the inbox and the final report."""

from __future__ import annotations

from datetime import date

from tests.support.preview_employee import SEEN, _requests
from tests.support.preview_public import _read as read
from tests.support.preview_samples import (
    CHILD, EVENTS, HEALTH, MOTHER, PEOPLE, PPT, READERS, SOLVEIG, TOPICS, Model, Sample, at, case, form, page,
)  # fmt: skip


def _measure(number: int, what: str, status: str = "running", **more: object) -> Model:
    return {"id": f"m{number}", "what": what, "responsible": "Solveig Brekke", "childs_own": False,
            "arena": "kindergarten", "deadline": date(2026, 4, 20), "status": status, "effect": None,
            "topic": "wellbeing", **more}


RUNNING = [
    _measure(1, "Leke i en fast gruppe på tre barn hver dag etter frokost"),
    _measure(2, "Tegne hvordan dagen har vært", responsible="Jonas", childs_own=True, effect="good"),
    _measure(3, "Lese sammen ti minutter hver kveld", responsible="Torbjørn Lillevik", arena="home"),
]
GOALS = [
    {"id": "g1", "text": "Jonas leker med minst ett annet barn hver dag", "topic": "wellbeing", "status": "active",
     "measures": RUNNING, "ended": [_measure(4, "Sitte ved siden av en voksen", "ended", effect="none")]},
    {"id": "g2", "text": "Jonas forteller hva han vil med hele setninger", "topic": "learning", "status": "active",
     "measures": [], "ended": []},
]
VIEWS = [{"text": "Jeg vil leke med Ella. Det er for mye bråk.", "missing": None, "at": at(5), "by": "Solveig Brekke",
          "apart": True}]
MAY: Model = {"goal": True, "measure": True, "evaluate": True, "suggest": False, "view": True, "call": True,
              "minutes": True, "write": True, "bring_in": True, "release": True, "comment": False, "correct": True}
NOT: Model = {key: key in ("suggest", "comment") for key in MAY}
PARTICIPANT = {"id": "t1", "name": "Ingrid Žarković", "title": "Psykolog", "unit": "PPT Granli", "service": PPT["name"],
               "topics": ["learning", "wellbeing"], "since": at(9), "until": None, "may_write": True,
               "follows_up": True, "release_url": "#r"}


def _plan() -> list[Sample]:
    plan = {"views": VIEWS, "goals": GOALS, "next_evaluation": date(2026, 4, 20), "missing_arenas": ["leisure"],
            "missing_own": True, "partial": None, "unknown": False}
    frame = {"page": page(SOLVEIG), "case": case(2)}
    return [
        Sample("plan", "log/plan.html", {**frame, **plan, "may": MAY}),
        Sample("plan-empty", "log/plan.html",
               {**frame, **plan, "goals": [], "views": [], "may": MAY, "next_evaluation": None}),
        Sample("plan-family", "log/plan.html",
               {"page": page(MOTHER), "case": case(2, "guardian"), **plan, "may": NOT}),
        Sample("plan-partial", "log/plan.html", {
            "page": page(SOLVEIG), "case": case(2, "participant"), **plan, "goals": GOALS[1:], "may": NOT,
            "partial": ["learning", "wellbeing"], "views": [],
        }),
        Sample("goal-new", "log/goal_form.html", {**frame, "goal_id": None, "topics": TOPICS, "form": form()}),
        Sample("goal-edit", "log/goal_form.html", {
            **frame, "goal_id": "g1", "topics": TOPICS,
            "form": form({"text": GOALS[0]["text"], "topic": "wellbeing", "status": "active"}, etag="3"),
        }),
        Sample("measure-edit", "log/measure_form.html", {
            **frame, "measure_id": "m1", "goals": [], "people": PEOPLE,
            "form": form({"what": RUNNING[0]["what"], "responsible": "p1", "arena": "kindergarten",
                          "deadline": "2026-04-20", "status": "running"}, etag="2"),
        }),
        Sample("conflict", "log/conflict.html", {
            **frame, "by": "Torbjørn Lillevik", "action": "#a", "back": "#b", "form": form({"what": "x", "l": ["a"]}),
            "changes": [{"field": "what", "yours": "Lese sammen hver kveld", "theirs": "Lese sammen tre kvelder i uka"},
                        {"field": "deadline", "yours": "20. april", "theirs": "1. juni"}],
        }),
        Sample("evaluate", "log/evaluate.html", {
            **frame, "measures": RUNNING[:2], "people": PEOPLE,
            "form": form({"effect-m1": "none", "outcome-m1": "change", "new_what-m1": "Leke to og to"}),
        }),
        Sample("evaluation-date", "log/evaluation_date.html", {**frame, "form": form({"evaluate_on": "2026-04-20"})}),
        Sample("entry", "log/entry_form.html",
               {**frame, "form": form(), "topics": TOPICS, "corrects": None, "kinds": ["note", "hindrance"]}),
        Sample("entry-correct", "log/entry_form.html", {
            **frame, "form": form(), "topics": TOPICS, "kinds": ["note"],
            "corrects": {"id": "e1", "text": "Møtet er på onsdag.", "at": at(8), "by": "Solveig Brekke"},
        }),
    ]


def _meetings() -> list[Sample]:
    frame = {"page": page(SOLVEIG), "case": case(2), "partial": None, "unknown": False, "may": MAY}
    minutes = {"items": [{"topic": "wellbeing", "text": "Jonas leker mer. Han viste en tegning av Ella."}],
               "rest": [{"label": "Hva går bra?", "text": "Morgenen er roligere."}],
               "present": ["Solveig Brekke", "Torbjørn Lillevik"], "next_meeting": date(2026, 4, 20),
               "next_evaluation": date(2026, 4, 20), "published_at": at(9), "by": "Solveig Brekke"}
    meeting = {"id": "x", "starts_at": at(9, hour=11), "ends_at": at(9, hour=12), "place": "Møterommet i Bjørkelia",
               "called_by": "Solveig Brekke", "agenda": [{"topic": "wellbeing", "text": "Hvordan leken går"}],
               "invited": [{"name": "Ingrid Žarković", "role": "psykolog"}, {"name": "Torbjørn Lillevik", "role": "far"}],
               "minutes": minutes}
    rows = [
        {"at": at(9), "event": "minutes_published", "params": {"by": "Solveig Brekke"}},
        {"at": at(8), "kind": "note", "topic": "wellbeing", "text": "Møtet er på onsdag.", "by": "Solveig Brekke",
         "corrected": True},
        {"at": at(7), "kind": "proposal", "topic": "home", "text": "Kan han få låne boka med hjem?",
         "by": "Torbjørn Lillevik, far", "correct_url": "#c"},
    ]
    return [
        Sample("meetings", "log/meetings.html", {
            **frame, "coming": [{"id": "n", "starts_at": at(20, hour=10), "ends_at": at(20, hour=11), "place": "Rom 2"}],
            "earlier": [{"id": "x", "starts_at": at(9), "minutes": False}],
        }),
        Sample("meeting-new", "log/meeting_form.html",
               {**frame, "form": form({"invited": ["p1"]}), "people": PEOPLE, "topics": TOPICS, "rows": 4}),
        Sample("meeting", "log/meeting.html", {**frame, "meeting": meeting, "calendar_url": "#k"}),
        Sample("meeting-called", "log/meeting.html",
               {**frame, "meeting": {**meeting, "minutes": None}, "calendar_url": "#k"}),
        Sample("minutes", "log/minutes.html", {
            **frame, "meeting_id": "x", "people": PEOPLE, "item_topics": TOPICS[:2], "form": form(),
            "definition": read("forms/meeting_template.v1"),
        }),
        Sample("timeline", "log/timeline.html", {**frame, "rows": rows, "next_url": "#n"}),
        Sample("participants", "log/participants.html", {
            **frame, "now": [PARTICIPANT], "earlier": [{**PARTICIPANT, "name": "Odd Bråthen", "until": at(1)}],
            "family": [{"name": "Ánne Márjá Hætta-Lillevik", "relation": "mother"}],
        }),
        Sample("participant-new", "log/participant_form.html", {**frame, "form": form(), "people": PEOPLE[3:]}),
        Sample("participant-new-none", "log/participant_form.html", {**frame, "form": form(), "people": []}),
        Sample("participant-release", "log/participant_release.html",
               {**frame, "form": form(), "participant": PARTICIPANT}),
    ]


def _family() -> list[Sample]:
    frame = {"page": page(MOTHER), "case": case(1, "guardian")}
    request = {
        "id": "r1", "child": CHILD, "is_self": False, "others": ["Torbjørn Lillevik"], "valid_to": date(2027, 3, 7),
        "sharer": {"name": "Solveig Brekke", "unit": "Bjørkelia barnehage"},
        "purpose": "Jonas skal få hjelp med språket, og slippe å fortelle det samme flere ganger.",
        "services": [{**PPT, "gives": "Vi hjelper barn som strever med språk og læring.", "topics": TOPICS[:2]},
                     {**HEALTH, "gives": None, "topics": TOPICS[2:3]}],
    }
    field = f"{PPT['id']}-learning"
    answers = [{"service": PPT["name"], "topic": "Læring og språk", "answer": "yes", "field": f"answer-{field}"},
               {"service": HEALTH["name"], "topic": "Helse", "answer": "talk_first", "field": "answer-h"}]
    now = {"code": "answer_consent", "url": "#svar", "deadline": None, "params": {}}
    row = {"id": "c1", "child": CHILD, "level": 1, "state": "open", "holder": "Solveig Brekke", "unit": "Bjørkelia"}
    waiting = {"name": "Torbjørn Lillevik", "relation": "father", "answer": "none"}
    receipt = {"signed_at": at(10), "signer": "Ánne Márjá Hætta-Lillevik", "version": "v1", "answers": answers,
               "purpose": request["purpose"], "valid_to": date(2027, 3, 7)}
    choices = [{"code": "all", "text": "Alt", "hint": "Ingen andre tjenester kan lese loggen lenger."},
               {"code": PPT["id"], "text": PPT["name"], "hint": "Temaer: læring og språk"}]
    quiet = page(MOTHER)
    youth = {**request, "is_self": True, "others": []}
    return [
        Sample("cases", "family/cases.html", {
            "page": page(MOTHER, active="cases"), "cases": [{**row, "now": now}, {**row, "id": "c2", "now": None}],
        }, many_buttons=True),
        Sample("cases-empty", "family/cases.html", {"page": page(MOTHER, active="cases"), "cases": []}),
        Sample("family-case", "family/case.html", {
            **frame, "now": now, "events": EVENTS, "readers": READERS, "notes_shared": True,
            "notes": [{"at": at(3), "by": "Solveig Brekke", "text": SEEN}], "forms": [],
            "consents": [{"service": PPT["name"], "state": "pending", "until": None}],
            "actions": [{"code": "suggest", "url": "#s"}, {"code": "withdraw", "url": "#w"}],
        }),
        Sample("consent", "family/consent.html", {"page": quiet, "request": request, "form": form({"text_hash": "x"})}),
        Sample("consent-error", "family/consent.html", {
            "page": quiet, "request": youth, "form": form({}, {f"answer-{field}": "Svar ja, nei eller snakke først"}),
        }),
        Sample("consent-check", "family/consent_check.html",
               {"page": quiet, "request": request, "answers": answers, "form": form({"text_hash": "x"})}),
        Sample("consent-sign", "family/consent_sign.html", {"page": quiet, "request": request, "step_up_url": "#u"}),
        Sample("consent-receipt", "family/consent_receipt.html", {
            **frame, "request": request, "result": "wait", "receipt": receipt, "others": [waiting],
        }),
        Sample("consent-withdraw", "family/consent_withdraw.html", {**frame, "choices": choices, "form": form()}),
        Sample("consent-status-family", "employee/consent_status.html", {
            **frame, "requests": [{**_requests()[0], "answer_url": "#svar"}], "may_ask": False, "may_withdraw": True,
        }),
        Sample("suggest", "family/suggest.html",
               {**frame, "form": form(), "topics": TOPICS, "kinds": ["comment", "proposal"]}),
        Sample("feedback", "family/feedback.html", {**frame, "form": form()}),
        Sample("access", "family/access.html", {
            **frame, "unit_readers": READERS[:2],
            "services": [{"service": PPT["name"], "topics": ["learning"], "until": date(2027, 3, 7),
                          "people": ["Ingrid Žarković"]}],
        }),
    ]


def _common() -> list[Sample]:
    messages = [
        {"id": "1", "kind": "consent_requested", "child": "Jonas", "at": at(9), "unread": True, "action": True},
        {"id": "2", "kind": "meeting_called", "child": "Jonas", "at": at(8), "unread": False, "action": False},
    ]
    message = {**messages[1], "text": None, "url": "#u", "gone": False,
               "facts": [{"label": "Når", "text": "fredag 20. mars kl. 11.00"}],
               "attempts": [{"channel": "email", "outcome": "sent", "at": at(8)}]}
    return [
        Sample("inbox", "common/inbox.html", {"page": page(MOTHER, active="inbox"), "messages": messages}),
        Sample("inbox-empty", "common/inbox.html", {"page": page(MOTHER, active="inbox"), "messages": []}),
        Sample("message", "common/message.html", {"page": page(MOTHER, active="inbox"), "message": message}),
        Sample("report", "common/report.html", {
            "page": page(MOTHER), "case": case(2, "guardian", state="closed"), "outcome": "goals_reached",
            "reason": "Jonas har venner og forteller mer.", "closed_at": at(9), "made_at": at(9), "partial": True,
            "goals": [{**GOALS[0], "status": "reached"}], "views": VIEWS, "meetings": [{"at": at(9)}],
            "participants": [PARTICIPANT],
            "feedback": [{"text": "Det var fint at vi fikk være med hele veien.", "by": "Torbjørn Lillevik", "at": at(9)}],
        }),
    ]


def samples() -> list[Sample]:
    """One of each page of the log, the family, the inbox, and the report."""
    return [*_plan(), *_meetings(), *_family(), *_common()]

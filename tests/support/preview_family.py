"""Sample pages of the family, the inbox and the final report."""

from __future__ import annotations

from datetime import date

import yaml

from gateway.papers import words
from tests.support.preview_employee import SEEN, _requests
from tests.support.preview_log import GOALS, PARTICIPANT, VIEWS
from tests.support.preview_public import DATA
from tests.support.preview_samples import (
    CHILD,
    EVENTS,
    HEALTH,
    MOTHER,
    PPT,
    READERS,
    TOPICS,
    Model,
    Sample,
    at,
    case,
    form,
    page,
)  # fmt: skip


def _look(name: str | None, unit: str | None, service: str | None, **more: object) -> dict[str, object]:
    given: dict[str, object] = {
        "you": False, "name": name, "unit": unit, "service": service, "system": None, "first_at": at(7, hour=8),
        "last_at": at(7, hour=9), "things": ["overview"], "urgent": [], "reasons": ["allowed_as_own_holder"],
    }  # fmt: skip
    return {**given, **more}


WHO_LOOKED = {
    "days": [
        {
            "day": date(2026, 3, 7),
            "looks": [
                _look(
                    "Ingvild Tangvoll",
                    "Granli helsestasjon",
                    "Helsestasjonen",
                    things=["overview", "plan", "emergency"],
                    urgent=["acute_care"],
                    reasons=["allowed_as_emergency"],
                ),
                _look(
                    "Ingrid Žarković",
                    "PPT-kontoret",
                    "PPT",
                    things=["overview", "plan", "log"],
                    reasons=["allowed_as_other_participant"],
                ),
                _look(None, None, None, you=True, things=["overview", "who_looked"], reasons=[]),
            ],
        },
        {
            "day": date(2026, 3, 4),
            "looks": [
                _look(
                    "Solveig Brekke",
                    "Bjørkelia barnehage",
                    "Barnehage",
                    things=["overview", "plan", "log", "consents"],
                ),
                _look(
                    None,
                    None,
                    None,
                    recipient="fagsystem",
                    things=["outside"],
                    reasons=["allowed_as_other_system"],
                ),
            ],
        },
    ],
    "more": "#eldre",
}


_REQUEST: Model = {
    "id": "r1",
    "child": CHILD,
    "is_self": False,
    "others": ["Torbjørn Lillevik"],
    "until": "Fra alle har sagt ja, til og med 7. mars 2027",
    "sharer": {"name": "Solveig Brekke", "unit": "Bjørkelia barnehage"},
    "purpose": "Jonas skal få hjelp med språket, og slippe å fortelle det samme flere ganger.",
    "services": [
        {**PPT, "gives": "Vi hjelper barn som strever med språk og læring.", "topics": TOPICS[:2]},
        {**HEALTH, "gives": None, "topics": TOPICS[2:3]},
    ],
}
_FIELD = f"{PPT['id']}-learning"
_ANSWERS = [
    {"service": PPT["name"], "topic": "Læring og språk", "answer": "yes", "field": f"answer-{_FIELD}"},
    {"service": HEALTH["name"], "topic": "Helse", "answer": "talk_first", "field": "answer-h"},
]


def _cases() -> list[Sample]:
    frame = {"page": page(MOTHER), "case": case(1, "guardian")}
    now: Model = {"code": "answer_consent", "url": "#svar", "deadline": None, "params": {}}
    row = {
        "id": "c1",
        "child": CHILD,
        "level": 1,
        "state": "open",
        "holder": "Solveig Brekke",
        "unit": "Bjørkelia",
    }
    return [
        Sample(
            "cases",
            "family/cases.html",
            {
                "page": page(MOTHER, active="cases"),
                "cases": [{**row, "now": now}, {**row, "id": "c2", "now": None}],
                "reports": [{"url": "#r", "at": at(9), "child": "Jonas Lillevik"}],
            },
            many_buttons=True,
        ),
        Sample("cases-empty", "family/cases.html", {"page": page(MOTHER, active="cases"), "cases": []}),
        Sample(
            "cases-reported",
            "family/cases.html",
            {
                "page": page(MOTHER, active="cases"),
                "cases": [],
                "reports": [{"url": "#r", "at": at(9), "child": "Jonas Lillevik"}],
            },
        ),
        Sample(
            "family-case",
            "family/case.html",
            {
                **frame,
                "now": now,
                "events": EVENTS,
                "readers": READERS,
                "notes_shared": True,
                "notes": [{"at": at(3), "by": "Solveig Brekke", "text": SEEN}],
                "forms": [],
                "consents": [{"service": PPT["name"], "state": "pending", "until": None}],
                "actions": [
                    {"code": "suggest", "url": "#s"},
                    {"code": "withdraw", "url": "#w"},
                    {"code": "end_log", "url": "#e"},
                ],
            },
        ),
    ]


def _consent() -> list[Sample]:
    frame = {"page": page(MOTHER), "case": case(1, "guardian")}
    quiet = page(MOTHER)
    wording = yaml.safe_load((DATA.parents[1] / "consent" / "texts" / "v2.nb.yaml").read_text("utf-8"))
    youth = {**_REQUEST, "is_self": True, "others": []}
    spoken: Model = {
        "wording": wording,
        "words": words("nb"),
        "language": "nb",
        "languages": [{"code": code, "text": words(code)(f"language.{code}"), "url": f"?{code}"}
                      for code in ("en", "nb", "nn")],
    }  # fmt: skip
    english: Model = {**spoken, "words": words("en"), "language": "en"}
    english["wording"] = yaml.safe_load(
        (DATA.parents[1] / "consent" / "texts" / "v2.en.yaml").read_text("utf-8")
    )
    in_english = {**_REQUEST, "until": "From when everyone has said yes, until 7 March 2027"}
    return [
        Sample(
            "consent",
            "family/consent.html",
            {**frame, "page": quiet, "request": _REQUEST, "form": form({"text_hash": "x"}), **spoken},
        ),
        Sample(
            "consent-english",
            "family/consent.html",
            {**frame, "page": quiet, "request": in_english, "form": form({"text_hash": "x"}), **english},
        ),
        Sample(
            "consent-error",
            "family/consent.html",
            {
                **frame,
                "page": quiet,
                "request": youth,
                **spoken,
                "form": form({}, {f"answer-{_FIELD}": "Svar ja, nei eller snakke først"}),
            },
        ),
        Sample(
            "consent-check",
            "family/consent_check.html",
            {
                "page": quiet,
                "request": _REQUEST,
                "answers": _ANSWERS,
                "form": form({"text_hash": "x"}),
                **spoken,
            },
        ),
        Sample(
            "consent-sign",
            "family/consent_sign.html",
            {"page": quiet, "request": _REQUEST, "step_up_url": "#u"},
        ),
    ]


def _receipts() -> list[Sample]:
    frame = {"page": page(MOTHER), "case": case(1, "guardian")}
    waiting = {"name": "Torbjørn Lillevik", "relation": "father", "answer": "none"}
    receipt = {
        "signed_at": at(10),
        "signer": "Ánne Márjá Hætta-Lillevik",
        "version": "v2",
        "language": "Bokmål",
        "way": "På papir",
        "registered_by": "Solveig Brekke",
        "basis": {
            "text": "Samtykke fra den som bestemmer. Det kan trekkes når som helst.",
            "reference": "Personopplysningsloven om samtykke",
        },
        "pdf_url": "#pdf",
        "record_url": "#json",
        "answers": _ANSWERS,
        "purpose": _REQUEST["purpose"],
        "valid_to": date(2027, 3, 7),
    }
    return [
        Sample(
            "consent-receipt",
            "family/consent_receipt.html",
            {
                **frame,
                "request": _REQUEST,
                "result": "wait",
                "receipt": receipt,
                "others": [waiting],
            },
        ),
        Sample(
            "withdrawal-receipt",
            "family/withdrawal_receipt.html",
            {
                **frame,
                "receipt": {
                    "id": "w1",
                    "at": at(10),
                    "by": "Ánne Márjá Hætta-Lillevik",
                    "lines": [f"{PPT['name']}: Læring og språk", f"{HEALTH['name']}: Helse"],
                },
            },
        ),
    ]


def _name_person() -> list[Sample]:
    frame = {"page": page(MOTHER), "case": case(1, "guardian")}
    grown: Model = {"name": "Jonas Lillevik", "capacity": "self", "can_switch": False, "label": "Du selv"}
    return [
        Sample(
            "name-person",
            "family/name_person.html",
            {
                "page": page(grown),
                "case": frame["case"],
                "persons": [
                    {"code": "m", "text": "Ánne Márjá Hætta-Lillevik", "hint": "Mor"},
                    {"code": "f", "text": "Torbjørn Lillevik", "hint": "Far"},
                ],
                "topics": TOPICS,
                "named": [{"name": "Torbjørn Lillevik", "topics": ["Læring og språk"]}],
                "latest": date(2027, 3, 10),
                "form": form({"valid_to": "2027-03-10"}),
            },
        ),
        Sample(
            "name-person-nobody",
            "family/name_person.html",
            {
                "page": page(grown),
                "case": frame["case"],
                "persons": [],
                "topics": [],
                "named": [],
                "form": form(),
            },
        ),
    ]


def _log_end() -> list[Sample]:
    frame = {"page": page(MOTHER), "case": case(1, "guardian")}
    return [
        Sample("log-end", "family/log_end.html", {**frame, "feedback": True, "form": form()}),
        Sample(
            "log-end-unsure",
            "family/log_end.html",
            {**frame, "feedback": True, "form": form({}, {"sure": "Kryss av for at du er sikker"})},
        ),
        Sample(
            "log-ended",
            "family/log_ended.html",
            {
                **frame,
                "ending": {
                    "at": at(10),
                    "by": "Ánne Márjá Hætta-Lillevik",
                    "reason": "Vi vil klare oss selv nå.",
                },
                "withdraw": True,
                "report": True,
            },
        ),
    ]


def _consent_later() -> list[Sample]:
    frame = {"page": page(MOTHER), "case": case(1, "guardian")}
    choices = [
        {"code": "all", "text": "Alt", "hint": "Ingen andre tjenester kan lese loggen lenger."},
        {"code": PPT["id"], "text": PPT["name"], "hint": "Temaer: læring og språk"},
    ]
    return [
        Sample(
            "consent-withdraw", "family/consent_withdraw.html", {**frame, "choices": choices, "form": form()}
        ),
        Sample(
            "consent-status-family",
            "employee/consent_status.html",
            {
                **frame,
                "requests": [{**_requests()[0], "answer_url": "#svar"}],
                "may_ask": False,
                "may_withdraw": True,
            },
        ),
    ]


def _words() -> list[Sample]:
    frame = {"page": page(MOTHER), "case": case(1, "guardian")}
    return [
        Sample(
            "suggest",
            "family/suggest.html",
            {**frame, "form": form(), "topics": TOPICS, "kinds": ["comment", "proposal"]},
        ),
        Sample("feedback", "family/feedback.html", {**frame, "form": form()}),
    ]


def _access() -> list[Sample]:
    frame = {"page": page(MOTHER), "case": case(1, "guardian")}
    return [
        Sample(
            "access",
            "family/access.html",
            {
                **frame,
                "unit_readers": READERS[:2],
                "services": [
                    {
                        "service": PPT["name"],
                        "topics": ["learning"],
                        "until": date(2027, 3, 7),
                        "people": ["Ingrid Žarković"],
                    }
                ],
                "youths_own": ["health"],
                "history": True,
            },
        ),
        Sample("access-history", "family/access_history.html", {**frame, **WHO_LOOKED}),
    ]


def _common() -> list[Sample]:
    messages: list[Model] = [
        {
            "id": "1",
            "url": "#m1",
            "kind": "consent_requested",
            "child": "Jonas",
            "at": at(9),
            "unread": True,
            "action": True,
        },
        {
            "id": "2",
            "url": "#m2",
            "kind": "meeting_called",
            "child": "Jonas",
            "at": at(8),
            "unread": False,
            "action": False,
        },
    ]
    message: Model = {
        **messages[1],
        "text": None,
        "url": "#u",
        "gone": False,
        "facts": [{"label": "Når", "text": "fredag 20. mars kl. 11.00"}],
        "attempts": [{"channel": "email", "outcome": "sent", "at": at(8)}],
    }
    return [
        Sample("inbox", "common/inbox.html", {"page": page(MOTHER, active="inbox"), "messages": messages}),
        Sample("inbox-empty", "common/inbox.html", {"page": page(MOTHER, active="inbox"), "messages": []}),
        Sample("message", "common/message.html", {"page": page(MOTHER, active="inbox"), "message": message}),
        Sample(
            "report",
            "common/report.html",
            {
                "page": page(MOTHER),
                "case": case(2, "guardian", state="closed"),
                "outcome": "goals_reached",
                "reason": "Jonas har venner og forteller mer.",
                "closed_at": at(9),
                "made_at": at(9),
                "partial": True,
                "goals": [{**GOALS[0], "status": "reached"}],
                "views": VIEWS,
                "meetings": [{"at": at(9)}],
                "participants": [PARTICIPANT],
                "feedback": [
                    {
                        "text": "Det var fint at vi fikk være med hele veien.",
                        "by": "Torbjørn Lillevik",
                        "at": at(9),
                    }
                ],
            },
        ),
    ]


def samples() -> list[Sample]:
    """One of each page of the family, the inbox, and the report."""
    return [
        *_cases(),
        *_consent(),
        *_receipts(),
        *_name_person(),
        *_log_end(),
        *_consent_later(),
        *_words(),
        *_access(),
        *_common(),
    ]

"""Sample view models for the preview: one invented family, seen by those who take part in its case."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

Model = dict[str, Any]


@dataclass(frozen=True)
class Sample:
    """One page to look at: file name, template, and everything the template needs."""

    name: str
    template: str
    model: Model = field(default_factory=dict)
    many_buttons: bool = False


def at(day: int, month: int = 3, hour: int = 9, minute: int = 12) -> datetime:
    """An instant in the sample year."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


MUNICIPALITY = {"slug": "granli", "name": "Granli kommune"}


def page(who: Model | None = None, **more: Any) -> Model:
    """The frame of a page."""
    return {"municipality": MUNICIPALITY, "who": who, "unread": 2 if who else 0, "csrf": "x", "active": "",
            "notice": None, "missing": [], "sandbox": True, **more}


SOLVEIG = {"name": "Solveig Brekke", "capacity": "employee", "can_switch": True,
           "label": "barnehagelærer i Tusseladden barnehage"}
MOTHER = {"name": "Ánne Márjá Hætta-Lillevik", "capacity": "guardian", "can_switch": False, "label": "mor til Jonas"}
CHILD = {"name": "Jonas Lillevik", "first_name": "Jonas", "age": 4}
HOLDER = {"name": "Solveig Brekke", "unit": "Tusseladden barnehage", "is_you": True, "acting": False}


def case(level: int = 1, why: str = "holder", **more: Any) -> Model:
    """The head of the sample case."""
    return {"id": "018f0000-0000-7000-8000-000000000001", "why": why, "child": CHILD, "level": level, "state": "open",
            "frozen": False, "protected": False, "unit": "Tusseladden barnehage",
            "holder": None if level == 0 else {**HOLDER, "is_you": why == "holder"}, **more}


def form(data: Model | None = None, errors: Model | None = None, **more: Any) -> Model:
    """A form as a page gets it."""
    return {"data": data or {}, "errors": errors or {}, "key": "k", "etag": None, "draft": None, **more}


EVENTS = [
    {"code": "holder_appointed", "at": at(9), "params": {"name": "Solveig Brekke"}},
    {"code": "decided", "at": at(9), "params": {"by": "Solveig Brekke"}, "text": "Vi går videre sammen i barnehagen."},
    {"code": "talk_recorded", "at": at(5), "params": {"by": "Solveig Brekke"}},
    {"code": "concern_raised", "at": at(2), "params": {"by": "Solveig Brekke"}},
]
READERS = [
    {"name": "Solveig Brekke", "role": "holder", "unit": "Tusseladden barnehage"},
    {"name": "Eldbjørg Nåmdal", "role": "leader", "unit": "Tusseladden barnehage"},
    {"name": "Ánne Márjá Hætta-Lillevik", "role": "guardian", "unit": None},
]
ID = case()["id"]

SAMPLES: list[Sample] = [
    Sample("case-0", "employee/case.html", {
        "page": page(SOLVEIG, active="work"), "case": case(0, "owner"), "consents": [], "events": EVENTS[2:],
        "now": {"code": "talk", "url": "#talk", "deadline": date(2026, 3, 13), "params": {}},
        "steps": [
            {"title": "Undring oppstår", "url": "#1", "status": "done", "by": "Solveig Brekke", "at": at(2)},
            {"title": "Gjør undringen konkret", "url": "#2", "status": "done", "by": "Solveig Brekke", "at": at(4)},
            {"title": "Del undringen med barnet og foreldrene", "url": "#3", "note": "Frist 13. mars", "status": "you"},
            {"title": "Er det grunn til å gå videre?", "url": None, "note": "Starter når samtalen er skrevet inn", "status": "later"},
        ],
        "notes": [{"at": at(3), "by": "Solveig Brekke", "text": "Jonas satt alene ved vinduet under frileken tre dager på rad. Han sa at magen var vond."}],
        "notes_shared": False, "forms": [{"title": "Urosoner", "url": "#f", "at": at(4)}],
        "readers": [READERS[0] | {"role": "owner"}],
        "actions": [{"code": "observation", "url": "#o"}, {"code": "view", "url": "#v"}],
    }),
    Sample("case-1", "employee/case.html", {
        "page": page(SOLVEIG, active="work"), "case": case(1), "events": EVENTS,
        "now": {"code": "ask_consent", "url": "#c", "deadline": date(2026, 3, 13), "params": {}},
        "steps": [
            {"title": "Gjør undringen konkret", "url": "#1", "status": "done", "by": "Solveig Brekke", "at": at(9)},
            {"title": "Lag en plan", "url": "#2", "note": "Frist 20. mars", "status": "you"},
            {"title": "Sett i gang", "url": None, "note": "Starter når planen har et tiltak", "status": "later"},
            {"title": "Se om det virker", "url": None, "note": "Avtalt til 1. juni", "status": "later"},
            {"title": "Bestem veien videre", "url": None, "note": "Etter vurderingen", "status": "later"},
        ],
        "notes": None, "notes_shared": True, "forms": [], "readers": READERS,
        "consents": [{"service": "Pedagogisk-psykologisk tjeneste", "state": "partly", "until": None},
                     {"service": "Helsestasjonen", "state": "active", "until": date(2027, 3, 10)}],
        "actions": [{"code": code, "url": f"#{code}"} for code in ("level", "meeting", "handover", "close")],
    }),
]

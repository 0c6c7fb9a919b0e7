"""What the sample pages have in common: one invented family, the frame, and the parts of view models."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
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
SOLVEIG = {
    "name": "Solveig Brekke",
    "capacity": "employee",
    "can_switch": True,
    "label": "barnehagelærer i Bjørkelia barnehage",
}
MOTHER = {
    "name": "Ánne Márjá Hætta-Lillevik",
    "capacity": "guardian",
    "can_switch": False,
    "label": "mor til Jonas",
}
CHILD = {"name": "Jonas Lillevik", "first_name": "Jonas", "age": 4, "hearing": "young"}
HOLDER = {"name": "Solveig Brekke", "unit": "Bjørkelia barnehage", "is_you": True, "acting": False}
PPT = {"id": "service-granli-ppt", "name": "Pedagogisk-psykologisk tjeneste (PPT)"}
HEALTH = {"id": "service-granli-helsestasjon", "name": "Helsestasjonen i Granli"}
PEOPLE = [
    {"code": "p1", "text": "Solveig Brekke, Bjørkelia barnehage"},
    {"code": "p2", "text": "Ánne Márjá Hætta-Lillevik, mor"},
    {"code": "p3", "text": "Torbjørn Lillevik, far"},
    {"code": "p4", "text": "Ingrid Žarković, PPT"},
]
TOPICS = [
    {
        "code": "learning",
        "text": "Læring og språk",
        "hint": "Det barnet lærer, og hvordan barnet forstår og snakker.",
    },
    {
        "code": "wellbeing",
        "text": "Trivsel og venner",
        "hint": "Hvordan dagene er, og hvem en er sammen med.",
    },
    {"code": "health", "text": "Helse", "hint": "Kropp, søvn, mat og psykisk helse."},
    {"code": "home", "text": "Hjemme", "hint": "Hverdagen i familien."},
]
EVENTS = [
    {"told": "event.holder_appointed", "at": at(9), "params": {"name": "Solveig Brekke"}},
    {
        "told": "event.level_moved",
        "at": at(9),
        "params": {"by": "Solveig Brekke", "level": 1},
        "text": "Vi går videre sammen i barnehagen.",
    },
    {"told": "event.talk_recorded", "at": at(5), "params": {"by": "Solveig Brekke"}},
    {"told": "event.concern_raised", "at": at(2), "params": {"by": "Solveig Brekke"}},
]
READERS: list[Model] = [
    {"name": "Solveig Brekke", "role": "holder", "unit": "Bjørkelia barnehage"},
    {"name": "Eldbjørg Nåmdal", "role": "leader", "unit": "Bjørkelia barnehage"},
    {"name": "Ánne Márjá Hætta-Lillevik", "role": "guardian", "unit": None},
]


def page(who: Model | None = None, **more: Any) -> Model:
    """The frame of a page."""
    return {
        "municipality": MUNICIPALITY,
        "who": who,
        "unread": 2 if who else 0,
        "csrf": "x",
        "active": "",
        "notice": None,
        "missing": [],
        "sandbox": True,
        **more,
    }


def case(level: int = 1, why: str = "holder", **more: Any) -> Model:
    """The head of the sample case."""
    return {
        "id": "018f0000-0000-7000-8000-000000000001",
        "why": why,
        "child": CHILD,
        "level": level,
        "state": "open",
        "frozen": False,
        "protected": False,
        "unit": "Bjørkelia barnehage",
        "holder": None if level == 0 else {**HOLDER, "is_you": why == "holder"},
        **more,
    }


def form(data: Model | None = None, errors: Model | None = None, **more: Any) -> Model:
    """A form as a page gets it."""
    return {
        "data": data or {},
        "errors": errors or {},
        "key": "k",
        "etag": None,
        "draft": None,
        "labels": {},
        **more,
    }

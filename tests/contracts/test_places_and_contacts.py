"""No message that a person can be answered with has a field for an address, a phone or a picture (GU-5, PR-6)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from services.contracts.base import Message
from services.contracts.catalogue import EVENTS, PROCEDURES

SENDERS_ALONE = {"cases.contact_of", "directory.contact_of_staff"}
"""Asked by notifications' own token, at each sending, and kept nowhere (NO-3)."""

REACHED = re.compile(r"address(?!_protected|_grade)|phone|mobile|e?mail|photo|picture|image|home")


def _fields(message: type[Message], path: str) -> Iterator[tuple[str, str]]:
    for name, field in message().fields.items():
        inner: Any = getattr(field, "inner", field)
        nested = getattr(inner, "schema", None)
        if nested is not None:
            yield from _fields(type(nested), f"{path}.{name}")
        yield f"{path}.{name}", str(field.metadata.get("privacy"))


def _of_people() -> list[tuple[str, str]]:
    answers = [
        field
        for procedure in PROCEDURES.values()
        if procedure.name not in SENDERS_ALONE
        for field in _fields(procedure.response, procedure.name)
    ]
    return answers + [field for event in EVENTS.values() for field in _fields(event.schema, event.type)]


def test_GU_5_no_answer_or_event_tells_how_a_guardian_is_reached_or_where_a_child_lives() -> None:
    """GU-5, PR-6: contact details are of one privacy class, and only the senders' own questions are answered with it;
    what the directory publishes of services and units is public."""
    found = _of_people()
    assert len(found) > 500
    assert [path for path, privacy in found if privacy == "contact"] == []
    named = [
        path for path, privacy in found if REACHED.search(path.rsplit(".", 1)[1]) and privacy != "public"
    ]
    assert named == []

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


NAMES_A_PLACE = re.compile(r"(^|_)(unit|service)s?(_id|_ids|_name)?$|^place$|^recipient$")

TOLD_TO_PARTIES = {
    "cases.my_cases": {"items.owner_unit_id"},
    "cases.get_case": {"owner_unit_id", "owner_service_id", "holder_unit_id", "handover.to_unit_id"},
    "consent.waiting_for_me": {"items.service_ids"},
    "consent.get_request": {"shares", "owner_service_id", "lines", "signers.answers"},
    "consent.of_case": {
        "requests.shares", "requests.owner_service_id", "requests.lines", "requests.signers.answers", "windows",
    },
    "consent.get_receipt": {"owner_service_id", "answers"},
    "consent.get_withdrawal": {"owner_service_id", "lines"},
    "relay_log.get_log": {"participants.unit_id", "participants", "meetings.place", "evaluations.outcomes"},
    "relay_log.get_report": {"participants.unit_id", "participants", "meetings.place", "evaluations.outcomes"},
    **{
        f"{service}.access_history": {"items.unit_id", "items.recipient"}
        for service in ("cases", "consent", "relay_log", "notifications")
    },
}  # fmt: skip
"""Where a party to a case is told a unit, a service or a place: each is masked where the address is protected, and a
test of its service sees to it. A path that ends at a list or object has a `service_id` in it."""

NOT_OF_A_CASE = re.compile(
    r"directory\.|notifications\.subscriptions\.|cases\.(discussions|lane_access|explain|emergencies)\."
)
"""Told to employees and operators alone, who are no party by it; a discussion is of nobody by name."""


def test_PR_6_a_new_field_that_names_a_unit_or_a_service_is_masked_or_said_to_need_no_mask() -> None:
    """PR-6: nobody adds an outlet without noticing; in messages and the calendar there is none."""
    found = {
        f"{procedure.name}.{path.removeprefix(procedure.name + '.').removesuffix('.service_id')}"
        for procedure in PROCEDURES.values()
        for path, _ in _fields(procedure.response, procedure.name)
        if NAMES_A_PLACE.search(path.rsplit(".", 1)[1]) and not NOT_OF_A_CASE.match(path)
    }
    assert found == {f"{name}.{path}" for name, paths in TOLD_TO_PARTIES.items() for path in paths}


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

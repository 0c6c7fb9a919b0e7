"""Whose case a page is in: the head that all pages of a case share, and the one round of calls that it takes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import g

from gateway.asking import Missing
from gateway.composition.case import missing_parts, people_in
from gateway.frame.format import first_name
from services.contracts import cases, notifications
from services.contracts.base import Procedure
from services.kernel.errors import Forbidden
from services.kernel.facts import Capacity
from services.kernel.hearing import hearing
from services.kernel.signers import as_signer

Ask = tuple[Procedure, Mapping[str, Any]]


def me() -> str:
    """The person id of who asks."""
    return str(g.asking.actor.person_id) if g.asking.actor else ""


def my_signer_id() -> str:
    """As whom the reader signs: an employee's answer is their unit's, under a care order (GU-4)."""
    actor = g.asking.actor
    return as_signer(Capacity(actor.capacity), actor.person_id, actor.unit_id) if actor else ""


def ask_case(case_id: str, act: str | None = None, /, **more: Ask) -> dict[str, Any]:
    """The case, and what else a page needs, asked for at once: {case, names, head, unread, missing, **more}.

    `names`: person id -> name, of everybody in the answers. A part of `more` that could not be had is None; those
    whose service did not answer are named in `missing`. Raises the refusal when the case itself can't be had.
    `act`: what the page is a form for; see `demand`.
    """
    parts = g.asking.together(
        case=(cases.GetCase, {"case_id": case_id}), unread=(notifications.UnreadCount, {}), **more
    )
    if isinstance(parts["case"], Missing):
        raise parts["case"].refusal
    if act is not None:
        demand(parts["case"], act)
    missing = [name for name in missing_parts(parts) if name != "unread"]
    page: dict[str, Any] = {name: None if isinstance(part, Missing) else part for name, part in parts.items()}
    page["unread"] = page["unread"]["unread"] if page["unread"] else None
    page["missing"] = missing
    g.names.add_family([page["case"]["child"], *page["case"]["guardians"]])
    page["names"] = g.names.people(people_in(page))
    page["head"] = case_head(page["case"], page["names"], page.get("log"))
    return page


def case_head(
    case: dict[str, Any], names: Mapping[str, str], log: dict[str, Any] | None = None
) -> dict[str, Any]:
    """The view model CaseHead of templates: {id, why, child, level, state, frozen, protected, unit, holder}.

    `case`: contracts.cases.CaseDetail; `log`: contracts.relay_log.LogDetail, if it was asked for. `why` is the key
    of the sentence that says why the reader sees the case."""
    child, holder, place = case["child"], case["holder_person_id"], g.asking.municipality
    return {
        "id": case["case_id"],
        "why": why(case),
        "child": {
            "name": child["name"],
            "first_name": first_name(child["name"]),
            "age": child["age"],
            "hearing": str(hearing(child["age"])),
        },
        "level": case["level"],
        "state": case["state"],
        "frozen": bool(log and log["state"] == "frozen" and case["level"] >= 2 and case["state"] == "open"),
        "protected": child["address_protected"],
        "unit": g.names.unit(place, case["owner_unit_id"]) or "",
        "holder": {
            "name": names.get(holder, ""),
            "unit": g.names.unit(place, case["holder_unit_id"]) or "",
            "is_you": holder == me(),
            "acting": False,
        }
        if holder
        else None,
    }


def why(case: Mapping[str, Any]) -> str:
    """The part that the reader has in the case; whoever is asked to take over is not yet a participant."""
    handover = case["handover"]
    if handover and handover["to_person_id"] == me() and case["part"] == "participant":
        return "receiver"
    return "holder" if case["holder_person_id"] == me() else str(case["part"])


def may(case: Mapping[str, Any], act: str) -> bool:
    """Whether the service said that the reader may do this now: for what a page offers, never for what it allows."""
    return act in case["permitted"]


def demand(case: Mapping[str, Any], act: str) -> None:
    """Raises Forbidden when the service does not let the reader do this, so that nobody fills in a form in vain. That a
    case is no longer open is told by the answer to what is sent."""
    if case["state"] == "open" and not may(case, act):
        raise Forbidden


def with_title(names: Mapping[str, str], person_id: str, unit_id: str | None) -> dict[str, str]:
    """{name, unit} of an employee."""
    return {"name": names.get(person_id, ""), "unit": g.names.unit(g.asking.municipality, unit_id) or ""}

"""Who has logged in, in which capacities they may act, and the actor that they have chosen to be."""

from typing import Any

from flask import session

from gateway.asking import Asking
from services.chassis.actor import Actor, Assurance
from services.contracts import cases, directory

_LEVELS: tuple[Assurance, ...] = ("low", "substantial", "high")


def assurance_of(acr: str | None) -> Assurance:
    """ID-porten's `acr` as a level; what is unknown counts as low."""
    for level in _LEVELS:
        if acr and acr.endswith(f"-{level}"):
            return level
    return "low"


def capacities_of(asking: Asking, number: str) -> list[dict[str, Any]]:
    """The capacities in which the person with this identity number can act, in every municipality they belong to.

    Each is {person_id, name, municipality, capacity, unit_id, roles}. Empty for a person whom no municipality knows.
    """
    found: list[dict[str, Any]] = []
    for person in asking.as_service(cases.ResolveLogin, {"number": number})["persons"]:
        base = {
            "person_id": person["person_id"],
            "name": person["name"],
            "municipality": person["municipality"],
        }
        answer = asking.as_service(
            directory.RolesOf, {"person_id": person["person_id"]}, municipality=person["municipality"]
        )
        units: dict[str, list[str]] = {}
        for role in answer["roles"]:
            units.setdefault(role["unit_id"], []).append(role["role"])
        for unit_id, roles in units.items():
            found.append(
                {**base, "name": answer["name"] or base["name"], "capacity": "employee", "unit_id": unit_id,
                 "title": answer["title"], "roles": roles}
            )  # fmt: skip
        if person["is_guardian"]:
            found.append({**base, "capacity": "guardian", "unit_id": None, "roles": []})
        if person["is_subject"]:
            found.append({**base, "capacity": "self", "unit_id": None, "roles": []})
    return found


def log_in(capacities: list[dict[str, Any]], assurance: Assurance) -> None:
    """Begin the session of a person; with one capacity there is nothing to choose.

    Who logs in once more (a step-up) goes on as whom they acted, with what they had begun to write. Of what somebody
    else has left in the session nothing is kept, nor is the token of forms, which was known before the login.
    """
    before, known = chosen(), {each["person_id"] for each in session.get("capacities", [])}
    drafts = session.get("drafts") if known & {each["person_id"] for each in capacities} else None
    session.clear()
    session.begin()  # type: ignore[attr-defined]
    session["capacities"] = capacities
    session["assurance"] = assurance
    session["seen"] = {}
    if drafts:
        session["drafts"] = drafts
    same = [index for index, each in enumerate(capacities) if before and _key(each) == _key(before)]
    session["chosen"] = same[0] if same else 0 if len(capacities) == 1 else None


def _key(capacity: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(capacity[name] for name in ("municipality", "person_id", "capacity", "unit_id"))


def choose(index: int) -> bool:
    """Act in another capacity from now on; False if there is no such."""
    if not 0 <= index < len(session.get("capacities", [])):
        return False
    session.renew()  # type: ignore[attr-defined]
    session["chosen"] = index
    return True


def chosen() -> dict[str, Any] | None:
    """The capacity in which the person acts now."""
    index = session.get("chosen")
    capacities = session.get("capacities", [])
    return capacities[index] if index is not None and index < len(capacities) else None


def actor() -> Actor | None:
    """The actor for this request's calls; None when nobody is logged in or nothing chosen."""
    capacity = chosen()
    if capacity is None:
        return None
    return Actor(
        municipality=capacity["municipality"],
        capacity=capacity["capacity"],
        person_id=capacity["person_id"],
        unit_id=capacity["unit_id"],
        assurance=session.get("assurance", "low"),
    )

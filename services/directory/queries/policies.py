"""The policy's versions, and what a draft of the next would change: for the municipality's coordinator."""

from __future__ import annotations

from typing import Any

from services.chassis.actor import Actor
from services.chassis.unit_of_work import Reading, UnitOfWork
from services.directory.domain.policies import changes, draft, draft_hash, in_force
from services.directory.storage import Policies, Staff
from services.kernel.calendar import local_date
from services.kernel.errors import CoordinatorOnly
from services.kernel.policies import policy_on


def versions(reading: Reading) -> dict[str, Any]:
    """All versions, the newest first, each with what it is today."""
    demand_coordinator(reading)
    kept = Policies(reading.conn, reading.municipality).all()
    states = in_force([each.policy for each in kept], local_date(reading.now))
    return {
        "version": max((each.policy.version for each in kept), default=0),
        "items": [
            {
                "version": each.policy.version,
                "valid_from": each.policy.valid_from,
                "values": each.policy.to_dict(),
                "state": states[each.policy.version],
                "saved_by": each.saved_by,
                "saved_at": each.saved_at,
            }
            for each in kept
        ],
    }


def check(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """The draft as it would be saved. Raises InvalidInput naming the field, and NothingChanged."""
    demand_coordinator(reading)
    known = Policies(reading.conn, reading.municipality).versions()
    policy = draft(request["values"], request["valid_from"], known, local_date(reading.now))
    later = [each.valid_from for each in known if each.valid_from > policy.valid_from]
    return {
        "version": policy.version,
        "valid_from": policy.valid_from,
        "values": policy.to_dict(),
        "draft_hash": draft_hash(policy),
        "changes": changes(policy_on(known, policy.valid_from), policy),
        "replaced_on": min(later, default=None),
    }


def demand_coordinator(work: Reading | UnitOfWork) -> None:
    """Raises CoordinatorOnly for whoever is not the municipality's coordinator today, in the unit that they act for:
    by the roles that are kept here, which the others hear of (access.demand_coordinator)."""
    actor: Actor = work.actor
    if actor.capacity == "employee" and actor.person_id:
        today = local_date(work.now)
        for role in Staff(work.conn, work.municipality).roles([actor.person_id], today):
            if (role["role"], role["unit_id"]) == ("coordinator", actor.unit_id):
                return
    raise CoordinatorOnly

"""The coordinator saves a version of the policy, whose effects they have seen; the versions before stay as they are."""

from __future__ import annotations

import hmac
from typing import Any

import sqlalchemy as sa

from services.chassis.unit_of_work import UnitOfWork
from services.contracts import directory as contracts
from services.directory.domain.policies import DraftChanged, draft, draft_hash
from services.directory.queries.policies import demand_coordinator
from services.directory.storage import Policies
from services.kernel.calendar import local_date
from services.kernel.errors import StaleEdit


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Keep the version and tell of it. It is in force from the midnight that begins its day, or from now.

    Raises StaleEdit when another version was saved since, DraftChanged when this is not the draft that was shown."""
    demand_coordinator(uow)
    kept = Policies(uow.tx, uow.municipality)
    known = kept.versions()
    if request["expected_version"] != max((policy.version for policy in known), default=0):
        raise StaleEdit(changed=["version"])
    policy = draft(request["values"], request["valid_from"], known, local_date(uow.now))
    shown = draft_hash(policy)
    if not hmac.compare_digest(shown, request["draft_hash"]):
        raise DraftChanged
    try:
        kept.add(policy, uow.actor.person_id or "", uow.now, shown)
    except sa.exc.IntegrityError:  # another one was saved at the same time
        raise StaleEdit(changed=["version"]) from None
    uow.record(
        contracts.PolicyPublished,
        f"{uow.municipality}.policy",
        {
            "version": policy.version,
            "valid_from": policy.valid_from.isoformat(),
            "values": policy.to_dict(),
        },
    )
    return {"id": f"{uow.municipality}.policy", "version": policy.version}

"""A page was asked for something that is not among what its reader may read: that the gateway alone has seen (SE-1)."""

from typing import Any

from services.chassis.unit_of_work import UnitOfWork


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Keep a line of it, as of what a service refuses itself: whoever tries ids is seen by it."""
    uow.access("SE-3", request["page"], request["case_id"], allowed=False)
    return {}

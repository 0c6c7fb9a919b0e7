"""Who may make, change and see subscriptions: the operator's command, and nobody else."""

from __future__ import annotations

from services.chassis.actor import demand_service
from services.chassis.unit_of_work import UnitOfWork
from services.kernel.errors import NotFound
from services.notifications.egress.subscriptions import Subscription, Subscriptions

OPERATOR = "ops"


def named(uow: UnitOfWork, recipient: str) -> Subscription:
    """The subscription of an outside system, for an operator; raises NotForThisCaller or NotFound."""
    demand_service(uow.actor, OPERATOR)
    found = Subscriptions(uow.tx, uow.municipality).named(recipient)
    if found is None:
        raise NotFound()
    return found

"""Who may make, change and see subscriptions: the operator's command, and nobody else."""

from __future__ import annotations

from services.chassis.unit_of_work import Reading, UnitOfWork
from services.kernel.errors import Forbidden, NotFound
from services.notifications.egress.subscriptions import Subscription, Subscriptions

OPERATOR = "ops"


def demand_operator(context: Reading | UnitOfWork) -> None:
    """Raises Forbidden for whoever is not the operator's command."""
    if (context.actor.capacity, context.actor.service) != ("service", OPERATOR):
        raise Forbidden("This is the operator's to do.", code="not_for_this_caller")


def named(uow: UnitOfWork, recipient: str) -> Subscription:
    """The subscription of an outside system, for an operator; raises Forbidden or NotFound."""
    demand_operator(uow)
    found = Subscriptions(uow.tx, uow.municipality).named(recipient)
    if found is None:
        raise NotFound()
    return found

"""What one process needs to tell outside systems: exchange, poster, and a name under which it takes its turn."""

from __future__ import annotations

from dataclasses import dataclass

from services.chassis.ids import new_id
from services.notifications.egress.catching_up import CatchingUp
from services.notifications.egress.queues import OutsideExchange
from services.notifications.egress.webhooks import Webhooks


@dataclass(frozen=True)
class Egress:
    """`name` is this process's, so that of several only one tells a recipient at a time. Each timer has a connection of
    its own: two must not read from one."""

    name: str
    exchange: OutsideExchange
    losses: OutsideExchange
    webhooks: Webhooks
    history: CatchingUp

    @classmethod
    def of(cls, amqp_url: str) -> Egress:
        """The ways of a process whose broker is there."""
        return cls(new_id(), OutsideExchange(amqp_url), OutsideExchange(amqp_url), Webhooks(), CatchingUp())

"""The way by queue: publishes to `stafett.outside` with confirms, and counts what a full queue has dropped."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from amqp import Channel
from amqp.exceptions import AMQPError
from kombu.connection import Connection
from kombu.exceptions import KombuError

from services.chassis import tracing
from services.chassis.bus.connection import connected
from services.chassis.bus.publisher import Outgoing, Publisher, PublishFailed
from services.chassis.bus.topology import declare_outside
from services.chassis.ids import new_id
from services.chassis.logging import fault
from services.chassis.service import Work
from services.contracts import outside
from services.contracts.envelope import CONTENT_TYPE, Event
from services.notifications.egress.rows import Rows
from services.notifications.egress.subscriptions import Subscription, Subscriptions, due, of_row, where
from services.notifications.egress.tables import subscriptions
from services.notifications.egress.telling import TOLD, ToldEvent, prepare

BATCH = 100
ROUNDS = 50
LEASE = timedelta(seconds=60)
CONFIRM_SECONDS = 5.0
DROPPED_BATCH = 1000
_FIRST_PAUSE, _LAST_PAUSE = 1.0, 60.0
_BROKEN = (AMQPError, KombuError, OSError, PublishFailed)

log = structlog.get_logger(__name__)


class OutsideExchange:
    """A connection for what leaves, for one thread at a time; made when needed, and thrown away after any fault."""

    def __init__(self, amqp_url: str) -> None:
        self._url = amqp_url
        self._held: AbstractContextManager[Connection] | None = None
        self._connection: Connection | None = None
        self._publisher: Publisher | None = None
        self._reader: Channel | None = None

    def publish(self, messages: Sequence[Outgoing]) -> None:
        """Publish all, and return when the broker has them in a queue. Raises PublishFailed, or what the connection
        raised before anything was said."""
        try:
            self._open()
            assert self._publisher is not None
            self._publisher.publish(messages)
        except BaseException:
            self.close()
            raise

    def depth(self, queue: str) -> int | None:
        """How many events stand in a queue; None when it is not there."""
        try:
            self._open()
            assert self._connection is not None
            channel = self._connection.channel()
            depth = int(channel.queue_declare(queue, passive=True).message_count)
            channel.close()
            return depth
        except AMQPError:
            self.close()
            return None

    def dropped(self, limit: int) -> list[Any]:
        """What full queues have dropped, and was not counted yet; see `counted`."""
        self._open()
        found: list[Any] = []
        while len(found) < limit:
            message = self._reader.basic_get(outside.DROPPED_EXCHANGE) if self._reader else None
            if message is None:
                break
            found.append(message)
        return found

    def counted(self, last: Any) -> None:
        """All up to this one are counted."""
        assert self._reader is not None
        self._reader.basic_ack(last.delivery_tag, multiple=True)

    def close(self) -> None:
        """Let the connection go."""
        held, self._held = self._held, None
        self._connection = self._publisher = self._reader = None
        if held is not None:
            with suppress(Exception):
                held.__exit__(None, None, None)

    def _open(self) -> None:
        if self._connection is not None:
            with suppress(TimeoutError):
                self._connection.drain_events(timeout=0)
            self._connection.heartbeat_check()
            return
        self._held = connected(self._url, "notifications", "outside")
        self._connection = self._held.__enter__()
        channel = self._connection.channel()
        declare_outside(channel)
        self._publisher = Publisher(channel, CONFIRM_SECONDS, outside.EXCHANGE)
        self._reader = self._connection.channel()


def run(work: Work) -> None:
    """Tell what waits for queues, of each recipient in order."""
    for _ in range(ROUNDS):
        with work.db.read() as conn:
            found = due(conn, ("queue",), work.now)
        if not sum(_guarded(work, subscription) for subscription in found):
            return


def _guarded(work: Work, subscription: Subscription) -> int:
    """As `tell`. What goes wrong for one recipient holds up no other: it is left alone for a growing while."""
    try:
        return tell(work, subscription)
    except Exception as error:
        log.error("outside_not_told", component=subscription.recipient, **fault(error))
        with work(subscription.municipality) as uow:
            _note(uow, subscription, failed=True)
        return 0


def tell(work: Work, subscription: Subscription) -> int:
    """One batch of one recipient; how many events were looked at, 0 when it is another process's turn, or could not be
    done."""
    means = work.services.egress
    municipality, id = subscription.municipality, subscription.subscription_id
    with work(municipality) as uow:
        if not Subscriptions(uow.tx, municipality).claim(id, means.name, uow.now, uow.now + LEASE):
            return 0
    try:
        told, looked_at = prepare(work, subscription, BATCH)
        if told and not _publish(work, subscription, told):
            return 0
        return looked_at
    finally:
        with work(municipality) as uow:
            Subscriptions(uow.tx, municipality).release(id, means.name)


def _publish(work: Work, subscription: Subscription, told: list[ToldEvent]) -> bool:
    exchange: OutsideExchange = work.services.egress.exchange
    confirmed = set(range(len(told)))
    failure: Exception | None = None
    try:
        exchange.publish([_outgoing(subscription, each) for each in told])
    except _BROKEN as error:
        failure = error
        confirmed = error.confirmed if isinstance(error, PublishFailed) else set()
    with work(subscription.municipality) as uow:
        Rows(uow.tx, subscription).settle([each.event_id for n, each in enumerate(told) if n in confirmed])
        _note(uow, subscription, failed=failure is not None)
    TOLD.labels("queue", "told").inc(len(confirmed))
    for number in sorted(confirmed):
        with tracing.span("outside", parent=told[number].traceparent, kind="producer", channel="queue"):
            pass  # it was one of many that were published together: the span says when it was done
    if failure is not None:
        TOLD.labels("queue", "failed").inc(len(told) - len(confirmed))
        reason = str(failure) if isinstance(failure, PublishFailed) else "broker"
        log.warning(
            "outside_publish_failed", component=subscription.recipient, reason=reason, **fault(failure)
        )
    return failure is None


def _note(uow: Any, subscription: Subscription, *, failed: bool) -> None:
    """How it went: after a fault the recipient is left alone for a growing while."""
    found = Subscriptions(uow.tx, subscription.municipality)
    if not failed:
        if subscription.tries:
            found.change(subscription.subscription_id, tries=0, failing_since=None)
        return
    pause = min(_LAST_PAUSE, _FIRST_PAUSE * 2.0 ** min(subscription.tries, 10))
    began = {} if subscription.tries else {"failing_since": uow.now}
    found.change(
        subscription.subscription_id,
        tries=subscription.tries + 1,
        next_try_at=uow.now + timedelta(seconds=pause),
        **began,
    )


def _outgoing(subscription: Subscription, told: ToldEvent) -> Outgoing:
    key = outside.routing_key(subscription.municipality, subscription.recipient, told.type)
    return Outgoing(key, told.event_id, told.to_json(), CONTENT_TYPE, told.type)


# ---------------------------------------------------------------- what was dropped


@dataclass
class _Loss:
    count: int = 0
    first: int | None = None
    last: int | None = None

    def add(self, number: int | None) -> None:
        self.count += 1
        if number is not None:
            self.first = number if self.first is None else min(self.first, number)
            self.last = number if self.last is None else max(self.last, number)


def count_dropped(work: Work) -> None:
    """Count what full queues have dropped, by recipient, and tell each recipient once it takes events again."""
    with work.db.read() as conn:
        of_queues = where(conn, subscriptions.c.way == "queue")
    if not of_queues:
        return
    exchange: OutsideExchange = work.services.egress.losses
    try:
        messages = exchange.dropped(DROPPED_BATCH)
        if messages:
            _keep_losses(work, messages)
            exchange.counted(messages[-1])
        for row in of_queues:
            if row.dropped_untold:
                _tell_of_loss(work, exchange, of_row(row), row.queue_most)
    except _BROKEN as error:
        exchange.close()
        log.warning("outside_drops_not_counted", **fault(error))


def _keep_losses(work: Work, messages: Sequence[Any]) -> None:
    losses: dict[tuple[str, str], _Loss] = defaultdict(_Loss)
    for message in messages:
        told = _read(message)
        if told is not None:
            losses[told[:2]].add(told[2])
    for (municipality, recipient), loss in losses.items():
        with work(municipality) as uow:
            found = Subscriptions(uow.tx, municipality)
            subscription = found.named(recipient)
            if subscription is not None:
                found.count_loss(subscription.subscription_id, loss.count, loss.first, loss.last)
        TOLD.labels("queue", "dropped").inc(loss.count)
        log.error("outside_dropped", component=recipient, count=loss.count)


def _read(message: Any) -> tuple[str, str, int | None] | None:
    """(municipality, recipient, number) of what was dropped; None for what the recipient itself refused."""
    deaths = (message.headers or {}).get("x-death") or [{}]
    if deaths[0].get("reason") not in ("maxlen", "expired"):
        return None
    try:
        body = json.loads(message.body)
        return body["municipality"], body["recipient"], body.get("recipientseq")
    except (ValueError, KeyError, TypeError):
        return None


def _tell_of_loss(work: Work, exchange: OutsideExchange, subscription: Subscription, most: int) -> None:
    """Only when there is room: in a full queue the notice itself would drop another event."""
    depth = exchange.depth(outside.queue(subscription.municipality, subscription.recipient))
    if depth is None or depth >= most:
        return
    with work(subscription.municipality) as uow:
        loss = Subscriptions(uow.tx, subscription.municipality).take_loss(subscription.subscription_id)
        if loss is None:
            return
        notice = Event(
            id=new_id(),
            type=outside.DROPPED,
            source=f"/{subscription.municipality}/notifications",
            subject=subscription.recipient,
            time=uow.now,
            municipality=subscription.municipality,
            stream="outside",
            sequence=0,
            data={"count": loss[0], "first_number": loss[1], "last_number": loss[2]},
        )
        Rows(uow.tx, subscription).offer(notice, uow.now)

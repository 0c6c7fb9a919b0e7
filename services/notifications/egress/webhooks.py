"""The way by webhook: each event posted and signed (Standard Webhooks), in order, again with growing pauses for 3 days.

Each recipient has a thread of its own while something is posted to it, so that a slow one holds up no other.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import structlog
from standardwebhooks.webhooks import Webhook

from services.chassis import tracing
from services.chassis.clock import SystemClock
from services.chassis.logging import fault
from services.chassis.service import Work
from services.contracts.envelope import CONTENT_TYPE
from services.notifications.egress.posting import Posted, Poster
from services.notifications.egress.rows import Rows
from services.notifications.egress.secrets import open_secrets, open_url
from services.notifications.egress.subscriptions import Subscription, Subscriptions, due, of_row
from services.notifications.egress.telling import TOLD, ToldEvent, prepare

AT_ONCE = 20
"""How many recipients are posted to at the same time."""
ROUNDS = 200
LEASE = timedelta(seconds=60)
FIRST_PAUSE, LAST_PAUSE = timedelta(seconds=5), timedelta(hours=1)
GIVEN_UP_AFTER = timedelta(days=3)
GONE = 410

log = structlog.get_logger(__name__)


class Webhooks:
    """Who is being posted to by this process now, and with what."""

    def __init__(self, poster: Poster | None = None) -> None:
        self.poster = poster or Poster()
        self._threads: dict[str, threading.Thread] = {}

    def run(self, work: Work) -> None:
        """Begin to post to each recipient that something waits for; returns at once."""
        self._threads = {id: thread for id, thread in self._threads.items() if thread.is_alive()}
        if len(self._threads) >= AT_ONCE:
            return
        with work.db.read() as conn:
            found = due(conn, ("webhook",), work.now)
        for subscription in found:
            if len(self._threads) >= AT_ONCE:
                return
            if subscription.subscription_id not in self._threads:
                thread = threading.Thread(target=_guarded, args=(self, work, subscription), daemon=True)
                self._threads[subscription.subscription_id] = thread
                thread.start()

    def wait(self, seconds: float) -> None:
        """Until nobody is posted to any more, at most so long for each."""
        for thread in list(self._threads.values()):
            thread.join(seconds)


def _guarded(webhooks: Webhooks, work: Work, subscription: Subscription) -> None:
    try:
        tell(webhooks.poster, work, subscription)
    except Exception as error:
        log.error("webhook_failed", component=subscription.recipient, **fault(error))
        with work(subscription.municipality) as uow:
            _note(uow, subscription, Posted(None, "fault_of_ours"))
            Subscriptions(uow.tx, subscription.municipality).release(
                subscription.subscription_id, work.services.egress.name
            )


def tell(poster: Poster, work: Work, subscription: Subscription) -> None:
    """Post what waits for one recipient, one event after the other, until nothing does or one is not taken."""
    for _ in range(ROUNDS):
        if not _claim(work, subscription):
            return
        told, looked_at = prepare(work, subscription, 1)
        if not looked_at:
            break
        if told and not _tell_one(poster, work, subscription, told[0]):
            break
    with work(subscription.municipality) as uow:
        Subscriptions(uow.tx, subscription.municipality).release(
            subscription.subscription_id, work.services.egress.name
        )


def pause(tries: int) -> timedelta:
    """How long to wait after so many tries that failed in a row."""
    return min(LAST_PAUSE, FIRST_PAUSE * 2 ** min(tries - 1, 20))


def _claim(work: Work, subscription: Subscription) -> bool:
    with work(subscription.municipality) as uow:
        return Subscriptions(uow.tx, subscription.municipality).claim(
            subscription.subscription_id, work.services.egress.name, uow.now, uow.now + LEASE
        )


def _tell_one(poster: Poster, work: Work, subscription: Subscription, told: ToldEvent) -> bool:
    assert subscription.url is not None
    url = open_url(work.keys, subscription.url, subscription.subscription_id)
    body = told.to_json()
    with tracing.span("webhook", parent=told.traceparent, kind="client", channel="webhook") as span:
        posted = poster.post(
            url,
            body,
            _headers(work, subscription, told.event_id, body),
            allow_private=subscription.allow_private,
        )
        span.attributes["outcome"] = outcome = "told" if posted.taken else "failed"
        TOLD.labels("webhook", outcome).inc()
    with work(subscription.municipality) as uow:
        if posted.taken:
            Rows(uow.tx, subscription).settle([told.event_id])
        _note(uow, subscription, posted)
    return posted.taken


def _headers(work: Work, subscription: Subscription, event_id: str, body: bytes) -> Mapping[str, str]:
    """Signed with each secret in force, as of the world's time and not of a sandbox's."""
    assert subscription.secrets is not None
    at = SystemClock().now()
    secrets = open_secrets(work.keys, subscription.secrets, subscription.subscription_id, work.now)
    signatures = [Webhook(secret).sign(event_id, at, body.decode()) for secret in secrets]
    return {
        "Content-Type": CONTENT_TYPE,
        "webhook-id": event_id,
        "webhook-timestamp": str(int(at.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def _note(uow: Any, subscription: Subscription, posted: Posted) -> None:
    """How it went. What is not taken is tried again after a growing pause; 410, or 3 days in vain, disable it."""
    id, found = subscription.subscription_id, Subscriptions(uow.tx, subscription.municipality)
    row = found.row(id)
    if row is None:
        return
    if posted.taken:
        if row.tries:
            found.change(id, tries=0, failing_since=None)
        return
    tries, began = row.tries + 1, row.failing_since or uow.now
    log.warning(
        "webhook_not_taken", component=subscription.recipient, status=posted.status, reason=posted.reason,
        attempt=tries,
    )  # fmt: skip
    reason = "gone" if posted.status == GONE else "failing" if uow.now - began >= GIVEN_UP_AFTER else None
    if reason is None:
        found.change(id, tries=tries, failing_since=began, next_try_at=uow.now + pause(tries))
        return
    first = Rows(uow.tx, of_row(row)).clear()
    found.change(
        id, state="disabled", reason=reason, tries=tries, failing_since=began, undelivered_since=first,
        catch_up_since=None,
    )  # fmt: skip
    log.error("webhook_disabled", component=subscription.recipient, reason=reason, attempt=tries)

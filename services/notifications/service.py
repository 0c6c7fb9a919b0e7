"""The front door of notifications: translate, call, translate back."""

from typing import Any
from urllib.parse import urlsplit

from environs import Env

from services.chassis import access
from services.chassis.clock import Clock
from services.chassis.health import Check
from services.chassis.service import Reading, Service, UnitOfWork, Work, command, every, query
from services.chassis.settings import Settings
from services.chassis.storage import Database
from services.contracts import notifications as contracts
from services.notifications import projections, storage
from services.notifications.commands import (
    catch_up,
    mark_read,
    read_feed,
    resume_subscription,
    rotate_subscription,
    subscribe,
    unsubscribe,
)
from services.notifications.egress import feed, queues, standing
from services.notifications.egress.ways import Egress
from services.notifications.queries import inbox, subscriptions
from services.notifications.senders import send
from services.notifications.senders.smtp import MailServer

ROUNDS = 20


class NotificationsService(Service):
    """Inbox, e-mail, and what outside systems are told."""

    name = "notifications"
    metadata = storage.metadata
    handlers = projections.HANDLERS
    projection = access.PROJECTION

    @classmethod
    def services(cls, settings: Settings) -> send.Outside:
        """The mail server, whom letters are from (STAFETT_MAIL_FROM), and the ways to outside systems."""
        name = urlsplit(settings.public_url).hostname or "localhost"
        sender = Env().str("STAFETT_MAIL_FROM", "ikke-svar@stafett.example")
        mail = MailServer(settings.smtp_url, name)
        egress = Egress.of(settings.outside_amqp_url or settings.amqp_url)
        return send.Outside(mail, sender, settings.public_url, egress)

    @classmethod
    def watches(cls, db: Database, clock: Clock) -> dict[str, Check]:
        """Whether no outside system needs a person: one that fails, was disabled, or has lost events."""
        standing.watch(db, clock)
        return {"outside": lambda: standing.all_well(db, clock)}

    @query(contracts.GetInbox)
    def get_inbox(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return inbox.get_inbox(reading, request)

    @query(contracts.UnreadCount)
    def unread_count(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return inbox.unread_count(reading)

    @command(contracts.MarkRead)
    def mark_read(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return mark_read.run(uow, request)

    @command(contracts.Subscribe)
    def subscribe(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return subscribe.run(uow, request)

    @command(contracts.Unsubscribe)
    def unsubscribe(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return unsubscribe.run(uow, request)

    @command(contracts.RotateSubscription)
    def rotate_subscription(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return rotate_subscription.run(uow, request)

    @command(contracts.CatchUp)
    def catch_up(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return catch_up.run(uow, request)

    @command(contracts.ResumeSubscription)
    def resume_subscription(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return resume_subscription.run(uow, request)

    @command(contracts.ReadFeed)
    def read_feed(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return read_feed.run(uow, request)

    @command(contracts.ReadFeedOfClient)
    def read_feed_of_client(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return read_feed.of_client(uow, request)

    @query(contracts.Subscriptions)
    def subscriptions(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return subscriptions.run(reading)

    @every(seconds=0.5)
    def tell_queues(self, work: Work) -> None:
        """What waits for outside systems with a queue of theirs goes out within a second."""
        queues.run(work)

    @every(seconds=0.5)
    def post_webhooks(self, work: Work) -> None:
        """What waits for outside systems' webhooks is posted, to each in its own thread."""
        work.services.egress.webhooks.run(work)

    @every(seconds=1)
    def offer_history(self, work: Work) -> None:
        """Whoever catches up is offered what history holds."""
        work.services.egress.history.run(work)

    @every(seconds=5)
    def count_what_queues_dropped(self, work: Work) -> None:
        """A full queue drops its oldest events: the operator, and its reader, are told."""
        queues.count_dropped(work)

    @every(seconds=600)
    def forget_old_rows_of_feeds(self, work: Work) -> None:
        """What has stood in a feed for 90 days is read no more."""
        feed.forget_old(work)

    @every(seconds=0.5)
    def send_what_waits(self, work: Work) -> None:
        """NO-2, NO-6: a message goes out within a second. One look at an index that holds what waits is all it costs
        when nothing does; while there is a backlog, rounds follow each other without a pause."""
        for _ in range(ROUNDS):
            if send.run(work) < send.AT_ONCE:
                return


SERVICE = NotificationsService

"""The front door of notifications: translate, call, translate back."""

from typing import Any
from urllib.parse import urlsplit

from environs import Env

from services.chassis.service import Reading, Service, UnitOfWork, Work, command, every, query
from services.chassis.settings import Settings
from services.contracts import notifications as contracts
from services.notifications import projections, storage
from services.notifications.commands import mark_read
from services.notifications.queries import inbox
from services.notifications.senders import send
from services.notifications.senders.smtp import MailServer

ROUNDS = 20


class NotificationsService(Service):
    """Inbox and e-mail."""

    name = "notifications"
    metadata = storage.metadata
    handlers = projections.HANDLERS

    @classmethod
    def services(cls, settings: Settings) -> send.Outside:
        """The mail server, and whom letters are from (STAFETT_MAIL_FROM)."""
        name = urlsplit(settings.public_url).hostname or "localhost"
        sender = Env().str("STAFETT_MAIL_FROM", "ikke-svar@stafett.example")
        return send.Outside(MailServer(settings.smtp_url, name), sender, settings.public_url)

    @query(contracts.GetInbox)
    def get_inbox(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return inbox.get_inbox(reading, request)

    @query(contracts.UnreadCount)
    def unread_count(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return inbox.unread_count(reading)

    @command(contracts.MarkRead)
    def mark_read(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return mark_read.run(uow, request)

    @every(seconds=0.5)
    def send_what_waits(self, work: Work) -> None:
        """NO-2, NO-6: a message goes out within a second. One look at an index that holds what waits is all it costs
        when nothing does; while there is a backlog, rounds follow each other without a pause."""
        for _ in range(ROUNDS):
            if send.run(work) < send.AT_ONCE:
                return


SERVICE = NotificationsService

"""Speaks SMTP, one word at a time, so that it is always known whether a letter may have gone out (NO-2)."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from enum import StrEnum
from typing import Protocol
from urllib.parse import unquote, urlsplit

SECONDS = 10.0


class Outcome(StrEnum):
    """What became of a letter: taken over; refused for good; not taken over now; or nobody knows."""

    SENT = "sent"
    FAILED = "failed"
    AGAIN = "again"
    UNKNOWN = "unknown"


class Unreachable(Exception):
    """There is no conversation with the mail server: nothing was sent."""


class Line(Protocol):
    """An open conversation."""

    def send(self, letter: EmailMessage, sender: str, to: str) -> Outcome:
        """Hand one letter over to be sent to one address; never raises for what the network or the server does."""
        ...


@dataclass(frozen=True)
class MailServer:
    """The server at `smtp://[user:password@]host:port`; `smtps` speaks TLS from the start, `smtp+starttls` after the
    first word. `name` is what we call ourselves."""

    url: str = field(repr=False)
    name: str = "localhost"

    @contextmanager
    def open(self) -> Iterator[Line]:
        """A conversation for some letters; raises Unreachable."""
        try:
            client = self._connect()
        except (OSError, smtplib.SMTPException) as error:
            raise Unreachable from error
        try:
            yield Conversation(client)
        finally:
            with suppress(OSError, smtplib.SMTPException):
                client.quit()

    def _connect(self) -> smtplib.SMTP:
        parts = urlsplit(self.url)
        host, scheme = parts.hostname or "127.0.0.1", parts.scheme
        client: smtplib.SMTP
        if scheme == "smtps":
            client = smtplib.SMTP_SSL(
                host, parts.port or 465, self.name, timeout=SECONDS, context=ssl.create_default_context()
            )
        else:
            client = smtplib.SMTP(host, parts.port or 25, self.name, timeout=SECONDS)
        try:
            client.ehlo_or_helo_if_needed()
            if scheme == "smtp+starttls":
                client.starttls(context=ssl.create_default_context())
                client.ehlo()
            if parts.username:
                client.login(unquote(parts.username), unquote(parts.password or ""))
        except BaseException:
            client.close()
            raise
        return client


class Conversation:
    """As Line. Before the letter itself is on its way a failure is known to have sent nothing; from then on only the
    server's own answer says what became of it."""

    def __init__(self, client: smtplib.SMTP) -> None:
        self._client = client

    def send(self, letter: EmailMessage, sender: str, to: str) -> Outcome:
        """See Line."""
        client = self._client
        try:
            for code, _ in self._envelope(sender, to):
                if code not in (250, 251):
                    self._forget()
                    return _refused(code)
        except (OSError, smtplib.SMTPException):
            return Outcome.AGAIN
        try:
            code, _ = client.data(letter.as_bytes())
        except smtplib.SMTPDataError as error:
            self._forget()
            return _refused(error.smtp_code)
        except (OSError, smtplib.SMTPException):
            return Outcome.UNKNOWN
        return Outcome.SENT if code == 250 else _refused(code)

    def _envelope(self, sender: str, to: str) -> Iterator[tuple[int, bytes]]:
        yield self._client.mail(sender)
        yield self._client.rcpt(to)

    def _forget(self) -> None:
        with suppress(OSError, smtplib.SMTPException):
            self._client.rset()


def _refused(code: int) -> Outcome:
    return Outcome.AGAIN if 400 <= code < 500 else Outcome.FAILED

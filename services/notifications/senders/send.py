"""A round of the sender: of the e-mails that wait, decide (NO-6), ask for the address (NO-3), mark, send (NO-2)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from prometheus_client import Counter

from services.chassis import tracing
from services.chassis.logging import fault
from services.chassis.rpc.calls import Calls
from services.chassis.service import Work
from services.contracts import cases, directory
from services.kernel.errors import NotFound, Refusal
from services.notifications.deciding import verdicts
from services.notifications.domain.answer import Answer
from services.notifications.domain.kinds import QUIET_KINDS
from services.notifications.egress.ways import Egress
from services.notifications.senders.letter import NoSuchAddress, compose
from services.notifications.senders.smtp import Line, MailServer, Outcome, Unreachable
from services.notifications.storage import EMAIL, Due, Messages, due

AT_ONCE = 50
SOON = timedelta(seconds=5)
MOST_TRIES = 8
LATE = timedelta(days=3)
"""What happened longer ago stands in the inbox alone: when a service has begun late, or mail was down for days."""

TRIED = Counter("stafett_mail_attempts_total", "E-mails by what became of them", ["outcome"])

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Outside:
    """What the senders need of the outside: a mail server, whom letters are from, where the link leads, and the ways to
    outside systems."""

    mail: MailServer
    sender: str
    public_url: str
    egress: Egress


@dataclass(frozen=True, slots=True)
class Contact:
    """Where somebody is reached at this moment; never kept (NO-3)."""

    email: str | None
    language: str


def run(work: Work) -> int:
    """One round; how many e-mails it looked at. Nothing waits for the outside within a transaction.

    The round itself is quiet, since it may be for the lane (PR-3); each e-mail is told of in its event's trace.
    """
    tracing.hush()
    with work.db.read() as conn:
        waiting = list(due(conn, work.now, AT_ONCE))
    for municipality, group in _by(waiting, "municipality").items():
        _Round(work, municipality).run(group)
    return len(waiting)


class _Round:
    """The e-mails of one municipality in one round."""

    def __init__(self, work: Work, municipality: str) -> None:
        self._work, self._municipality = work, municipality
        self._outside: Outside = work.services

    def run(self, waiting: list[Due]) -> None:
        reachable = []
        for each, contact in self._with_contacts(self._allowed(self._in_time(waiting))):
            if contact.email:
                reachable.append((each, contact))
            else:
                self._settle(each, "no_address")
        while reachable:
            try:
                with self._outside.mail.open() as line:
                    reachable = self._send_while_it_holds(line, reachable)
            except Unreachable as error:
                told = sum(not _is_quiet(each) for each, _ in reachable)
                if told:
                    log.warning("mail_server_unreachable", count=told, **fault(error.__cause__ or error))
                else:
                    self._work.failed_quietly(
                        "reach_mail_server", error.__cause__ or error, self._municipality
                    )
                for each, _ in reachable:
                    self._postpone(each, SOON)
                return

    def _send_while_it_holds(
        self, line: Line, letters: list[tuple[Due, Contact]]
    ) -> list[tuple[Due, Contact]]:
        """Send over one conversation; what is left over when it broke."""
        for number, (each, contact) in enumerate(letters, 1):
            if self._send(line, each, contact) in (Outcome.AGAIN, Outcome.UNKNOWN):
                return letters[number:]
        return []

    def _in_time(self, waiting: list[Due]) -> list[Due]:
        """Those that are still news; of the others nobody is startled by an e-mail now."""
        oldest = self._work.now - LATE
        for each in waiting:
            if each.message.told.at < oldest:
                self._settle(each, "too_late")
        return [each for each in waiting if each.message.told.at >= oldest]

    def _allowed(self, waiting: list[Due]) -> list[tuple[Due, bool]]:
        """Those that may go out now, each with whether its reader is told as a private person (NO-6)."""
        allowed: list[tuple[Due, bool]] = []
        refused: list[Due] = []
        later: list[Due] = []
        with self._work.read(self._municipality) as reading:
            for person_id, group in _by_person(waiting).items():
                judged = verdicts(reading, person_id, [each.message for each in group])
                for each, verdict in zip(group, judged, strict=True):
                    if verdict.answer is Answer.YES:
                        allowed.append((each, verdict.private))
                    else:
                        (later if verdict.answer is Answer.LATER else refused).append(each)
        for each in refused:
            self._settle(each, "not_allowed")
        for each in later:
            self._postpone(each, SOON)
        return allowed

    def _with_contacts(self, allowed: list[tuple[Due, bool]]) -> list[tuple[Due, Contact]]:
        """Each with where its reader is reached now; all are asked for at once. Who can't be asked for waits."""
        calls = self._work.rpc(self._municipality)
        pending: dict[tuple[str, bool], Any] = {}
        for each, private in allowed:
            asked = (each.message.told.person_id, private)
            if asked not in pending:
                pending[asked] = _start(calls, *asked)
        told = {(each.message.told.person_id, private) for each, private in allowed if not _is_quiet(each)}
        answers = {asked: _contact(call, quiet=asked not in told) for asked, call in pending.items()}
        found = []
        for each, private in allowed:
            contact = answers[each.message.told.person_id, private]
            if contact is None:
                self._postpone(each, SOON)
            else:
                found.append((each, contact))
        return found

    def _send(self, line: Line, each: Due, contact: Contact) -> Outcome | None:
        """NO-2: at most once. The mark is durable before the first word, and nothing but the answer takes it away."""
        message, outside = each.message, self._outside
        try:
            letter = compose(
                message, contact.email or "", contact.language,
                sender=outside.sender, public_url=outside.public_url, now=self._work.now,
            )  # fmt: skip
        except NoSuchAddress:
            self._settle(each, "no_address")
            return None
        except Exception as error:  # one letter that can't be written must not hold up all others
            if _is_quiet(each):
                self._work.failed_quietly("write_letter", error, self._municipality)
            else:
                log.error("letter_not_written", **fault(error))
            self._settle(each, "failed")
            return None
        if not self._mark(each):
            return None
        quiet = _is_quiet(each)
        with tracing.span("mail", parent=each.traceparent, kind="client", quiet=quiet, channel=EMAIL) as span:
            outcome = line.send(letter, outside.sender, letter["To"].addresses[0].addr_spec)
            span.attributes["outcome"] = outcome.value
            if not quiet:
                TRIED.labels(outcome).inc()
                log.info("mail_tried", outcome=outcome.value, attempt=each.tries + 1)
        if outcome is Outcome.AGAIN and each.tries + 1 < MOST_TRIES:
            self._postpone(each, SOON * 4**each.tries, was="unknown")
        elif outcome is not Outcome.UNKNOWN:
            self._settle(each, "failed" if outcome is Outcome.AGAIN else outcome.value, was="unknown")
        return outcome

    def _mark(self, each: Due) -> bool:
        """Decide a last time, and mark, in one transaction; whether it may be sent (NO-6, NO-2)."""
        message = each.message
        with self._work(self._municipality) as uow:
            [verdict] = verdicts(uow, message.told.person_id, [message])
            if verdict.answer is not Answer.YES:
                return False
            return Messages(uow.tx, self._municipality).claim(message.message_id, self._work.now)

    def _settle(self, each: Due, outcome: str, *, was: str = "waiting") -> None:
        with self._work(self._municipality) as uow:
            Messages(uow.tx, self._municipality).settle(
                each.message.message_id, outcome, self._work.now, was=was
            )

    def _postpone(self, each: Due, by: timedelta, *, was: str = "waiting") -> None:
        with self._work(self._municipality) as uow:
            Messages(uow.tx, self._municipality).postpone(
                each.message.message_id, self._work.now + by, was=was
            )


def _start(calls: Calls, person_id: str, private: bool) -> Any:
    procedure = cases.ContactOf if private else directory.ContactOfStaff
    try:
        return calls.start_call(procedure, {"person_id": person_id})
    except Refusal as refusal:
        return refusal


def _is_quiet(due: Due) -> bool:
    """Whether nothing is told of this e-mail, nor of what goes wrong with it (PR-3)."""
    return due.message.told.kind in QUIET_KINDS


def _contact(call: Any, *, quiet: bool) -> Contact | None:
    """The answer; None when it is to be asked for again. Reserved persons are not written to (NO-3). `quiet`: it is
    asked for the lane alone."""
    try:
        if isinstance(call, Refusal):
            raise call
        answer = call.result()
    except NotFound:
        return Contact(None, "nb")
    except Refusal as refusal:
        if not quiet:
            log.warning("contact_not_known", code=refusal.code)
        return None
    return Contact(None if answer.get("reserved") else answer.get("email"), answer.get("language") or "nb")


def _by(waiting: Iterable[Due], field: str) -> dict[str, list[Due]]:
    groups: dict[str, list[Due]] = defaultdict(list)
    for each in waiting:
        groups[getattr(each, field)].append(each)
    return groups


def _by_person(waiting: Iterable[Due]) -> dict[str, list[Due]]:
    groups: dict[str, list[Due]] = defaultdict(list)
    for each in waiting:
        groups[each.message.told.person_id].append(each)
    return groups

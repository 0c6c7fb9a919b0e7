"""The ways of consenting that are not the signer's own click, and what must prove them (CO-6)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from enum import StrEnum

from services.consent.domain.errors import AnsweredSince
from services.consent.domain.request import Answer, Said
from services.kernel.calendar import local_date
from services.kernel.errors import InvalidInput


class Way(StrEnum):
    """How an answer was given. All but ELECTRONIC are registered by the one who asked."""

    ELECTRONIC = "electronic"
    PAPER = "paper"
    ORAL = "oral"


MAX_BYTES = 10 * 1024 * 1024
"""The largest scan, in bytes; some pages by phone or copying machine are a tenth of it."""
MAX_PAGES = 20
MAX_PIXELS = 50_000_000

_STARTS = (
    (b"%PDF-", "application/pdf"),
    (b"\xff\xd8\xff", "image/jpeg"),
    (b"\x89PNG\r\n\x1a\n", "image/png"),
)


def media_type(content: bytes) -> str:
    """What the content says that it is by its first bytes, whatever its name was; raises InvalidInput."""
    if not content:
        raise InvalidInput(fields={"scan": "empty"}, rule="CO-6")
    if len(content) > MAX_BYTES:
        raise InvalidInput(fields={"scan": "too_large"}, params={"megabytes": MAX_BYTES >> 20}, rule="CO-6")
    for start, found in _STARTS:
        if content.startswith(start):
            return found
    raise InvalidInput(fields={"scan": "not_a_scan"}, rule="CO-6")


def demand_proof(way: Way, *, scan: bool, journal_ref: str | None) -> None:
    """CO-6: a paper has its scan, and a spoken word its place in the journal. Neither goes without."""
    if way is Way.PAPER and not scan:
        raise InvalidInput(fields={"scan": "required"}, rule="CO-6")
    if way is Way.ORAL and not (journal_ref or "").strip():
        raise InvalidInput(fields={"journal_ref": "required"}, rule="CO-6")
    if way is Way.ORAL and scan:
        raise InvalidInput(fields={"scan": "not_for_this_way"}, rule="CO-6")


def demand_day(given_on: date, asked_on: date, today: date) -> None:
    """One answers a question when it has been asked, and not in the future."""
    if given_on < asked_on:
        raise InvalidInput(fields={"given_on": "before_asked"}, rule="CO-6")
    if given_on > today:
        raise InvalidInput(fields={"given_on": "in_the_future"}, rule="CO-6")


def demand_latest(said: Iterable[Said], by_others: Iterable[str], signer_id: str, given_on: date) -> None:
    """CO-3: what somebody has answered by themselves, on the day of the paper or later, is not overruled by it.

    `by_others`: ids of the signatures that were registered for them. To want to talk first is no answer."""
    registered = set(by_others)
    for each in said:
        own = each.signer_id == signer_id and each.signature_id not in registered
        if own and each.answer is not Answer.TALK_FIRST and local_date(each.at) >= given_on:
            raise AnsweredSince

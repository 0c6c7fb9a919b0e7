"""The ways of consenting that are not the signer's own click, and what must prove them (CO-6)."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from datetime import date
from enum import StrEnum

from services.consent.domain.errors import AnsweredSince, OwnServiceGains
from services.consent.domain.request import Answer, Line, Request, Said
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


def demand_latest(
    said: Iterable[Said],
    registered_on: Mapping[str, date],
    signer_id: str,
    given_on: date,
    answers: Mapping[Line, Answer],
) -> None:
    """CO-3: the later word counts, and not the one that is written in later. What somebody has answered by themselves
    on the day of the paper or after it is not overruled, nor what an answer of a later day says. A no is believed on
    the same day: to take back is never made hard.

    `registered_on`: the day of each answer that was registered for them, by signature. To want to talk first is no
    answer."""
    for each in said:
        if each.signer_id != signer_id or each.answer is Answer.TALK_FIRST or each.line not in answers:
            continue
        registered = registered_on.get(each.signature_id)
        day = registered or local_date(each.at)
        same_day_counts = registered is None and answers[each.line] is not Answer.NO
        if day > given_on or (day == given_on and same_day_counts):
            raise AnsweredSince


def refusals_elsewhere(
    others: Iterable[Request], signer_id: str, answers: Mapping[Line, Answer]
) -> list[Said]:
    """The signer's last words to other requests that are a no to what these answers would open: a withdrawal is of what
    stood that day, and holds against an older paper for another request too (CO-3)."""
    found: list[Said] = []
    for request in others:
        for line, answer in answers.items():
            mine = [each for each in request.said if each.signer_id == signer_id and each.line == line]
            if answer is Answer.YES and mine and mine[-1].answer is Answer.NO:
                found.append(mine[-1])
    return found


def demand_disinterested(answers: Mapping[Line, Answer], own_services: Container[str]) -> None:
    """CO-6: whoever works for a service that would read by it, does not write in the yes that opens it: another who is
    in charge of the case does. A no they may write in."""
    gains = any(answer is Answer.YES and line.service_id in own_services for line, answer in answers.items())
    if gains:
        raise OwnServiceGains

"""Leaks to plant into what was got, one or more in each channel: each is something that a report might have changed."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from tests.security.noninterference.collecting import Got

Play = list[Got]
_NUMBERS = re.compile(r"[0-9a-f-]*\d[0-9a-f-]*")
"""Ids, times and counts, as far as telling two letters apart needs it."""


@dataclass(frozen=True, slots=True)
class Leak:
    """What is planted, and in which channel it must be found."""

    name: str
    channel: str
    plant: Callable[[Sequence[Got]], Play]


def _last(play: Sequence[Got], channel: str, pattern: str, who: str = "") -> int:
    """Where the last thing of a channel stands that matches: a leak at the end is the hardest to find."""
    for number in range(len(play) - 1, -1, -1):
        got = play[number]
        if got.channel == channel and who in got.who and re.search(pattern, got.text):
            return number
    raise LookupError(f"nothing in {channel} matches {pattern}: the leak can't be planted")


def _changed(channel: str, pattern: str, new: str, who: str = "") -> Callable[[Sequence[Got]], Play]:
    """One match of a pattern reads otherwise."""

    def plant(play: Sequence[Got]) -> Play:
        at = _last(play, channel, pattern, who)
        text, count = re.subn(pattern, new, play[at].text, count=1)
        assert count == 1 and text != play[at].text, f"{channel}: {pattern} changes nothing"
        return [*play[:at], replace(play[at], text=text), *play[at + 1 :]]

    return plant


def _counted(channel: str, pattern: str) -> Callable[[Sequence[Got]], Play]:
    """A number, the pattern's group, is one more."""

    def plant(play: Sequence[Got]) -> Play:
        at = _last(play, channel, pattern)
        found = re.search(pattern, play[at].text)
        assert found is not None
        more = f"{float(found[1]) + 1:g}"
        text = play[at].text[: found.start(1)] + more + play[at].text[found.end(1) :]
        return [*play[:at], replace(play[at], text=text), *play[at + 1 :]]

    return plant


def _one_more(channel: str) -> Callable[[Sequence[Got]], Play]:
    """Something of the channel comes once more."""

    def plant(play: Sequence[Got]) -> Play:
        at = _last(play, channel, "")
        return [*play[: at + 1], play[at], *play[at + 1 :]]

    return plant


def _one_less(channel: str) -> Callable[[Sequence[Got]], Play]:
    def plant(play: Sequence[Got]) -> Play:
        at = _last(play, channel, "")
        return [*play[:at], *play[at + 1 :]]

    return plant


def _in_other_order(channel: str) -> Callable[[Sequence[Got]], Play]:
    """The texts of the last two that differ, by more than ids and times, come the other way round."""

    def plant(play: Sequence[Got]) -> Play:
        numbers = [number for number, got in enumerate(play) if got.channel == channel]
        one, two = next(
            (a, b)
            for a, b in zip(numbers[-2::-1], numbers[:0:-1], strict=True)
            if _NUMBERS.sub("", play[a].text) != _NUMBERS.sub("", play[b].text)
        )
        swapped = list(play)
        swapped[one], swapped[two] = (
            replace(play[one], text=play[two].text),
            replace(play[two], text=play[one].text),
        )
        return swapped

    return plant


def _other_id(play: Sequence[Got]) -> Play:
    """An id that had been seen stands where another did: which one it is counts, not what it is called."""
    uuid = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    at = _last(play, "api", rf'"case_id":"{uuid}".*"person_id":"{uuid}"')
    first, *_, other = dict.fromkeys(re.findall(uuid, play[at].text))
    return [*play[:at], replace(play[at], text=play[at].text.replace(other, first, 1)), *play[at + 1 :]]


LEAKS = (
    Leak("a page is longer by a blank", "page", _changed("page", "</main>", " </main>")),
    Leak("a badge counts one more", "page", _changed("page", r"</nav>", " (1)</nav>", "elvestrand")),
    Leak("a page has another length than its bytes say", "page", _counted("page", r"Content-Length: (\d+)")),
    Leak("a refusal is another", "page", _changed("page", r"\A404 NOT FOUND", "403 FORBIDDEN")),
    Leak("a header more", "page", _changed("page", r"\n\n", "\nStafett-Lane: 1\n\n")),
    Leak("a reader is told to wait", "api", _changed("api", r"\n\n", "\nRetry-After: 60\n\n")),
    Leak("a thing's version has moved", "api", _counted("api", r'(?i)etag: "(\d+)"')),
    Leak("a code is another", "api", _changed("api", r'"code":"not_found"', '"code":"forbidden"')),
    Leak("a row more in the inbox", "api", _changed("api", r'"items":\[\{', '"items":[{"kind":"x"},{')),
    Leak("one more unread", "api", _counted("api", r'"unread":(\d+)')),
    Leak("another one's id", "api", _other_id),
    Leak(
        "a component is named", "health", _changed("health", r'"component":"database"', '"component":"lane"')
    ),
    Leak("an event more", "event", _one_more("event")),
    Leak("an event less", "event", _one_less("event")),
    Leak("a gap in the numbers", "event", _counted("event", r'"streamseq": ?(\d+)')),
    Leak("events in another order", "event", _in_other_order("event")),
    Leak("an event says more", "event", _changed("event", r'"data": ?\{', '"data":{"reported":true,')),
    Leak("a position further", "heartbeat", _counted("heartbeat", r"\A(\d+)\Z")),
    Leak("a message more in a queue", "queue", _one_more("queue")),
    Leak("a queue says that it holds more", "queue", _counted("queue", r"\A(\d+)\Z")),
    Leak("a gap in a recipient's numbers", "queue", _counted("queue", r'"recipientseq": ?(\d+)')),
    Leak("a page more of a feed", "feed", _one_more("feed")),
    Leak("a feed has more behind", "feed", _changed("feed", r'"more": ?false', '"more":true')),
    Leak("a call more of a webhook", "webhook", _one_more("webhook")),
    Leak("a gap in a webhook's numbers", "webhook", _counted("webhook", r'"recipientseq": ?(\d+)')),
    Leak("a letter more", "e-mail", _one_more("e-mail")),
    Leak("a letter's subject", "e-mail", _changed("e-mail", r"Subject: ", "Subject: Barnevernet: ")),
    Leak("letters in another order", "e-mail", _in_other_order("e-mail")),
    Leak("an appointment changed", "calendar", _changed("calendar", r"SUMMARY:", "SUMMARY:Barnevern ")),
    Leak("a line more of the access record", "access", _one_more("access")),
    Leak("a line less of the access record", "access", _one_less("access")),
    Leak(
        "another act in the access record",
        "access",
        _changed("access", r'"act": "\w+"', '"act": "file_report"'),
    ),
)

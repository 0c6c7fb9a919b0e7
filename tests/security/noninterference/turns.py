"""What one act brings forth when several services answer it: each service's own in its order. Which of two is first is
chance, with a report and without; so that is not compared, and all else is."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import replace

from tests.security.noninterference.collecting import Got

_SOURCE = re.compile(r'"source": ?"([^"]+)"')
_NUMBER = re.compile(r'"recipientseq": ?([0-9]+)')
_LENGTH = re.compile(r"(?m)^Content-Length: [0-9]+$")
_PLACE = re.compile(r"[0-9]+$")


def service_by_service(got: Sequence[Got]) -> list[Got]:
    """The same, of each channel and receiver service by service. A receiver's own numbers go from one answer to the
    next, so they stand apart, in the order in which they came: none is left out, none comes twice."""
    found: list[Got] = []
    for channel, who in dict.fromkeys((each.channel, each.who) for each in got):
        came = [part for each in got if (each.channel, each.who) == (channel, who) for part in _parts(each)]
        told = sorted(came, key=lambda each: _first(_SOURCE, each.text))
        found += [
            replace(each, what=_PLACE.sub(f"{place}", each.what), text=_without_number(each.text))
            for place, each in enumerate(told, 1)
        ]
        numbers = [number for each in came if (number := _first(_NUMBER, each.text))]
        if numbers:
            found.append(Got(channel, who, "numbers, as they came", " ".join(numbers)))
    return found


def _parts(got: Got) -> list[Got]:
    """A page of a feed as the events on it, and what stands around them; all else is one thing."""
    head, _, body = got.text.partition("\n\n")
    if got.channel != "feed":
        return [got]
    page = json.loads(body)
    items = [replace(got, what="event 0", text=json.dumps(each)) for each in page.pop("items")]
    return [replace(got, what="page 0", text=f"{head}\n\n{json.dumps(page)}"), *items]


def _without_number(text: str) -> str:
    """Without the receiver's number, and the length that hangs on how many digits it has."""
    return _LENGTH.sub("", _NUMBER.sub('"recipientseq": ""', text))


def _first(pattern: re.Pattern[str], text: str) -> str:
    found = pattern.search(text)
    return found[1] if found else ""

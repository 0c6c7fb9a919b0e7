"""What is set aside before two plays are compared, and where they first differ."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from tests.security.noninterference.collecting import Got

LIST = Path(__file__).with_name("alike.yaml")
AROUND = 60
"""How many characters on each side of a difference are shown."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the list. What the pattern's first group matches (else all of it) is set aside."""

    pattern: re.Pattern[str]
    kind: str
    channels: frozenset[str]
    why: str


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place in which two plays are not the same: in `channel`, for `who`, at `what`."""

    channel: str
    who: str
    what: str
    without: str
    with_reports: str

    def __str__(self) -> str:
        return f"{self.channel} of {self.who}, {self.what}:\n  without: {self.without}\n  with:    {self.with_reports}"


@cache
def lines() -> tuple[Line, ...]:
    """The list; every line must say why it is there."""
    listed = yaml.safe_load(LIST.read_text("utf-8"))["lines"]
    return tuple(
        Line(re.compile(each["pattern"]), each["as"], frozenset(each.get("in", ())), each["why"])
        for each in listed
    )


class _Numbers:
    """Ids by the order of their first appearance, over a whole play."""

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}

    def of(self, value: str) -> str:
        return f"<id {self._seen.setdefault(value, len(self._seen) + 1)}>"


def set_aside(play: Sequence[Got]) -> list[Got]:
    """The play without its ids and times."""
    numbers = _Numbers()
    return [
        Got(
            each.channel,
            each.who,
            _plain(each.what, each.channel, numbers),
            _plain(each.text, each.channel, numbers),
        )
        for each in play
    ]


def _plain(text: str, channel: str, numbers: _Numbers) -> str:
    for line in lines():
        if line.channels and channel not in line.channels:
            continue

        def put(match: re.Match[str], line: Line = line) -> str:
            whole, group = match[0], 1 if match.re.groups else 0
            if match.start(group) < 0:
                return whole
            start, end = match.start(group) - match.start(), match.end(group) - match.start()
            word = numbers.of(match[group]) if line.kind == "id" else f"<{line.kind}>"
            return whole[:start] + word + whole[end:]

        text = line.pattern.sub(put, text)
    return text


def differences(without: Sequence[Got], with_reports: Sequence[Got]) -> Iterator[Difference]:
    """All places in which the plays differ once ids and times are set aside; of each thing that was got, the first."""
    one, other = set_aside(without), set_aside(with_reports)
    for number in range(max(len(one), len(other))):
        left = one[number] if number < len(one) else None
        right = other[number] if number < len(other) else None
        if left == right:
            continue
        shown = left or right
        assert shown is not None
        same_thing = (
            left and right and (left.channel, left.who, left.what) == (right.channel, right.who, right.what)
        )
        texts = (left.text if left else "nothing", right.text if right else "nothing")
        if not same_thing:
            texts = (_name(left), _name(right))
        yield Difference(shown.channel, shown.who, shown.what, *_around(*texts))
        if not same_thing:
            return


def _name(got: Got | None) -> str:
    return f"{got.channel} of {got.who}, {got.what}" if got else "nothing"


def _around(left: str, right: str) -> tuple[str, str]:
    at = next(
        (n for n, (a, b) in enumerate(zip(left, right, strict=False)) if a != b), min(len(left), len(right))
    )
    cut = slice(max(0, at - AROUND), at + AROUND)
    return repr(left[cut]), repr(right[cut])

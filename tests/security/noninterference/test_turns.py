"""What two services answer at once is compared service by service, and whole."""

from __future__ import annotations

import json
from collections.abc import Sequence

from tests.security.noninterference.collecting import Got
from tests.security.noninterference.turns import service_by_service

CASES, LOG = "/granli/cases", "/granli/relay_log"


def came(*events: tuple[str, str], first: int = 7) -> list[Got]:
    """What a queue's receiver got: of each event its source and what it says, numbered as they came."""
    return [
        Got(
            "queue",
            "system",
            f"message {number}",
            json.dumps({"source": source, "say": say, "recipientseq": number}),
        )
        for number, (source, say) in enumerate(events, first)
    ]


def same(one: Sequence[Got], other: Sequence[Got]) -> bool:
    return service_by_service(one) == service_by_service(other)


def test_PR_3_which_of_two_services_is_first_makes_no_difference_and_all_else_does() -> None:
    """PR-3: the order of each, what each says, how many there are, and that the receiver's numbers have no gap."""
    whole = came((CASES, "closed"), (LOG, "report"), (CASES, "more"))
    assert same(whole, came((LOG, "report"), (CASES, "closed"), (CASES, "more")))
    assert not same(whole, came((LOG, "report"), (CASES, "more"), (CASES, "closed")))
    assert not same(whole, came((CASES, "closed"), (LOG, "other"), (CASES, "more")))
    assert not same(whole, came((CASES, "closed"), (LOG, "report")))
    assert not same(whole, [*came((CASES, "closed"), (LOG, "report")), *came((CASES, "more"), first=10)])


def test_PR_3_a_page_of_a_feed_is_compared_event_by_event() -> None:
    """PR-3: and what stands around the events on it: whether there is more, and where it goes on."""

    def page(*says: str, more: bool = False) -> list[Got]:
        items = [{"source": say.split()[0], "say": say, "recipientseq": n} for n, say in enumerate(says, 1)]
        body = json.dumps({"items": items, "next": "x", "more": more})
        return [Got("feed", "system", "page 1", f"200 OK\nContent-Length: {len(body)}\n\n{body}")]

    assert same(page("a 1", "b 1"), page("b 1", "a 1"))
    assert not same(page("a 1", "b 1"), page("a 1", "b 1", more=True))
    assert not same(page("a 1", "a 2"), page("a 2", "a 1"))

"""Losing access in its small form: with the bus loaded, each way of losing it shuts within a second."""

from __future__ import annotations

from tests.bench.losses import LOSSES, own_suite, run, table

TRIALS = 3 * len(LOSSES)
TARGET_MS = 1000  # for 99 of 100; here for half of them: other work on the machine must not turn a test red


def test_a_loss_of_access_is_felt_elsewhere_at_once() -> None:
    """CO-10: withdrawal, release, end of a role, end of responsibility, address grade. CO-9: while an event of consent
    is parked, people of other services are refused at once."""
    with own_suite() as bench:
        result = run(bench, TRIALS, cut=False)
    print(table(result))
    assert result["lines"].keys() == {loss.name for loss in LOSSES} | {"all"}
    assert result["lines"]["all"]["p50"] < TARGET_MS
    assert result["parked_ms"] < TARGET_MS
    assert result["rate_told"] > 20

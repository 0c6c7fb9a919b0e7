"""One minute of the fault suite: municipalities at work while everything breaks (`make faults` is its long form)."""

from __future__ import annotations

from pathlib import Path

from tests.faults.findings import table
from tests.faults.plan import SMALL, engines_of, plan_of, shape_of
from tests.faults.run import Run

SEED = 20261125


def test_nothing_is_lost_doubled_or_out_of_order_while_everything_breaks(tmp_path: Path) -> None:
    print(f"seed {SEED}: make faults SEED={SEED} MINUTES=1")
    result = Run(SEED, SMALL, tmp_path, lambda line: print(line, flush=True)).play()
    assert result.clean, f"seed {SEED}\n{table(result.findings)}\n{result.summary}"
    looked = {finding.what: finding.looked_at for finding in result.findings}
    assert looked["acts answered, and not in the owner's database"] > 50, (
        f"hardly anybody worked\n{result.summary}"
    )


def test_a_seed_gives_the_same_plan_again_and_every_kind_of_fault() -> None:
    for shape in (SMALL, shape_of(10)):
        assert plan_of(7, shape) == plan_of(7, shape) != plan_of(8, shape)
    kinds = {(fault.kind, fault.target) for fault in plan_of(7, shape_of(10))}
    assert {kind for kind, _ in kinds} == {
        "kill", "restart", "crash", "memory full", "disk full", "lock", "poison text", "poison event", "behind",
        "again", "step",
    }  # fmt: skip
    assert {target for kind, target in kinds if kind == "kill"} == {
        "directory", "cases", "consent", "relay_log", "notifications", "gateway", "broker",
    }  # fmt: skip
    assert set(engines_of(7).values()) == {"sqlite", "postgresql"}

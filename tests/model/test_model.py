"""What each person can read is what the rulebook says, whatever has happened before, and however late it was heard."""

from __future__ import annotations

import ast
import os
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model import oracle
from tests.model.house import House
from tests.model.machine import Alarm, Care, Concern, Cooperation, Model

EXAMPLES = int(os.environ.get("STAFETT_MODEL_EXAMPLES", "10"))
A_PART = 5
STEPS = 16
_SEED = os.environ.get("STAFETT_MODEL_SEED", "1")
SEED = random.randrange(1 << 32) if _SEED == "new" else int(_SEED)
PHASES = (Phase.generate, Phase.shrink) if "STAFETT_MODEL_SHRINK" in os.environ else (Phase.generate,)
"""What these are for stands in README.md."""


def parts(share: int = 1) -> pytest.MarkDecorator:
    """One of so many stories, told a few at a time, so that no single test takes long."""
    return pytest.mark.parametrize("part", range(max(1, EXAMPLES // share // A_PART)))


def play(services: House, model: type[Model], part: int) -> None:
    """Some stories, the same for the same seed; a failing one is printed as the steps that led to it."""
    model.house = services
    seed(SEED + part)(model)
    print(f"STAFETT_MODEL_SEED={SEED} STAFETT_MODEL_EXAMPLES={EXAMPLES}")
    chosen = settings(
        max_examples=min(A_PART, EXAMPLES), stateful_step_count=STEPS, deadline=None, database=None, phases=PHASES,
        suppress_health_check=list(HealthCheck), print_blob=False, report_multiple_bugs=False,
    )  # fmt: skip
    run_state_machine_as_test(model, settings=chosen)


@parts()
def test_in_cooperation_everybody_reads_what_the_oracle_says(services: House, part: int) -> None:
    """CO-1, CO-2, CO-3, CO-4, CO-5, CO-8, CO-9, CO-10, AG-1 to AG-8, GU-1, GU-2, GU-3, GU-4, PR-6, SE-3, LV-11, LG-1,
    LG-4, LG-5, LG-7, HO-4, HO-6, GU-6, PR-2, PR-5: after each step of any story each
    person is shown the items that the oracle names, and no others."""
    play(services, Cooperation, part)


@parts(3)
def test_under_a_care_order_everybody_reads_what_the_oracle_says(services: House, part: int) -> None:
    """GU-4, GU-2, GU-6, AG-4, PR-2, PR-6, SE-3, CO-9: as above, of stories that begin when child protection has
    answered in the guardians' place."""
    play(services, Care, part)


@parts(3)
def test_from_the_concern_on_everybody_reads_what_the_oracle_says(services: House, part: int) -> None:
    """LV-17, AG-6, GU-2, GU-3, LG-5, PR-2, PR-5: as above, of stories that begin with a concern of which
    the family is not told."""
    play(services, Concern, part)


@parts(3)
def test_in_an_emergency_everybody_reads_what_the_oracle_says(services: House, part: int) -> None:
    """SE-3, PR-2, PR-5, PR-6: as above, of stories that begin on the day when somebody opened the case in an emergency,
    and both kinds of report were made."""
    play(services, Alarm, part)


def test_the_oracle_is_short_and_knows_nothing_of_the_product() -> None:
    """Written from the rulebook alone: what it shared with the kernel it would not find. Sixty lines of rules,
    without imports and docstrings, to be read beside the rulebook in five minutes."""
    tree = ast.parse(Path(oracle.__file__).read_text("utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"datetime", "tests.model.chronicle"}
    rules = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.Assign)]
    written = {line for node in rules for line in range(node.lineno, (node.end_lineno or 0) + 1)}
    said = [
        node for node in ast.walk(tree) if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    ]
    docstrings = {line for node in said for line in range(node.lineno, (node.end_lineno or 0) + 1)}
    assert len(written - docstrings) <= 60

"""What each person can read is what the rulebook says, whatever has happened before, and however late it was heard."""

from __future__ import annotations

import ast
import os
import random
import tokenize
from pathlib import Path

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.model import oracle
from tests.model.house import House
from tests.model.machine import Concern, Cooperation, Model

EXAMPLES = int(os.environ.get("STAFETT_MODEL_EXAMPLES", "24"))
STEPS = 16
_SEED = os.environ.get("STAFETT_MODEL_SEED", "1")
SEED = random.randrange(1 << 32) if _SEED == "new" else int(_SEED)
PHASES = (Phase.generate, Phase.shrink) if "STAFETT_MODEL_SHRINK" in os.environ else (Phase.generate,)
"""What these are for stands in README.md."""


def play(services: House, model: type[Model], examples: int) -> None:
    """So many stories, the same for the same seed; a failing one is printed as the steps that led to it."""
    model.house = services
    seed(SEED)(model)
    print(f"STAFETT_MODEL_SEED={SEED} STAFETT_MODEL_EXAMPLES={examples}")
    chosen = settings(
        max_examples=examples, stateful_step_count=STEPS, deadline=None, database=None, phases=PHASES,
        suppress_health_check=list(HealthCheck), print_blob=False, report_multiple_bugs=False,
    )  # fmt: skip
    run_state_machine_as_test(model, settings=chosen)


def test_in_cooperation_everybody_reads_what_the_oracle_says(services: House) -> None:
    """CO-1 to CO-5, CO-8 to CO-10, AG-1 to AG-8, GU-1 to GU-3, PR-6, LV-11, LG-1, LG-5, LG-7, HO-4, HO-6: after each
    step of any story each person is shown the items that the oracle names, and no others."""
    play(services, Cooperation, EXAMPLES)


def test_from_the_concern_on_everybody_reads_what_the_oracle_says(services: House) -> None:
    """LV-17, AG-6, GU-2, GU-3, LG-5: as above, of stories that begin with a concern of which the family is not told."""
    play(services, Concern, EXAMPLES // 4)


def test_the_oracle_is_short_and_knows_nothing_of_the_product() -> None:
    """Sixty lines of code, written from the rulebook alone: what it shares with the kernel it would not find."""
    path = Path(oracle.__file__)
    tree = ast.parse(path.read_text("utf-8"))
    imported = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert imported == {"datetime", "zoneinfo", "tests.model.chronicle"}
    with path.open("rb") as source:
        quiet = {
            tokenize.COMMENT,
            tokenize.NL,
            tokenize.NEWLINE,
            tokenize.INDENT,
            tokenize.DEDENT,
            tokenize.ENCODING,
            tokenize.ENDMARKER,
        }
        lines = {token.start[0] for token in tokenize.tokenize(source.readline) if token.type not in quiet}
    assert len(lines) <= 61, "sixty, and its docstring"

"""`python -m tests.model.see_red [mutant ...]`: breaks a rule in a copy of the tree and has the model's test find it.

The mutants are those of tests/mutants; here it is not their own test that must turn red, but a story."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.mutants.patches import Mutant, load
from tests.mutants.run import FAILED, _copy_tree, _pytest

TEST = "tests/model/test_model.py::test_{}_everybody_reads_what_the_oracle_says"
CHOSEN = {
    "in_cooperation": (
        "CO-1_window_of_any_topic", "CO-1_window_of_any_service", "CO-3_withdrawal_is_ignored", "CO-9_age_is_ignored",
        "CO-10_released_participant_still_reads", "CO-10_ended_role_still_reads", "AG-2_youth_has_no_say",
        "AG-6_health_stays_open", "GU-1_one_guardian_suffices", "GU-2_parent_without_responsibility_reads",
        "GU-2_named_for_one_topic_reads_all", "GU-4_guardians_go_on_signing",
    ),
    "under_a_care_order": ("GU-4_any_topic_is_let", "GU-4_guardians_keep_all_under_an_order"),
    "from_the_concern_on": ("LG-5_notes_tell_what_was_said_apart", "LV-17_leader_reads_notes_before_the_talk"),
}  # fmt: skip
"""Which kind of story is to find which mutant."""


def main(names: list[str]) -> int:
    """Prints a line each; 1 when one was not found."""
    kinds = {mutant: kind for kind, mutants in CHOSEN.items() for mutant in mutants}
    wanted = set(names or kinds)
    mutants = [mutant for mutant in load() if f"{mutant.rule}_{mutant.slug}" in wanted]
    if len(mutants) != len(wanted):
        print(f"Unknown: {sorted(wanted - {f'{each.rule}_{each.slug}' for each in mutants})}")
        return 1
    with tempfile.TemporaryDirectory(prefix="stafett-model-") as folder:
        tree = _copy_tree(Path(folder) / "tree")
        found = [
            _is_found(mutant, tree, TEST.format(kinds.get(f"{mutant.rule}_{mutant.slug}", "in_cooperation")))
            for mutant in mutants
        ]
    return 0 if all(found) else 1


def _is_found(mutant: Mutant, tree: Path, test: str) -> bool:
    started, file = time.monotonic(), tree / mutant.file
    original = file.read_text("utf-8")
    file.write_text(mutant.apply(original), "utf-8")
    try:
        code, output = _pytest(tree, [test])
    finally:
        file.write_text(original, "utf-8")
    told = next(
        (
            line
            for line in output.splitlines()
            if line.startswith("E   AssertionError") or "AssertionError: " in line
        ),
        "",
    )
    red = code == FAILED and bool(told)
    print(f"{mutant.rule}_{mutant.slug:44} {'red' if red else 'NOT FOUND':10} {time.monotonic() - started:5.0f} s  "
          f"{told.removeprefix('E   ').strip()[:150]}", flush=True)  # fmt: skip
    return red


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`python -m tests.model.see_red [mutant ...]`: breaks a rule in a copy of the tree and has the model's test find it.

The mutants are those of tests/mutants; here it is not their own test that must turn red, but a story. One that is not
among those chosen below is looked for in all kinds of story. A red counts only where the same stories, asked first, are
green without a mutant. Each line says how many stories it took."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from functools import cache
from pathlib import Path

from tests.model.test_model import A_PART
from tests.mutants.patches import Mutant, load
from tests.mutants.run import FAILED, PASSED, _copy_tree, _pytest

TEST = "tests/model/test_model.py::test_{}_everybody_reads_what_the_oracle_says"
LIMIT_SECONDS = 900
"""For the stories of one part, on a busy machine."""
STORIES = "60"
"""How many are told at most to find a mutant, unless STAFETT_MODEL_EXAMPLES says otherwise; of other kinds than
cooperation a third of that."""
CHOSEN = {
    "in_cooperation": (
        "CO-1_window_of_any_topic", "CO-1_window_of_any_service", "CO-3_withdrawal_is_ignored", "CO-9_age_is_ignored",
        "CO-10_released_participant_still_reads", "CO-10_ended_role_still_reads", "AG-2_youth_has_no_say",
        "AG-6_health_stays_open", "GU-1_one_guardian_suffices", "GU-2_parent_without_responsibility_reads",
        "GU-2_named_for_one_topic_reads_all", "GU-4_guardians_go_on_signing", "CO-5_new_request_ends_the_old",
        "GU-6_third_persons_item_is_open", "GU-6_log_goal_bears_no_mark", "GU-6_log_measure_tells_for_itself",
    ),
    "under_a_care_order": ("GU-4_any_topic_is_let", "GU-4_guardians_keep_all_under_an_order"),
    "in_an_emergency": (
        "SE-3_emergency_never_ends", "SE-3_anybody_at_work_ends_an_emergency",
        "CO-10_ended_emergency_goes_on_elsewhere", "PR-2_protected_kind_shown_to_guardians",
        "PR-5_leader_reads_protected_reports",
    ),
    "from_the_concern_on": ("LG-5_notes_tell_what_was_said_apart", "LV-17_leader_reads_notes_before_the_talk"),
}  # fmt: skip
"""Which kind of story is to find which mutant."""


def main(names: list[str]) -> int:
    """Prints a line each; 1 when one was not found."""
    kinds = {mutant: kind for kind, mutants in CHOSEN.items() for mutant in mutants}
    wanted = set(names or kinds)
    mutants = {f"{mutant.rule}_{mutant.slug}": mutant for mutant in load()}
    if unknown := sorted(wanted - set(mutants)):
        print(f"Unknown: {unknown}")
        return 1
    os.environ.setdefault("STAFETT_MODEL_EXAMPLES", STORIES)
    with tempfile.TemporaryDirectory(prefix="stafett-model-") as folder:
        tree = _copy_tree(Path(folder) / "tree")
        looked_in = {name: [kinds[name]] if name in kinds else list(CHOSEN) for name in sorted(wanted)}
        found = [
            any(_is_found(mutants[name], tree, kind) for kind in of_kinds)
            for name, of_kinds in looked_in.items()
        ]
    return 0 if all(found) else 1


def _is_found(mutant: Mutant, tree: Path, kind: str) -> bool:
    """Part by part: first its stories unbroken, which is asked once for all mutants, then broken."""
    started, file, seen = time.monotonic(), tree / mutant.file, ""
    original, verdict = file.read_text("utf-8"), "not found"
    for part in range(_number_of_parts(kind)):
        test = f"{TEST.format(kind)}[{part}]"
        if not _is_green(tree, test):
            verdict = "NOT GREEN WITHOUT IT"
            break
        file.write_text(mutant.apply(original), "utf-8")
        try:
            code, output = _pytest(tree, [test], LIMIT_SECONDS)
        finally:
            file.write_text(original, "utf-8")
        told = re.search(r"AssertionError: (story .*)", output)
        if code != PASSED:
            verdict = "red" if code == FAILED and told else "DID NOT RUN"
            seen = f"part {part}, {told[1][:150]}" if told else ""
            break
    print(f"{mutant.rule}_{mutant.slug:44.44} {verdict:11} {kind:19} {time.monotonic() - started:5.0f} s  {seen}",
          flush=True)  # fmt: skip
    return verdict == "red"


@cache
def _is_green(tree: Path, test: str) -> bool:
    code, output = _pytest(tree, [test], LIMIT_SECONDS)
    if code != PASSED:
        print(output)
    return code == PASSED


def _number_of_parts(kind: str) -> int:
    """As many as test_model tells of a kind."""
    stories = int(os.environ["STAFETT_MODEL_EXAMPLES"])
    return max(1, stories // (1 if kind == "in_cooperation" else 3) // A_PART)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

"""`make mutants`: breaks each rule in a temporary copy of the tree and demands that its test turns red.

Usage: python -m tests.mutants.run [RULE-ID ...] [--quick]"""

from __future__ import annotations

import argparse
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from tests.mutants.patches import ROOT, BadPatch, Mutant, bears_its_rule, load

AT_ONCE = 2
LIMIT_SECONDS = 600
"""For one test, with the suite that it may have to start; the longest plays a story twice."""
COPIED = ("services", "gateway", "deploy", "tests", "pyproject.toml", "README.md", "Makefile", "docs")
LEFT_OUT = shutil.ignore_patterns("__pycache__", "node_modules", ".hypothesis", "var", ".venv", "*.egg-info")
PASSED, FAILED = 0, 1  # pytest's exit codes; all others mean that the test did not really run


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one mutant: "red" is what is wanted."""

    mutant: Mutant
    verdict: str
    seconds: float
    output: str = ""


def main(arguments: list[str]) -> int:
    """Runs the chosen mutants, prints a line each and a table by rule; 1 when any is not red."""
    options = _parse(arguments)
    try:
        mutants = [
            m
            for m in load()
            if (not options.rules or m.rule in options.rules) and (m.is_pure or not options.quick)
        ]
    except BadPatch as fault:
        print(f"A patch cannot be read: {fault}")
        return 1
    if not mutants:
        print("No mutant was chosen.")
        return 1
    with tempfile.TemporaryDirectory(prefix="stafett-mutants-") as temporary:
        trees = [
            _copy_tree(Path(temporary) / f"tree{number}") for number in range(min(AT_ONCE, len(mutants)))
        ]
        if not _passes_unbroken(mutants, trees[0]):
            return 1
        outcomes = _run_all(mutants, trees)
    return _report(outcomes)


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants.run", description=__doc__)
    parser.add_argument("rules", nargs="*", metavar="RULE-ID", help="only these rules, such as CO-1")
    parser.add_argument("--quick", action="store_true", help="only mutants whose test is pure (tests/rules)")
    return parser.parse_args(arguments)


def _copy_tree(target: Path) -> Path:
    """What tests need of the working tree, untracked files too; never state, environments or version
    control."""
    target.mkdir()
    for name in COPIED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, target / name, ignore=LEFT_OUT)
        elif source.is_file():
            shutil.copy2(source, target / name)
    return target


def _passes_unbroken(mutants: list[Mutant], tree: Path) -> bool:
    """Each named test must be green first, or its red would prove nothing."""
    tests = sorted({mutant.test for mutant in mutants})
    rules = {mutant.rule for mutant in mutants}
    print(
        f"{len(mutants)} mutants of {len(rules)} rules; first their {len(tests)} tests, unbroken ...",
        flush=True,
    )
    code, output = _pytest(tree, tests, LIMIT_SECONDS * len(tests))
    if code != PASSED:
        print(output)
        print("A test is not green without its mutant (see above): repair it first.")
    return code == PASSED


def _run_all(mutants: list[Mutant], trees: list[Path]) -> list[Outcome]:
    free: queue.SimpleQueue[Path] = queue.SimpleQueue()
    for tree in trees:
        free.put(tree)
    outcomes = []
    with ThreadPoolExecutor(len(trees)) as pool:
        running = [pool.submit(_run_one, mutant, free) for mutant in mutants]
        for done in as_completed(running):
            outcome = done.result()
            outcomes.append(outcome)
            print(f"[{len(outcomes):3}/{len(mutants)}] {_line(outcome)}", flush=True)
    return outcomes


def _run_one(mutant: Mutant, free: queue.SimpleQueue[Path]) -> Outcome:
    started = time.monotonic()
    if not bears_its_rule(mutant):
        return Outcome(mutant, "test does not bear the rule", 0.0)
    tree = free.get()
    file = tree / mutant.file
    try:
        original = file.read_text(encoding="utf-8")
    except OSError:
        free.put(tree)
        return Outcome(mutant, "its file is not there", 0.0)
    try:
        file.write_text(mutant.apply(original), encoding="utf-8")
        code, output = _pytest(tree, [mutant.test])
    except BadPatch as fault:
        return Outcome(mutant, "does not apply", 0.0, str(fault))
    finally:
        file.write_text(original, encoding="utf-8")
        free.put(tree)
    verdict = {FAILED: "red", PASSED: "SURVIVED"}.get(code, "did not run")
    if verdict == "red" and not _failed(output):
        verdict = "did not run"
    return Outcome(mutant, verdict, time.monotonic() - started, "" if verdict == "red" else output)


def _pytest(tree: Path, tests: list[str], limit: float = LIMIT_SECONDS) -> tuple[int, str]:
    """Exit code and output; a code of our own (-1) past the limit, in seconds. No bytecode: a stale file would hide the
    mutant."""
    environment = os.environ | {
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(tree),
        "STAFETT_VAR": str(tree / "var"),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--no-header"]
    command += ["--hypothesis-seed=0", *tests]  # whether a mutant lives is no matter of chance
    try:
        ended = subprocess.run(
            command,
            cwd=tree,
            env=environment,
            timeout=limit,
            check=False,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
    except subprocess.TimeoutExpired:
        return -1, f"not ended after {limit:.0f} s"
    return ended.returncode, ended.stdout


def _failed(output: str) -> bool:
    """Whether the test itself said no: where what it stands on could not be set up, pytest's code is the same."""
    return any(line.startswith("FAILED ") for line in output.splitlines())


def _line(outcome: Outcome) -> str:
    mutant = outcome.mutant
    return f"{mutant.rule:6} {mutant.slug:44.44} {outcome.verdict:12} {outcome.seconds:5.1f} s"


def _report(outcomes: list[Outcome]) -> int:
    """The table by rule, then what to look at."""
    wrong = [outcome for outcome in outcomes if outcome.verdict != "red"]
    print("\nrule    red  of")
    for rule in dict.fromkeys(sorted(outcome.mutant.rule for outcome in outcomes)):
        verdicts = [outcome.verdict for outcome in outcomes if outcome.mutant.rule == rule]
        print(f"{rule:6} {verdicts.count('red'):4} {len(verdicts):3}")
    for outcome in wrong:
        print(f"\n{_line(outcome)}\n  {outcome.mutant.test}\n{outcome.output}")
    print(
        f"\n{len(outcomes) - len(wrong)} of {len(outcomes)} mutants are red."
        + (" NOT GOOD." if wrong else "")
    )
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

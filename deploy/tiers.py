"""`python -m deploy.tiers rules services …`: pytest over the named tiers (all when none is named).

It first makes sure that the engines a tier needs are installed; nothing is skipped for want of one.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence

from deploy.packages import main as ensure_packages
from deploy.steps import ROOT

# Tier -> the system packages that it needs, in the order in which the tiers run: the quick ones first.
TIERS: dict[str, tuple[str, ...]] = {
    "rules": (),
    "contracts": (),
    "model": ("broker",),
    "services": ("broker", "postgresql"),
    "faults": ("broker", "postgresql"),
    "security": ("broker", "postgresql"),
    "journeys": ("broker", "browser", "curl"),
    "bench": ("broker",),
}
_NO_TESTS = 5


def main(arguments: Sequence[str]) -> int:
    """Run the tiers in one pytest, so that they share engines; words with a "-" go to pytest. Returns its code."""
    words = [word for word in arguments if word.startswith("-")]
    names = [word for word in arguments if not word.startswith("-")] or list(TIERS)
    there = [name for name in names if any((ROOT / "tests" / name).glob("**/test_*.py"))]
    for name in sorted(set(names) - set(there)):
        print(f"{name}: no tests yet", flush=True)
    if not there:
        return 0
    needed = dict.fromkeys(package for name in there for package in TIERS[name])
    if ensure_packages(list(needed)):
        return 1
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--durations=10", *words]
    code = subprocess.run([*command, *(f"tests/{name}" for name in there)], cwd=ROOT, check=False).returncode
    return 0 if code == _NO_TESTS else code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

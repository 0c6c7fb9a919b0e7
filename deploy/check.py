"""`make check`: all static checks, each with its time; the exit code is 1 when one of them failed."""

from __future__ import annotations

import subprocess
import sys
import time

from deploy.steps import ROOT

CHECKS: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("ruff", ("-m", "ruff", "check", "--quiet", ".")),
    ("ruff format", ("-m", "ruff", "format", "--check", "--quiet", ".")),
    ("mypy", ("-m", "mypy")),
    ("import-linter", ("-c", "from importlinter.cli import lint_imports_command as run; run()")),
    ("records sealed", ("-m", "deploy.seal_check")),
    ("translations complete", ("-m", "gateway.translations.check")),
    ("contracts compatible", ("-m", "services.contracts.check")),
    ("rulebook true", ("-m", "deploy.rulebook_check")),
    ("lock complete", ("-m", "deploy.lock_check")),
)


def main() -> int:
    """Run all checks even after one has failed, so that one run shows everything."""
    failed = []
    for name, words in CHECKS:
        start = time.monotonic()
        done = subprocess.run(
            [sys.executable, *words],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        passed = done.returncode == 0
        print(f"  {name:<24} {'ok' if passed else 'FAILED'} ({time.monotonic() - start:.1f} s)", flush=True)
        if not passed:
            failed.append(name)
            print((done.stdout + done.stderr).strip(), flush=True)
    if failed:
        print(f"\nFailed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

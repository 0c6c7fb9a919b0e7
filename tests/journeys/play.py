"""`make journey`: plays the main job through the running suite's API and prints each step with its time."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import requests

from tests.journeys.main_job import MainJob


def main() -> int:
    """Exit code 0 when the whole story held, 1 with what broke, 2 when no suite is running."""
    told = Path(os.environ.get("STAFETT_VAR", "var")) / "run" / "suite.json"
    if not told.exists():
        print(
            f"No running suite found ({told}). Start one with `make run`, or set STAFETT_VAR to its folder.",
            file=sys.stderr,
        )
        return 2
    suite = json.loads(told.read_text())
    print(f"playing at {suite['public_url']} (STAFETT_VAR={told.parent.parent})", flush=True)
    begun = time.perf_counter()
    job = MainJob(
        suite["public_url"], suite["standins_url"], lambda what, s: print(f"{s:7.2f} s  {what}", flush=True)
    )
    try:
        job.play()
    except (AssertionError, requests.RequestException, KeyError) as broken:
        print(f"BROKEN    {type(broken).__name__}: {broken}", file=sys.stderr)
        return 1
    print(f"{time.perf_counter() - begun:7.2f} s  the whole job")
    print(f"{job.refused_after:7.2f} s  from the withdrawal to the first read refused")
    return 0


if __name__ == "__main__":
    sys.exit(main())

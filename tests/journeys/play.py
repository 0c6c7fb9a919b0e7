"""`make journey`: plays the main job, a youth's story and a birth through the running suite's API, with times."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import requests

from tests.journeys.birth_story import BirthStory
from tests.journeys.main_job import MainJob
from tests.journeys.people import AT_ONCE, Demo
from tests.journeys.youth_story import YouthStory


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

    def say(what: str, seconds: float) -> None:
        print(f"{seconds:7.2f} s  {what}", flush=True)

    demo = Demo(Path(suite["var"]))
    stories: dict[str, MainJob | YouthStory | BirthStory] = {
        "the main job": MainJob(suite["public_url"], suite["standins_url"], say, demo),
        "a youth of 15 who consents alone": YouthStory(suite["public_url"], say, demo),
        "a pregnant woman, and the birth": BirthStory(suite["public_url"], say, demo),
    }
    for name, story in stories.items():
        print(f"\n{name}", flush=True)
        begun = time.perf_counter()
        try:
            story.play()
        except (AssertionError, requests.RequestException, KeyError) as broken:
            print(f"BROKEN    {type(broken).__name__}: {broken}", file=sys.stderr)
            return 1
        print(f"{time.perf_counter() - begun:7.2f} s  the whole story")
        reached = "reached" if story.refused_after < AT_ONCE else "NOT reached"
        print(
            f"{story.refused_after:7.2f} s  from the withdrawal to the first read refused; "
            f"under {AT_ONCE:g} s: {reached}"
        )
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""Some players at once, each with a few children's stories: the municipalities at work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from itertools import cycle
from random import Random

from tests.journeys.people import Demo
from tests.simulation.caller import Caller, Journal
from tests.simulation.cast import Cast, Child
from tests.simulation.story import Story

AT_ONCE = 3
THINKING = (0.05, 0.4)
"""Seconds between two acts of one player, at least and at most."""


class Player:
    """Plays the stories of some children, `AT_ONCE` at a time, one act after the other.

    What is chosen hangs on the seed and on the answers, and on nothing else."""

    def __init__(
        self, name: str, seed: str, children: list[Child], caller: Caller, now: Callable[[], datetime]
    ) -> None:
        self.stories: list[Story] = []
        self.broken: Exception | None = None
        self._caller, self._now = caller, now
        self._random = Random(f"{seed}:{name}")
        self._random.shuffle(children)
        self._children = cycle(children)
        self._open: list[Story] = []
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Begin nothing new."""
        self._stopping.set()

    def join(self, seconds: float) -> bool:
        """Wait for the act at hand to be answered; whether it was."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._open = [story for story in self._open if not story.over]
                while len(self._open) < AT_ONCE:
                    self._open.append(self._begin())
                self._random.choice(self._open).step()
                self._stopping.wait(self._random.uniform(*THINKING))
        except Exception as error:
            self.broken = error

    def _begin(self) -> Story:
        story = Story(self._caller, next(self._children), Random(self._random.random()), self._now)
        self.stories.append(story)
        return story


class Town:
    """All players. `with` nothing: `start()`, and later `stop(patience)`."""

    def __init__(self, url: str, seed: int | str, now: Callable[[], datetime], players: int = 3) -> None:
        self.journal, demo = Journal(), Demo()
        self._until: float | None = None
        children = Cast(demo).children
        self.players = [
            Player(
                f"player{number}", f"{seed}", children[number::players],
                Caller(url, demo, f"{seed}-{number}", self.journal, self._patient), now,
            )
            for number in range(players)
        ]  # fmt: skip

    def start(self) -> None:
        """Set all to work."""
        for player in self.players:
            player.start()

    def stop(self, patience: float) -> None:
        """Let all end what they are at: an act that is under way is asked for again for at most `patience` seconds."""
        for player in self.players:
            player.stop()
        self._until = time.monotonic() + patience
        for player in self.players:
            if not player.join(patience + 60):
                raise TimeoutError("a player is still at an act")
        self.look_after()

    def look_after(self) -> None:
        """Raise what broke a player: a fault of the simulation, not of the suite."""
        for player in self.players:
            if player.broken is not None:
                raise player.broken

    @property
    def stories(self) -> list[Story]:
        return [story for player in self.players for story in player.stories]

    def _patient(self) -> bool:
        return self._until is None or time.monotonic() < self._until

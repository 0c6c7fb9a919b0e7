"""The stage: the two cases in which the roles have their parts, and those of others, in which they have none."""

from __future__ import annotations

from functools import partial

from tests.journeys.people import until
from tests.security.matrix.cast import CHILD, Cast
from tests.security.matrix.players import ELSEWHERE, STAGED
from tests.security.matrix.story import Story

STATES = ("level 0", "level 1", "level 2", "closed")


class Stage:
    """`build(state)` brings the roles' two cases there; states come in the order of STATES. `others` stand at level 2:
    whatever may be found in the one, stands in the other too."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.own = {child: Story(cast, players) for child, players in STAGED.items()}
        self.others = {relation: Story(cast, players) for relation, players in ELSEWHERE.items()}
        self.at: str | None = None
        for story in self.others.values():
            for state in STATES[:3]:
                story.build(state)
        for story in (self.own[CHILD], *self.others.values()):
            story.tell_beside()

    def build(self, state: str) -> None:
        """Bring the roles' cases to the state, from the one before it."""
        for story in self.own.values():
            story.build(state)
        if state == "level 2":
            for code in ("their_leader", "named"):
                until(partial(self.own[CHILD].sees, self.cast.person(code)), 15, f"{code} sees the case")
        self.at = state

    def reach(self, state: str) -> None:
        """Build all states up to this one that are not built yet."""
        for each in STATES[STATES.index(self.at) + 1 if self.at else 0 : STATES.index(state) + 1]:
            self.build(each)
        assert self.at == state, f"the stage has gone past {state}"

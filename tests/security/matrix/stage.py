"""The stage: the two cases in which the roles have their parts, and those of others, in which they have none."""

from __future__ import annotations

from functools import partial

from tests.journeys.people import until
from tests.security.matrix.cast import AT_A_BIRTH, CHILD, Cast, Role
from tests.security.matrix.players import BIRTH, ELSEWHERE, PREGNANCY, STAGED
from tests.security.matrix.story import Story
from tests.security.matrix.table import BIRTHS, FURTHER

COMMON = ("level 0", "level 1", "level 2", "closed")
STATES = (*COMMON, *FURTHER)


class Stage:
    """`build(state)` brings the roles' two cases there; states come in the order of STATES. Each further state begins
    with new cases of the same two, at level 2; or with a birth, where both cases are another family's. `others` stand
    at level 2: whatever may be found in the one, stands in the other too."""

    def __init__(self, cast: Cast) -> None:
        self.cast = cast
        self.own = {child: Story(cast, players) for child, players in STAGED.items()}
        self.others = {relation: Story(cast, players) for relation, players in ELSEWHERE.items()}
        self.births: dict[str, Story] = {}
        self.at: str | None = None
        for story in self.others.values():
            story.begin_anew()
        for story in (self.own[CHILD], *self.others.values()):
            story.tell_beside()

    def build(self, state: str) -> None:
        """Bring the roles' cases to the state, from the one before it."""
        if state in BIRTHS:
            self._let_a_child_be_born()
        else:
            self._build(state)
        self.at = state

    def _build(self, state: str) -> None:
        if state in FURTHER:
            for story in self.own.values():
                story.begin_anew()
            self._wait_for_all()
        for story in self.own.values():
            story.build(state)
        if state == "level 2":
            self._wait_for_all()

    def story(self, part: str, role: Role) -> Story:
        """The case on which the role has its part."""
        return self.births.get(part) or self.own[role.case]

    def _let_a_child_be_born(self) -> None:
        """A pregnant woman's case at level 2, and beside it, since the birth, the child's own."""
        if self.births:
            return
        hers = Story(self.cast, PREGNANCY)
        hers.begin_anew()
        until(partial(hers.sees, self.cast.person("their_leader")), 15, "their_leader sees the case")
        self.births = dict(zip(BIRTHS, (hers, hers.born(BIRTH)), strict=True))

    def _wait_for_all(self) -> None:
        for code in ("their_leader", "named"):
            until(partial(self.own[CHILD].sees, self.cast.person(code)), 15, f"{code} sees the case")

    def reach(self, part: str) -> None:
        """Build all states up to this one that are not built yet, and let those play whose parts it has; for what names
        no case all states, since what they leave stands there too: messages, for one."""
        state = part if part in STATES else STATES[-1]
        self.cast.instead = AT_A_BIRTH if part in BIRTHS else {}
        for each in STATES[STATES.index(self.at) + 1 if self.at else 0 : STATES.index(state) + 1]:
            self.build(each)
        assert self.at == state, f"the stage has gone past {state}"

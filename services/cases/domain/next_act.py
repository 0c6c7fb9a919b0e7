"""What is to be done next in a case, by whom and by when: one answer for lists and for the case's page."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from services.cases.domain.case import Case

Waits = Literal["me", "others", "nobody"]


@dataclass(frozen=True, slots=True)
class NextAct:
    """`act` is a key of the translations; `due` the last day, where there is one."""

    act: str
    waits_for: Waits
    due: date | None = None


def next_act(case: Case, asker: str) -> NextAct:
    """The next act, as `asker` (a person id) should see it. Says who decides nothing: that is the access decision's.

    Acts: none, make_concrete, talk_with_family, decide_concern, answer_handover, choose_level, and step_<step>."""
    if case.state != "open":
        return NextAct("none", "nobody")
    if case.level == 0:
        waits: Waits = "me" if asker == case.owner.person_id else "others"
        if case.talk_recorded_at is not None:
            return NextAct("decide_concern", waits, case.limit.decide_by)
        act = "make_concrete" if case.current_step == "make_concrete" else "talk_with_family"
        return NextAct(act, waits, case.limit.decide_by)
    if case.handover is not None:
        return NextAct("answer_handover", "me" if asker == case.handover.to.person_id else "others")
    waits = "me" if case.holder is not None and asker == case.holder.person_id else "others"
    step = case.current_step
    return NextAct(f"step_{step}" if step else "choose_level", waits)

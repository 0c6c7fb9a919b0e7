"""What several commands share: in which state a case is, who works where, what is known of consent."""

from datetime import datetime
from typing import Any

from services.cases.domain.case import FamilyAnswer, Post
from services.cases.domain.errors import CaseNotOpen, ConsentNotKnown, NotInUnit
from services.cases.storage import staff
from services.chassis.access import CaseAccess
from services.chassis.unit_of_work import UnitOfWork
from services.kernel.facts import Act, Facts, WindowFact


def require_open(access: CaseAccess, act: Act) -> Facts:
    """Note the grant to change an open case, and answer its facts. Whoever may see a case that is closed, is told that
    it is (409), and not that they were forbidden."""
    if access.facts is not None and access.facts.case.closed and access.decide(Act.SEE_CASE).allowed:
        raise CaseNotOpen(state="closed")
    access.require(act)
    assert access.facts is not None
    return access.facts


def windows(facts: Facts, now: datetime, *, needed: bool) -> tuple[WindowFact, ...]:
    """The consent windows on which a decision rests, refused while they are not known (CO-9).

    Not `needed`: none, since what stays within the owning unit goes on without them."""
    if not needed:
        return ()
    known = facts.knowledge
    if (
        known.parked
        or known.as_of is None
        or (now - known.as_of).total_seconds() > facts.policy.knowledge_seconds
    ):
        raise ConsentNotKnown
    return facts.windows


def post(uow: UnitOfWork, person_id: str, unit_id: str | None, field: str) -> Post:
    """The post of somebody who is to hold the relay; refused, naming `field`, when they do not work there now."""
    found = staff.post_of(uow.tx, uow.municipality, person_id, unit_id, uow.now)
    if found is None:
        raise NotInUnit(field)
    return found


def family_answer(request: dict[str, Any]) -> FamilyAnswer:
    """The family's answer about the holder, as the request has it (HO-5)."""
    return FamilyAnswer(request["family_answer"], request.get("family_answer_reason"))

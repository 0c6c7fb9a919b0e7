"""What several commands share: in which state a case is, who works where, what is known of consent."""

from datetime import datetime
from typing import Any

from services.cases.domain.case import FamilyAnswer
from services.cases.domain.errors import CaseNotOpen, NotInUnit
from services.cases.storage import cases
from services.chassis import access
from services.chassis.access import CaseAccess
from services.chassis.unit_of_work import UnitOfWork
from services.kernel.access import consent_status_known
from services.kernel.conditions import covering
from services.kernel.errors import ConsentNotKnown
from services.kernel.facts import Act, Facts, Post, WindowFact
from services.kernel.impartiality import MayNotTakePart, demand_stranger


def to_change(uow: UnitOfWork, case_id: str) -> CaseAccess:
    """The asker's access to a case that they are about to change. Its row is locked first, so that what is decided
    stays true until the commit: nobody acts as the holder whom another transaction has just replaced (HO-1)."""
    cases.lock(uow.tx, uow.municipality, case_id)
    return access.of(uow, case_id)


def require_open(asked: CaseAccess, act: Act) -> Facts:
    """Note the grant to change an open case, and answer its facts. Whoever may see a case that is closed, is told that
    it is (409), and not that they were forbidden."""
    if asked.facts is not None and asked.facts.case.closed and asked.decide(Act.SEE_CASE).allowed:
        raise CaseNotOpen(state="closed")
    asked.require(act)
    return asked.known_facts


def windows(facts: Facts, now: datetime, *, needed: bool) -> tuple[WindowFact, ...]:
    """The consent windows on which a decision rests, refused while they are not known (CO-9).

    Not `needed`: none, since what stays within the owning unit goes on without them."""
    if not needed:
        return ()
    if not consent_status_known(facts, now):
        raise ConsentNotKnown
    return covering(facts, now)


def post(uow: UnitOfWork, facts: Facts, person_id: str, unit_id: str | None, field: str) -> Post:
    """The post of somebody who is to hold the relay; refused, naming `field`, when they do not work there now, or are
    of the subject's family (SE-3), which is noted: nobody tries out who is."""
    found = access.post_of(uow.tx, uow.municipality, person_id, unit_id, uow.now)
    if found is None:
        raise NotInUnit(field)
    try:
        demand_stranger(person_id, facts, field)
    except MayNotTakePart:
        case = facts.case
        uow.access(
            "SE-3", "name_holder", case.case_id, case.subject_person, allowed=False, reason="of_the_family"
        )
        raise
    return found


def family_answer(request: dict[str, Any]) -> FamilyAnswer:
    """The family's answer about the holder, as the request has it (HO-5)."""
    return FamilyAnswer(request["family_answer"], request.get("family_answer_reason"))

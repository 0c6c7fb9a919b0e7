"""Who sees where the subject of a case goes: the units that work with them, a service that is one unit by another name,
where meetings are held, and the names of staff, by which anybody finds where they work (PR-6)."""

from __future__ import annotations

from services.kernel.facts import Capacity, Facts, Question, in_force
from services.kernel.parties import NoStanding, Party, of_family, standings
from services.kernel.signers import as_signer, required_signers

SEE_PLACES = frozenset(
    {
        Party.OWNER,
        Party.OWN_LEADER,
        Party.OWN_HOLDER,
        Party.OWN_PARTICIPANT,
        Party.OWN_RECEIVER,
        Party.OTHER_HOLDER,
        Party.CARE,
        Party.CHILD,
    }
)
"""Those to whom a protected address hides no place: the owning unit as far as it reads at all, whoever holds the case,
child protection in the guardians' place, and the subject."""


def sees_places(question: Question, facts: Facts) -> bool:
    """PR-6: where the address is protected, no other party is shown a unit or a meeting place: no guardian, no other
    service, no system. Where it is not, whoever may read the rest may read these."""
    if not facts.address_protected:
        return True
    ties = standings(question, facts)
    return not isinstance(ties, NoStanding) and any(tie.party in SEE_PLACES for tie in ties)


def tells_service(question: Question, facts: Facts, service_id: str) -> bool:
    """PR-6: whether the asker is told that this service has to do with the subject. A service of one unit is a
    workplace by another name; one of which it is not known how many it has counts as one. To somebody who is shown no
    places such a service is told of only where they work in it, or where a window to it rests on their word: whoever is
    asked to agree has to know who would read (CO-1)."""
    if sees_places(question, facts) or service_id in facts.spread:
        return True
    return _works_in(question, facts, service_id) or _is_asked_about(question, facts, service_id)


def _works_in(question: Question, facts: Facts, service_id: str) -> bool:
    return question.capacity is Capacity.EMPLOYEE and any(
        (role.person_id, role.unit_id, role.service_id) == (question.person_id, question.unit_id, service_id)
        and in_force(role, question.now)
        for role in facts.roles
    )


def _is_asked_about(question: Question, facts: Facts, service_id: str) -> bool:
    me = as_signer(question.capacity, question.person_id, question.unit_id)
    return any(
        window.service_id == service_id
        and me in required_signers(facts, window.topic, facts.policy, question.now)
        for window in facts.windows
    )


def tells_name(question: Question, facts: Facts, person_id: str) -> bool:
    """PR-6: whether the asker is told by name who did or read something. A staff name tells a workplace to whoever
    looks it up, so to somebody who is shown no places those alone are named who deal with the family, and whom it
    knows by that: owner, holder, who is asked to be, who takes or took part, who set the care order. Of all other
    staff is told that an employee did it. The family's own people are named as elsewhere."""
    if sees_places(question, facts) or of_family(person_id, facts):
        return True
    case = facts.case
    posts = (case.holder, case.proposed_holder)
    dealing = {case.owner_person, *(post.person_id for post in posts if post is not None)}
    dealing.update(each.person_id for each in facts.participants)
    dealing.update(each.set_by for each in facts.care_orders)
    return person_id in dealing

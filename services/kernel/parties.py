"""As what somebody stands to a case: owner, holder, participant, guardian ... The first half of the access
decision (CO-8)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.kernel.calendar import age_at
from services.kernel.facts import Capacity, Facts, GuardiansSee, Holder, Question, Role, RoleFact, in_force
from services.kernel.policies import ADULT_AGE
from services.kernel.signers import care_order, is_responsible


class Party(StrEnum):
    """The ties that open something. "Own" is the unit that owns the case; "other" is any other unit, of
    whatever service."""

    OWNER = "owner"  # the employee whose concern it is
    OWN_LEADER = "own_leader"  # leads the owning unit
    OWN_HOLDER = "own_holder"  # holds the case, in the owning unit
    OWN_PARTICIPANT = "own_participant"  # brought in, in the owning unit
    OTHER_HOLDER = "other_holder"  # holds the case, from another unit
    OTHER_PARTICIPANT = "other_participant"  # brought in, from another unit
    OTHER_LEADER = "other_leader"  # leads a unit that has a participant
    OWN_RECEIVER = "own_receiver"  # is asked to take over, in the owning unit
    OTHER_RECEIVER = "other_receiver"  # is asked to take over, in another unit
    GUARDIAN = "guardian"  # has verified parental responsibility for a minor
    LIMITED_GUARDIAN = "limited_guardian"  # a guardian under a care order, as child protection lets them
    CARE = "care"  # child protection in the guardians' place
    NAMED = "named"  # a parent whom consent names
    CHILD = "child"  # the subject
    EMERGENCY = "emergency"  # an employee without any of these, for a short time, with a stated reason
    OWN_SYSTEM = "own_system"  # an outside system that acts for the owning unit
    OTHER_SYSTEM = "other_system"  # one that acts for another unit, or for a whole service


OWN_PEOPLE = frozenset({Party.OWNER, Party.OWN_LEADER, Party.OWN_HOLDER, Party.OWN_PARTICIPANT})
"""The owning unit's own people in the case."""

THIRD_PARTIES = frozenset(
    {
        Party.OTHER_HOLDER,
        Party.OTHER_PARTICIPANT,
        Party.OTHER_LEADER,
        Party.OTHER_RECEIVER,
        Party.NAMED,
        Party.OTHER_SYSTEM,
    }
)
"""Those whose access rests on consent alone (CO-9). Family and the owning unit are not among them."""

BY_OFFICE = frozenset({Party.EMERGENCY, Party.CARE})
"""Those whose access rests on no consent, but on what is known of the case, the family and the staff (CO-9)."""


@dataclass(frozen=True, slots=True)
class Standing:
    """One tie of the asker: as what, for which service consent must then name, and whether the holder lets
    them write."""

    party: Party
    service_id: str | None = None
    may_write: bool = False


@dataclass(frozen=True, slots=True)
class NoStanding:
    """Why the asker has no tie at all: rule and stable reason."""

    rule: str
    reason: str


NO_TIE = NoStanding("SE-3", "no_tie_to_case")
OWN_FAMILY = NoStanding("SE-3", "of_the_family")
NO_CAPACITY = NoStanding("CO-8", "capacity_reads_nothing")
ROLE_ENDED = NoStanding("CO-10", "role_not_in_force")
NO_RESPONSIBILITY = NoStanding("GU-2", "no_parental_responsibility")
NOT_VERIFIED = NoStanding("GU-3", "responsibility_not_verified")
GROWN_UP = NoStanding("AG-5", "subject_is_adult")
AGE_NOT_KNOWN = NoStanding("AG-7", "birth_date_not_known")
TOO_YOUNG = NoStanding("AG-1", "too_young_for_own_access")
UNDER_CARE = NoStanding("GU-4", "care_order_in_force")
NOBODY_NAMED = NoStanding("PR-6", "address_protected")
_WEAKEST_FIRST = (NO_TIE, NO_RESPONSIBILITY, NOT_VERIFIED, AGE_NOT_KNOWN, GROWN_UP, UNDER_CARE)
"""Of several ties to a child the one that comes nearest to a guardian's says why it is none."""


def standings(question: Question, facts: Facts) -> list[Standing] | NoStanding:
    """All ties of the asker in the chosen capacity, strongest first, or why there is none (SE-3: denial by
    default)."""
    if question.capacity is Capacity.EMPLOYEE:
        return _as_employee(question, facts)
    if question.capacity is Capacity.GUARDIAN:
        return _as_guardian(question, facts)
    if question.capacity is Capacity.SELF:
        return _as_child(question, facts)
    if question.capacity is Capacity.SYSTEM:
        return _as_system(question, facts)
    return NO_CAPACITY


def _as_employee(question: Question, facts: Facts) -> list[Standing] | NoStanding:
    """SE-3: an employee stands to cases they own, hold, take part in or lead, in the unit they act for; to one of their
    own family by no office at all (ADR 0049): what is theirs to read there, they read as guardian or subject.

    CO-10: whoever has no role in that unit now, stands to none."""
    case, now, person, unit = facts.case, question.now, question.person_id, question.unit_id
    roles = [
        role
        for role in facts.roles
        if role.person_id == person and role.unit_id == unit and in_force(role, now)
    ]
    if not roles or unit is None:
        return ROLE_ENDED
    if of_family(person, facts):
        return OWN_FAMILY
    own = unit == case.owner_unit
    service = roles[0].service_id
    found: list[Standing] = []
    if _acts_as_owner(question, facts, roles):
        found.append(Standing(Party.OWNER))
    if own and _leads(roles, facts):
        found.append(Standing(Party.OWN_LEADER))
    if _acts_as_holder(question, facts, roles):
        inside = own or acting_holder(facts) is None
        found.append(Standing(Party.OWN_HOLDER if inside else Party.OTHER_HOLDER, service, may_write=True))
    found += _by_participation(question, facts, roles, own)
    receiver = case.proposed_holder
    if receiver is not None and (receiver.person_id, receiver.unit_id) == (person, unit):
        found.append(Standing(Party.OWN_RECEIVER if own else Party.OTHER_RECEIVER, service))
    if _cares(question, facts, roles):
        found.append(Standing(Party.CARE, service))
    if _in_emergency(question, facts):
        found.append(Standing(Party.EMERGENCY, service))
    return found or NO_TIE


def _in_emergency(question: Question, facts: Facts) -> bool:
    """SE-3: who stated an emergency stands to the case until its time is over. PR-6: where the address is protected, by
    name alone, which nobody gives themselves."""
    return not facts.address_protected and any(
        (each.person_id, each.unit_id) == (question.person_id, question.unit_id)
        and in_force(each, question.now)
        for each in facts.emergencies
    )


def of_family(person_id: str, facts: Facts) -> bool:
    """Whether somebody is the subject, or is, was or is to be tied to them, with or without responsibility, verified or
    not, linked or not (PR-6): enough that their office is in doubt (SE-3)."""
    return (
        person_id == facts.case.subject_person
        or person_id in facts.unlinked
        or any(guardian.person_id == person_id for guardian in facts.guardians)
    )


def _cares(question: Question, facts: Facts, roles: list[RoleFact]) -> bool:
    """GU-4: child protection in the unit that a care order names stands in the guardians' place, until the subject
    is 18 (AG-5). PR-6: where the address is protected, the one who set the order and no colleague."""
    order = care_order(facts, question.now)
    if order is None or order.unit_id != question.unit_id or _minority(question, facts) is not NO_TIE:
        return False
    if facts.address_protected and order.set_by != question.person_id:
        return False
    return any(role.role is Role.CHILD_PROTECTION for role in roles)


def _by_participation(question: Question, facts: Facts, roles: list[RoleFact], own: bool) -> list[Standing]:
    """LG-1: windows open a log to the named participants of a service and to their unit's leader, to no
    colleague."""
    found: list[Standing] = []
    leads = not own and _leads(roles, facts)
    for participant in facts.participants:
        if participant.unit_id != question.unit_id or not in_force(participant, question.now):
            continue
        if participant.person_id == question.person_id:
            party = Party.OWN_PARTICIPANT if own else Party.OTHER_PARTICIPANT
            found.append(Standing(party, participant.service_id, participant.may_write))
        elif leads:
            found.append(Standing(Party.OTHER_LEADER, participant.service_id))
    return sorted(found, key=lambda tie: (tie.party is Party.OTHER_LEADER, not tie.may_write))


def _leads(roles: list[RoleFact], facts: Facts) -> bool:
    """A leader sees by leading, except where the address is protected: then only those named do (PR-6)."""
    return not facts.address_protected and any(role.role is Role.LEADER for role in roles)


def _acts_as_holder(question: Question, facts: Facts, roles: list[RoleFact]) -> bool:
    """The holder who may act; while an open case from level 1 has none, the owning unit's leader acts as holder, and
    where nobody leads it who may, the coordinator (HO-6)."""
    case, holder = facts.case, acting_holder(facts)
    if holder is not None:
        return (holder.person_id, holder.unit_id) == (question.person_id, question.unit_id)
    return (
        _stands_in(question, facts, roles)
        and case.level >= facts.policy.holder_from_level
        and not case.closed
    )


def _stands_in(question: Question, facts: Facts, roles: list[RoleFact]) -> bool:
    """HO-6: whose turn it is where the one in charge can't act: the owning unit's leader, else the coordinator."""
    if question.unit_id == facts.case.owner_unit and any(role.role is Role.LEADER for role in roles):
        return True
    return not facts.led and any(role.role is Role.COORDINATOR for role in roles)


def acting_holder(facts: Facts) -> Holder | None:
    """The holder, if they may act: at work (HO-6), and not of the subject's family (SE-3)."""
    holder = facts.case.holder
    return holder if holder is not None and holder.active and not of_family(holder.person_id, facts) else None


def _acts_as_owner(question: Question, facts: Facts, roles: list[RoleFact]) -> bool:
    """The employee whose concern it is, in the owning unit; if that turns out to be one of the subject's family,
    whoever stands in for them, so that no concern is left to nobody (SE-3)."""
    case = facts.case
    if of_family(case.owner_person, facts):
        return acting_holder(facts) is None and _stands_in(question, facts, roles)
    return (question.person_id, question.unit_id) == (case.owner_person, case.owner_unit)


def _as_guardian(question: Question, facts: Facts) -> list[Standing] | NoStanding:
    """GU-2: parental responsibility, or consent that names the person. AG-5: responsibility ends when the
    subject is 18. GU-4: under a care order a guardian has what child protection lets them see."""
    why: NoStanding = NO_TIE
    found: list[Standing] = []
    for guardian in facts.guardians:
        if guardian.person_id != question.person_id or not in_force(guardian, question.now):
            continue
        if is_responsible(guardian, question.now):
            against = _minority(question, facts)
            if against is NO_TIE:
                party = _guardian_now(question, facts)
                found += [Standing(party)] if party else []
                against = against if party else UNDER_CARE
        else:
            against = NOT_VERIFIED if guardian.responsibility else NO_RESPONSIBILITY
        why = max(why, against, key=_WEAKEST_FIRST.index)
    if any(
        window.person_id == question.person_id and in_force(window, question.now)
        for window in facts.person_windows
    ):
        found.append(Standing(Party.NAMED))
    return found or why


def _guardian_now(question: Question, facts: Facts) -> Party | None:
    """GU-4: as what a responsible guardian stands now; None where a care order lets them see nothing."""
    order = care_order(facts, question.now)
    if order is None:
        return Party.GUARDIAN
    return None if order.guardians_see is GuardiansSee.NOTHING else Party.LIMITED_GUARDIAN


def _minority(question: Question, facts: Facts) -> NoStanding:
    """AG-5: NO_TIE when nothing speaks against a guardian, else what does. AG-7: without a birth date no age
    is known."""
    if facts.subject_birth_date is None:
        return AGE_NOT_KNOWN
    return GROWN_UP if age_at(facts.subject_birth_date, question.now) >= ADULT_AGE else NO_TIE


def _as_child(question: Question, facts: Facts) -> list[Standing] | NoStanding:
    """The subject reads their own log from the policy's age (AG-1: from 12 their view has great weight)."""
    if question.person_id != facts.case.subject_person:
        return NO_TIE
    if facts.subject_birth_date is None:
        return AGE_NOT_KNOWN
    young = age_at(facts.subject_birth_date, question.now) < facts.policy.own_access_age
    return TOO_YOUNG if young else [Standing(Party.CHILD)]


def _as_system(question: Question, facts: Facts) -> list[Standing] | NoStanding:
    """CO-8: an outside system stands where its service does, while a named participant of it takes part; as the
    owning unit only if it acts for that unit, by name (LG-1).

    PR-6: a system names nobody who would read: where the address is protected it has no tie at all."""
    service, unit, case = question.service_id, question.unit_id, facts.case
    if service is None:
        return NO_CAPACITY
    if facts.address_protected:
        return NOBODY_NAMED
    if (service, unit) == (case.owner_service, case.owner_unit):
        return [Standing(Party.OWN_SYSTEM, service)]
    for participant in facts.participants:
        acts_for = participant.service_id == service and unit in (None, participant.unit_id)
        if acts_for and in_force(participant, question.now):
            return [Standing(Party.OTHER_SYSTEM, service)]
    return NO_TIE

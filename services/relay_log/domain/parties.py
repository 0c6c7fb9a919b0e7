"""Who belongs to a log: those who can be responsible, be invited, or have been present."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from services.kernel.calendar import age_at
from services.kernel.conditions import covering
from services.kernel.errors import InvalidInput
from services.kernel.facts import Facts, in_force
from services.kernel.parties import of_family
from services.kernel.policies import ADULT_AGE
from services.kernel.signers import is_responsible


def staff_parties(facts: Facts, now: datetime) -> frozenset[str]:
    """Owner, holder and the participants of today; none of the child's family is among them by their work (SE-3)."""
    found = {facts.case.owner_person}
    if facts.case.holder is not None and facts.case.holder.active:
        found.add(facts.case.holder.person_id)
    found.update(each.person_id for each in facts.participants if in_force(each, now))
    return frozenset(each for each in found if not of_family(each, facts))


def family_parties(facts: Facts, now: datetime) -> frozenset[str]:
    """The guardians who have parental responsibility (GU-2), until the subject is grown up (AG-5), and the child
    from the age at which it reads its own log (AG-1)."""
    if facts.subject_birth_date is None:
        return frozenset()
    age = age_at(facts.subject_birth_date, now)
    found: set[str] = set()
    if age < ADULT_AGE:
        found.update(each.person_id for each in facts.guardians if is_responsible(each, now))
    if age >= facts.policy.own_access_age:
        found.add(facts.case.subject_person)
    return frozenset(found)


def parties(facts: Facts, now: datetime) -> frozenset[str]:
    """Everybody who can be invited to a meeting (LG-4)."""
    return staff_parties(facts, now) | family_parties(facts, now)


def demand_parties(person_ids: Iterable[str], allowed: frozenset[str], field: str) -> None:
    """LG-4: nobody outside the log is invited to it; the field error says where the first stranger stands."""
    for index, person_id in enumerate(person_ids):
        if person_id not in allowed:
            raise InvalidInput(fields={f"{field}.{index}": "not_a_party"}, rule="LG-4")


def demand_may_be_told(
    responsible: str | None, third_person: str | None, facts: Facts, now: datetime, field: str
) -> None:
    """GU-6: a measure that tells of a third person who has not agreed to show it is given to that person, or to one of
    the owning unit: nobody is responsible for what they may not read, the child neither."""
    if third_person is not None and not may_be_told(responsible, third_person, facts, now):
        raise InvalidInput(fields={field: "may_not_read_it"}, rule="GU-6")


def may_be_told(responsible: str | None, third_person: str, facts: Facts, now: datetime) -> bool:
    """GU-6: whether somebody may read a measure that tells of a third person who has not agreed to show it."""
    return responsible == third_person or responsible in own_people(facts, now)


def own_people(facts: Facts, now: datetime) -> frozenset[str]:
    """Owner, holder and today's participants of the owning unit."""
    case = facts.case
    found = {
        each.person_id
        for each in facts.participants
        if each.unit_id == case.owner_unit and in_force(each, now)
    }
    if case.holder is not None and case.holder.unit_id == case.owner_unit:
        found.add(case.holder.person_id)
    return frozenset(each for each in (*found, case.owner_person) if not of_family(each, facts))


def demand_responsible(person_id: str, topic: str, facts: Facts, now: datetime, field: str) -> None:
    """LG-2: the responsible one belongs to the log. CO-1: and may know of what they are to do, so that another
    unit's participant needs the topic to be shared with their service. The child itself may be of any age."""
    if person_id in family_parties(facts, now) or person_id == facts.case.subject_person:
        return
    if person_id not in staff_parties(facts, now):
        raise InvalidInput(fields={field: "not_a_party"}, rule="LG-2")
    holder = facts.case.holder
    taking_part = [each for each in facts.participants if each.person_id == person_id and in_force(each, now)]
    inside = any(each.unit_id == facts.case.owner_unit for each in taking_part)
    if inside or person_id in (facts.case.owner_person, holder.person_id if holder else None):
        return
    shared = {each.service_id for each in covering(facts, now) if each.topic == topic}
    if not any(each.service_id in shared for each in taking_part):
        raise InvalidInput(fields={field: "topic_not_shared"}, rule="CO-1")

"""In which cases a person could have a part, by index: lists start here, and each case is decided after."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from services.chassis.access.decisions import Asker, Occasion
from services.chassis.access.projections import T
from services.kernel.calendar import local_date
from services.kernel.errors import CoordinatorOnly
from services.kernel.facts import Capacity, Role


def case_ids_for(context: Occasion, asker: Asker | None = None) -> list[str]:
    """The cases in which the one who acts (or `asker`) could have a part in the chosen capacity, by id.

    Not yet an answer: `of_many(context, ids)` decides. An employee's are those of the chosen unit (SE-3).
    """
    who = asker or Asker.of(context.actor)
    if not who.person_id:
        return []
    case = T.case.c
    if who.capacity is Capacity.SELF:
        found = [_cases(context).where(case.subject_person_id == who.person_id)]
    elif who.capacity is Capacity.GUARDIAN:
        tie = T.guardian.c
        children = sa.select(tie.subject_person_id).where(
            tie.municipality == context.municipality, tie.person_id == who.person_id
        )
        named = T.person_window.c
        naming = sa.select(named.case_id).where(
            named.municipality == context.municipality, named.person_id == who.person_id
        )
        found = [
            _cases(context).where(case.subject_person_id.in_(children)),
            _cases(context).where(case.case_id.in_(naming)),
        ]
    elif who.capacity is Capacity.EMPLOYEE and who.unit_id:
        found = _of_employee(context, who.person_id, who.unit_id)
    else:
        found = []
    if not found:
        return []
    return sorted(context.conn.execute(sa.union(*found)).scalars())


def is_coordinator(context: Occasion) -> bool:
    """Whether the one who acts is the municipality's coordinator today, in the unit that they act for."""
    who = Asker.of(context.actor)
    if who.capacity is not Capacity.EMPLOYEE or not who.person_id or not who.unit_id:
        return False
    return Role.COORDINATOR in _roles_now(context, who.person_id, who.unit_id)


def demand_coordinator(context: Occasion, rule: str = "SE-3") -> None:
    """Raises CoordinatorOnly, by that rule, for who is not the coordinator. The chassis notes the refusal (SE-1)."""
    if not is_coordinator(context):
        raise CoordinatorOnly(rule=rule)


def _of_employee(context: Occasion, person_id: str, unit_id: str) -> list[sa.Select[Any]]:
    roles = _roles_now(context, person_id, unit_id)
    if not roles:
        return []
    case, participant = T.case.c, T.participant.c
    takes_part = sa.select(participant.case_id).where(
        participant.municipality == context.municipality,
        participant.unit_id == unit_id,
        participant.valid_to.is_(None) | (participant.valid_to > context.now),
    )
    found = [
        _cases(context).where(case.owner_person_id == person_id, case.owner_unit_id == unit_id),
        _cases(context).where(case.holder_person_id == person_id, case.holder_unit_id == unit_id),
        _cases(context).where(case.receiver_person_id == person_id, case.receiver_unit_id == unit_id),
        takes_part.where(participant.person_id == person_id),
    ]
    emergency = T.emergency.c
    found.append(
        sa.select(emergency.case_id).where(
            emergency.municipality == context.municipality,
            emergency.person_id == person_id,
            emergency.unit_id == unit_id,
            emergency.valid_to > context.now,
        )
    )
    if Role.LEADER in roles:
        found += [_cases(context).where(case.owner_unit_id == unit_id), takes_part]
    if Role.COORDINATOR in roles:
        found.append(_without_anybody(context))
    if Role.CHILD_PROTECTION in roles:
        found.append(_cases(context).where(case.subject_person_id.in_(_in_care_of(context, unit_id))))
    return found


def _without_anybody(context: Occasion) -> sa.Select[Any]:
    """HO-6: open cases whose holder, or at level 0 owner, has left or is of the subject's family: it may be the
    coordinator's turn there."""
    case, role, tie, today = T.case.c, T.role.c, T.guardian.c, local_date(context.now)
    person = sa.func.coalesce(case.holder_person_id, case.owner_person_id)
    at_work = sa.exists().where(
        role.municipality == case.municipality,
        role.person_id == case.holder_person_id,
        role.unit_id == case.holder_unit_id,
        role.valid_from <= today,
        role.valid_to.is_(None) | (role.valid_to > today),
    )
    family = sa.exists().where(
        tie.municipality == case.municipality,
        tie.subject_person_id == case.subject_person_id,
        tie.person_id == person,
    )
    left = case.holder_person_id.is_not(None) & ~at_work
    return _cases(context).where(case.state == "open", left | family | (person == case.subject_person_id))


def _in_care_of(context: Occasion, unit_id: str) -> sa.Select[Any]:
    """GU-4: those for whom this unit of child protection stands in the guardians' place today."""
    care, today = T.care.c, local_date(context.now)
    return sa.select(care.subject_person_id).where(
        care.municipality == context.municipality,
        care.unit_id == unit_id,
        care.valid_from <= today,
        care.valid_to.is_(None) | (care.valid_to > today),
    )


def _roles_now(context: Occasion, person_id: str, unit_id: str) -> set[str]:
    role, today = T.role.c, local_date(context.now)
    asked = sa.select(role.role).where(
        role.municipality == context.municipality,
        role.person_id == person_id,
        role.unit_id == unit_id,
        role.valid_from <= today,
        role.valid_to.is_(None) | (role.valid_to > today),
    )
    return set(context.conn.execute(asked).scalars())


def _cases(context: Occasion) -> sa.Select[Any]:
    return sa.select(T.case.c.case_id).where(T.case.c.municipality == context.municipality)

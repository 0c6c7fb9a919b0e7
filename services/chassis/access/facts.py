"""From tables to the kernel's Facts: all that the decision rests on, in one snapshot and at most five queries."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa

from services.chassis.access.lookups import policy_in
from services.chassis.access.projections import T
from services.chassis.prepared import Prepared
from services.chassis.storage import AnyConnection, UtcDateTime
from services.chassis.tables import chassis_tables
from services.contracts import cases, consent, directory, relay_log
from services.contracts.catalogue import STREAMS
from services.kernel.calendar import local_date, midnight
from services.kernel.facts import (
    CareOrderFact,
    CaseFacts,
    EmergencyFact,
    Facts,
    GuardianFact,
    GuardiansSee,
    Holder,
    Knowledge,
    ParticipantFact,
    PersonWindowFact,
    Role,
    RoleFact,
    WindowFact,
    in_force,
)
from services.kernel.parties import of_family
from services.kernel.policies import policy_on

TIMED_STREAMS = frozenset({consent.WINDOWS, cases.PEOPLE, cases.CASE, directory.STAFF, relay_log.LOG})
"""The streams whose age counts in CO-9: all that tell of a loss of access (CO-10), releases and handovers too."""

OFFICE_STREAMS = frozenset({cases.PEOPLE, cases.CASE, directory.STAFF})
"""Those of them on which access rests that needs no consent: in an emergency, and under a care order (CO-9)."""

UNKNOWN_GRADE = 7
"""A person of whom nothing has come yet counts as protected (PR-6): denial by default."""

_STREAMS = tuple(sorted(TIMED_STREAMS))
_ALWAYS = datetime(1900, 1, 1, tzinfo=UTC)
_CHASSIS = chassis_tables(sa.MetaData())


def load_facts(
    conn: AnyConnection, municipality: str, case_id: str, person_id: str | None, now: datetime, service: str
) -> Facts | None:
    """The facts of one case for one asker, as `service` knows them; None when it knows no such case.

    `person_id` None: somebody without a person (a service, an anonymous visitor), who has no ties.
    """
    return load_facts_of(conn, municipality, [case_id], person_id, now, service).get(case_id)


def load_facts_of(
    conn: AnyConnection,
    municipality: str,
    case_ids: Sequence[str],
    person_id: str | None,
    now: datetime,
    service: str,
) -> dict[str, Facts]:
    """As `load_facts`, for many cases at once; cases that are not known are left out.

    Raises ValueError without a municipality (SE-7).
    """
    if not municipality:
        raise ValueError("no facts without a municipality (SE-7)")
    if not case_ids:
        return {}
    asker, queries = person_id or "", _ONE if len(case_ids) == 1 else _MANY
    asked = {"municipality": municipality, "asker": asker, **queries.given("case_ids", case_ids)}
    found = queries.cases.rows(conn, asked)
    if not found:
        return {}
    holders = [row.holder_person_id for row in found if row.holder_person_id]
    asked |= queries.given("subjects", [row.subject_person_id for row in found])
    asked |= queries.given("people", [asker, *holders])
    timed = _by_kind(queries.timed.rows(conn, asked))
    dated = _by_kind(queries.dated.rows(conn, asked))
    roles = [_role(row) for row in dated["role"]]
    asker_roles = tuple(role for role in roles if role.person_id == person_id)
    policy = policy_on([policy_in(row.c) for row in dated["policy"]], local_date(now))
    known_as_of = _known_as_of(timed["stream"], service, now, TIMED_STREAMS)
    office_as_of = _known_as_of(timed["stream"], service, now, OFFICE_STREAMS)
    coordinates = any(role.role is Role.COORDINATOR and in_force(role, now) for role in asker_roles)
    leaders = _leaders(conn, municipality, {row.owner_unit_id for row in found}, now) if coordinates else {}
    answer: dict[str, Facts] = {}
    for row in found:
        case_id, subject = row.case_id, row.subject_person_id
        windows = tuple(_window(each) for each in timed["window"] if each.of == case_id)
        parked = {each.a for each in timed["parked"] if each.of in (case_id, subject, person_id)}
        answer[case_id] = Facts(
            case=_case(row, municipality, roles, windows, now),
            subject_birth_date=row.birth_date,
            knowledge=Knowledge(known_as_of, bool(parked)),
            office_knowledge=Knowledge(office_as_of, not parked.isdisjoint(OFFICE_STREAMS)),
            participants=tuple(_participant(each) for each in timed["participant"] if each.of == case_id),
            windows=windows,
            person_windows=tuple(
                _person_window(each) for each in timed["person_window"] if each.of == case_id
            ),
            guardians=tuple(_guardian(each) for each in dated["guardian"] if each.of == subject),
            care_orders=tuple(_care_order(each) for each in dated["care"] if each.of == subject),
            emergencies=tuple(_emergency(each) for each in timed["emergency"] if each.of == case_id),
            consented=frozenset((row.consented or "").split()),
            unlinked=frozenset((row.unlinked or "").split()),
            roles=asker_roles,
            address_grade=UNKNOWN_GRADE if row.address_grade is None else row.address_grade,
            policy=policy,
        )
        if coordinates:
            answer[case_id] = _with_leaders(answer[case_id], leaders.get(row.owner_unit_id, ()))
    if any(each.address_protected for each in answer.values()):
        spread = _spread(conn, municipality)
        return {case_id: replace(each, spread=spread) for case_id, each in answer.items()}
    return answer


def _spread(conn: AnyConnection, municipality: str) -> frozenset[str]:
    """PR-6: the services that have more than one unit at work."""
    unit = T.unit.c
    asked = (
        sa.select(unit.service_id)
        .where(unit.municipality == municipality, unit.active.is_(True))
        .group_by(unit.service_id)
        .having(sa.func.count() > 1)
    )
    return frozenset(conn.scalars(asked))


def _leaders(
    conn: AnyConnection, municipality: str, unit_ids: Iterable[str], now: datetime
) -> dict[str, tuple[str, ...]]:
    """Who leads these units today, by unit."""
    role, today = T.role.c, local_date(now)
    found: dict[str, tuple[str, ...]] = {}
    asked = sa.select(role.unit_id, role.person_id).where(
        role.municipality == municipality,
        role.unit_id.in_(sorted(unit_ids)),
        role.role == Role.LEADER.value,
        role.valid_from <= today,
        role.valid_to.is_(None) | (role.valid_to > today),
    )
    for row in conn.execute(asked):
        found[row.unit_id] = (*found.get(row.unit_id, ()), row.person_id)
    return found


def _with_leaders(facts: Facts, leaders: Iterable[str]) -> Facts:
    """HO-6: whether somebody who may act leads the owning unit: none of the subject's family does (SE-3)."""
    return replace(facts, led=any(not of_family(each, facts) for each in leaders))


# ---------------------------------------------------------------- the three queries


_MUNICIPALITY: Any = sa.bindparam("municipality")
_NO_TEXT: Any = sa.literal_column("''")
_NO_FLAG: Any = sa.literal_column("0")
_NO_TIME = sa.cast(sa.null(), UtcDateTime)
_NO_DAY = sa.cast(sa.null(), sa.Date)


def _row(kind: str, of: Any, a: Any, b: Any, c: Any, flag: Any, starts: Any, ends: Any) -> sa.Select[Any]:
    """One part of a union: its kind, whose it is, three texts, a flag, a span."""
    named = {"of": of, "a": a, "b": b, "c": c, "flag": flag, "valid_from": starts, "valid_to": ends}
    return sa.select(
        sa.literal_column(f"'{kind}'").label("kind"), *(column.label(name) for name, column in named.items())
    )


def _flag(column: Any) -> Any:
    return sa.cast(column, sa.Integer)


class _Queries:
    """The three, for `one` case or for many. One case has one subject, and at most two people to know the roles of: so
    its statements are always the same."""

    _PLACES = {"case_ids": 1, "subjects": 1, "people": 2}

    def __init__(self, one: bool) -> None:
        self._one = one
        self.cases, self.timed = Prepared(self._cases()), Prepared(self._timed())
        self.dated = Prepared(self._dated())

    def given(self, name: str, values: Sequence[str]) -> dict[str, Any]:
        """These values as the parameters of `_among`."""
        if not self._one:
            return {name: list(set(values))}
        return {f"{name}_{place}": values[min(place, len(values) - 1)] for place in range(self._PLACES[name])}

    def _among(self, column: Any, name: str) -> Any:
        if not self._one:
            return column.in_(sa.bindparam(name, expanding=True))
        return column.in_([sa.bindparam(f"{name}_{place}") for place in range(self._PLACES[name])])

    def _cases(self) -> sa.Select[Any]:
        person, consent, case = T.person.c, T.consent.c, T.case.c
        return (
            sa.select(
                T.case,
                person.birth_date,
                person.address_grade,
                person.unlinked,
                consent.has_shared,
                consent.consented,
            )
            .outerjoin(
                T.person,
                sa.and_(person.municipality == case.municipality, person.person_id == case.subject_person_id),
            )
            .outerjoin(
                T.consent,
                sa.and_(consent.municipality == case.municipality, consent.case_id == case.case_id),
            )
            .where(case.municipality == _MUNICIPALITY, self._among(case.case_id, "case_ids"))
        )

    def _timed(self) -> sa.CompoundSelect[Any]:
        """What begins and ends at instants, and how old the knowledge is."""
        part, window, named = T.participant.c, T.window.c, T.person_window.c
        opened = T.emergency.c
        state, parked = _CHASSIS.stream_state.c, _CHASSIS.parked.c
        return sa.union_all(
            _row("participant", part.case_id, part.person_id, part.unit_id, part.service_id,
                 _flag(part.may_write), part.valid_from, part.valid_to)
            .where(part.municipality == _MUNICIPALITY, self._among(part.case_id, "case_ids")),
            _row("window", window.case_id, window.service_id, window.topic, _NO_TEXT, _NO_FLAG,
                 window.valid_from, window.valid_to)
            .where(window.municipality == _MUNICIPALITY, self._among(window.case_id, "case_ids")),
            _row("person_window", named.case_id, named.person_id, named.topic, _NO_TEXT, _NO_FLAG,
                 named.valid_from, named.valid_to)
            .where(named.municipality == _MUNICIPALITY, self._among(named.case_id, "case_ids")),
            _row("emergency", opened.case_id, opened.person_id, opened.unit_id, _NO_TEXT, _NO_FLAG,
                 opened.valid_from, opened.valid_to)
            .where(
                opened.municipality == _MUNICIPALITY,
                self._among(opened.case_id, "case_ids"),
                opened.person_id == sa.bindparam("asker"),
            ),
            _row("stream", state.stream, _NO_TEXT, _NO_TEXT, _NO_TEXT, _NO_FLAG, state.as_of, _NO_TIME)
            .where(state.stream.in_(map(sa.literal, _STREAMS))),
            _row("parked", parked.subject, parked.stream, _NO_TEXT, _NO_TEXT, _NO_FLAG, parked.parked_at, _NO_TIME)
            .where(
                parked.stream.in_(map(sa.literal, _STREAMS)),
                parked.municipality == _MUNICIPALITY,
                self._among(parked.subject, "case_ids")
                | self._among(parked.subject, "subjects")
                | (parked.subject == sa.bindparam("asker")),
            ),
        )  # fmt: skip

    def _dated(self) -> sa.CompoundSelect[Any]:
        """What begins and ends with a day."""
        tie, care, role, policy = T.guardian.c, T.care.c, T.role.c, T.policy.c
        let = care.guardians_see + sa.literal_column("' '") + care.topics
        flags = _flag(tie.has_responsibility) * 2 + _flag(tie.verified)
        return sa.union_all(
            _row("guardian", tie.subject_person_id, tie.person_id, tie.relation, _NO_TEXT, flags,
                 tie.valid_from, tie.valid_to)
            .where(tie.municipality == _MUNICIPALITY, self._among(tie.subject_person_id, "subjects")),
            _row("care", care.subject_person_id, care.unit_id, care.set_by, let, _NO_FLAG, care.valid_from,
                 care.valid_to)
            .where(care.municipality == _MUNICIPALITY, self._among(care.subject_person_id, "subjects")),
            _row("role", role.person_id, role.unit_id, role.service_id, role.role, _NO_FLAG, role.valid_from,
                 role.valid_to)
            .where(role.municipality == _MUNICIPALITY, self._among(role.person_id, "people")),
            _row("policy", policy.municipality, _NO_TEXT, _NO_TEXT, policy.settings, _NO_FLAG,
                 policy.valid_from, _NO_DAY)
            .where(policy.municipality == _MUNICIPALITY),
        )  # fmt: skip


_ONE, _MANY = _Queries(one=True), _Queries(one=False)


# ---------------------------------------------------------------- from rows


def _by_kind(rows: Iterable[Any]) -> dict[str, list[Any]]:
    kinds: dict[str, list[Any]] = defaultdict(list)
    for row in rows:
        kinds[row.kind].append(row)
    return kinds


def _case(
    row: Any, municipality: str, roles: list[RoleFact], windows: tuple[WindowFact, ...], now: datetime
) -> CaseFacts:
    holder = receiver = None
    if row.holder_person_id:
        place = (row.holder_person_id, row.holder_unit_id)
        active = any((role.person_id, role.unit_id) == place and in_force(role, now) for role in roles)
        holder = Holder(*place, active)
    if row.receiver_person_id:
        receiver = Holder(row.receiver_person_id, row.receiver_unit_id)
    return CaseFacts(
        case_id=row.case_id,
        municipality=municipality,
        owner_unit=row.owner_unit_id,
        owner_service=row.owner_service_id,
        owner_person=row.owner_person_id,
        subject_person=row.subject_person_id,
        level=row.level,
        state="open" if row.state == "open" else "closed",
        holder=holder,
        proposed_holder=receiver,
        talk_recorded=row.talk_recorded,
        frozen=bool(row.has_shared) and not any(in_force(window, now) for window in windows),
    )


def _known_as_of(streams: Iterable[Any], service: str, now: datetime, among: Set[str]) -> datetime | None:
    """The oldest heartbeat of the streams `among` that others own (CO-9); its own `service` knows as of now."""
    heard = {row.of: row.valid_from for row in streams}
    oldest = now
    for stream in among:
        if STREAMS[stream] == service:
            continue
        as_of = heard.get(stream)
        if as_of is None:  # nothing was heard, or the history is still being read
            return None
        oldest = min(oldest, now - abs(now - as_of))  # from hours to come: the clock was set back since
    return oldest


def _participant(row: Any) -> ParticipantFact:
    return ParticipantFact(row.a, row.b, row.c, row.valid_from, row.valid_to, may_write=bool(row.flag))


def _window(row: Any) -> WindowFact:
    return WindowFact(row.a, row.b, row.valid_from, row.valid_to)


def _person_window(row: Any) -> PersonWindowFact:
    return PersonWindowFact(row.a, row.b, row.valid_from, row.valid_to)


def _emergency(row: Any) -> EmergencyFact:
    return EmergencyFact(row.a, row.b, row.valid_from, row.valid_to)


def _guardian(row: Any) -> GuardianFact:
    starts, ends = _instants(row.valid_from, row.valid_to)
    return GuardianFact(row.a, row.b, bool(row.flag & 2), bool(row.flag & 1), starts, ends)


def _care_order(row: Any) -> CareOrderFact:
    """`c`: what the guardians see, and the topics, with spaces between."""
    starts, ends = _instants(row.valid_from, row.valid_to)
    see, *topics = row.c.split()
    return CareOrderFact(row.a, row.b, starts, ends, GuardiansSee(see), frozenset(topics))


def _role(row: Any) -> RoleFact:
    starts, ends = _instants(row.valid_from, row.valid_to)
    return RoleFact(row.of, row.a, row.b, Role(row.c), starts, ends)


def _instants(starts: date | None, ends: date | None) -> tuple[datetime, datetime | None]:
    """Days as instants: each begins at Norwegian midnight (AG-8); on the day `ends` it holds no longer."""
    return midnight(starts) if starts else _ALWAYS, midnight(ends) if ends else None

"""The facts kept from events lead to the decision the rules want: on both engines, in each capacity, at once."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis import access, prepared
from services.chassis.actor import Actor
from services.chassis.sealed import About, SealBroken, Sealed
from services.chassis.storage import Database, WriteTransaction, chassis_tables, new_metadata
from services.contracts import cases, consent, directory, relay_log
from services.contracts.base import EventType
from services.contracts.envelope import Event
from services.kernel.errors import Forbidden, NotFound
from services.kernel.facts import Act, Audience, Capacity
from services.kernel.policies import InvalidPolicy
from tests.support.databases import Databases

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)
GRANLI, STORVIK = "granli", "storvik"
KINDERGARTEN, PSYCHOLOGY, HEALTH = "unit-kindergarten", "unit-psychology", "unit-health"
PROTECTION = "unit-protection"
SERVICES = {
    KINDERGARTEN: "service-kindergarten",
    PSYCHOLOGY: "service-psychology",
    HEALTH: "service-health",
    PROTECTION: "service-protection",
}


@dataclass
class Context:
    """What the chassis gives a query or a command, with the access record in sight."""

    conn: Any
    actor: Actor
    now: datetime = NOW
    service: str = "relay_log"
    noted: list[tuple[str, str, bool]] = field(default_factory=list)

    @property
    def municipality(self) -> str:
        return self.actor.municipality

    @property
    def settings(self) -> Any:
        return SimpleNamespace(service=self.service)

    def access(
        self,
        rule: str,
        what: str,
        case_id: str | None = None,
        person_id: str | None = None,
        allowed: bool = True,
        reason: str = "",
    ) -> None:
        self.noted.append((rule, what, allowed))


class World:
    """A municipality's events, told one by one to a service that knows nothing but its facts."""

    def __init__(self, db: Database, service: str = "relay_log") -> None:
        self.db, self.service = db, service
        self.now = NOW

    def hear(self, kind: EventType, /, municipality: str = GRANLI, **data: Any) -> None:
        data = {
            key: value.isoformat() if isinstance(value, datetime) else value for key, value in data.items()
        }
        assert kind.schema().validate(data) == {}, kind.schema().validate(data)
        event = Event(
            id="e", type=kind.type, source=f"/{municipality}/{kind.service}", subject="s", time=NOW,
            municipality=municipality, stream=kind.stream, sequence=1, data=data,
        )  # fmt: skip
        with self.db.write() as tx:
            access.HANDLERS[kind.type](SimpleNamespace(tx=tx), event)  # type: ignore[arg-type]

    def heartbeat(self, at: datetime | None = NOW) -> None:
        with self.db.write() as tx:
            state = self.db.chassis.stream_state
            tx.execute(state.delete())
            for stream in (consent.WINDOWS, cases.PEOPLE, cases.CASE, directory.STAFF, relay_log.LOG):
                tx.execute(state.insert(), {"stream": stream, "as_of": at})

    def employee(self, person: str, unit: str, role: str = "employee", **span: str) -> None:
        self.hear(directory.StaffChanged, person_id=person, roles=[
            {"unit_id": unit, "service_id": SERVICES[unit], "role": role, "valid_from": "2024-08-01", **span}
        ])  # fmt: skip

    def share(self, *topics: tuple[str, str], reason: str = "signed", starts: datetime = NOW) -> None:
        self.hear(consent.WindowsChanged, case_id="c1", reason=reason, at=NOW, windows=[
            {"service_id": SERVICES[unit], "topic": topic, "valid_from": starts.isoformat(),
             "valid_to": "2027-05-20T09:00:00Z"} for unit, topic in topics
        ])  # fmt: skip

    def bring_in(self, *people: tuple[str, str], **more: Any) -> None:
        self.hear(relay_log.ParticipantsChanged, case_id="c1", at=NOW, participants=[
            {"participant_id": f"part-{person}", "person_id": person, "unit_id": unit, "service_id": SERVICES[unit],
             "valid_from": "2026-11-01T09:00:00Z", "may_write": False, **more} for person, unit in people
        ])  # fmt: skip

    def asks(self, person: str | None, unit: str | None = None, **more: Any) -> Ask:
        capacity = more.pop("capacity", "employee" if unit else "guardian")
        actor = Actor(more.pop("municipality", GRANLI), capacity, person, unit)
        return Ask(self, actor, more.pop("now", self.now))


class Ask:
    """One person, asking in one capacity."""

    def __init__(self, world: World, actor: Actor, now: datetime) -> None:
        self.world, self.actor, self.now = world, actor, now
        self.noted: list[tuple[str, str, bool]] = []

    def __call__(self, ask: Callable[[Context], Any]) -> Any:
        with self.world.db.read() as conn:
            context = Context(conn, self.actor, self.now, self.world.service, self.noted)
            return ask(context)

    def may(self, act: Act, topic: str | None = None, recorded_at: datetime | None = None) -> bool:
        return bool(self(lambda context: access.decide(context, "c1", act, topic, recorded_at).allowed))

    def why(self, act: Act, topic: str | None = None) -> tuple[str, str]:
        decision = self(lambda context: access.decide(context, "c1", act, topic))
        return decision.rule, decision.reason_code


def open_database(url: str) -> Database:
    metadata = new_metadata()
    chassis_tables(metadata)
    access.access_tables(metadata)
    return Database(url, metadata, "relay_log")


def make_tables(url: str) -> None:
    database = open_database(url)
    database.metadata.create_all(database.engine)
    database.close()


@pytest.fixture
def db(databases: Databases) -> Iterator[Database]:
    database = open_database(databases.copy("access_facts", make_tables))
    yield database
    database.close()


@pytest.fixture
def world(db: Database) -> World:
    """Granli: a child of four with two guardians; a concern of the kindergarten teacher, at level 2, held by her."""
    world = World(db)
    world.hear(cases.PersonChanged, person_id="child", birth_date="2022-03-05", address_grade="ungraded", guardians=[
        {"person_id": "mother", "relation": "mother", "has_responsibility": True, "verified": True},
        {"person_id": "father", "relation": "father", "has_responsibility": True, "verified": True},
        {"person_id": "stepfather", "relation": "other", "has_responsibility": False, "verified": True},
    ])  # fmt: skip
    world.hear(
        cases.ConcernRaised, case_id="c1", subject_person_id="child", subject_kind="child", owner_person_id="teacher",
        owner_unit_id=KINDERGARTEN, owner_service_id=SERVICES[KINDERGARTEN], registered_at=NOW, decide_by="2026-12-04",
    )  # fmt: skip
    world.employee("teacher", KINDERGARTEN)
    world.employee("colleague", KINDERGARTEN)
    world.employee("leader", KINDERGARTEN, "leader")
    world.employee("psychologist", PSYCHOLOGY)
    world.employee("nurse", HEALTH)
    world.heartbeat()
    return world


@pytest.fixture
def level_2(world: World) -> World:
    world.hear(cases.TalkRecorded, case_id="c1", held_on="2026-11-20", recorded_at=NOW)
    move = {"case_id": "c1", "by_person_id": "teacher", "at": NOW, "family_answer": "agreed"}
    world.hear(cases.LevelMoved, from_level=0, to_level=1, **move)
    world.hear(cases.HolderChanged, case_id="c1", holder_person_id="teacher", holder_unit_id=KINDERGARTEN, at=NOW,
               how="appointed")  # fmt: skip
    world.hear(cases.LevelMoved, from_level=1, to_level=2, **move)
    return world


def test_level_0_is_the_owners_until_the_talk(world: World) -> None:
    """LV-17: from the facts of cases.concern_raised and cases.talk_recorded."""
    assert world.asks("teacher", KINDERGARTEN).may(Act.READ_NOTES)
    assert not world.asks("leader", KINDERGARTEN).may(Act.READ_NOTES)
    assert not world.asks("mother").may(Act.SEE_CASE)
    world.hear(cases.TalkRecorded, case_id="c1", held_on="2026-11-20", recorded_at=NOW)
    assert world.asks("mother").may(Act.READ_NOTES)
    assert world.asks("leader", KINDERGARTEN).may(Act.READ_NOTES)


def test_an_employee_sees_only_cases_with_a_part_as_of_the_chosen_unit(level_2: World) -> None:
    """SE-3: a colleague has no part; the teacher has none as of another unit, nor with a role that has ended."""
    assert level_2.asks("teacher", KINDERGARTEN).may(Act.SEE_CASE)
    assert not level_2.asks("colleague", KINDERGARTEN).may(Act.SEE_CASE)
    assert not level_2.asks("teacher", HEALTH).may(Act.SEE_CASE)
    level_2.employee("teacher", KINDERGARTEN, valid_to="2026-11-20")
    assert level_2.asks("teacher", KINDERGARTEN).why(Act.SEE_CASE) == ("CO-10", "role_not_in_force")


def test_a_teacher_who_is_a_parent_reads_as_guardian_only_in_that_capacity(level_2: World) -> None:
    level_2.employee("mother", PSYCHOLOGY)
    assert not level_2.asks("mother", PSYCHOLOGY).may(Act.READ_PLAN, "wellbeing")
    assert level_2.asks("mother", capacity="guardian").may(Act.READ_PLAN, "wellbeing")


def test_consent_opens_the_named_topics_to_named_participants(level_2: World) -> None:
    """CO-1, LG-1: from consent.windows_changed and relay_log.participants_changed."""
    psychologist = level_2.asks("psychologist", PSYCHOLOGY)
    level_2.bring_in(("psychologist", PSYCHOLOGY))
    assert not psychologist.may(Act.READ_PLAN, "learning")
    level_2.share((PSYCHOLOGY, "learning"), (HEALTH, "health"))
    assert psychologist.may(Act.READ_PLAN, "learning")
    assert not psychologist.may(Act.READ_PLAN, "health")
    assert not level_2.asks("nurse", HEALTH).may(Act.READ_PLAN, "health")


def test_a_withdrawal_closes_at_once_and_freezes_when_nothing_is_left(level_2: World) -> None:
    """CO-3, LG-1: windows are told whole, and none left means a frozen log."""
    level_2.bring_in(("psychologist", PSYCHOLOGY))
    level_2.share((PSYCHOLOGY, "learning"))
    level_2.share(reason="withdrawn")
    assert not level_2.asks("psychologist", PSYCHOLOGY).may(Act.READ_PLAN, "learning")
    assert level_2.asks("teacher", KINDERGARTEN)(lambda context: access.of(context, "c1").facts.case.frozen)


def test_a_window_that_has_not_begun_or_is_over_opens_nothing(level_2: World) -> None:
    level_2.bring_in(("psychologist", PSYCHOLOGY))
    level_2.share((PSYCHOLOGY, "learning"), starts=NOW + timedelta(hours=1))
    ask = level_2.asks("psychologist", PSYCHOLOGY)
    assert not ask.may(Act.READ_PLAN, "learning")
    level_2.heartbeat(NOW + timedelta(hours=1))
    later = level_2.asks("psychologist", PSYCHOLOGY, now=NOW + timedelta(hours=1))
    assert later.may(Act.READ_PLAN, "learning")


def test_a_released_participant_reads_no_more(level_2: World) -> None:
    level_2.share((PSYCHOLOGY, "learning"))
    level_2.bring_in(("psychologist", PSYCHOLOGY), valid_to=NOW.isoformat())
    assert not level_2.asks("psychologist", PSYCHOLOGY).may(Act.READ_PLAN, "learning")


def test_without_responsibility_or_after_losing_it_a_parent_sees_nothing(level_2: World) -> None:
    """GU-2, CO-10: from cases.person_changed, whole."""
    assert level_2.asks("father").may(Act.READ_PLAN, "wellbeing")
    assert level_2.asks("stepfather").why(Act.SEE_CASE) == ("GU-2", "no_parental_responsibility")
    level_2.hear(cases.PersonChanged, person_id="child", birth_date="2022-03-05", address_grade="ungraded", guardians=[
        {"person_id": "mother", "relation": "mother", "has_responsibility": True, "verified": True},
        {"person_id": "father", "relation": "father", "has_responsibility": True, "verified": True,
         "valid_to": "2026-11-20"},
    ])  # fmt: skip
    assert not level_2.asks("father").may(Act.SEE_CASE)
    assert level_2.asks("mother").may(Act.SEE_CASE)


@pytest.mark.parametrize("grade", ["confidential", "strictly_confidential"])
def test_a_protected_address_is_for_those_named(level_2: World, grade: str) -> None:
    """PR-6: the leader sees no longer by leading alone."""
    assert level_2.asks("leader", KINDERGARTEN).may(Act.SEE_CASE)
    level_2.hear(
        cases.PersonChanged, person_id="child", birth_date="2022-03-05", address_grade=grade, guardians=[]
    )
    assert not level_2.asks("leader", KINDERGARTEN).may(Act.SEE_CASE)


def test_until_a_person_is_known_the_address_counts_as_protected(level_2: World) -> None:
    """PR-6: the case's event may come before the person's."""
    with level_2.db.write() as tx:
        tx.execute(sa.text("delete from facts_person"))
    assert not level_2.asks("leader", KINDERGARTEN).may(Act.SEE_CASE)
    assert level_2.asks("teacher", KINDERGARTEN).may(Act.SEE_CASE)


def test_a_handover_is_proposed_and_answered(level_2: World) -> None:
    """HO-2: the one asked may answer while it is open; the holder changes with the answer."""
    level_2.bring_in(("nurse", HEALTH))
    level_2.share((HEALTH, "health"))
    proposal = {
        "case_id": "c1",
        "handover_id": "h1",
        "from_person_id": "teacher",
        "to_person_id": "nurse",
        "at": NOW,
    }
    level_2.hear(cases.HandoverProposed, to_unit_id=HEALTH, **proposal)
    assert level_2.asks("nurse", HEALTH).may(Act.ANSWER_HANDOVER)
    assert not level_2.asks("nurse", HEALTH).may(Act.MANAGE)
    level_2.hear(cases.HandoverAnswered, answer="accepted", **proposal)
    level_2.hear(cases.HolderChanged, case_id="c1", holder_person_id="nurse", holder_unit_id=HEALTH,
                 previous_person_id="teacher", at=NOW, how="handover")  # fmt: skip
    assert not level_2.asks("nurse", HEALTH).may(Act.ANSWER_HANDOVER)
    assert level_2.asks("nurse", HEALTH).may(Act.MANAGE)
    assert not level_2.asks("teacher", KINDERGARTEN).may(Act.MANAGE)


def test_when_the_holders_role_ends_the_leader_acts_as_holder(level_2: World) -> None:
    """HO-6: seen from the holder's own roles, whoever asks."""
    assert not level_2.asks("leader", KINDERGARTEN).may(Act.MANAGE)
    level_2.employee("teacher", KINDERGARTEN, valid_to="2026-11-20")
    assert level_2.asks("leader", KINDERGARTEN).may(Act.MANAGE)


def test_a_closed_case_is_read_only(level_2: World) -> None:
    """LG-10"""
    assert level_2.asks("teacher", KINDERGARTEN).may(Act.WRITE_PLAN, "learning")
    level_2.hear(
        cases.CaseClosed, case_id="c1", from_level=2, outcome="goals_reached", by_person_id="teacher", at=NOW
    )
    assert not level_2.asks("teacher", KINDERGARTEN).may(Act.WRITE_PLAN, "learning")
    assert level_2.asks("teacher", KINDERGARTEN).may(Act.READ_PLAN, "learning")


def test_a_joined_concern_is_over(world: World) -> None:
    """LG-1: a later concern goes into the running case."""
    world.hear(cases.ConcernJoined, case_id="c1", into_case_id="c2", at=NOW)
    assert not world.asks("teacher", KINDERGARTEN).may(Act.WRITE_NOTES)


def test_the_policy_in_force_on_the_day_decides(level_2: World) -> None:
    level_2.hear(directory.PolicyPublished, version=2, valid_from="2026-11-20", values={"own_access_age": 7})
    level_2.hear(directory.PolicyPublished, version=3, valid_from="2026-11-21", values={"own_access_age": 9})

    def age(context: Context) -> int:
        return access.policy_of(context.conn, GRANLI, context.now).own_access_age

    assert level_2.asks("teacher", KINDERGARTEN)(age) == 7
    assert level_2.asks("teacher", KINDERGARTEN, now=NOW + timedelta(days=1))(age) == 9
    assert level_2.asks("teacher", KINDERGARTEN, now=NOW - timedelta(days=1))(age) == 12


def test_a_policy_that_cannot_stand_is_refused(level_2: World) -> None:
    with pytest.raises(InvalidPolicy):
        level_2.hear(
            directory.PolicyPublished, version=2, valid_from="2026-11-20", values={"own_access_age": 3}
        )
    assert level_2.asks("teacher", KINDERGARTEN).may(Act.SEE_CASE)


@pytest.mark.parametrize(
    "as_of", [None, NOW - timedelta(seconds=31), NOW + timedelta(seconds=31), "still reading"], ids=str
)
def test_old_knowledge_of_consent_stops_third_parties_only(
    level_2: World, as_of: datetime | str | None
) -> None:
    """CO-9: nobody outside on knowledge that is too old or was never had, or that comes from before the clock was set
    back; family and the owning unit read on."""
    level_2.bring_in(("psychologist", PSYCHOLOGY))
    level_2.share((PSYCHOLOGY, "learning"), starts=NOW - timedelta(days=1))
    assert level_2.asks("psychologist", PSYCHOLOGY).may(Act.READ_PLAN, "learning")
    with level_2.db.write() as tx:
        tx.execute(level_2.db.chassis.stream_state.delete())
    if as_of:
        level_2.heartbeat(as_of if isinstance(as_of, datetime) else None)
    assert level_2.asks("psychologist", PSYCHOLOGY).why(Act.READ_PLAN, "learning") == (
        "CO-9", "consent_status_not_known",
    )  # fmt: skip
    assert level_2.asks("teacher", KINDERGARTEN).may(Act.READ_PLAN, "learning")
    assert level_2.asks("mother").may(Act.READ_PLAN, "learning")


@pytest.mark.parametrize(
    ("stream", "subject", "stops"),
    [
        (consent.WINDOWS, "c1", True),
        (cases.PEOPLE, "child", True),
        (directory.STAFF, "psychologist", True),
        (relay_log.LOG, "c1", True),
        (consent.WINDOWS, "c2", False),
        (directory.STAFF, "nurse", False),
    ],
)
def test_a_parked_event_of_the_case_stops_third_parties(
    level_2: World, stream: str, subject: str, stops: bool
) -> None:
    """CO-9: an event of this case that waits may be the one that takes the access away."""
    level_2.bring_in(("psychologist", PSYCHOLOGY))
    level_2.share((PSYCHOLOGY, "learning"))
    park(level_2.db, stream, subject)
    assert level_2.asks("psychologist", PSYCHOLOGY).may(Act.READ_PLAN, "learning") is not stops
    with level_2.db.write() as tx:  # tried so often that it is dead, it may still be the one
        tx.execute(level_2.db.chassis.parked.update().values(dead_at=NOW, attempts=12))
    assert level_2.asks("psychologist", PSYCHOLOGY).may(Act.READ_PLAN, "learning") is not stops
    assert level_2.asks("teacher", KINDERGARTEN).may(Act.READ_PLAN, "learning")


@pytest.mark.parametrize(
    ("stream", "subject", "stops"),
    [
        (cases.CASE, "c1", True),
        (cases.PEOPLE, "child", True),
        (directory.STAFF, "colleague", True),
        (directory.STAFF, "caseworker", True),
        (consent.WINDOWS, "c1", False),
        (relay_log.LOG, "c1", False),
    ],
)
def test_CO_9_what_waits_of_case_people_or_staff_stops_emergency_and_care(
    level_2: World, stream: str, subject: str, stops: bool
) -> None:
    """CO-9: what waits may end the emergency, the order or the office, or protect the address; consent opened neither.
    And so it is where a stream has been silent for too long."""
    level_2.employee("colleague", PSYCHOLOGY)
    level_2.employee("caseworker", PROTECTION, "child_protection")
    level_2.hear(cases.EmergencyOpened, case_id="c1", emergency_id="em", person_id="colleague", unit_id=PSYCHOLOGY,
                 reason_code="other", valid_from=NOW, valid_to=NOW + timedelta(hours=1))  # fmt: skip
    level_2.hear(cases.PersonChanged, person_id="child", birth_date="2022-03-05", address_grade="ungraded",
                 guardians=[], care_orders=[{"unit_id": PROTECTION, "set_by": "caseworker", "topics": [],
                                             "valid_from": "2026-11-20", "guardians_see": "nothing"}])  # fmt: skip
    ties = {"colleague": PSYCHOLOGY, "caseworker": PROTECTION}
    of_one = {subject} if stream == directory.STAFF else set(ties)

    def reads() -> dict[str, bool]:
        return {who: level_2.asks(who, unit).may(Act.READ_PLAN, "learning") for who, unit in ties.items()}

    assert all(reads().values())
    park(level_2.db, stream, subject)
    assert reads() == {who: not (stops and who in of_one) for who in ties}
    with level_2.db.write() as tx:
        tx.execute(level_2.db.chassis.parked.delete())
        state = level_2.db.chassis.stream_state
        tx.execute(state.update().where(state.c.stream == stream).values(as_of=NOW - timedelta(seconds=31)))
    assert reads() == dict.fromkeys(ties, not stops)
    assert level_2.asks("teacher", KINDERGARTEN).may(Act.READ_PLAN, "learning")


def test_the_owner_of_a_stream_knows_it_as_of_now(level_2: World) -> None:
    """CO-9: consent itself needs no heartbeat of its own stream."""
    level_2.service = "consent"
    level_2.bring_in(("psychologist", PSYCHOLOGY))
    level_2.share((PSYCHOLOGY, "learning"))
    with level_2.db.write() as tx:
        state = level_2.db.chassis.stream_state
        tx.execute(state.delete().where(state.c.stream == consent.WINDOWS))
    assert level_2.asks("psychologist", PSYCHOLOGY).may(Act.READ_PLAN, "learning")


def test_another_municipality_finds_nothing(level_2: World) -> None:
    """SE-7: the same ids asked for elsewhere are as unknown as any."""
    elsewhere = level_2.asks("teacher", KINDERGARTEN, municipality=STORVIK)
    with pytest.raises(NotFound):
        elsewhere(lambda context: access.require(context, "c1", Act.SEE_CASE))
    with pytest.raises(ValueError, match="SE-7"):
        level_2.asks("teacher", KINDERGARTEN)(
            lambda context: access.load_facts(context.conn, "", "c1", "teacher", NOW, "cases")
        )


def test_what_may_not_be_known_is_refused_like_what_is_not_there(level_2: World) -> None:
    """CO-8: 404 for both, equal to the letter; 403 with rule and code where the case may be seen. SE-1: both noted."""
    colleague = level_2.asks("colleague", KINDERGARTEN)
    with pytest.raises(NotFound) as unseen:
        colleague(lambda context: access.require(context, "c1", Act.MANAGE))
    with pytest.raises(NotFound) as unknown:
        colleague(lambda context: access.require(context, "no-such-case", Act.MANAGE))
    with pytest.raises(NotFound):
        colleague(lambda context: access.of(context, "no-such-case").known_facts)
    assert unseen.value.as_dict() == unknown.value.as_dict()
    assert colleague.noted == [("SE-3", "manage", False)]
    mother = level_2.asks("mother")
    with pytest.raises(Forbidden) as forbidden:
        mother(lambda context: access.require(context, "c1", Act.MANAGE))
    assert (forbidden.value.code, forbidden.value.rule) == ("not_for_this_role", "HO-7")
    assert forbidden.value.detail == "No rule lets somebody with this part in the case do that."
    assert mother.noted == [("HO-7", "manage", False)]


def test_sealed_items_are_opened_one_by_one_as_decided(level_2: World) -> None:
    """CO-8, SE-1: what is denied is not even deciphered; each rule that opened something is noted once."""
    level_2.bring_in(("psychologist", PSYCHOLOGY))
    level_2.share((PSYCHOLOGY, "learning"), (PSYCHOLOGY, "wellbeing"))
    read: list[str] = []

    def item(topic: str, case_id: str = "c1", act: Act = Act.READ_PLAN) -> Sealed[str]:
        def decipher() -> str:
            read.append(topic)
            return f"goal on {topic}"

        return Sealed(About(GRANLI, case_id, act, topic, NOW - timedelta(days=2)), decipher)

    goals = [item("learning"), item("health"), item("learning"), item("wellbeing")]
    psychologist = level_2.asks("psychologist", PSYCHOLOGY)
    opened = psychologist(lambda context: access.open_allowed(context, "c1", Act.READ_PLAN, goals))
    assert opened == ["goal on learning", "goal on learning", "goal on wellbeing"]
    assert read == ["learning", "learning", "wellbeing"]
    assert psychologist.noted == [("CO-1", "read_plan", True)]
    assert psychologist(lambda context: access.of(context, "c1").open(goals[0])) == "goal on learning"
    with pytest.raises(NotFound):
        psychologist(lambda context: access.of(context, "c1").open(goals[1]))
    for other in (item("learning", case_id="c2"), item("learning", act=Act.READ_VIEW)):
        with pytest.raises(SealBroken):
            psychologist(
                lambda context, other=other: access.open_allowed(context, "c1", Act.READ_PLAN, [other])
            )


def test_AG_4_items_of_one_topic_are_decided_each_by_its_time_and_marks(level_2: World) -> None:
    """AG-4, AG-6, LG-5: what was answered for one item is no answer for one of another time, mark or audience."""
    level_2.hear(cases.PersonChanged, person_id="child", birth_date="2010-03-05", address_grade="ungraded", guardians=[
        {"person_id": "mother", "relation": "mother", "has_responsibility": True, "verified": True},
    ])  # fmt: skip
    level_2.bring_in(("psychologist", PSYCHOLOGY))
    level_2.share((PSYCHOLOGY, "learning"), starts=datetime(2024, 3, 5, tzinfo=UTC))

    def about(topic: str, year: int = 2026, act: Act = Act.READ_PLAN, **marks: bool) -> About:
        return About(GRANLI, "c1", act, topic, datetime(year, 1, 1, tzinfo=UTC), **marks)

    def opened(ask: Ask, act: Act, *items: About) -> list[int]:
        sealed = [Sealed(each, lambda place=place: place) for place, each in enumerate(items)]  # type: ignore[misc]
        found: list[int] = ask(lambda context: access.open_allowed(context, "c1", act, sealed))
        return found

    old, new = about("learning", 2024), about("learning")
    psychologist = level_2.asks("psychologist", PSYCHOLOGY)
    assert opened(psychologist, Act.READ_PLAN, new, old, new, old) == [1, 3]
    assert opened(level_2.asks("teacher", KINDERGARTEN), Act.READ_PLAN, new, old) == [0, 1]

    mother, marked = level_2.asks("mother"), about("health", needed_by_guardians=True)
    assert opened(mother, Act.READ_PLAN, about("health"), marked, about("health", 2024)) == [1]
    together, apart = (about("learning", act=Act.READ_VIEW, given_apart=each) for each in (False, True))
    assert opened(mother, Act.READ_VIEW, together, apart, together) == [0, 2]

    def audiences(context: Context) -> list[bool]:
        case = access.of(context, "c1")
        to = (Audience.STATISTIC, Audience.READER, Audience.STATISTIC)
        return [case.may_open(old._replace(audience=each)) for each in to]

    assert psychologist(audiences) == [False, True, False]
    assert not psychologist(lambda context: access.of(context, "c1").may_open(new))


def test_CO_10_what_was_answered_lives_no_longer_than_its_reading(level_2: World) -> None:
    level_2.bring_in(("psychologist", PSYCHOLOGY))
    level_2.share((PSYCHOLOGY, "learning"))
    psychologist, about = (
        level_2.asks("psychologist", PSYCHOLOGY), About(GRANLI, "c1", Act.READ_PLAN, "learning", NOW)
    )  # fmt: skip
    assert psychologist(lambda context: access.of(context, "c1").may_open(about))
    level_2.share(reason="withdrawn")
    assert not psychologist(lambda context: access.of(context, "c1").may_open(about))


def test_a_grant_for_one_topic_opens_no_other(level_2: World) -> None:
    level_2.bring_in(("psychologist", PSYCHOLOGY))
    level_2.share((PSYCHOLOGY, "learning"))
    ask = level_2.asks("psychologist", PSYCHOLOGY)
    grant = ask(lambda context: access.require(context, "c1", Act.READ_PLAN, "learning", NOW))
    assert Sealed(About(GRANLI, "c1", Act.READ_PLAN, "learning", NOW), lambda: "open").open(grant) == "open"
    for about in (
        About(STORVIK, "c1", Act.READ_PLAN, "learning", NOW),
        About(GRANLI, "c2", Act.READ_PLAN, "learning", NOW),
        About(GRANLI, "c1", Act.READ_PLAN, "health", NOW),
        About(GRANLI, "c1", Act.READ_VIEW, "learning", NOW),
        About(GRANLI, "c1", Act.READ_PLAN, "learning", NOW + timedelta(seconds=1)),
        About(GRANLI, "c1", Act.READ_PLAN, "learning", NOW, given_apart=True),
    ):
        with pytest.raises(SealBroken):
            Sealed(about, lambda: "open").open(grant)


@pytest.mark.parametrize(
    ("person", "unit", "capacity", "part"),
    [
        ("teacher", KINDERGARTEN, "employee", "holder"),
        ("leader", KINDERGARTEN, "employee", "leader"),
        ("psychologist", PSYCHOLOGY, "employee", "participant"),
        ("mother", None, "guardian", "guardian"),
        ("child", None, "self", "self"),
        ("colleague", KINDERGARTEN, "employee", None),
        ("mother", None, "self", None),
        ("teacher", None, "guardian", None),
        ("teacher", HEALTH, "employee", None),
        (None, None, "service", None),
        (None, None, "anonymous", None),
    ],
)
def test_a_person_finds_their_cases_in_each_capacity(
    level_2: World, person: str | None, unit: str | None, capacity: str, part: str | None
) -> None:
    """SE-3: whoever has a part finds the case by it; nobody else does."""
    level_2.bring_in(("psychologist", PSYCHOLOGY))
    level_2.hear(directory.PolicyPublished, version=1, valid_from="2026-01-01", values={"own_access_age": 7})
    level_2.hear(cases.PersonChanged, person_id="child", birth_date="2012-03-05", address_grade="ungraded", guardians=[
        {"person_id": "mother", "relation": "mother", "has_responsibility": True, "verified": True}
    ])  # fmt: skip
    ask = level_2.asks(person, unit, capacity=capacity)
    assert ask(access.case_ids_for) == (["c1"] if part else [])
    assert ask(lambda context: access.of(context, "c1").part) == part


def test_every_case_that_may_be_seen_is_found(level_2: World) -> None:
    """A leader of a participant's unit and the one asked to take over find it too; whoever left does not."""
    level_2.employee("psychology-leader", PSYCHOLOGY, "leader")
    level_2.bring_in(("psychologist", PSYCHOLOGY))
    level_2.hear(cases.HandoverProposed, case_id="c1", handover_id="h", from_person_id="teacher", to_person_id="nurse",
                 to_unit_id=HEALTH, at=NOW)  # fmt: skip
    for person, unit in (("psychology-leader", PSYCHOLOGY), ("nurse", HEALTH), ("psychologist", PSYCHOLOGY)):
        assert level_2.asks(person, unit)(access.case_ids_for) == ["c1"]
    level_2.bring_in(("psychologist", PSYCHOLOGY), valid_to=NOW.isoformat())
    assert level_2.asks("psychologist", PSYCHOLOGY)(access.case_ids_for) == []
    assert level_2.asks("psychology-leader", PSYCHOLOGY)(access.case_ids_for) == []


def test_many_cases_are_decided_with_the_queries_of_one(
    level_2: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(2, 12):
        level_2.hear(
            cases.ConcernRaised, case_id=f"c{number}", subject_person_id=f"child{number}", subject_kind="child",
            owner_person_id="teacher", owner_unit_id=KINDERGARTEN, owner_service_id=SERVICES[KINDERGARTEN],
            registered_at=NOW, decide_by="2026-12-04",
        )  # fmt: skip
        graded(level_2, f"child{number}", "ungraded")
    asked: list[str] = []
    sa.event.listen(level_2.db.engine, "before_cursor_execute", lambda *args: asked.append(args[2]))
    ask = prepared.ask

    def counted(connection: sa.Connection, text: prepared.Text, given: Mapping[str, Any]) -> Any:
        asked.append(text.sql)
        return ask(connection, text, given)

    monkeypatch.setattr(prepared, "ask", counted)

    def look(context: Context) -> list[bool]:
        asked.clear()
        found = access.of_many(context, [*(f"c{number}" for number in range(1, 12)), "nowhere"])
        return [each.decide(Act.SEE_CASE).allowed for each in found]

    assert level_2.asks("teacher", KINDERGARTEN)(look) == [True] * 11 + [False]
    assert len(asked) == 3
    for number in (3, 7):
        graded(level_2, f"child{number}", "confidential")
    assert level_2.asks("teacher", KINDERGARTEN)(look) == [True] * 11 + [False]
    assert len(asked) == 4, "whose address is protected needs one more (PR-6)"


def graded(world: World, child: str, grade: str) -> None:
    world.hear(
        cases.PersonChanged, person_id=child, birth_date="2022-03-05", address_grade=grade, guardians=[]
    )


def test_PR_6_a_service_of_one_unit_is_told_of_no_more_than_the_unit(level_2: World) -> None:
    """PR-6, SE-7: from the event that opens its second unit until the one that shuts it; a unit of another municipality
    is no second one, and a service of which nothing has come counts as one of one unit."""
    level_2.bring_in(("psychologist", PSYCHOLOGY))
    level_2.share((PSYCHOLOGY, "learning"))

    def told(context: Context) -> tuple[bool, ...]:
        case = access.of(context, "c1")
        return tuple(case.tells_service(SERVICES[unit]) for unit in (KINDERGARTEN, PSYCHOLOGY))

    def unit(unit_id: str, active: bool = True, place: str = GRANLI) -> None:
        level_2.hear(
            directory.UnitChanged, place, unit_id=unit_id, service_id=SERVICES[KINDERGARTEN], active=active
        )

    asks = level_2.asks("psychologist", PSYCHOLOGY)
    assert asks(told) == (True, True), "no address is protected"
    graded(level_2, "child", "strictly_confidential")
    assert asks(told) == (False, True)
    unit(KINDERGARTEN)
    unit("unit-of-storvik", place=STORVIK)
    assert asks(told) == (False, True)
    unit("unit-kindergarten-2")
    assert asks(told) == (True, True)
    unit("unit-kindergarten-2", active=False)
    assert asks(told) == (False, True)
    assert level_2.asks("teacher", KINDERGARTEN)(told) == (True, True)


def test_CO_10_an_emergency_that_is_ended_shuts_in_every_service(level_2: World) -> None:
    """SE-3, CO-10: by the event alone, from its instant on; one whose beginning was not told is not swallowed."""
    level_2.employee("colleague", PSYCHOLOGY)
    opened = {"case_id": "c1", "emergency_id": "em", "person_id": "colleague", "unit_id": PSYCHOLOGY,
              "reason_code": "other", "valid_from": NOW, "valid_to": NOW + timedelta(hours=1)}  # fmt: skip
    ended = {"case_id": "c1", "emergency_id": "em", "person_id": "colleague", "by_person_id": "coordinator"}
    with pytest.raises(LookupError):
        level_2.hear(cases.EmergencyEnded, **ended, at=NOW)
    level_2.hear(cases.EmergencyOpened, **opened)
    reads = level_2.asks("colleague", PSYCHOLOGY)
    assert reads(lambda context: access.of(context, "c1").decide(Act.READ_PLAN, "learning").allowed)
    assert reads(access.case_ids_for) == ["c1"]
    level_2.hear(cases.EmergencyEnded, **ended, at=NOW)
    assert not reads(lambda context: access.of(context, "c1").decide(Act.READ_PLAN, "learning").allowed)
    assert reads(access.case_ids_for) == []


def test_a_message_is_decided_for_its_reader_in_any_capacity(level_2: World) -> None:
    """NO-6: the sender asks for the person whom the message is for."""
    level_2.share((PSYCHOLOGY, "learning"))
    level_2.bring_in(("psychologist", PSYCHOLOGY))

    def told(person: str, topic: str) -> bool:
        def ask(context: Context) -> bool:
            reader = access.Asker(person, Capacity.GUARDIAN)
            return access.of(context, "c1", reader).decide_in_any_capacity(Act.READ_LOG_ITEM, topic).allowed

        return bool(level_2.asks(None, capacity="service")(ask))

    assert told("psychologist", "learning") and told("mother", "health") and told("teacher", "home")
    assert not told("psychologist", "health") and not told("colleague", "learning")


def test_what_a_screen_offers_is_what_may_be_done(level_2: World) -> None:
    mother, teacher = level_2.asks("mother"), level_2.asks("teacher", KINDERGARTEN)
    offered = mother(lambda context: access.of(context, "c1").permitted())
    assert Act.COMMENT in offered and Act.MANAGE not in offered
    assert Act.MANAGE in teacher(lambda context: access.of(context, "c1").permitted())
    level_2.bring_in(("psychologist", PSYCHOLOGY))
    level_2.share((PSYCHOLOGY, "learning"))
    psychologist = level_2.asks("psychologist", PSYCHOLOGY)
    assert psychologist(lambda context: access.of(context, "c1").readable_topics()) == {"learning"}
    assert psychologist.noted == []


def test_a_units_service_is_known(world: World) -> None:
    world.hear(directory.UnitChanged, unit_id=HEALTH, service_id=SERVICES[HEALTH], active=True)
    world.hear(directory.ServiceChanged, service_id=SERVICES[HEALTH], kind="universal", active=True)
    ask = world.asks("nurse", HEALTH)
    assert ask(lambda context: access.service_of_unit(context.conn, GRANLI, HEALTH)) == SERVICES[HEALTH]
    assert ask(lambda context: access.service_of_unit(context.conn, STORVIK, HEALTH)) is None
    world.hear(directory.UnitChanged, unit_id=HEALTH, service_id=SERVICES[HEALTH], active=False)
    assert ask(lambda context: access.service_of_unit(context.conn, GRANLI, HEALTH)) is None


def test_an_event_of_an_unknown_case_is_not_swallowed(world: World) -> None:
    with pytest.raises(LookupError):
        world.hear(cases.TalkRecorded, case_id="c9", held_on="2026-11-20", recorded_at=NOW)


def test_handlers_of_facts_and_of_the_service_itself_run_both() -> None:
    ran: list[str] = []
    joined = access.together(
        {"a": lambda *_: ran.append("facts")}, {"a": lambda *_: ran.append("own"), "b": print}
    )
    joined["a"](None, None)  # type: ignore[arg-type]
    assert ran == ["facts", "own"] and set(joined) == {"a", "b"}


def test_the_migration_makes_the_tables_that_are_read(database_url: str) -> None:
    metadata = new_metadata()
    access.access_tables(metadata)
    database = Database(database_url, metadata, "relay_log")
    with database.write() as tx:
        from alembic.migration import MigrationContext
        from alembic.operations import Operations

        access.create_access_tables(Operations(MigrationContext.configure(tx.connection)))
    with database.read() as conn:
        from alembic.autogenerate import compare_metadata

        assert compare_metadata(MigrationContext.configure(conn), metadata) == []
    database.close()


def park(db: Database, stream: str, subject: str) -> None:
    with db.write() as tx:
        assert isinstance(tx, WriteTransaction)
        tx.execute(db.chassis.parked.insert(), {
            "stream": stream, "subject": subject, "sequence": 5, "municipality": GRANLI, "event": {}, "reason": "gap",
            "attempts": 0, "parked_at": NOW,
        })  # fmt: skip


def test_a_care_order_puts_child_protection_in_the_guardians_place(level_2: World) -> None:
    """GU-4, CO-10: from cases.person_changed, whole; gone with the next one that does not name it."""
    guardians = [{"person_id": "mother", "relation": "mother", "has_responsibility": True, "verified": True}]
    order = {
        "unit_id": PROTECTION,
        "set_by": "caseworker",
        "valid_from": "2026-11-20",
        "guardians_see": "topics",
        "topics": ["wellbeing", "home"],
    }
    level_2.employee("caseworker", PROTECTION, "child_protection")
    caseworker, mother = level_2.asks("caseworker", PROTECTION), level_2.asks("mother")
    assert not caseworker.may(Act.SEE_CASE) and caseworker(access.case_ids_for) == []

    def told(*orders: dict[str, Any]) -> None:
        level_2.hear(
            cases.PersonChanged, person_id="child", birth_date="2022-03-05", address_grade="ungraded",
            guardians=guardians, care_orders=list(orders),
        )  # fmt: skip

    told(order)
    assert caseworker.may(Act.SIGN_CONSENT, "learning") and caseworker(access.case_ids_for) == ["c1"]
    assert caseworker(lambda context: access.of(context, "c1").part) == "child_protection"
    assert mother.may(Act.READ_PLAN, "home") and not mother.may(Act.READ_PLAN, "learning")
    assert not mother.may(Act.SIGN_CONSENT)
    told(order | {"valid_from": "2026-11-21", "guardians_see": "nothing", "topics": []})
    assert mother.may(Act.SIGN_CONSENT) and caseworker(access.case_ids_for) == []
    told()
    assert mother.may(Act.READ_PLAN, "learning") and not caseworker.may(Act.SEE_CASE)

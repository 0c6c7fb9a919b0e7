"""Consent as a running service, on both engines: asked, signed, open; withdrawn, shut; and what each may see."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.access import load_facts
from services.chassis.actor import Actor
from services.chassis.app import App
from services.chassis.clock import SettableClock
from services.chassis.ids import new_id
from services.chassis.keys import Undecipherable, ensure_key_material
from services.chassis.settings import Settings
from services.chassis.storage import WriteTransaction
from services.consent.service import ConsentService
from services.contracts import cases, consent, directory, relay_log
from services.contracts.base import EventType
from services.contracts.envelope import Event
from services.kernel.calendar import midnight
from services.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound, Refusal
from services.kernel.policies import Policy
from tests.journeys.people import until

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
CASE, CHILD, MOTHER, FATHER, TEACHER, PSYCHOLOGIST = (
    "c1",
    "child",
    "mother",
    "father",
    "teacher",
    "psychologist",
)
OWN, PPT, HEALTH = "service-kindergarten", "service-ppt", "service-health"
UNITS = {"unit-kindergarten": OWN, "unit-ppt": PPT, "unit-health": HEALTH}
SHARES = [
    {"service_id": PPT, "topics": ["learning", "wellbeing"]},
    {"service_id": HEALTH, "topics": ["health"]},
]
PURPOSE = "Så Tuva får lik hjelp hjemme og i barnehagen."

AS_TEACHER = Actor("granli", "employee", TEACHER, "unit-kindergarten", "substantial")
AS_PSYCHOLOGIST = Actor("granli", "employee", PSYCHOLOGIST, "unit-ppt", "substantial")
AS_MOTHER = Actor("granli", "guardian", MOTHER, None, "high")
AS_FATHER = Actor("granli", "guardian", FATHER, None, "high")
AS_YOUTH = Actor("granli", "self", CHILD, None, "high")
TOPICS = Policy().topic_codes


class World:
    """A case at level 1, held by the teacher, in a municipality of three services."""

    def __init__(self, app: App) -> None:
        self.app = app
        for unit_id, service_id in UNITS.items():
            self.hear(directory.ServiceChanged, service_id=service_id, kind="universal", active=True)
            self.hear(directory.UnitChanged, unit_id=unit_id, service_id=service_id, active=True)
        for person, unit in ((TEACHER, "unit-kindergarten"), (PSYCHOLOGIST, "unit-ppt")):
            self.hear(directory.StaffChanged, person_id=person, roles=[
                {"unit_id": unit, "service_id": UNITS[unit], "role": "employee", "valid_from": "2020-01-01"}
            ])  # fmt: skip
        self.family()
        self.hear(cases.ConcernRaised, case_id=CASE, subject_person_id=CHILD, subject_kind="child",
                  owner_person_id=TEACHER, owner_unit_id="unit-kindergarten", owner_service_id=OWN,
                  registered_at=NOW.isoformat(), decide_by="2026-12-05")  # fmt: skip
        self.hear(cases.TalkRecorded, case_id=CASE, held_on="2026-11-20", recorded_at=NOW.isoformat())
        self.hear(cases.LevelMoved, case_id=CASE, from_level=0, to_level=1, by_person_id=TEACHER,
                  at=NOW.isoformat(), family_answer="agreed")  # fmt: skip
        self.hear(cases.HolderChanged, case_id=CASE, holder_person_id=TEACHER, holder_unit_id="unit-kindergarten",
                  at=NOW.isoformat(), how="appointed")  # fmt: skip
        self.heartbeat()

    def hear(self, kind: EventType, /, **data: Any) -> None:
        """Another service's event, as the inbox hands it over."""
        with self.app.db.write() as tx:
            self.hear_in(tx, kind, **data)

    def hear_in(self, tx: WriteTransaction, kind: EventType, /, **data: Any) -> None:
        """As `hear`, in a transaction that is still open."""
        assert kind.schema().validate(data) == {}
        subject = data.get("person_id") if kind is cases.PersonChanged else data.get("case_id", "s")
        event = Event(new_id(), kind.type, f"/granli/{kind.service}", str(subject), NOW, "granli", kind.stream, 1,
                      None, data)  # fmt: skip
        uow = self.app._work_on_event(tx, event)
        handler = ConsentService.handlers.get(kind.type)
        if handler is not None:
            handler(uow, event)

    def family(self, *responsible: str, born: str = "2022-05-17", new_from: str | None = None,
               grade: str = "ungraded") -> None:  # fmt: skip
        """The child's ties: mother and father, and from a day on a third with responsibility."""
        told = child(*(responsible or (MOTHER, FATHER)), born=born, new_from=new_from, grade=grade)
        self.hear(cases.PersonChanged, **told)

    def heartbeat(self) -> None:
        state = self.app.db.chassis.stream_state
        with self.app.db.write() as tx:
            tx.execute(state.delete())
            for stream in (cases.PEOPLE, cases.CASE, directory.STAFF, relay_log.LOG):
                tx.execute(state.insert(), {"stream": stream, "as_of": self.app.clock.now()})

    def request(self, **changed: Any) -> str:
        asked = {"case_id": CASE, "purpose": PURPOSE, "shares": SHARES, "valid_to": "2027-05-20"} | changed
        return str(self.app.call(consent.RequestConsent, AS_TEACHER, asked)["id"])

    def shown(self, request_id: str, actor: Actor) -> dict[str, Any]:
        return self.app.call(consent.GetRequest, actor, {"request_id": request_id})

    def sign(self, request_id: str, actor: Actor, answer: str = "yes", **changed: Any) -> dict[str, Any]:
        shown = self.shown(request_id, actor)
        mine = next((s["required_for"] for s in shown["signers"] if s["person_id"] == actor.person_id), ())
        said = {
            f"{answers}answers": [
                {name: each[name] for name in (receiver, "topic")} | {"answer": answer}
                for each in shown[f"{answers}lines"]
                if each["topic"] in mine
            ]
            for answers, receiver in (("", "service_id"), ("person_", "person_id"))
        }
        asked = {"request_id": request_id, "text_hash": shown["text_hash"], **said} | changed
        return self.app.call(consent.Sign, actor, asked)

    def windows(self) -> set[tuple[str, str]]:
        found = self.app.call(consent.ConsentsOfCase, AS_TEACHER, {"case_id": CASE})["windows"]
        return {(each["service_id"], each["topic"]) for each in found}

    def last(self, kind: EventType) -> dict[str, Any]:
        """The data of the event of this type that was told last."""
        outbox = self.app.db.chassis.outbox
        with self.app.db.read() as conn:
            found = conn.scalars(
                sa.select(outbox.c.data).where(outbox.c.type == kind.type).order_by(outbox.c.row.desc())
            ).first()
        data: dict[str, Any] = json.loads(found) if isinstance(found, str) else dict(found or {})
        return data

    def told(self) -> list[str]:
        with self.app.db.read() as conn:
            outbox = self.app.db.chassis.outbox
            return list(conn.scalars(sa.select(outbox.c.type).order_by(outbox.c.row)))


def child(*responsible: str, born: str = "2022-05-17", new_from: str | None = None, grade: str = "ungraded"
          ) -> dict[str, Any]:  # fmt: skip
    """What is told of the child: see `World.family`."""
    ties = [
        {
            "person_id": person,
            "relation": person,
            "verified": True,
            "has_responsibility": person in responsible,
        }
        for person in (MOTHER, FATHER)
    ]
    if new_from:
        ties.append({"person_id": "new", "relation": "other", "verified": True, "has_responsibility": True,
                     "valid_from": new_from})  # fmt: skip
    return {"person_id": CHILD, "birth_date": born, "address_grade": grade, "guardians": ties}


@pytest.fixture
def world(consent_url: str, tmp_path: Path) -> Iterator[World]:
    ensure_key_material(tmp_path)
    settings = Settings("consent", tmp_path, "amqp://127.0.0.1:1//", consent_url)
    app = App(ConsentService, settings, clock=SettableClock(NOW))
    app.setup()
    yield World(app)
    app.db.close()


def refused(kind: type[Refusal], act: Any) -> Refusal:
    with pytest.raises(kind) as caught:
        act()
    return caught.value


def test_from_the_question_to_open_windows_and_back(world: World) -> None:
    """CO-1, CO-3, GU-1: asked, one signs, both sign, one withdraws for one service."""
    request_id = world.request()
    assert world.windows() == set() and world.shown(request_id, AS_MOTHER)["you_sign"]
    world.sign(request_id, AS_MOTHER)
    assert world.windows() == set() and world.shown(request_id, AS_TEACHER)["state"] == "pending"
    world.sign(request_id, AS_FATHER)
    assert world.windows() == {(PPT, "learning"), (PPT, "wellbeing"), (HEALTH, "health")}
    world.app.call(consent.Withdraw, AS_MOTHER, {"case_id": CASE, "service_id": PPT})
    assert world.windows() == {(HEALTH, "health")}
    told = [kind.split(".")[1] for kind in world.told()]
    assert told == ["requested", "answered", "answered", "request_settled", "windows_changed", "withdrawn",
        "windows_changed"]  # fmt: skip


def test_a_request_waits_for_those_who_have_not_answered(world: World) -> None:
    request_id = world.request()
    waiting = world.app.call(consent.WaitingForMe, AS_MOTHER, {})["items"]
    assert [each["request_id"] for each in waiting] == [request_id]
    world.sign(request_id, AS_MOTHER)
    assert world.app.call(consent.WaitingForMe, AS_MOTHER, {})["items"] == []
    assert len(world.app.call(consent.WaitingForMe, AS_FATHER, {})["items"]) == 1


def test_CO_5_asking_again_for_what_nobody_has_answered_takes_the_place_of_the_first(world: World) -> None:
    """CO-3, CO-5: nobody is asked twice. The first is kept, says what came in its place, and can't be answered; a wish
    to talk is no answer. What was asked beyond it waits on, and so does what somebody has said yes or no to."""
    first, wider = world.request(shares=SHARES[1:]), world.request()
    assert world.last(consent.Requested)["replaces"] == [first]
    world.sign(wider, AS_MOTHER, "talk_first")
    narrower = world.request(shares=SHARES[:1])
    assert world.last(consent.Requested)["replaces"] == []
    settled = world.told().count(consent.Settled.type)
    again = world.request(purpose="Etter samtalen vår")
    assert world.last(consent.Requested)["replaces"] == [wider, narrower]
    assert world.told().count(consent.Settled.type) == settled, "its end is told with what replaces it"
    for request_id, by in ((first, wider), (wider, again), (narrower, again)):
        shown = world.shown(request_id, AS_MOTHER)
        assert (shown["state"], shown["replaced_by"], shown["you_sign"]) == ("expired", by, False)
        assert shown["ask_again"] is False
        told = refused(Conflict, lambda old=request_id: world.sign(old, AS_MOTHER))
        assert (told.code, told.params) == ("request_replaced", {"request_id": again})
    waiting = world.app.call(consent.WaitingForMe, AS_MOTHER, {})["items"]
    assert [each["request_id"] for each in waiting] == [again]
    assert world.shown(again, AS_MOTHER)["replaced_by"] is None
    world.sign(again, AS_MOTHER)
    world.request()
    assert world.last(consent.Requested)["replaces"] == []
    world.sign(again, AS_FATHER)
    assert world.windows() == {(PPT, "learning"), (PPT, "wellbeing"), (HEALTH, "health")}


def test_a_signature_bears_the_hash_of_the_text_shown_and_high_assurance(world: World) -> None:
    """CO-7."""
    request_id = world.request()
    assert (
        refused(Conflict, lambda: world.sign(request_id, AS_MOTHER, text_hash="0" * 64)).code
        == "text_changed"
    )
    low = Actor("granli", "guardian", MOTHER, None, "substantial")
    assert refused(Forbidden, lambda: world.sign(request_id, low)).code == "step_up_needed"
    assert world.windows() == set()


def test_every_line_is_answered_and_no_other(world: World) -> None:
    """CO-1."""
    request_id = world.request()
    one = [{"service_id": PPT, "topic": "learning", "answer": "yes"}]
    found = refused(InvalidInput, lambda: world.sign(request_id, AS_MOTHER, answers=one))
    assert found.fields == {"answers": "not_answered"}


def test_the_receipt_is_the_signers_own(world: World) -> None:
    """CO-7."""
    signature_id = world.sign(world.request(), AS_MOTHER)["id"]
    receipt = world.app.call(consent.GetReceipt, AS_MOTHER, {"signature_id": signature_id})
    assert receipt["purpose"] == PURPOSE and len(receipt["answers"]) == 3
    for other in (AS_FATHER, AS_TEACHER):
        refused(
            NotFound,
            lambda who=other: world.app.call(consent.GetReceipt, who, {"signature_id": signature_id}),
        )


def test_an_outsider_finds_neither_request_nor_case(world: World) -> None:
    """CO-1, SE-7: as if it did not exist."""
    request_id = world.request()
    for actor in (AS_PSYCHOLOGIST, Actor("storvik", "guardian", MOTHER, None, "high")):
        refused(NotFound, lambda who=actor: world.shown(request_id, who))
        refused(NotFound, lambda who=actor: world.app.call(consent.ConsentsOfCase, who, {"case_id": CASE}))


def test_GU_3_whoever_waited_for_a_change_weighs_by_what_it_brought(world: World) -> None:
    """GU-3, CO-10: the timer comes to a case whose guardians are just changing, and waits for that to be written."""
    agreed(world)
    at_midnight(world, "2027-04-20")  # on which it is due: a renewal is to be told
    timer = threading.Thread(target=tick, args=(world,))
    with world.app.db.write() as tx:
        world.hear_in(tx, cases.PersonChanged, **child(MOTHER, FATHER, new_from="2027-01-01"))
        timer.start()
        until(lambda: waits_for_a_lock(world), 5, "the timer waits for the change")
    timer.join(20)
    assert not timer.is_alive()
    assert world.windows() == set() and world.last(consent.WindowsChanged)["windows"] == []


def waits_for_a_lock(world: World) -> bool:
    """Whether some transaction waits for another; of SQLite's none is told, and all wait before they read."""
    if world.app.db.is_sqlite:
        return True
    waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    with world.app.db.read() as conn:
        return bool(conn.scalar(sa.text(waiting)))


def test_losing_parental_responsibility_weighs_every_consent_anew(world: World) -> None:
    """GU-1, GU-3: the one who is left had said yes, so the window stands on that alone."""
    request_id = world.request()
    world.sign(request_id, AS_MOTHER)
    world.family(MOTHER)
    assert len(world.windows()) == 3
    world.family(FATHER)
    assert world.windows() == set()


def test_the_end_of_the_case_and_of_the_time_shut_the_windows(world: World) -> None:
    """CO-2."""
    request_id = world.request()
    world.sign(request_id, AS_MOTHER)
    world.sign(request_id, AS_FATHER)
    world.app.clock.advance(days=400)  # type: ignore[attr-defined]
    tick(world)
    assert world.told()[-1] == consent.WindowsChanged.type
    with world.app.db.read() as conn:
        data = conn.scalars(sa.select(world.app.db.chassis.outbox.c.data).order_by(
            world.app.db.chassis.outbox.c.row.desc())).first()  # fmt: skip
    assert '"windows": []' in str(data) or "'windows': []" in str(data) or '"windows":[]' in str(data)


def test_the_same_key_signs_once(world: World) -> None:
    request_id = world.request()
    shown = world.shown(request_id, AS_MOTHER)
    answers = [
        {"service_id": each["service_id"], "topic": each["topic"], "answer": "yes"} for each in shown["lines"]
    ]
    asked = {"request_id": request_id, "text_hash": shown["text_hash"], "answers": answers}
    first = world.app.call(consent.Sign, AS_MOTHER, asked, idempotency_key="k1")
    again = world.app.call(consent.Sign, AS_MOTHER, asked, idempotency_key="k1")
    assert first["id"] == again["id"] and world.told().count(consent.Answered.type) == 1


def test_nothing_of_the_purpose_lies_in_clear(world: World, tmp_path: Path) -> None:
    """The purpose is ciphertext under the case's key."""
    world.request()
    for file in tmp_path.rglob("*"):
        if file.is_file():
            assert b"barnehagen" not in file.read_bytes()


@pytest.mark.parametrize(
    "changed", [{"valid_to": "9999-12-31"}, {"purpose": "a\x07b"}, {"purpose": "x" * 1001}]
)
def test_bad_input_names_its_field_and_stores_nothing(world: World, changed: dict[str, Any]) -> None:
    before = world.told()
    found = refused(InvalidInput, lambda: world.request(**changed))
    assert set(found.fields) == set(changed) and world.told() == before


def test_CO_2_nobody_agrees_now_to_what_begins_long_after(world: World) -> None:
    """CO-2: a renewal may begin as far ahead as one is told of it (30 days), and not a day later."""
    assert world.request(valid_from="2026-12-21", valid_to="2027-12-21")
    before = world.told()
    late = {"valid_from": "2026-12-22", "valid_to": "2027-12-22"}
    assert refused(InvalidInput, lambda: world.request(**late)).fields == {"valid_from": "too_long_time"}
    assert world.told() == before


def test_relay_log_participants_may_not_see_requests_without_consent(world: World) -> None:
    """CO-1: being brought in opens nothing by itself."""
    world.hear(relay_log.ParticipantsChanged, case_id=CASE, at=NOW.isoformat(), participants=[
        {"participant_id": "x", "person_id": PSYCHOLOGIST, "unit_id": "unit-ppt", "service_id": PPT,
         "valid_from": (NOW - timedelta(days=1)).isoformat(), "may_write": False}
    ])  # fmt: skip
    request_id = world.request()
    refused(NotFound, lambda: world.shown(request_id, AS_PSYCHOLOGIST))


# ---------------------------------------------------------------- what turns without anybody's act


def turn(world: World, day: str) -> None:
    """The clock stands at Norwegian midnight as `day` begins, and the timer has its round."""
    at_midnight(world, day)
    tick(world)


def at_midnight(world: World, day: str) -> None:
    clock = world.app.clock
    assert isinstance(clock, SettableClock)
    clock.set(midnight(date.fromisoformat(day)))
    world.heartbeat()


def tick(world: World) -> None:
    world.app.tick("due", ConsentService.weigh_what_is_due.timer)  # type: ignore[attr-defined]


def agreed(world: World) -> str:
    request_id = world.request()
    for actor in (AS_MOTHER, AS_FATHER):
        world.sign(request_id, actor)
    return request_id


def test_the_birthday_turns_at_midnight_and_the_youths_answer_opens_anew(world: World) -> None:
    """AG-4, AG-8: told ahead once, lapsed by itself, the windows as they were, and after the answer new ones."""
    world.family(born="2012-02-01")
    request_id = agreed(world)
    turn(world, "2027-01-02")
    world.sign(request_id, AS_MOTHER)
    assert world.told().count(consent.SayComing.type) == 1
    before = world.told().count(consent.WindowsChanged.type)
    turn(world, "2027-02-01")
    assert (
        world.last(consent.Lapsed)["waits_for"] == [CHILD] and world.last(consent.Lapsed)["why"] == "birthday"
    )
    assert world.told().count(consent.WindowsChanged.type) == before
    lines = world.shown(request_id, AS_MOTHER)["lines"]
    assert {(each["state"], each["reads"]) for each in lines} == {("lapsed", "earlier")}
    [waiting] = world.app.call(consent.WaitingForMe, AS_YOUTH, {})["items"]
    assert waiting["request_id"] == request_id
    world.sign(request_id, AS_YOUTH)
    assert {each["state"] for each in world.shown(request_id, AS_YOUTH)["lines"]} == {"active"}
    opened = world.last(consent.WindowsChanged)["windows"]
    assert len(opened) == 3 and all(each["valid_from"] >= "2027-01-31T23:00:00" for each in opened)


def test_a_guardian_of_a_day_to_come_makes_it_lapse_that_day(world: World) -> None:
    """GU-3, AG-8: the register told of it long before."""
    agreed(world)
    world.family(new_from="2026-12-01")
    assert len(world.windows()) == 3
    turn(world, "2026-12-01")
    assert (
        world.last(consent.Lapsed)["waits_for"] == ["new"]
        and world.last(consent.WindowsChanged)["windows"] == []
    )


def test_it_is_told_once_that_a_consent_is_to_be_asked_for_again(world: World) -> None:
    """CO-2: thirty days before its last day; to the holder it waits until it is asked again."""

    def renewals(actor: Actor = AS_TEACHER) -> list[tuple[str, str]]:
        found = world.app.call(consent.WaitingForMe, actor, {})["renewals"]
        assert {(each["case_id"], each["child_person_id"]) for each in found} <= {(CASE, CHILD)}
        return [(each["request_id"], str(each["ends_on"])) for each in found]

    request_id = agreed(world)
    turn(world, "2027-04-19")
    assert consent.RenewalDue.type not in world.told() and renewals() == []
    assert not world.shown(request_id, AS_TEACHER)["ask_again"]
    turn(world, "2027-04-20")
    assert world.shown(request_id, AS_TEACHER)["ask_again"]
    turn(world, "2027-04-21")
    assert world.told().count(consent.RenewalDue.type) == 1
    assert world.last(consent.RenewalDue) | {"at": ""} == {
        "case_id": CASE, "request_id": request_id, "ends_on": "2027-05-20", "at": "",
    }  # fmt: skip
    assert str(world.shown(request_id, AS_TEACHER)["renew_from"]) == "2027-04-20"
    assert renewals() == [(request_id, "2027-05-20")]
    assert [renewals(each) for each in (AS_MOTHER, AS_PSYCHOLOGIST)] == [[], []]
    again = world.request(valid_to="2028-04-01")
    assert renewals() == []
    for signer in (AS_MOTHER, AS_FATHER):
        world.sign(again, signer, "no")
    assert renewals() == [(request_id, "2027-05-20")]
    turn(world, "2027-05-21")
    assert renewals() == []
    assert world.shown(request_id, AS_TEACHER)["state"] == "expired"
    assert world.shown(request_id, AS_TEACHER)["ask_again"]
    world.request(valid_to="2028-05-01")
    assert not world.shown(request_id, AS_TEACHER)["ask_again"]


def test_a_policy_that_asks_for_more_makes_it_lapse_from_its_first_day(world: World) -> None:
    """GU-1, AG-2: who must sign is judged by the policy of the day."""
    one = {"topics": [{"code": code, "one_guardian_suffices": True} for code in TOPICS]}
    world.hear(directory.PolicyPublished, version=2, valid_from="2026-11-01", values=one)
    request_id = world.request()
    world.sign(request_id, AS_MOTHER)
    assert len(world.windows()) == 3
    all_ = {"topics": [{"code": code} for code in TOPICS]}
    world.hear(directory.PolicyPublished, version=3, valid_from="2026-12-01", values=all_)
    turn(world, "2026-11-30")
    assert len(world.windows()) == 3
    turn(world, "2026-12-01")
    assert world.windows() == set() and world.last(consent.Lapsed)["waits_for"] == [FATHER]


# ---------------------------------------------------------------- persons whom consent names


def name_person(person: str, *topics: str) -> dict[str, Any]:
    return {"shares": [], "person_shares": [{"person_id": person, "topics": list(topics)}]}


def named_now(world: World, actor: Actor = AS_TEACHER) -> set[tuple[str, str]]:
    found = world.app.call(consent.ConsentsOfCase, actor, {"case_id": CASE})["person_windows"]
    return {(each["person_id"], each["topic"]) for each in found}


def test_a_parent_without_responsibility_reads_what_the_other_names_them_for(world: World) -> None:
    """GU-2, CO-3: by a window of their own, which the access decision hears of, and which is taken back by itself."""
    world.family(MOTHER)
    assert world.app.call(consent.ConsentsOfCase, AS_TEACHER, {"case_id": CASE})["nameable"] == [FATHER]
    refused(NotFound, lambda: world.app.call(consent.ConsentsOfCase, AS_FATHER, {"case_id": CASE}))
    shares = name_person(FATHER, "learning") | {"shares": SHARES[:1]}
    world.sign(world.request(**shares), AS_MOTHER)
    assert named_now(world) == {(FATHER, "learning")} and len(world.windows()) == 2
    with world.app.db.read() as conn:
        facts = load_facts(conn, "granli", CASE, FATHER, NOW, "consent")
    assert facts is not None and {each.person_id for each in facts.person_windows} == {FATHER}
    world.app.call(consent.Withdraw, AS_MOTHER, {"case_id": CASE, "person_id": FATHER})
    assert named_now(world) == set() and world.last(consent.PersonWindowsChanged)["windows"] == []
    assert len(world.windows()) == 2
    assert world.last(consent.Withdrawn)["person_id"] == FATHER


def test_a_young_adult_alone_names_a_parent(world: World) -> None:
    """AG-5: at 18 the guardians' access ends; who is named then reads, and nobody else is asked."""
    world.family(born="2009-02-01")
    turn(world, "2027-02-01")
    of_case = world.app.call(consent.ConsentsOfCase, AS_TEACHER, {"case_id": CASE})
    assert of_case["nameable"] == [FATHER, MOTHER]
    assert [each["person_id"] for each in of_case["would_sign"]] == [CHILD]
    request_id = world.request(**name_person(MOTHER, "learning", "home"), valid_to="2027-12-31")
    refused(NotFound, lambda: world.sign(request_id, AS_MOTHER))
    world.sign(request_id, AS_YOUTH)
    assert named_now(world) == {(MOTHER, "learning"), (MOTHER, "home")}


@pytest.mark.parametrize(
    ("person", "topics", "wrong"),
    [
        (MOTHER, ("learning",), {"person_shares.0.person_id": "not_nameable"}),
        ("somebody", ("learning",), {"person_shares.0.person_id": "not_nameable"}),
        (FATHER, (), {"person_shares.0.topics": "required"}),
    ],
)
def test_only_who_is_no_guardian_and_belongs_to_the_child_is_named(
    world: World, person: str, topics: tuple[str, ...], wrong: dict[str, str]
) -> None:
    """GU-2: guardians read by law and strangers not at all."""
    world.family(MOTHER)
    found = refused(InvalidInput, lambda: world.request(**name_person(person, *topics)))
    assert found.fields == wrong


def test_nobody_is_named_where_the_address_is_protected(world: World) -> None:
    """GU-2, PR-6: the tie may be what the child is protected from."""
    world.family(MOTHER, grade="strictly_confidential")
    found = refused(InvalidInput, lambda: world.request(**name_person(FATHER, "learning")))
    assert found.fields == {"person_shares.0.person_id": "not_nameable"}


# ---------------------------------------------------------------- what is the youth's own


def seen_by(world: World, actor: Actor) -> dict[str, dict[str, Any]]:
    found = world.app.call(consent.ConsentsOfCase, actor, {"case_id": CASE})["requests"]
    return {each["request_id"]: each for each in found}


def test_AG_6_a_youth_of_17_keeps_what_is_asked_on_health_from_the_parents(world: World) -> None:
    """AG-6: request, answer and window; youth and holder read them."""
    world.family(born="2009-05-17")
    request_id = world.request(shares=SHARES[1:], purpose="Angst, og ikke til mamma og pappa")
    world.sign(request_id, AS_YOUTH)
    for actor in (AS_YOUTH, AS_TEACHER):
        assert seen_by(world, actor)[request_id]["purpose"].startswith("Angst")
    for actor in (AS_MOTHER, AS_FATHER):
        found = world.app.call(consent.ConsentsOfCase, actor, {"case_id": CASE})
        assert (found["requests"], found["windows"]) == ([], [])
        refused(NotFound, lambda who=actor: world.shown(request_id, who))
        for each in (request_id, "unknown"):
            refused(NotFound, lambda who=actor, of=each: world.app.call(consent.Sign, who, signature(of)))


def signature(request_id: str) -> dict[str, Any]:
    return {"request_id": request_id, "text_hash": "0" * 64, "answers": []}


def test_AG_6_of_a_mixed_request_the_parents_read_the_lines_that_are_not_health(world: World) -> None:
    """AG-6: no purpose, no hash of it, and of state, signers and answers what those lines come to."""
    world.family(born="2009-05-17")
    request_id = world.request()
    world.sign(request_id, AS_YOUTH)
    seen = seen_by(world, AS_FATHER)[request_id]
    assert seen == world.shown(request_id, AS_FATHER)
    assert (seen["purpose"], seen["text_hash"], seen["texts"], seen["state"]) == ("", "", [], "active")
    assert seen["shares"] == SHARES[:1] and {each["topic"] for each in seen["lines"]} == {
        "learning",
        "wellbeing",
    }
    (signer,) = seen["signers"]
    assert signer["required_for"] == ["learning", "wellbeing"]
    assert {each["topic"] for each in signer["answers"]} == {"learning", "wellbeing"}
    windows = world.app.call(consent.ConsentsOfCase, AS_FATHER, {"case_id": CASE})["windows"]
    assert {each["topic"] for each in windows} == {"learning", "wellbeing"}
    assert seen_by(world, AS_YOUTH)[request_id]["purpose"] == PURPOSE


def test_AG_6_a_parents_own_word_is_theirs_to_read_and_take_back_until_the_youth_has_answered(
    world: World,
) -> None:
    """AG-6, AG-4, CO-3: what was agreed to before the birthday."""
    world.family(born="2012-05-17")
    request_id = world.request(shares=SHARES[1:])
    world.sign(request_id, AS_FATHER)
    world.sign(request_id, AS_MOTHER)
    world.family(born="2010-05-17")
    assert seen_by(world, AS_FATHER)[request_id]["permitted"] == ["withdraw"]
    world.app.call(consent.Withdraw, AS_FATHER, {"case_id": CASE})
    assert seen_by(world, AS_FATHER) == {} and list(seen_by(world, AS_MOTHER)) == [request_id]
    world.sign(request_id, AS_YOUTH)
    assert seen_by(world, AS_MOTHER) == {}


def test_AG_6_what_a_parents_own_word_still_opens_is_told_to_that_parent(world: World) -> None:
    """AG-6, AG-4: as the request is; not what the youth's own word opens, nor to a parent whose word it no longer rests
    on. Here health is the youth's own from the day of the say."""
    topics = [
        {"code": topic.code, "youth_signs_from": 15, "youth_alone_from": 15, "one_guardian_suffices": True,
         "guardians_limited_from": 15 if topic.code == "health" else None}
        for topic in Policy().topics
    ]  # fmt: skip
    world.hear(directory.PolicyPublished, version=2, valid_from="2026-11-01", values={"topics": topics})
    world.family(born="2011-12-01")
    request_id = world.request(shares=SHARES[1:])
    world.sign(request_id, AS_FATHER)
    at_midnight(world, "2026-12-02")

    def opened(actor: Actor) -> list[tuple[str, str]]:
        found = world.app.call(consent.ConsentsOfCase, actor, {"case_id": CASE})["windows"]
        return [(each["service_id"], each["topic"]) for each in found]

    assert list(seen_by(world, AS_FATHER)) == [request_id]
    assert opened(AS_FATHER) == opened(AS_YOUTH) == [(HEALTH, "health")]
    assert opened(AS_MOTHER) == []
    world.sign(world.request(shares=[{"service_id": PPT, "topics": ["health"]}]), AS_YOUTH)
    assert opened(AS_FATHER) == [(HEALTH, "health")]
    assert opened(AS_YOUTH) == [(HEALTH, "health"), (PPT, "health")]
    world.sign(request_id, AS_YOUTH)
    assert opened(AS_FATHER) == [] and (HEALTH, "health") in opened(AS_YOUTH)


def test_AG_6_what_is_the_youths_own_is_asked_for_apart_from_what_the_parents_sign(world: World) -> None:
    """AG-6, CO-1: or they would agree to a purpose that is not theirs to read."""
    topics = [
        {"code": topic.code, "youth_signs_from": 15, "youth_alone_from": 16 if topic.code == "health" else 18,
         "one_guardian_suffices": False, "guardians_limited_from": topic.guardians_limited_from}
        for topic in Policy().topics
    ]  # fmt: skip
    world.hear(directory.PolicyPublished, version=2, valid_from="2026-11-01", values={"topics": topics})
    world.family(born="2009-05-17")
    assert refused(InvalidInput, world.request).fields == {"shares": "ask_apart"}
    learning, health = world.request(shares=SHARES[:1]), world.request(shares=SHARES[1:])
    assert list(seen_by(world, AS_FATHER)) == [learning]
    world.sign(learning, AS_FATHER)
    waiting = world.app.call(consent.WaitingForMe, AS_YOUTH, {})["items"]
    assert {each["request_id"] for each in waiting} == {learning, health}


def test_CO_1_a_purpose_that_is_moved_to_another_request_of_the_case_does_not_open(world: World) -> None:
    """CO-1, CO-7: whoever writes in the database without keys changes nothing of what is agreed to."""
    first, second = (
        world.request(purpose=purpose) for purpose in ("We talk with psychology.", "We tell everything.")
    )
    requests = world.app.db.metadata.tables["requests"]
    with world.app.db.write() as tx:
        other = sa.select(requests.c.purpose).where(requests.c.request_id == second).scalar_subquery()
        tx.execute(
            sa.update(requests)
            .where(requests.c.request_id == first)
            .values(purpose=tx.scalar(sa.select(other)))
        )
    assert world.shown(second, AS_MOTHER)["purpose"] == "We tell everything."
    with pytest.raises(Undecipherable):
        world.shown(first, AS_MOTHER)

"""The way of a command and of a query within one service, on both databases, without a broker."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from services.chassis import idempotency, metrics
from services.chassis.access_record import Line, Recorder, lines_of, read_line
from services.chassis.actor import (
    LIFETIME,
    Actor,
    ActorNotValid,
    NotForThisCaller,
    Signer,
    Verifier,
    demand_service,
    service_actor,
)
from services.chassis.app import VISIBLE_WITHIN, App
from services.chassis.clock import SettableClock
from services.chassis.keys import ensure_key_material
from services.chassis.logging import only_allowed
from services.chassis.service import Service, command, query
from services.chassis.settings import Settings
from services.chassis.unit_of_work import Access, UnitOfWork
from services.chassis.work import Work
from services.kernel.errors import (
    DeadlineExceeded,
    Forbidden,
    InvalidInput,
    NotFound,
    NotVisibleYet,
    Refusal,
    StaleEdit,
)
from tests.services import rpc_toy as toy

TEACHER = Actor("granli", "employee", person_id="p1", unit_id="u1", assurance="substantial")
STRANGER = Actor("storvik", "employee", person_id="p9", unit_id="u9", assurance="substantial")


@pytest.fixture
def app(var_dir: Path, database_url: str) -> Iterator[App]:
    ensure_key_material(var_dir)
    settings = Settings("toy", var_dir, "amqp://127.0.0.1:1//", database_url)
    made = App(
        toy.Toy,
        settings,
        clock=SettableClock(),
        migrations=toy.migrations_in(var_dir),
        catalogue=toy.CATALOGUE,
    )
    made.setup()
    yield made
    made.db.close()


def rows(app: App, table: str) -> list[sa.Row]:
    with app.db.read() as conn:
        return list(conn.execute(sa.select(toy.metadata.tables[table])))


def accesses(app: App) -> list[Line]:
    """The access record, deciphered, in the order of its chain."""
    return [
        read_line(app.keys, row)
        for row in sorted(rows(app, "access_record"), key=lambda row: (row.municipality, row.position))
    ]


def test_state_access_record_event_and_own_projection_become_true_together(app: App) -> None:
    done = app.call(toy.ADD, TEACHER, {"id": "t1"})
    assert done == {"id": "t1", "version": 1, "versions": {"toy.things:t1": 1}}
    assert app.call(toy.LIST, TEACHER)["ids"] == ["t1"]
    [event], [access] = rows(app, "outbox"), accesses(app)
    assert (event.type, event.subject, event.municipality) == ("toy.added.v1", "t1", "granli")
    assert (access.person_id, access.unit_id, access.act, access.rule) == ("p1", "u1", "add", "TOY-3")
    assert (access.case_id, access.allowed, access.at) == ("t1", True, app.clock.now())


def test_a_refused_command_leaves_nothing_but_the_note_that_it_was_denied(app: App) -> None:
    with pytest.raises(Forbidden):
        app.call(toy.ADD, TEACHER, {"id": "t1", "spoil": True}, idempotency_key="k")
    assert [rows(app, table) for table in ("thing", "seen", "outbox", "idempotency")] == [[], [], [], []]
    [denied] = rows(app, "access_record")
    assert (denied.rule, denied.allowed) == ("TOY-4", False)


def test_a_query_is_recorded_before_its_answer_allowed_or_not(app: App) -> None:
    app.call(toy.LOOK, TEACHER, {"id": "open"})
    with pytest.raises(NotFound):
        app.call(toy.LOOK, TEACHER, {"id": "hidden"})
    assert [(row.case_id, row.allowed) for row in rows(app, "access_record")] == [
        ("open", True),
        ("hidden", False),
    ]


def test_no_record_no_answer(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise sa.exc.OperationalError("insert", {}, Exception("disk full"))

    monkeypatch.setattr("services.chassis.access_record.Chain.append", fail)
    wire = app.answer(toy.LOOK.name, call_of(app, {"id": "open"}))
    assert wire["refusal"]["code"] == "unavailable"


def test_the_same_key_with_another_body_is_refused(app: App) -> None:
    app.call(toy.ADD, TEACHER, {"id": "t1"}, idempotency_key="k1")
    with pytest.raises(Refusal) as refused:
        app.call(toy.ADD, TEACHER, {"id": "t2"}, idempotency_key="k1")
    assert (refused.value.status, refused.value.code) == (422, "idempotency_key_reused")
    app.call(toy.ADD, STRANGER, {"id": "t3"}, idempotency_key="k1")


def test_SE_1_an_answer_that_is_given_again_is_noted_and_only_as_what_it_was_given(app: App) -> None:
    """SE-1, CO-10: the same key from the same person, in another unit or as a guardian, is another's."""
    first = app.call(toy.ADD, TEACHER, {"id": "t1"}, idempotency_key="k1")
    assert app.call(toy.ADD, TEACHER, {"id": "t1"}, idempotency_key="k1") == first
    assert [(each.act, each.reason) for each in accesses(app)] == [("add", ""), ("replayed", toy.ADD.name)]
    others = (replace(TEACHER, unit_id="u2"), replace(TEACHER, capacity="guardian", unit_id=None))
    for thing, other in zip(("t2", "t3"), others, strict=True):
        assert app.call(toy.ADD, other, {"id": thing}, idempotency_key="k1")["id"] == thing


def test_the_same_key_at_the_same_time_happens_once(app: App) -> None:
    answers: list[dict] = []
    threads = [
        threading.Thread(
            target=lambda: answers.append(
                app.call(toy.ADD_SLOWLY, TEACHER, {"id": "t1"}, idempotency_key="k1")
            )
        )
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert answers == [{"id": "t1", "version": 1, "versions": {"toy.things:t1": 1}}] * 4
    assert len(rows(app, "outbox")) == 1


def test_a_stored_key_tells_nothing_of_the_request_and_is_forgotten(app: App) -> None:
    app.call(toy.ADD, TEACHER, {"id": "secret-id"}, idempotency_key="k1")
    [row] = rows(app, "idempotency")
    assert "secret-id" not in row.body_hash and "p1" not in row.person
    app.clock.advance(idempotency.KEPT + timedelta(seconds=1))  # type: ignore[attr-defined]
    with app.db.write() as tx:
        idempotency.forget(tx, app.clock.now())
    assert rows(app, "idempotency") == []


def test_a_command_is_not_begun_after_its_deadline_nor_committed_after_it(app: App) -> None:
    with pytest.raises(DeadlineExceeded):
        app.call(toy.ADD, TEACHER, {"id": "t1"}, timeout=-1)
    with pytest.raises(DeadlineExceeded):
        app.call(toy.ADD_SLOWLY, TEACHER, {"id": "t1"}, timeout=0.2)
    with pytest.raises(DeadlineExceeded):
        app.call(toy.ADD, TEACHER, {"id": "t1", "tenths": 3}, timeout=0.2)
    assert rows(app, "thing") == []


def test_what_the_caller_has_seen_elsewhere_is_waited_for(app: App) -> None:
    began = time.monotonic()
    with pytest.raises(NotVisibleYet):
        app.call(toy.LIST, TEACHER, at_least={"other.news:n1": 1}, timeout=0.3)
    assert time.monotonic() - began < VISIBLE_WITHIN, "no longer than the caller's own deadline"
    app.call(toy.LIST, TEACHER, at_least={"somebody.else:n1": 7, "toy.things:t1": 0})


def test_a_request_names_no_other_municipality(app: App) -> None:
    with pytest.raises(Forbidden) as refused:
        app.call(toy.LIST, TEACHER, municipality="storvik")
    assert refused.value.rule == "SE-7"
    with pytest.raises(InvalidInput):
        app.call(toy.LIST, service_actor("seed"))
    app.call(toy.ADD, service_actor("seed"), {"id": "t1"}, municipality="storvik")
    assert rows(app, "outbox")[0].municipality == "storvik"


def test_a_timer_works_for_the_service_itself_and_survives_a_failure(app: App) -> None:
    toy.Toy.rounds.clear()
    run = toy.Toy.count_rounds.timer  # type: ignore[attr-defined]
    app.tick("count_rounds", run)
    assert rows(app, "access_record")[0].capacity == "service"
    toy.Toy.rounds.clear()
    app.tick("count_rounds", run)
    assert len(rows(app, "thing")) == 1


def test_one_subject_of_a_timer_that_fails_holds_up_no_other(app: App) -> None:
    def add(uow: UnitOfWork, subject: str) -> None:
        toy.add_thing(uow, {"id": subject, "spoil": None, "tenths": None})

    failures = metrics.TIMER_FAILURES.labels("add")
    before = failures._value.get()
    Work(app).each([("granli", "a"), ("granli", "a"), ("storvik", "b")], add)
    assert {(row.municipality, row.id) for row in rows(app, "thing")} == {("granli", "a"), ("storvik", "b")}
    assert failures._value.get() == before + 1


def test_no_call_to_others_within_a_write_transaction(app: App) -> None:
    with app.work("granli") as uow, pytest.raises(RuntimeError, match="prepare"):
        _ = uow.rpc


@pytest.fixture
def signers(var_dir: Path) -> Callable[[str], Signer]:
    ensure_key_material(var_dir)
    return lambda issuer: Signer(var_dir, issuer)


def test_a_token_tells_who_asks(var_dir: Path, signers: Callable[[str], Signer]) -> None:
    verifier = Verifier(var_dir)
    assert verifier.verify(signers("gateway").mint(TEACHER)) == TEACHER
    anonymous = Actor("granli", "anonymous", session_id="s1")
    assert verifier.verify(signers("gateway").mint(anonymous)) == anonymous
    assert verifier.verify(signers("cases").mint(service_actor("cases"))) == service_actor("cases")


@pytest.mark.parametrize(
    ("issuer", "actor"),
    [
        ("cases", TEACHER),
        ("cases", service_actor("consent")),
        ("gateway", service_actor("cases")),
        ("gateway", Actor("granli", "employee")),
        ("gateway", Actor("", "guardian", person_id="p1")),
    ],
)
def test_nobody_speaks_for_another(
    var_dir: Path,
    signers: Callable[[str], Signer],
    issuer: str,
    actor: Actor,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with pytest.raises(ValueError, match="may not speak"):
        signers(issuer).mint(actor)
    with monkeypatch.context() as patched:
        patched.setattr("services.chassis.actor._may_speak_for", lambda *_: True)
        token = signers(issuer).mint(actor)
    with pytest.raises(ActorNotValid):
        Verifier(var_dir).verify(token)


@pytest.mark.parametrize(
    "actor",
    [
        service_actor("cases"),
        Actor("granli", "anonymous"),
        TEACHER,
        Actor("granli", "employee", "p1", service="seed"),
    ],
)
def test_what_is_for_certain_services_is_for_their_own_tokens_alone(actor: Actor) -> None:
    """CO-8: not for another service, nor for somebody who bears the name without being it."""
    for name in ("gateway", "seed"):
        demand_service(service_actor(name), "gateway", "seed")
    with pytest.raises(NotForThisCaller):
        demand_service(actor, "gateway", "seed")


def test_a_forged_or_expired_token_is_refused(
    var_dir: Path, signers: Callable[[str], Signer], monkeypatch: pytest.MonkeyPatch
) -> None:
    token = signers("gateway").mint(TEACHER)
    head, body, signature = token.split(".")
    other = signers("gateway").mint(STRANGER).split(".")[1]
    for forged in (f"{head}.{other}.{signature}", f"{head}.{body}.", "a.b.c", "", "x", None, 7):
        with pytest.raises(ActorNotValid):
            Verifier(var_dir).verify(forged)  # type: ignore[arg-type]
    verifier = Verifier(var_dir)
    verifier.verify(token)
    real = time.time
    monkeypatch.setattr(time, "time", lambda: real() + LIFETIME + 6)
    with pytest.raises(ActorNotValid):
        verifier.verify(token)


def test_a_refusal_survives_the_wire(app: App) -> None:
    stale = StaleEdit(changed=["goal"], rule="LG-4")
    back = Refusal.from_dict(json.loads(json.dumps(stale.as_dict())))
    assert back == stale and isinstance(back, StaleEdit) and back.changed == ["goal"]
    with pytest.raises(ValueError, match="status"):
        Refusal(status=200)


def test_a_procedure_is_answered_by_its_owner_alone_and_in_its_kind() -> None:
    with pytest.raises(TypeError):
        command(toy.ECHO)

    class Other(Service):
        name = "other"

        @query(toy.ECHO)
        def echo(self, reading: object, request: dict) -> dict:
            return request

    with pytest.raises(TypeError):
        Other.operations()


def test_only_named_keys_reach_the_log() -> None:
    assert only_allowed(None, "", {"event": "x", "status": 1, "name": "Solveig"}) == {
        "event": "x",
        "status": 1,
    }


def call_of(app: App, request: dict) -> dict:
    token = Signer(app.settings.var, "gateway").mint(TEACHER)
    return {"procedure": "", "actor": token, "request": request, "deadline": time.time() + 5}


def test_reads_that_end_together_share_a_commit_and_each_is_recorded(app: App) -> None:
    """SE-1: durable before the answer leaves, for every one of many at once; a fault reaches all whom it concerns."""

    def lines(number: int) -> list[dict[str, object]]:
        return lines_of(
            app.keys, "granli", app.clock.now(), TEACHER, [Access("SE-3", "see", f"c{number}", None, True)]
        )

    recorder, commits = Recorder(app.db, app.record.chain), []
    sa.event.listen(app.db.engine, "commit", lambda _: commits.append(1))
    told = [lines(number) for number in range(40)]
    threads = [threading.Thread(target=recorder.write, args=(each,)) for each in told]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert {row.case_id for row in rows(app, "access_record")} == {f"c{number}" for number in range(40)}
    assert len(commits) <= 40
    with pytest.raises(sa.exc.IntegrityError):
        recorder.write([dict(row) for row in told[0]])
    recorder.write(lines(41))
    assert len(rows(app, "access_record")) == 41

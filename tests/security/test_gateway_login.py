"""What the gateway lets into a session: whoever logs in gets nothing of another's, and is led nowhere else."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, session
from flask.sessions import SessionInterface
from flask.testing import FlaskClient

from gateway import versions
from gateway.app import Means, create_app
from gateway.asking import Asking
from gateway.composition.names import Names, Remembered
from gateway.frame.format import Words
from gateway.frame.forms import Form
from gateway.frame.paths import path
from gateway.login import people
from gateway.login.oidc import safe_next
from gateway.service import _CatalogueListener
from gateway.sessions import COOKIE, EncryptedSessions, Session
from gateway.storage import metadata
from gateway.translations import translator
from services.chassis.actor import Actor
from services.chassis.clock import SystemClock
from services.chassis.keys import Keys
from services.chassis.keys.material import ensure_key_material
from services.chassis.settings import Settings
from services.chassis.storage import Database
from services.contracts import cases, directory, relay_log
from services.kernel.errors import DeadlineExceeded, NotFound, Refusal


def capacity(person_id: str, kind: str = "employee", unit_id: str | None = "u1") -> dict[str, Any]:
    return {
        "person_id": person_id,
        "municipality": "granli",
        "capacity": kind,
        "unit_id": unit_id,
        "name": "N",
    }


class _OneSession(SessionInterface):
    def open_session(self, app: Flask, request: Any) -> Session:
        return Session()

    def save_session(self, app: Flask, session: Any, response: Any) -> None:
        """Nothing is kept."""


@pytest.fixture
def somebody() -> Iterator[None]:
    """A session in which a teacher, who is also a mother, has chosen to be a mother and has begun to write."""
    app = Flask("test")
    app.session_interface = _OneSession()
    with app.test_request_context():
        session["csrf"] = "known-before-login"
        people.log_in([capacity("teacher"), capacity("teacher", "guardian", None)], "substantial")
        assert people.choose(1)
        session["drafts"] = {"concern": {"text": "about a child"}}
        session["notice"] = {"kind": "success", "text": "about a child"}
        yield


def test_another_person_finds_nothing_of_who_was_here_before(somebody: None) -> None:
    people.log_in([capacity("colleague"), capacity("colleague", "guardian", None)], "high")
    assert people.chosen() is None, "as whom they act is theirs to choose"
    assert "drafts" not in session and "notice" not in session


def test_a_step_up_keeps_the_capacity_by_what_it_is_and_not_by_its_number(somebody: None) -> None:
    new_post = capacity("teacher", unit_id="u0")
    people.log_in([new_post, capacity("teacher"), capacity("teacher", "guardian", None)], "high")
    chosen = people.chosen()
    assert chosen and chosen["capacity"] == "guardian"
    assert session["drafts"] and session["assurance"] == "high"


def test_a_step_up_into_a_capacity_that_has_ended_asks_anew(somebody: None) -> None:
    people.log_in([capacity("teacher"), capacity("teacher", unit_id="u2")], "high")
    assert people.chosen() is None


def test_the_token_of_forms_is_another_after_login(somebody: None) -> None:
    assert "csrf" not in session


class _Watch:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 2, 8, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at


def test_a_session_ends_after_its_whole_time_whatever_is_done_in_it(var_dir: Path) -> None:
    """Whoever chooses another capacity has a new id, and not a longer session; who logs in anew has one."""
    ensure_key_material(var_dir)
    db, clock = Database(f"sqlite:///{var_dir}/gateway.sqlite3", metadata, "gateway"), _Watch()
    db.migrate()
    app = Flask("test")
    app.session_interface = EncryptedSessions(db, Keys.embedded(var_dir), clock, secure=False)
    capacities = [capacity("teacher"), capacity("teacher", "guardian", None)]
    for address, act in (
        ("/login", lambda: people.log_in(capacities, "high") or True),
        ("/choose", lambda: people.choose(1)),
        ("/who", people.chosen),
    ):
        app.add_url_rule(address, address, lambda act=act: {"told": bool(act())})
    client = app.test_client()

    def who(address: str = "/who") -> bool:
        return bool(client.get(address).json["told"])

    who("/login")
    for _ in range(4):
        clock.at += timedelta(minutes=29)
        assert who("/choose")
    clock.at += timedelta(minutes=5)
    assert not who() and not who("/choose"), "121 minutes after the login"
    who("/login")
    clock.at += timedelta(minutes=29)
    who("/login")
    for _ in range(4):
        clock.at += timedelta(minutes=29)
        assert who("/choose")
    db.close()


@pytest.mark.parametrize(
    "target",
    ["", "//evil.example", "/\\evil.example", "/\t/evil.example", "/\t\\evil.example", "/x\\..\\evil", "/a\r\nb",
     "https://evil.example", "evil", "javascript:alert(1)"],
)  # fmt: skip
def test_login_leads_to_this_site_alone(target: str) -> None:
    with Flask("test").test_request_context():
        assert safe_next(target) == path("home")
        assert safe_next("/sak/1?x=å") == "/sak/1?x=å"


class Hanging:
    """A client whose directory never answers; it counts what was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def start_call(self, procedure: Any, token: str, request: Any, **options: Any) -> Any:
        self.asked.append(procedure.name)
        hangs = procedure.service == "directory"
        return _Answer(DeadlineExceeded(service="directory") if hangs else NotFound())


class _Answer:
    def __init__(self, refusal: Refusal) -> None:
        self.refusal = refusal

    def result(self) -> dict[str, Any]:
        raise self.refusal


class _Signer:
    def mint(self, actor: Actor) -> str:
        return "token"


def test_a_service_that_hangs_is_waited_for_once_in_a_request() -> None:
    """Else a page would hang for five seconds for each name that it lacks."""
    client = Hanging()
    asking = Asking(client, _Signer(), Actor("granli", "employee", "p", "u"), {})  # type: ignore[arg-type]
    for _ in range(3):
        with pytest.raises(DeadlineExceeded):
            asking(directory.StaffNames, {"person_ids": ["p"]})
        with pytest.raises(DeadlineExceeded):
            asking.as_service(directory.GetCatalogue, {"municipality": "granli"}, "granli")
    assert client.asked == ["directory.staff_names"]
    parts = asking.together(staff=(directory.StaffNames, {}), case=(cases.GetCase, {}))
    assert parts["staff"].refusal.code == "deadline_exceeded" and parts["case"].refusal.code == "not_found"
    with pytest.raises(NotFound):
        asking(relay_log.GetLog, {"case_id": "c"})
    with pytest.raises(NotFound):
        asking(cases.GetCase, {"case_id": "c"})
    assert Names(Remembered(), asking).missing == ["directory"], "the page says that it lacks names"
    assert client.asked[1:] == ["cases.get_case", "relay_log.get_log", "cases.get_case"], (
        "a refusal is no silence"
    )


def _with_cookie(client: FlaskClient, value: str) -> FlaskClient:
    client.set_cookie(COOKIE, value)
    return client


def test_whoever_is_stopped_for_asking_too_often_gets_an_answer_that_says_so(var_dir: Path) -> None:
    """429 with when to come back, as a page and as a problem, never a bare 500; and another cookie is no way round."""
    ensure_key_material(var_dir)
    settings = Settings("gateway", var_dir, "amqp://127.0.0.1:1//", f"sqlite:///{var_dir}/gateway.sqlite3")
    db = Database(settings.database_url, metadata, "gateway")
    db.migrate()
    app = create_app(
        Means(settings, db, Keys.embedded(var_dir), SystemClock(), _Signer(), Hanging(), Remembered())  # type: ignore[arg-type]
    )
    client = app.test_client()
    for address, kind in (
        ("/api/inbox/read", "application/problem+json"),
        ("/hvem-er-du", "text/html; charset=utf-8"),
    ):
        answers = [_with_cookie(client, f"made-up-{number}").post(address) for number in range(1201)]
        assert {each.status_code for each in answers[:1200]} == {403}
        assert (answers[-1].status_code, answers[-1].content_type) == (429, kind)
        assert answers[-1].headers["Retry-After"] == "60"
    db.close()


@pytest.mark.parametrize(("sent", "version"), [("7", 7), ("", 0), ("²", 0), ("9" * 5000, 0), ("-1", 0)])
def test_an_edit_without_a_version_that_is_one_is_older_than_all(sent: str, version: int) -> None:
    """LG-8: else it would be made on whatever stands there now."""
    with Flask("test").test_request_context(method="POST", data={"etag": sent}):
        assert Form.sent().version == version


def test_a_day_that_is_none_is_shown_as_it_was_written() -> None:
    """A browser without a field for days sends what was typed; the page must come back with it."""
    words = Words(translator("nb"), SystemClock().now)
    assert words.deadline("31.12.2026") == "31.12.2026" and words.deadline("99999-99-99") == "99999-99-99"
    assert words.deadline("2020-01-31").startswith("fredag 31. januar 2020")


def test_what_was_told_while_nobody_listened_is_asked_for_anew() -> None:
    """The listener forgets all names each time that its queue is bound, and those of one place when it hears of it."""
    asked: list[str] = []

    class Knowing:
        municipality = "granli"

        def as_service(self, procedure: Any, request: Any, municipality: str | None = None) -> dict[str, Any]:
            asked.append(procedure.name.removeprefix("directory."))
            return {
                "items": [{"municipality": "granli", "name": "Granli"}],
                "services": [],
                "units": [],
                "form": None,
            }

    def look() -> list[str]:
        asked.clear()
        names = Names(remembered, Knowing())  # type: ignore[arg-type]
        names.municipality("granli"), names.catalogue(), names.form("granli", "observation")
        return asked

    remembered = Remembered()
    every = ["list_municipalities", "get_catalogue", "get_tool"]
    assert (look().copy(), look().copy()) == (every, [])
    _CatalogueListener("amqp://127.0.0.1:1//", remembered).on_consume_ready(None, None, None)
    assert (look().copy(), look().copy()) == (every, [])
    remembered.forget_catalogue("granli")
    assert look() == every


def test_PR_6_a_service_that_is_not_told_of_is_a_service_on_every_page() -> None:
    """PR-6: without a question to anybody, and never by its code."""
    asking: Any = None
    assert Names(Remembered(), asking).service(cases.HIDDEN_SERVICE) == "En tjeneste"


def test_CO_1_what_one_has_seen_does_not_say_how_much_there_is(var_dir: Path) -> None:
    """CO-1, CO-8: who reads a part of a case, and writes twice, would count what happened in the rest of it."""
    ensure_key_material(var_dir)
    keys, teacher = Keys.embedded(var_dir), Actor("granli", "employee", "teacher", "u1", "high")
    few, many = (versions.given(keys, teacher, {"relay_log.log:c1": each}) for each in (9, 123_456_789))
    assert len(few) == len(many) and "relay" not in few
    assert versions.taken(keys, teacher, f"{few},{many}") == {"relay_log.log:c1": 123_456_789}


def test_SE_3_made_up_versions_tell_nobody_how_much_has_happened(var_dir: Path) -> None:
    """SE-1, SE-3, SE-7: the header of what one has seen counts only for the one who was given it; else the services
    would answer late, or not at all, to whoever names more than there is."""
    ensure_key_material(var_dir)
    keys = Keys.embedded(var_dir)
    teacher, colleague = (
        Actor("granli", "employee", each, "u1", "high") for each in ("teacher", "colleague")
    )
    header = versions.given(keys, teacher, {"cases.case:c1": 57, "cases.lane:r1": 3})
    assert "lane" not in header and versions.given(keys, teacher, {"cases.lane:r1": 3}) == ""
    assert versions.taken(keys, teacher, header) == {"cases.case:c1": 57}
    later = versions.given(keys, teacher, {"cases.case:c1": 58, "consent.consent:c1": 2})
    assert versions.taken(keys, teacher, f"{header}, {later}") == {
        "cases.case:c1": 58,
        "consent.consent:c1": 2,
    }
    assert versions.taken(keys, replace(teacher, capacity="guardian", unit_id=None), header)
    for actor in (colleague, replace(teacher, municipality="storvik"), None):
        assert versions.taken(keys, actor, header) == {}
    for made_up in (
        "relay_log.log:c1=1",
        header[:-4],
        header[4:],
        f"A{header[1:-1]}B",
        "=",
        ",,",
        "²=²",
        "x" * 5000,
    ):
        assert versions.taken(keys, teacher, made_up) == {}, made_up

"""CO-8: each query that tells anything of a case asks the decision: where it denies everything, nothing is told.

All queries of the services that know cases stand here, in one of two lists; a new one makes the first test red until
it has its place. Those that are decided are asked twice: with the decision as it is, when they tell what is asked for,
and with a decision that denies everything."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from services.chassis.actor import Actor
from services.chassis.app import App
from services.chassis.clock import SettableClock
from services.chassis.keys import ensure_key_material
from services.chassis.settings import Settings
from services.consent.service import ConsentService
from services.contracts import cases, consent, notifications, relay_log
from services.contracts.access_history import access_history
from services.contracts.base import Procedure
from services.contracts.bus import EVENTS_BETWEEN, HEADS, HISTORY
from services.contracts.catalogue import PROCEDURES
from services.kernel import access as kernel
from services.kernel.errors import Forbidden, NotFound
from services.kernel.facts import Decision, Question
from tests.services import cases_house, notifications_house, relay_log_world
from tests.services import test_consent_service as consent_world
from tests.services.test_consent_ways import register

NOT_OF_A_CASE = {
    "cases.resolve_login": "who somebody is at login, asked by the gateway's own token",
    "cases.contact_of": "one person's contact register entry, for the sender's own token (NO-3)",
    "cases.explain": "the decision itself, for the coordinator; nothing that was written",
    "cases.emergencies": "the coordinator's list of what was opened in an emergency (SE-3); nothing of the case",
    "cases.care_orders": "child protection's own orders, by kernel/care.py (GU-4)",
    "cases.get_lane_draft": "the protected lane, by kernel/lane.py (PR-5)",
    "cases.get_lane_report": "the protected lane, by kernel/lane.py (PR-5)",
    "cases.lane_access": "the protected lane, by kernel/lane.py (PR-5)",
    "cases.lane_reports": "the protected lane, by kernel/lane.py (PR-5)",
    "cases.reports_with_guardians": "the protected lane, by kernel/lane.py (PR-2)",
    "cases.discussions": "what child protection was asked without a name, of no case",
    "relay_log.get_calendar_facts": "a meeting's hours, for the sender's token, which decides on each letter (NO-6)",
    "consent.get_receipt": "a signer's own receipt stays theirs (CO-7)",
    "consent.get_withdrawal": "and so does that of what they took back (CO-3, CO-7); a unit's is decided (GU-4)",
    "consent.preview_policy": "counts, for the coordinator; cases only as decided",
    "notifications.subscriptions": "outside systems, for the operator; nothing of a case",
    "notifications.read_feed": "an outside system's events, each decided when it is told (egress/deciding.py)",
    "notifications.anchors": "hashes of the access record",
    "cases.anchors": "hashes of the access record",
    "consent.anchors": "hashes of the access record",
    "relay_log.anchors": "hashes of the access record",
}
"""Why these tell nothing that the decision could deny."""

SERVICES = ("cases", "consent", "relay_log", "notifications")
_OF_THE_BUS = (EVENTS_BETWEEN, HISTORY, HEADS)

Ask = Callable[[Procedure, Actor, dict[str, Any]], dict[str, Any]]


@dataclass
class Asked:
    """A query with who asks it, and a word that its answer holds when it tells something."""

    procedure: Procedure
    actor: Actor
    request: dict[str, Any]
    tells: str
    ask: Ask


def _of_cases(var: Path) -> Iterator[Asked]:
    with cases_house.house(f"sqlite:///{var}/cases.sqlite3", var) as town:
        case_id = town.at_level_1()

        def ask(procedure: Procedure, actor: Actor, request: dict[str, Any]) -> dict[str, Any]:
            return town.app.call(procedure, actor, request)

        teacher, leader, case = cases_house.TEACHER, cases_house.LEADER, {"case_id": case_id}
        services = {**case, "service_ids": ["service-granli-ppt"]}
        yield Asked(cases.MyCases, teacher, {}, case_id, ask)
        yield Asked(cases.GetCase, teacher, case, "Tuva", ask)
        yield Asked(cases.GetNotes, teacher, case, cases_house.SENTENCE, ask)
        yield Asked(cases.SuggestLevel, teacher, services, "2", ask)
        yield Asked(cases.GetFamily, leader, case, "Marit", ask)
        yield Asked(access_history("cases"), leader, case, str(teacher.person_id), ask)


def _of_consent(var: Path) -> Iterator[Asked]:
    settings = Settings("consent", var, "amqp://127.0.0.1:1//", f"sqlite:///{var}/consent.sqlite3")
    app = App(ConsentService, settings, clock=SettableClock(consent_world.NOW))
    app.setup()
    world = consent_world.World(app)
    request_id = world.request()

    def ask(procedure: Procedure, actor: Actor, request: dict[str, Any]) -> dict[str, Any]:
        return app.call(procedure, actor, request)

    teacher, mother = consent_world.AS_TEACHER, consent_world.AS_MOTHER
    yield Asked(consent.GetRequest, teacher, {"request_id": request_id}, consent_world.PURPOSE, ask)
    yield Asked(consent.ConsentsOfCase, teacher, {"case_id": consent_world.CASE}, consent_world.PURPOSE, ask)
    yield Asked(consent.WaitingForMe, mother, {}, request_id, ask)
    paper = {"signature_id": register(world, request_id)["id"]}
    yield Asked(consent.GetEvidence, teacher, paper, "application/pdf", ask)
    yield Asked(
        access_history("consent"), mother, {"case_id": consent_world.CASE}, consent_world.TEACHER, ask
    )
    app.db.close()


def _of_relay_log(var: Path) -> Iterator[Asked]:
    app = relay_log_world.open_app(var, f"sqlite:///{var}/relay_log.sqlite3")
    world = relay_log_world.World(app).level_2()
    world.measure(world.goal("learning", "Bygge tårn"), deadline=relay_log_world.TODAY.isoformat())
    case, teacher = {"case_id": world.case_id}, relay_log_world.actor("teacher", world.place)
    yield Asked(relay_log.GetLog, teacher, case, "Bygge tårn", world.ask)
    yield Asked(relay_log.WaitingForMe, teacher, {}, world.case_id, world.ask)
    world.close()
    yield Asked(relay_log.GetReport, teacher, case, "Bygge tårn", world.ask)
    head = relay_log_world.actor("head", world.place)
    yield Asked(access_history("relay_log"), head, case, str(teacher.person_id), world.ask)
    app.db.close()


def _of_notifications(var: Path) -> Iterator[Asked]:
    url = f"sqlite:///{var}/notifications.sqlite3"
    with notifications_house.house(url, var, smtp_port=1) as home:
        home.play()

        def ask(procedure: Procedure, actor: Actor, request: dict[str, Any]) -> dict[str, Any]:
            return home.app.call(procedure, actor, request)

        yield Asked(notifications.GetInbox, notifications_house.MOTHER, {}, notifications_house.CASE, ask)
        yield Asked(notifications.UnreadCount, notifications_house.MOTHER, {}, "'unread': ", ask)
        case = {"case_id": notifications_house.CASE}
        yield Asked(access_history("notifications"), notifications_house.MOTHER, case, "'you': True", ask)


DECIDED = {
    "cases": (
        _of_cases,
        ("my_cases", "get_case", "get_notes", "suggest_level", "get_family", "access_history"),
    ),
    "consent": (_of_consent, ("get_request", "of_case", "waiting_for_me", "get_evidence", "access_history")),
    "relay_log": (_of_relay_log, ("get_log", "get_report", "waiting_for_me", "access_history")),
    "notifications": (_of_notifications, ("get_inbox", "unread_count", "access_history")),
}


def test_CO_8_every_query_has_its_place() -> None:
    queries = {
        name
        for name, procedure in PROCEDURES.items()
        if procedure.kind == "query" and procedure.service in SERVICES and procedure.method not in _OF_THE_BUS
    }
    decided = {f"{service}.{method}" for service, (_, methods) in DECIDED.items() for method in methods}
    assert not decided & set(NOT_OF_A_CASE)
    assert queries - decided - set(NOT_OF_A_CASE) == set(), "is it decided? then it stands in DECIDED"


def _denied(deciding: kernel.Deciding, question: Question) -> Decision:
    return Decision(False, "CO-8", "not_for_this_role", sees_thing=False)


def _denies(deciding: kernel.Deciding, question: Question) -> bool:
    return False


@pytest.mark.parametrize("service", DECIDED)
def test_CO_8_what_the_decision_denies_no_query_tells(
    service: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ensure_key_material(tmp_path)
    play, methods = DECIDED[service]
    asked = set()
    for each in play(tmp_path):
        asked.add(each.procedure.method)
        told = repr(each.ask(each.procedure, each.actor, each.request))
        assert each.tells in told, f"{each.procedure.name} tells nothing, so this test would prove nothing"
        with monkeypatch.context() as denying:
            denying.setattr(kernel.Deciding, "decide", _denied)
            denying.setattr(kernel.Deciding, "allows", _denies)
            try:
                told = repr(each.ask(each.procedure, each.actor, each.request))
            except (NotFound, Forbidden):
                continue
        if each.procedure is notifications.UnreadCount:
            assert told == "{'unread': 0}"
        else:
            assert each.tells not in told, f"{each.procedure.name} tells what the decision denies"
    assert asked == set(methods)

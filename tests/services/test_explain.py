"""CO-8, Explain: the coordinator looks up why somebody could, or could not, see something, now and then."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.access_record import read_line
from services.chassis.actor import Actor
from services.contracts import cases, directory, relay_log
from services.kernel.errors import Forbidden, InvalidInput, NotFound
from tests.services.cases_house import (
    HEALTH,
    KINDERGARTEN,
    PSYCHOLOGY,
    SENTENCE,
    SERVICES,
    TEACHER,
    House,
    house,
)

UNIT = "unit-granli-koordinering"
COORDINATOR = Actor("granli", "employee", "p-coordinator", UNIT, "high")


@pytest.fixture
def granli(cases_url: str, tmp_path: Path) -> Iterator[House]:
    with house(cases_url, tmp_path) as made:
        role = {"unit_id": UNIT, "service_id": "service-granli-koordinering", "valid_from": "2020-01-01"}
        made.hear(directory.StaffChanged, "p-coordinator", {
            "person_id": "p-coordinator", "roles": [{**role, "role": "coordinator"}],
        })  # fmt: skip
        made.hear(directory.PolicyPublished, "granli.policy", {
            "version": 1, "valid_from": "2026-01-01", "values": {"concern_days": 14},
        })  # fmt: skip
        made.keep_up()
        yield made


def bring_in(granli: House, case_id: str, person_id: str = "p-psychologist", **span: str) -> None:
    granli.hear(relay_log.ParticipantsChanged, case_id, {
        "case_id": case_id, "at": granli.clock.now().isoformat(),
        "participants": [
            {"participant_id": "part-1", "person_id": person_id, "unit_id": PSYCHOLOGY,
             "service_id": SERVICES[PSYCHOLOGY], "may_write": False, "valid_from": granli.clock.now().isoformat(),
             **span}
        ],
    })  # fmt: skip


def explain(
    granli: House, case_id: str, at: datetime | None = None, actor: Actor = COORDINATOR, **who: Any
) -> dict[str, Any]:
    asked = {"case_id": case_id, "act": "read_log_item", "topic": "wellbeing", **who}
    if at is not None:
        asked["at"] = at.isoformat()
    return granli.ask(cases.Explain, actor, **asked)


PSYCHOLOGIST = {"capacity": "employee", "person_id": "p-psychologist", "unit_id": PSYCHOLOGY}


def shared(granli: House) -> tuple[str, dict[str, datetime]]:
    """A case whose consent opened wellbeing to the psychologist for some days, and was then withdrawn."""
    when = {"before": granli.clock.now()}
    granli.advance(days=1)
    case_id = granli.at_level_1()
    granli.advance(days=1)
    when["private"] = granli.clock.now()
    granli.advance(days=1)
    granli.consent(case_id, PSYCHOLOGY)
    granli.move(case_id, 2, PSYCHOLOGY)
    bring_in(granli, case_id)
    granli.advance(days=1)
    when["shared"] = granli.clock.now()
    granli.advance(days=1)
    granli.consent(case_id)
    granli.advance(days=1)
    when["withdrawn"] = granli.clock.now()
    granli.advance(days=1)
    return case_id, when


def only(answer: dict[str, Any]) -> dict[str, Any]:
    (item,) = answer["items"]
    assert isinstance(item, dict)
    return item


def test_CO_8_the_past_is_judged_by_the_facts_of_that_time(granli: House) -> None:
    """One person at four instants: before the case was, before consent, while it stood, and after."""
    case_id, when = shared(granli)
    before = explain(granli, case_id, when["before"], **PSYCHOLOGIST)
    assert (before["known"], before["rebuilt"], before["items"]) == (False, True, [])
    assert "level" not in before
    private = only(explain(granli, case_id, when["private"], **PSYCHOLOGIST))
    assert (private["allowed"], private["reason_code"]) == (False, "no_tie_to_case")
    assert private["windows"] == [] and private["participations"] == []
    then = only(explain(granli, case_id, when["shared"], **PSYCHOLOGIST))
    assert (then["allowed"], then["rule"], then["reason_code"]) == (
        True,
        "CO-1",
        "allowed_as_other_participant",
    )
    assert [window["open"] for window in then["windows"]] == [True]
    assert then["sentence"].startswith("The employee takes part")
    after = only(explain(granli, case_id, when["withdrawn"], **PSYCHOLOGIST))
    assert (after["allowed"], after["reason_code"], after["windows"]) == (False, "topic_not_consented", [])
    now = explain(granli, case_id, **PSYCHOLOGIST)
    assert now["rebuilt"] is False and only(now)["reason_code"] == "topic_not_consented"


def test_CO_8_what_is_rebuilt_equals_what_is_known(granli: House) -> None:
    """The past of a moment ago and the present answer alike, for everybody and every act."""
    case_id, _ = shared(granli)
    granli.consent(case_id, PSYCHOLOGY, HEALTH)
    granli.clock.advance(milliseconds=1)
    just_now = granli.clock.now()
    granli.clock.advance(milliseconds=1)
    granli.keep_up()
    people = [
        PSYCHOLOGIST, {"capacity": "guardian"}, {"capacity": "self"},
        {"capacity": "employee", "person_id": "p-teacher", "unit_id": KINDERGARTEN},
        {"capacity": "employee", "person_id": "p-leader", "unit_id": KINDERGARTEN},
        {"capacity": "employee", "person_id": "p-nurse", "unit_id": HEALTH},
    ]  # fmt: skip
    for who in people:
        for act in (
            "see_case",
            "read_notes",
            "read_plan",
            "read_consent",
            "write_log",
            "manage",
            "sign_consent",
        ):
            then, now = (explain(granli, case_id, at, **who, act=act) for at in (just_now, None))
            assert then["items"] == now["items"], (who, act)
            for answer in (then, now):
                del answer["at"], answer["rebuilt"], answer["knowledge_seconds"]
            assert then == now


def test_CO_8_the_facts_are_shown_and_nothing_that_was_written(granli: House) -> None:
    case_id, when = shared(granli)
    answer = explain(granli, case_id, when["shared"], **PSYCHOLOGIST)
    assert (answer["level"], answer["state"], answer["talk_recorded"], answer["frozen"]) == (
        2,
        "open",
        True,
        False,
    )
    assert (answer["age"], answer["address_protected"], answer["signers"]) == (4, False, ["guardian"])
    assert (answer["policy_version"], answer["knowledge_parked"]) == (1, False)
    text = repr(answer) + repr(explain(granli, case_id, capacity="guardian", act="read_notes", topic=None))
    for told in (SENTENCE, "Vi snakket godt", "Vi vil prøve", "Tuva", "Marit"):
        assert told not in text


def test_CO_8_guardians_and_child_are_asked_about_without_naming_them(granli: House) -> None:
    case_id = granli.at_level_1()
    parents = explain(granli, case_id, capacity="guardian")["items"]
    assert [item["allowed"] for item in parents] == [True, True]
    assert {item["reason_code"] for item in parents} == {"allowed_as_guardian"}
    child = only(explain(granli, case_id, capacity="self"))
    assert (child["allowed"], child["rule"], child["reason_code"]) == (
        False,
        "AG-1",
        "too_young_for_own_access",
    )


def test_CO_8_a_role_that_ended_is_a_role_then(granli: House) -> None:
    """CO-10: what opened the case last week does not today."""
    case_id = granli.at_level_1()
    working = granli.clock.now()
    granli.advance(days=2)
    granli.hear(directory.StaffChanged, "p-leader", {"person_id": "p-leader", "roles": [
        {"unit_id": KINDERGARTEN, "service_id": SERVICES[KINDERGARTEN], "role": "leader", "valid_from": "2020-01-01",
         "valid_to": granli.clock.now().date().isoformat()},
    ]})  # fmt: skip
    granli.advance(days=1)
    who = {"capacity": "employee", "person_id": "p-leader", "unit_id": KINDERGARTEN}
    assert (
        only(explain(granli, case_id, working + timedelta(hours=1), **who))["reason_code"]
        == "allowed_as_own_leader"
    )
    assert only(explain(granli, case_id, **who))["reason_code"] == "role_not_in_force"


def test_CO_8_the_policy_of_that_day_counts(granli: House) -> None:
    case_id = granli.at_level_1()
    granli.advance(days=1)
    before = granli.clock.now()
    granli.advance(days=1)
    granli.hear(directory.PolicyPublished, "granli.policy", {
        "version": 2, "valid_from": granli.clock.now().date().isoformat(), "values": {"own_access_age": 7},
    })  # fmt: skip
    granli.advance(days=1)
    then, now = explain(granli, case_id, before, capacity="self"), explain(granli, case_id, capacity="self")
    assert (then["policy_version"], now["policy_version"]) == (1, 2)


def test_CO_9_old_knowledge_is_named(granli: House) -> None:
    case_id, _ = shared(granli)
    granli.consent(case_id, PSYCHOLOGY)
    granli.clock.advance(minutes=5)
    answer = explain(granli, case_id, **PSYCHOLOGIST)
    assert (only(answer)["rule"], answer["knowledge_seconds"]) == ("CO-9", 300)


@pytest.mark.parametrize(
    "actor",
    [TEACHER, Actor("granli", "employee", "p-coordinator", KINDERGARTEN, "high"),
     Actor("granli", "guardian", "p-coordinator", None, "high"), Actor("granli", "anonymous", None, None, "low"),
     Actor("storvik", "employee", "p-coordinator", UNIT, "high")],
)  # fmt: skip
def test_SE_3_only_the_coordinator_is_told(granli: House, actor: Actor) -> None:
    """Not even the owner; and a case that is not there is refused alike."""
    case_id = granli.at_level_1()
    refusals = []
    for asked in (case_id, "no-such-case"):
        with pytest.raises(Forbidden) as refused:
            explain(granli, asked, actor=actor, **PSYCHOLOGIST)
        refusals.append(refused.value.as_dict())
    assert refusals[0] == refusals[1] and refusals[0]["code"] == "coordinator_only"


def test_SE_1_that_it_was_looked_up_stands_in_the_access_record(granli: House) -> None:
    case_id = granli.at_level_1()
    explain(granli, case_id, capacity="self")
    record = granli.app.db.chassis.access_record
    with granli.app.db.read() as conn:
        lines = [read_line(granli.app.keys, row) for row in conn.execute(sa.select(record))]
    found = [line for line in lines if line.act == "explain"]
    assert [(line.person_id, line.case_id, line.rule, line.allowed) for line in found] == [
        ("p-coordinator", case_id, "CO-8", True)
    ]


def test_bad_questions_are_refused_by_field(granli: House) -> None:
    case_id = granli.at_level_1()
    with pytest.raises(InvalidInput) as future:
        explain(granli, case_id, granli.clock.now() + timedelta(hours=1), **PSYCHOLOGIST)
    assert future.value.fields == {"at": "in_the_future"}
    with pytest.raises(InvalidInput) as nobody:
        explain(granli, case_id, capacity="employee")
    assert nobody.value.fields == {"person_id": "required"}
    with pytest.raises(NotFound):
        explain(granli, "no-such-case", **PSYCHOLOGIST)

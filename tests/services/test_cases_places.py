"""Every outlet of cases for a child whose address is protected: no other party learns a unit (PR-6), nor does a
guardian learn how another is reached (GU-5)."""

from __future__ import annotations

from typing import Any

import pytest

from services.chassis.actor import Actor, service_actor
from services.chassis.unit_of_work import Access
from services.contracts import cases, directory, relay_log
from services.contracts.access_history import HIDDEN_SYSTEM, access_history
from services.contracts.base import Procedure
from tests.services.cases_house import (
    COLLEAGUE,
    EMIL,
    HEALTH,
    KINDERGARTEN,
    LEADER,
    NURSE,
    OTHER_KINDERGARTEN,
    PSYCHOLOGIST,
    PSYCHOLOGY,
    SERVICES,
    TEACHER,
    TUVA,
)
from tests.services.persons_house import Persons, persons

__all__ = ["persons"]

UNITS = (KINDERGARTEN, HEALTH)
OWN = SERVICES[KINDERGARTEN]


def link(the: Persons, case_id: str, adult: dict[str, Any]) -> Actor:
    """A guardian linked by hand: a paper, verified."""
    paper = the.ask(
        cases.RecordPaper, TEACHER, case_id=case_id, adult_number=adult["number"], kind="register_extract",
        relation="mother", has_responsibility=True, valid_from="2019-03-08",
    )["id"]  # fmt: skip
    the.ask(
        cases.DecidePaper, TEACHER, case_id=case_id, paper_id=paper, decision="verified",
        same_person_reason="Ingen andre har tilgang",
    )  # fmt: skip
    return Actor("granli", "guardian", adult["id"], None, "high")


def shared(the: Persons, number: str) -> str:
    """A case at level 2, with psychology taking part and health asked to take over."""
    case_id = the.at_level_1(number)
    the.consent(case_id, PSYCHOLOGY, HEALTH)
    the.hear(relay_log.ParticipantsChanged, case_id, {
        "case_id": case_id, "at": the.clock.now().isoformat(), "participants": [
            {"participant_id": "part-1", "person_id": "p-psychologist", "unit_id": PSYCHOLOGY,
             "service_id": SERVICES[PSYCHOLOGY], "valid_from": the.clock.now().isoformat(), "may_write": False}
        ],
    })  # fmt: skip
    the.move(case_id, 2, PSYCHOLOGY, HEALTH, against_suggestion_reason="De to trengs")
    the.ask(
        cases.ProposeHandover, TEACHER, case_id=case_id, to_person_id="p-nurse", to_unit_id=HEALTH,
        family_answer="agreed",
    )  # fmt: skip
    return case_id


def everything(the: Persons, case_id: str, actor: Actor) -> str:
    """All that cases answers to somebody about a case."""
    asked: list[tuple[Procedure, dict[str, Any]]] = [
        (cases.GetCase, {"case_id": case_id, "with_notes": True}),
        (cases.GetNotes, {"case_id": case_id}),
        (cases.MyCases, {"include_closed": True}),
    ]
    if actor.capacity == "guardian":
        asked.append((access_history("cases"), {"case_id": case_id}))
    return repr([the.ask(procedure, actor, **request) for procedure, request in asked])


def test_PR_6_no_outlet_of_cases_tells_another_party_a_unit(persons: Persons) -> None:
    """PR-6: the guardian and the other services read the case, and no unit in it; its own people read all."""
    case_id = shared(persons, EMIL)
    mother = link(persons, case_id, persons.register.families["stillvik"]["adults"][0])
    for other in (mother, PSYCHOLOGIST, NURSE):
        told = everything(persons, case_id, other)
        assert case_id in told
        assert not [unit for unit in UNITS if unit in told], other.person_id
    assert all(unit in everything(persons, case_id, TEACHER) for unit in UNITS)


def test_PR_6_no_outlet_of_cases_tells_another_party_a_service_of_one_unit(persons: Persons) -> None:
    """PR-6: neither the owner's, nor in what happened those who moved in beside; each service knows itself, and a
    guardian those that they are asked about (CO-1). One that has a second unit is told of, until that shuts."""
    case_id = shared(persons, EMIL)
    mother = link(persons, case_id, persons.register.families["stillvik"]["adults"][0])
    asked = {SERVICES[PSYCHOLOGY], SERVICES[HEALTH]}

    def told(actor: Actor) -> set[str]:
        answers = everything(persons, case_id, actor)
        return {each for each in (OWN, *asked) if f"'{each}'" in answers}

    def unit(unit_id: str, active: bool) -> None:
        persons.hear(
            directory.UnitChanged, unit_id, {"unit_id": unit_id, "service_id": OWN, "active": active}
        )

    assert told(TEACHER) == {OWN, *asked}
    readers = {mother: asked, PSYCHOLOGIST: {SERVICES[PSYCHOLOGY]}, NURSE: {SERVICES[HEALTH]}}
    for known, second in (([], False), ([OWN], True), ([], False)):
        unit(KINDERGARTEN, active=True)
        unit(OTHER_KINDERGARTEN, active=second)
        for actor, services in readers.items():
            assert told(actor) == {*known, *services}, actor.person_id
    [moved] = [
        each["values"]["service_ids"]
        for each in persons.case(case_id, PSYCHOLOGIST)["happenings"]
        if each["values"].get("to_level") == 2
    ]
    assert sorted(moved) == sorted([cases.HIDDEN_SERVICE, SERVICES[PSYCHOLOGY]])


def hand_over(the: Persons, case_id: str, giver: Actor, taker: Actor) -> None:
    handover = the.ask(
        cases.ProposeHandover, giver, case_id=case_id, to_person_id=taker.person_id, to_unit_id=taker.unit_id,
        family_answer="agreed",
    )["id"]  # fmt: skip
    the.ask(cases.AnswerHandover, taker, case_id=case_id, handover_id=handover, answer="accepted")


def test_PR_6_no_outlet_of_cases_names_staff_whom_the_family_does_not_know(persons: Persons) -> None:
    """PR-6: a colleague held the relay for an hour and read the case; after it that is an employee's reading, told in
    one look with all others', and an employee's act. Those who deal with the family are named."""
    case_id = shared(persons, EMIL)
    mother = link(persons, case_id, persons.register.families["stillvik"]["adults"][0])
    hand_over(persons, case_id, TEACHER, COLLEAGUE)
    persons.case(case_id, COLLEAGUE)
    assert COLLEAGUE.person_id in everything(persons, case_id, mother), "the holder is known"
    hand_over(persons, case_id, COLLEAGUE, TEACHER)
    for other in (mother, PSYCHOLOGIST):
        told = everything(persons, case_id, other)
        assert COLLEAGUE.person_id not in told and TEACHER.person_id in told
    looks = persons.ask(access_history("cases"), mother, case_id=case_id)["items"]
    assert [look["capacity"] for look in looks if look["person_id"] is None] == ["employee"]
    assert COLLEAGUE.person_id in everything(persons, case_id, TEACHER)


def test_PR_6_who_has_looked_tells_no_system_by_name(persons: Persons) -> None:
    """PR-6: a system acts for a service, and was told before the address was protected."""
    case_id = shared(persons, TUVA)
    mother = persons.guardian(case_id)
    for system in ("skolesystem", "ppt-system"):
        line = Access("CO-1", f"outside:{system}", case_id, None, True, "allowed_as_other_system")
        persons.app.record.write_now("granli", persons.clock.now(), service_actor("notifications"), [line])

    def systems() -> list[str]:
        looks = persons.ask(access_history("cases"), mother, case_id=case_id)["items"]
        return sorted(look["recipient"] for look in looks if look["recipient"])

    assert systems() == ["ppt-system", "skolesystem"]
    persons.register.families["fagerdalen"]["children"][0]["address_grade"] = "confidential"
    persons.refresh(case_id, TEACHER)
    link(persons, case_id, persons.register.families["fagerdalen"]["adults"][0])
    assert systems() == [HIDDEN_SYSTEM], "and not how many"


def test_PR_6_the_notes_of_a_concern_that_joined_name_nobody_of_the_unit_that_wrote_them(
    persons: Persons,
) -> None:
    """PR-6, LG-1: they come to the family, and whoever wrote them does not follow the child up."""
    case_id = persons.at_level_1(TUVA)
    joined = persons.concern(NURSE)
    persons.talk(joined, NURSE)
    persons.move(joined, 1, actor=NURSE, holder_person_id=NURSE.person_id, holder_unit_id=NURSE.unit_id)
    mother = persons.guardian(case_id)

    def writers() -> set[str]:
        return {
            each["by_person_id"] for each in persons.ask(cases.GetNotes, mother, case_id=case_id)["notes"]
        }

    assert writers() == {TEACHER.person_id, NURSE.person_id}
    persons.register.families["fagerdalen"]["children"][0]["address_grade"] = "confidential"
    persons.refresh(case_id, TEACHER)
    link(persons, case_id, persons.register.families["fagerdalen"]["adults"][0])
    assert writers() == {TEACHER.person_id, cases.HIDDEN_PERSON}


def test_PR_6_a_guardian_is_not_told_who_reported_about_a_child_whose_address_is_protected(
    persons: Persons,
) -> None:
    """PR-6, PR-2: the report made with the guardians is theirs to read, and the reporter's name tells a workplace."""
    case_id = shared(persons, TUVA)
    mother = persons.guardian(case_id)
    report = persons.ask(
        cases.FileLaneReport, COLLEAGUE, child_number=TUVA, kind="with_guardians", suspicion="other",
        text="Det er for lite mat hjemme", guardians_informed="yes", police_contacted=False,
    )["id"]  # fmt: skip

    def reporter(actor: Actor) -> str:
        return str(persons.ask(cases.GetLaneReport, actor, report_id=report)["reporter_person_id"])

    assert reporter(mother) == COLLEAGUE.person_id
    persons.register.families["fagerdalen"]["children"][0]["address_grade"] = "confidential"
    persons.refresh(case_id, TEACHER)
    link(persons, case_id, persons.register.families["fagerdalen"]["adults"][0])
    assert reporter(mother) == cases.HIDDEN_PERSON
    [listed] = persons.ask(cases.ReportsWithGuardians, mother)["items"]
    assert listed["reporter_person_id"] == cases.HIDDEN_PERSON
    assert reporter(COLLEAGUE) == COLLEAGUE.person_id


def test_LV_17_other_services_are_not_told_what_notes_and_forms_there_are(persons: Persons) -> None:
    """LV-17, CO-1: which form a teacher filled in before the talk, and that another concern joined, is nothing that a
    consent by topic names; what the cooperation did is told."""
    case_id = shared(persons, TUVA)
    joined = persons.concern(COLLEAGUE)
    persons.talk(joined, COLLEAGUE)
    persons.move(joined, 1, actor=COLLEAGUE, holder_person_id="p-colleague", holder_unit_id=COLLEAGUE.unit_id)

    def told(actor: Actor) -> set[str]:
        return {each["what"] for each in persons.case(case_id, actor)["happenings"]}

    assert "concern_joined" in told(TEACHER) & told(persons.guardian(case_id))
    for other in (PSYCHOLOGIST, NURSE):
        assert "level_moved" in told(other) and not {"concern_joined", "joined", "form_recorded"} & told(
            other
        )


def test_PR_6_elsewhere_units_are_told(persons: Persons) -> None:
    """PR-6: the check above looks where units stand; and a grade that changes hides them at the next request."""
    case_id = shared(persons, TUVA)
    mother = persons.guardian(case_id)
    assert all(unit in everything(persons, case_id, mother) for unit in UNITS)
    assert all(unit in everything(persons, case_id, PSYCHOLOGIST) for unit in UNITS)
    persons.register.families["fagerdalen"]["children"][0]["address_grade"] = "confidential"
    persons.refresh(case_id, TEACHER)
    told = everything(persons, case_id, PSYCHOLOGIST)
    assert case_id in told and not [unit for unit in UNITS if unit in told]


@pytest.mark.parametrize("family", ["fagerdalen", "stillvik"])
def test_GU_5_nobody_is_told_an_address_or_how_a_guardian_is_reached(persons: Persons, family: str) -> None:
    """GU-5: cases does not even take these from the register: not in an answer to anybody, and not at rest."""
    number = persons.register.families[family]["children"][0]["number"]
    case_id = shared(persons, number)
    if family == "stillvik":
        link(persons, case_id, persons.register.families[family]["adults"][0])
    guardian = persons.guardian(case_id)
    people = persons.register.families[family]["adults"] + persons.register.families[family]["children"]
    secrets = [each["address"] for each in people]
    secrets += [each["contact"][way] for each in people if "contact" in each for way in ("email", "mobile")]
    told = "".join(everything(persons, case_id, who) for who in (guardian, TEACHER, PSYCHOLOGIST))
    told += repr(persons.family(case_id, LEADER if family == "fagerdalen" else TEACHER)) + repr(
        persons.dump()
    )
    assert len(secrets) >= 5 and not [secret for secret in secrets if secret in told]

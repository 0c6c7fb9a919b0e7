"""An employee who is of the child's own family, in the service on both engines (SE-3, GU-3, HO-6)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from services.chassis.actor import Actor
from services.contracts import cases, directory
from services.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from tests.services.cases_house import (
    CHILD_PROTECTION,
    COLLEAGUE,
    EMIL,
    HEALTH,
    JONAS,
    KINDERGARTEN,
    LEADER,
    NOW,
    NURSE,
    PROTECTION,
    RAYMOND,
    SERVICES,
    TEACHER,
    TUVA,
    employee,
)
from tests.services.persons_house import Persons, employ, persons, recorded

__all__ = ["persons"]

WHY = "Vi må vite hva som er prøvd"


def at_home(employee: Actor) -> Actor:
    return Actor(employee.municipality, "guardian", employee.person_id, None, "high")


@pytest.mark.parametrize(("child", "parent"), [(TUVA, JONAS), (EMIL, RAYMOND)])
def test_SE_3_nobody_raises_a_concern_about_a_child_of_their_own(
    persons: Persons, child: str, parent: str
) -> None:
    """SE-3, PR-6: told what to do instead; also a father whom the register ties and who is linked nowhere. A case that
    there is already makes no difference to the answer, and nothing is kept."""
    father = employ(persons, parent, KINDERGARTEN)
    answers = []
    for _ in range(2):
        before = persons.dump(without=("access_record", "access_heads"))
        with pytest.raises(InvalidInput) as refused:
            persons.concern(father, child)
        answers.append(refused.value.as_dict())
        assert persons.dump(without=("access_record", "access_heads")) == before
        persons.concern(TEACHER, child)
    assert answers[0] == answers[1]
    assert answers[0]["fields"] == {"child_number": "own_family_at_work"}
    assert "colleague" in answers[0]["detail"] and answers[0]["rule"] == "SE-3"


def test_SE_3_a_parent_reads_at_work_nothing_of_the_own_child_and_at_home_what_they_did(
    persons: Persons,
) -> None:
    """SE-3: neither in the list nor by the id, nor the notes; at home as any guardian."""
    case_id = persons.at_level_1()
    father = employ(persons, JONAS, KINDERGARTEN, "leader")
    assert persons.ask(cases.MyCases, father)["items"] == []
    for asked in (cases.GetCase, cases.GetNotes, cases.GetFamily):
        with pytest.raises(NotFound):
            persons.ask(asked, father, case_id=case_id)
    assert persons.case(case_id, at_home(father))["part"] == "guardian"
    assert persons.case(case_id, LEADER)["part"] == "leader"


def test_SE_3_whoever_is_of_the_family_is_named_for_nothing(persons: Persons) -> None:
    """SE-3: neither as first holder nor to take over; the answer names the field and no reason, and is noted."""
    case_id = persons.concern()
    persons.talk(case_id)
    father = employ(persons, JONAS, KINDERGARTEN)
    named = {"holder_person_id": father.person_id, "holder_unit_id": KINDERGARTEN}
    with pytest.raises(InvalidInput) as refused:
        persons.move(case_id, 1, **named)
    assert refused.value.fields == {"holder_person_id": "may_not_take_part"}
    persons.move(case_id, 1, holder_person_id="p-teacher", holder_unit_id=KINDERGARTEN)
    asked = {"case_id": case_id, "to_unit_id": KINDERGARTEN, "family_answer": "agreed"}
    with pytest.raises(InvalidInput) as refused:
        persons.ask(cases.ProposeHandover, TEACHER, to_person_id=father.person_id, **asked)
    assert refused.value.fields == {"to_person_id": "may_not_take_part"}
    assert recorded(persons, "name_holder") == [("p-teacher", False, "of_the_family")] * 2
    persons.ask(cases.ProposeHandover, TEACHER, to_person_id="p-colleague", **asked)


def test_PR_6_a_parent_who_is_linked_nowhere_is_named_for_nothing_at_work(persons: Persons) -> None:
    """PR-6, SE-3: where the address is protected, neither as first holder nor to take over; other services are told who
    it is, and no more than that. A stranger to the child is named as ever."""
    father, stranger = employ(persons, RAYMOND, KINDERGARTEN), employ(persons, JONAS, KINDERGARTEN)
    case_id = persons.concern(number=EMIL)
    persons.talk(case_id)
    with pytest.raises(InvalidInput) as refused:
        persons.move(case_id, 1, holder_person_id=father.person_id, holder_unit_id=KINDERGARTEN)
    assert refused.value.fields == {"holder_person_id": "may_not_take_part"}
    persons.move(case_id, 1, holder_person_id="p-teacher", holder_unit_id=KINDERGARTEN)
    asked = {"case_id": case_id, "to_unit_id": KINDERGARTEN, "family_answer": "agreed"}
    with pytest.raises(InvalidInput) as refused:
        persons.ask(cases.ProposeHandover, TEACHER, to_person_id=father.person_id, **asked)
    assert refused.value.fields == {"to_person_id": "may_not_take_part"}
    persons.ask(cases.ProposeHandover, TEACHER, to_person_id=stranger.person_id, **asked)
    told = persons.last_told()
    assert (told["guardians"], told["unlinked"]) == ([], [father.person_id])


def test_PR_6_a_parent_who_begins_to_work_there_is_kept_from_the_case(persons: Persons) -> None:
    """PR-6, CO-10: told in the same transaction; one whom the register ties to nobody changes nothing. Once the address
    is protected no more the parent is linked, and stands in no other list."""
    case_id = persons.concern(number=EMIL)
    assert persons.last_told()["unlinked"] == []
    before = len(persons.told(cases.PersonChanged))
    employ(persons, JONAS, KINDERGARTEN)
    assert len(persons.told(cases.PersonChanged)) == before
    father = employ(persons, RAYMOND, KINDERGARTEN, "leader")
    assert persons.last_told()["unlinked"] == [father.person_id]
    with pytest.raises(NotFound):
        persons.case(case_id, father)
    family = persons.register.families["stillvik"]
    for each in (*family["children"], *family["adults"]):
        each["address_grade"] = "ungraded"
    persons.refresh(case_id, TEACHER)
    told = persons.last_told()
    assert told["unlinked"] == [] and father.person_id in {each["person_id"] for each in told["guardians"]}
    with pytest.raises(NotFound):
        persons.case(case_id, father)


def test_HO_6_a_holder_who_turns_out_to_be_of_the_family_is_one_no_more(persons: Persons) -> None:
    """HO-6, SE-3, CO-10: the register ties the nurse's colleague to the child; from the same answer on the leader acts
    as holder, and hands the relay on. What was asked of the one tied can't be answered."""
    father = employ(persons, JONAS, KINDERGARTEN)
    ties = persons.register.families["fagerdalen"]["ties"]
    his = next(tie for tie in ties if tie["adult"] == "jonas-fagerdalen")
    ties.remove(his)
    persons.register.tell()
    case_id = persons.at_level_1(actor=father)
    assert persons.case(case_id, father)["part"] == "holder"
    ties.append(his)
    persons.refresh(case_id, father)
    with pytest.raises(NotFound):
        persons.case(case_id, father)
    assert persons.case(case_id, at_home(father))["part"] == "guardian"
    leaders = persons.case(case_id, LEADER)
    assert leaders["part"] == "holder" and "manage" in leaders["permitted"]
    handover = persons.ask(
        cases.ProposeHandover, LEADER, case_id=case_id, to_person_id="p-colleague", to_unit_id=KINDERGARTEN,
        family_answer="agreed",
    )["id"]  # fmt: skip
    persons.ask(cases.AnswerHandover, COLLEAGUE, case_id=case_id, handover_id=handover, answer="accepted")
    assert persons.case(case_id, COLLEAGUE)["part"] == "holder"


def test_HO_6_where_nobody_is_left_who_may_act_the_coordinator_does(persons: Persons) -> None:
    """HO-6, SE-3: the holder turns out to be the father, and the unit's leader has left. The case is on the
    coordinator's list, and is handed on; as long as somebody who may act leads the unit it is not there."""
    father = employ(persons, JONAS, KINDERGARTEN)
    ties = persons.register.families["fagerdalen"]["ties"]
    his = next(tie for tie in ties if tie["adult"] == "jonas-fagerdalen")
    ties.remove(his)
    persons.register.tell()
    case_id = persons.at_level_1(actor=father)
    post = {
        "unit_id": HEALTH,
        "service_id": SERVICES[HEALTH],
        "role": "coordinator",
        "valid_from": "2020-01-01",
    }
    persons.hear(directory.StaffChanged, "p-coordinator", {"person_id": "p-coordinator", "roles": [post]})
    coordinator = Actor("granli", "employee", "p-coordinator", HEALTH, "high")

    def listed() -> list[str]:
        return [each["case_id"] for each in persons.ask(cases.MyCases, coordinator)["items"]]

    ties.append(his)
    persons.refresh(case_id, father)
    assert listed() == []
    persons.hear(directory.StaffChanged, "p-leader", {"person_id": "p-leader", "roles": []})
    assert listed() == [case_id]
    assert persons.case(case_id, coordinator)["part"] == "holder"
    handover = persons.ask(
        cases.ProposeHandover, coordinator, case_id=case_id, to_person_id="p-colleague", to_unit_id=KINDERGARTEN,
        family_answer="agreed",
    )["id"]  # fmt: skip
    persons.ask(cases.AnswerHandover, COLLEAGUE, case_id=case_id, handover_id=handover, answer="accepted")
    assert listed() == [] and persons.case(case_id, COLLEAGUE)["part"] == "holder"
    with pytest.raises(NotFound):
        persons.case(case_id, coordinator)


def test_HO_6_where_leader_and_coordinator_are_of_the_family_a_stand_in_is_named_who_acts(
    persons: Persons,
) -> None:
    """HO-6, SE-3: the father holds the case, the mother leads the unit and coordinates: nobody acts. Somebody whom the
    municipality gives the coordinator's role for a time finds the case, acts, and loses it with the role."""
    father = employ(persons, JONAS, KINDERGARTEN)
    persons.hear(directory.StaffChanged, "p-leader", {"person_id": "p-leader", "roles": []})
    ties = persons.register.families["fagerdalen"]["ties"]
    his = next(tie for tie in ties if tie["adult"] == "jonas-fagerdalen")
    ties.remove(his)
    persons.register.tell()
    case_id = persons.at_level_1(actor=father)
    mother = replace(persons.guardian(case_id, actor=father), capacity="employee", unit_id=KINDERGARTEN)
    ties.append(his)
    persons.refresh(case_id, father)
    post = {"unit_id": KINDERGARTEN, "service_id": SERVICES[KINDERGARTEN], "valid_from": "2020-01-01"}
    both = [post | {"role": role} for role in ("leader", "coordinator")]
    persons.hear(
        directory.StaffChanged, mother.person_id or "", {"person_id": mother.person_id, "roles": both}
    )
    for actor in (father, mother):
        with pytest.raises(NotFound):
            persons.case(case_id, actor)
    stand_in = Actor("granli", "employee", "p-stand-in", HEALTH, "high")
    named = {
        "unit_id": HEALTH,
        "service_id": SERVICES[HEALTH],
        "role": "coordinator",
        "valid_from": "2020-01-01",
    }
    persons.hear(directory.StaffChanged, "p-stand-in", {"person_id": "p-stand-in", "roles": [named]})
    assert [each["case_id"] for each in persons.ask(cases.MyCases, stand_in)["items"]] == [case_id]
    assert "propose_handover" in persons.case(case_id, stand_in)["permitted"]
    persons.hear(directory.StaffChanged, "p-stand-in", {"person_id": "p-stand-in", "roles": []})
    with pytest.raises(NotFound):
        persons.case(case_id, stand_in)


def test_LV_14_a_unit_that_only_a_parent_leads_has_no_leader_for_their_child(persons: Persons) -> None:
    """LV-14, SE-3: the answer is that of a unit without a leader; another leader of the unit takes it."""
    father = employ(persons, JONAS, HEALTH, "leader")
    persons.hear(directory.ServiceChanged, SERVICES[PROTECTION], _service(PROTECTION, "adult"))
    persons.hear(directory.ServiceChanged, SERVICES[HEALTH], _service(HEALTH, "universal"))
    adult = Actor("granli", "employee", "p-protection", PROTECTION, "high")
    asked = {"parent_agreed_on": NOW.date().isoformat(), "follow_up_unit_id": HEALTH}
    with pytest.raises(InvalidInput) as refused:
        persons.concern(adult, **asked)
    assert refused.value.fields == {"follow_up_unit_id": "no_leader"}
    post = {"unit_id": HEALTH, "service_id": SERVICES[HEALTH], "role": "leader", "valid_from": "2020-01-01"}
    persons.hear(directory.StaffChanged, "p-zz-leader", {"person_id": "p-zz-leader", "roles": [post]})
    case_id = persons.concern(adult, **asked)
    second = Actor("granli", "employee", "p-zz-leader", HEALTH, "high")
    assert persons.case(case_id, second)["part"] == "owner"
    with pytest.raises(NotFound):
        persons.case(case_id, father)


def _service(unit: str, kind: str) -> dict[str, object]:
    return {"service_id": SERVICES[unit], "kind": kind, "active": True}


def test_GU_3_nobody_registers_or_verifies_a_paper_about_themselves(persons: Persons) -> None:
    """GU-3, SE-3: neither a claim of one's own, nor one that a colleague registered, not even as the leader."""
    ties = persons.register.families["fagerdalen"]["ties"]
    ties.remove(next(tie for tie in ties if tie["adult"] == "jonas-fagerdalen"))
    persons.register.tell()
    case_id = persons.at_level_1()
    jonas = employ(persons, JONAS, KINDERGARTEN, "leader")
    claim = {
        "case_id": case_id, "kind": "court_decision", "relation": "father", "has_responsibility": True,
        "valid_from": NOW.date().isoformat(), "adult_number": JONAS,
    }  # fmt: skip
    with pytest.raises(InvalidInput) as refused:
        persons.ask(cases.RecordPaper, jonas, **claim)
    assert refused.value.fields == {"adult_number": "own_family_at_work"}
    paper_id = persons.ask(cases.RecordPaper, TEACHER, **claim)["id"]
    for reason in (None, WHY):
        with pytest.raises(NotFound):
            persons.ask(
                cases.DecidePaper, jonas, case_id=case_id, paper_id=paper_id, decision="verified",
                same_person_reason=reason,
            )  # fmt: skip
    persons.ask(cases.DecidePaper, LEADER, case_id=case_id, paper_id=paper_id, decision="refused")
    assert persons.case(case_id, jonas)["part"] == "leader", "a refused claim ties nobody"


def test_SE_3_a_coordinator_oversees_nothing_of_their_own_family(persons: Persons) -> None:
    """SE-3, CO-8: neither why somebody sees it, nor what was opened in an emergency; of other cases both."""
    own, other = persons.at_level_1(), persons.at_level_1(EMIL)
    father = employ(persons, JONAS, KINDERGARTEN, "coordinator")
    stranger = employ(persons, RAYMOND, HEALTH, "coordinator")
    told = {"reason_code": "acute_care", "reason": WHY}
    persons.ask(cases.OpenEmergency, NURSE, child_number=TUVA, **told)
    why = {"person_id": "p-nurse", "capacity": "employee", "unit_id": HEALTH, "act": "see_case"}
    with pytest.raises(NotFound):
        persons.ask(cases.Explain, father, case_id=own, **why)
    assert persons.ask(cases.Explain, stranger, case_id=own, **why)["items"]
    assert persons.ask(cases.Explain, father, case_id=other, **why)["items"]
    assert persons.ask(cases.ListEmergencies, father)["items"] == []
    (listed,) = persons.ask(cases.ListEmergencies, stranger)["items"]
    assert listed["reason"] == WHY
    persons.ask(cases.OpenEmergency, employee("p-psychologist"), child_number=TUVA, **told)
    page = persons.ask(cases.ListEmergencies, stranger, limit=1)
    assert len(page["items"]) == 1 and page["next_cursor"]
    page = persons.ask(cases.ListEmergencies, father, limit=1)
    assert (page["items"], page["next_cursor"]) == ([], None), "a cursor would tell that there is one"


@pytest.mark.parametrize("tie", ["a paper, and a care order", "over"])
def test_PR_5_a_parent_by_paper_or_of_the_past_reads_no_report_at_work(persons: Persons, tie: str) -> None:
    """PR-5, SE-3: the register does not name him when the report is filed; in child protection he finds nothing, and
    is not told. As a stranger there he reads other children's."""
    ties = persons.register.families["fagerdalen"]["ties"]
    his = next(each for each in ties if each["adult"] == "jonas-fagerdalen")
    by_paper = tie != "over"
    if by_paper:
        ties.remove(his)
        persons.register.tell()
    case_id, worker = persons.at_level_1(), employ(persons, JONAS, PROTECTION, "child_protection")
    if by_paper:
        paper_id = persons.ask(
            cases.RecordPaper, TEACHER, case_id=case_id, kind="court_decision", relation="father",
            has_responsibility=True, valid_from=NOW.date().isoformat(), adult_number=JONAS,
        )["id"]  # fmt: skip
        persons.ask(cases.DecidePaper, LEADER, case_id=case_id, paper_id=paper_id, decision="verified")
        today = NOW.date().isoformat()
        waits = persons.ask(cases.RegisterCareOrder, CHILD_PROTECTION, child_number=TUVA, valid_from=today)[
            "id"
        ]
        confirmed = {"order_id": waits, "decision": "confirmed", "child_number": TUVA}
        persons.ask(cases.DecideCareOrder, employee("p-protection-too"), **confirmed)
    else:
        ties.remove(his)
        persons.refresh(case_id, TEACHER)
    told = {
        "kind": "protected", "suspicion": "violence", "text": "Merker på armene", "guardians_informed": "no",
        "guardians_informed_reason": "Det kan sette barnet i fare", "police_contacted": False,
    }  # fmt: skip
    own = persons.ask(cases.FileLaneReport, TEACHER, child_number=TUVA, **told)["id"]
    other = persons.ask(cases.FileLaneReport, TEACHER, child_number=EMIL, **told)["id"]
    assert [each["report_id"] for each in persons.ask(cases.LaneReports, worker)["items"]] == [other]
    for asked in (cases.GetLaneReport, cases.AssessLaneReport, cases.LaneAccess):
        with pytest.raises(NotFound):
            persons.ask(asked, worker, report_id=own)
    with pytest.raises(InvalidInput):
        persons.ask(cases.NameLaneReader, CHILD_PROTECTION, report_id=own, person_id=worker.person_id)
    not_to = {
        each["report_id"]: each["not_to"] for each in persons.told(cases.LaneReportFiled, "lane_outbox")
    }
    assert not_to == {own: [worker.person_id], other: []}
    assert persons.ask(cases.GetLaneReport, CHILD_PROTECTION, report_id=own)["text"]


def test_PR_5_a_parent_whom_the_register_names_after_the_report_reads_it_no_more(persons: Persons) -> None:
    """PR-5, PR-6, SE-3: the address is protected, so he is linked nowhere, and no part of the case is his; of the
    report, which he read as any in child protection, he finds nothing from the same answer on."""
    his = persons.register.tie("raymond-ostgrenda", "stillvik")
    ties = persons.register.families["stillvik"]["ties"]
    ties.remove(his)
    persons.register.tell()
    case_id, worker = persons.concern(number=EMIL), employ(persons, RAYMOND, PROTECTION, "child_protection")
    report = persons.ask(
        cases.FileLaneReport, TEACHER, child_number=EMIL, kind="protected", suspicion="violence", text=WHY,
        guardians_informed="no", guardians_informed_reason=WHY, police_contacted=False,
    )["id"]  # fmt: skip
    assert persons.ask(cases.GetLaneReport, worker, report_id=report)["text"] == WHY
    ties.append(his)
    persons.refresh(case_id, TEACHER)
    assert persons.last_told()["guardians"] == []
    assert persons.ask(cases.LaneReports, worker)["items"] == []
    with pytest.raises(NotFound):
        persons.ask(cases.GetLaneReport, worker, report_id=report)
    assert persons.ask(cases.GetLaneReport, CHILD_PROTECTION, report_id=report)["text"] == WHY


def test_AG_5_guardians_read_a_report_made_with_them_until_the_child_is_18(persons: Persons) -> None:
    """AG-5, PR-2: at that midnight it is gone from their list, and not there by its id."""
    case_id = persons.at_level_1()
    mother = persons.guardian(case_id)
    report = persons.ask(
        cases.FileLaneReport, TEACHER, child_number=TUVA, kind="with_guardians", suspicion="other", text=WHY,
        guardians_informed="yes", police_contacted=False,
    )["id"]  # fmt: skip
    persons.clock.set(datetime(2040, 5, 16, 21, 59, tzinfo=UTC))
    persons.keep_up()
    assert [each["report_id"] for each in persons.ask(cases.ReportsWithGuardians, mother)["items"]] == [
        report
    ]
    persons.clock.set(datetime(2040, 5, 16, 22, 1, tzinfo=UTC))
    persons.keep_up()
    assert persons.ask(cases.ReportsWithGuardians, mother)["items"] == []
    with pytest.raises(NotFound):
        persons.ask(cases.GetLaneReport, mother, report_id=report)


def test_PR_5_a_report_that_only_described_the_child_is_kept_from_the_family_once_the_child_is_known(
    persons: Persons,
) -> None:
    """PR-5, SE-3: a father took it before anybody knew; whoever says who the child is, it is his no more, and waits
    for a colleague. What was reported stays as it was; it is said once, by child protection alone, and noted in the
    lane."""
    father = employ(persons, JONAS, PROTECTION, "child_protection")
    told = {"kind": "protected", "suspicion": "violence", "text": WHY, "guardians_informed": "no",
            "guardians_informed_reason": WHY, "police_contacted": False}  # fmt: skip
    reports = [
        persons.ask(cases.FileLaneReport, TEACHER, child_description="En jente på rundt fire", **told)["id"]
        for _ in range(2)
    ]
    for report, who in zip(reports, (father, CHILD_PROTECTION), strict=True):
        persons.ask(cases.AssessLaneReport, father, report_id=report)
        asked = {"report_id": report, "child_number": TUVA}
        with pytest.raises(Forbidden):
            persons.ask(cases.IdentifyLaneChild, TEACHER, **asked)
        with pytest.raises(NotFound):
            persons.ask(cases.IdentifyLaneChild, NURSE, **asked)
        with pytest.raises(InvalidInput) as refused:
            persons.ask(cases.IdentifyLaneChild, who, report_id=report, child_number="12851890287")
        assert refused.value.fields == {"child_number": "unknown_number"}
        persons.ask(cases.IdentifyLaneChild, who, **asked)
        with pytest.raises(NotFound):
            persons.ask(cases.GetLaneReport, father, report_id=report)
        found = persons.ask(cases.GetLaneReport, CHILD_PROTECTION, report_id=report)
        assert (found["child_name"], found["child_birth_date"]) == (
            "Tuva Elvestrand Fagerdalen",
            "2022-05-17",
        )
        assert (found["child_description"], found["text"]) == ("En jente på rundt fire", WHY)
        reported = persons.ask(cases.GetLaneReport, TEACHER, report_id=report)
        assert (reported["child_name"], reported["child_birth_date"], reported["child_description"]) == (
            None,
            None,
            "En jente på rundt fire",
        ), "whoever described a stranger is told no name"
        assert (found["state"], found["taken_by"]) == ("received", None)
        with pytest.raises(Conflict) as known:
            persons.ask(cases.IdentifyLaneChild, CHILD_PROTECTION, **asked)
        assert known.value.code == "lane_child_known"
        acts = [
            each["act"] for each in persons.ask(cases.LaneAccess, CHILD_PROTECTION, report_id=report)["items"]
        ]
        assert "identify_child" in acts
    lost = persons.told(cases.LaneReadersLost, "lane_outbox")
    assert [(each["report_id"], each["person_ids"]) for each in lost] == [
        (report, [father.person_id]) for report in reports
    ], "NO-6: what he was told of them is shown and sent no more"
    assert persons.ask(cases.LaneReports, father)["items"] == []
    assert {each["child_name"] for each in persons.ask(cases.LaneReports, TEACHER)["items"]} == {None}
    assert "Tuva" not in repr(persons.dump()) and TUVA not in repr(persons.dump())

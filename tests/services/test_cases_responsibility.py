"""Parental responsibility as it changes: by the register asked again, and by papers that somebody verified (GU-3)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.chassis.actor import Actor
from services.contracts import cases
from services.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from tests.services.cases_house import COLLEAGUE, EMIL, JONAS, LEADER, MARIT, NOW, NURSE, TEACHER, TUVA
from tests.services.persons_house import Persons, persons

__all__ = ["persons"]

TODAY = NOW.date()
FATHER = "ecf5227d-b640-54e9-a21c-130b0be614c4"
MOTHER = "59541f5e-0f1d-559c-a9fa-ae508402734f"


def sees(the: Persons, case_id: str, person_id: str) -> bool:
    try:
        the.case(case_id, Actor("granli", "guardian", person_id, None, "high"))
    except NotFound:
        return False
    return True


def paper(the: Persons, case_id: str, actor: Actor = TEACHER, **more: object) -> str:
    told = {
        "case_id": case_id, "person_id": FATHER, "kind": "court_decision", "relation": "father",
        "has_responsibility": False, "valid_from": TODAY.isoformat(), **more,
    }  # fmt: skip
    return str(the.ask(cases.RecordPaper, actor, **told)["id"])


def decide(the: Persons, case_id: str, paper_id: str, actor: Actor = LEADER, **more: object) -> None:
    told = {"case_id": case_id, "paper_id": paper_id, "decision": "verified", **more}
    the.ask(cases.DecidePaper, actor, **told)


def test_GU_3_what_the_register_tells_anew_holds_from_today(persons: Persons) -> None:
    """GU-3, CO-10: the father's responsibility ends; he sees nothing from his next request on, and it is told whole."""
    case_id = persons.at_level_1()
    assert sees(persons, case_id, FATHER)
    persons.register.tie("jonas-fagerdalen")["responsibility"] = "none"
    persons.refresh(case_id, TEACHER)
    assert not sees(persons, case_id, FATHER) and sees(persons, case_id, MOTHER)
    now_told = [each for each in persons.last_told()["guardians"] if each["person_id"] == FATHER]
    assert [(each["has_responsibility"], each["valid_from"], each["valid_to"]) for each in now_told] == [
        (True, "2022-05-17", TODAY.isoformat()),
        (False, TODAY.isoformat(), None),
    ]


def test_GU_3_what_has_not_changed_is_not_told_again(persons: Persons) -> None:
    """GU-3: asking is no news, neither by hand nor by the timer, which asks once a day."""
    case_id = persons.at_level_1()
    before = len(persons.told(cases.PersonChanged))
    persons.refresh(case_id, TEACHER)
    persons.advance(days=1)
    persons.night()
    persons.night()
    assert len(persons.told(cases.PersonChanged)) == before
    assert persons.family(case_id, TEACHER)["asked_on"] == (TODAY + timedelta(days=1)).isoformat()


def test_GU_3_the_timer_asks_about_every_running_case(persons: Persons) -> None:
    """GU-3: nobody needs to remember it."""
    case_id = persons.at_level_1()
    del persons.register.families["fagerdalen"]["ties"][1]
    persons.register.tell()
    persons.night()
    assert sees(persons, case_id, FATHER), "asked today already"
    persons.advance(days=1)
    persons.night()
    assert not sees(persons, case_id, FATHER)
    assert [each["person_id"] for each in persons.case(case_id)["guardians"]] == [MOTHER]


def test_GU_3_days_to_come_are_told_and_hold_from_their_midnight(persons: Persons) -> None:
    """GU-3, AG-8: an end that lies ahead is known at once, and holds at its midnight without anybody's act."""
    case_id = persons.at_level_1()
    persons.register.tie("jonas-fagerdalen")["to"] = TODAY + timedelta(days=2)
    persons.refresh(case_id, TEACHER)
    assert sees(persons, case_id, FATHER)
    persons.advance(days=1, hours=12)  # 23:00 of the day before
    assert sees(persons, case_id, FATHER)
    persons.advance(hours=1)
    assert not sees(persons, case_id, FATHER)


def test_GU_3_a_register_that_does_not_answer_changes_nothing(persons: Persons) -> None:
    """GU-3: the timer goes on with the next round."""
    case_id = persons.at_level_1()
    persons.advance(days=1)
    persons.register._path.write_text("families: 7", encoding="utf-8")
    persons.night()
    assert sees(persons, case_id, FATHER)
    persons.register.tie("jonas-fagerdalen")["responsibility"] = "none"
    persons.register.tell()
    persons.night()
    assert not sees(persons, case_id, FATHER)


def test_GU_3_a_paper_counts_when_another_has_verified_it(persons: Persons) -> None:
    """GU-3: who registered, who verified and when are kept; until then it ends nothing."""
    case_id = persons.at_level_1()
    paper_id = paper(persons, case_id)
    assert sees(persons, case_id, FATHER)
    persons.advance(hours=1)
    decide(persons, case_id, paper_id)
    assert not sees(persons, case_id, FATHER)
    (kept,) = persons.family(case_id, TEACHER)["papers"]
    assert (kept["kind"], kept["recorded_by"], kept["decided_by"], kept["state"]) == (
        "court_decision", "p-teacher", "p-leader", "verified",
    )  # fmt: skip
    assert kept["decided_at"] > kept["recorded_at"] and kept["same_person_reason"] is None


def test_GU_3_whoever_registered_a_paper_verifies_it_with_a_reason_only(persons: Persons) -> None:
    """GU-3: two persons look at it, or one says why there was no second; the reason is kept, as ciphertext."""
    case_id = persons.at_level_1()
    paper_id = paper(persons, case_id)
    with pytest.raises(InvalidInput) as refused:
        decide(persons, case_id, paper_id, TEACHER, same_person_reason="  ")
    assert refused.value.code == "second_person_needed" and sees(persons, case_id, FATHER)
    decide(persons, case_id, paper_id, TEACHER, same_person_reason="Bare jeg er på jobb i romjula")
    assert not sees(persons, case_id, FATHER)
    assert (
        persons.family(case_id, LEADER)["papers"][0]["same_person_reason"] == "Bare jeg er på jobb i romjula"
    )
    assert "romjula" not in repr(persons.dump())
    with pytest.raises(Conflict) as again:
        decide(persons, case_id, paper_id)
    assert again.value.code == "paper_decided"


def test_GU_3_a_claim_that_waits_lets_nobody_sign_and_nobody_new_see(persons: Persons) -> None:
    """GU-3: an adult named by number is tied, unverified; refused, it is as if the paper had never been."""
    case_id = persons.at_level_1()
    told = {"person_id": None, "adult_number": persons.register.families["stillvik"]["adults"][1]["number"]}
    raymond = persons.register.families["stillvik"]["adults"][1]["id"]
    paper_id = paper(persons, case_id, relation="other", has_responsibility=True, **told)
    (claim,) = [each for each in persons.last_told()["guardians"] if each["person_id"] == raymond]
    assert (claim["has_responsibility"], claim["verified"]) == (True, False)
    assert not sees(persons, case_id, raymond) and sees(persons, case_id, FATHER)
    decide(persons, case_id, paper_id, decision="refused")
    assert raymond not in {each["person_id"] for each in persons.last_told()["guardians"]}
    paper_id = paper(persons, case_id, relation="other", has_responsibility=True, **told)
    decide(persons, case_id, paper_id)
    assert sees(persons, case_id, raymond)


def test_GU_3_a_verified_paper_stands_until_the_register_says_something_new(persons: Persons) -> None:
    """GU-3: the court was before the register; that the register repeats itself does not undo it."""
    case_id = persons.at_level_1()
    decide(persons, case_id, paper(persons, case_id))
    persons.advance(hours=1)
    persons.refresh(case_id, TEACHER)
    assert not sees(persons, case_id, FATHER)
    persons.register.tie("jonas-fagerdalen")["responsibility"] = "none"
    persons.refresh(case_id, TEACHER)
    persons.advance(days=1)
    persons.register.tie("jonas-fagerdalen")["responsibility"] = "joint"
    persons.refresh(case_id, TEACHER)
    assert sees(persons, case_id, FATHER)


def test_GU_3_only_who_is_in_charge_keeps_papers(persons: Persons) -> None:
    """GU-3: owner, holder, leader; a colleague, another service and a guardian do not, and are not told of papers."""
    case_id = persons.at_level_1()
    paper_id = paper(persons, case_id)
    for stranger in (COLLEAGUE, NURSE):
        for refused in (
            lambda who: paper(persons, case_id, who),
            lambda who: decide(persons, case_id, paper_id, who),
            lambda who: persons.family(case_id, who),
            lambda who: persons.refresh(case_id, who),
        ):
            with pytest.raises(NotFound):
                refused(stranger)
    with pytest.raises(Forbidden):
        persons.family(case_id, Actor("granli", "guardian", MOTHER, None, "high"))


@pytest.mark.parametrize(
    ("more", "field", "code"),
    [
        ({"valid_to": TODAY.isoformat()}, "valid_to", "before_start"),
        ({"person_id": "somebody"}, "person_id", "not_of_the_family"),
        ({"adult_number": JONAS}, "person_id", "person_or_number"),
        ({"person_id": None, "adult_number": TUVA}, "adult_number", "not_an_adult"),
        ({"person_id": None, "adult_number": "12851890287"}, "adult_number", "unknown_number"),
        ({"person_id": None, "adult_number": MARIT[:-1]}, "adult_number", "identity_number_invalid"),
    ],
)  # fmt: skip
def test_GU_3_a_paper_that_says_nothing_clear_keeps_nothing(
    persons: Persons, more: dict[str, object], field: str, code: str
) -> None:
    """GU-3: the field is named."""
    case_id = persons.at_level_1()
    before = persons.dump(without=("access_record", "access_heads"))
    with pytest.raises(InvalidInput) as refused:
        paper(persons, case_id, **more)
    assert refused.value.fields == {field: code}
    assert persons.dump(without=("access_record", "access_heads")) == before


def test_PR_6_a_grade_that_becomes_protected_unlinks_at_once_what_the_register_linked(
    persons: Persons,
) -> None:
    """PR-6, CO-10: no guardian stands linked by the register where an address is protected; a paper links by hand."""
    case_id = persons.at_level_1()
    child = persons.register.families["fagerdalen"]["children"][0]
    child["address_grade"] = "strictly_confidential"
    persons.refresh(case_id, TEACHER)
    told = persons.last_told()
    assert told["address_grade"] == "strictly_confidential"
    assert all(each["valid_to"] == TODAY.isoformat() for each in told["guardians"])
    assert not sees(persons, case_id, FATHER) and not sees(persons, case_id, MOTHER)
    with pytest.raises(NotFound):
        persons.case(case_id, LEADER)
    linked = paper(persons, case_id, person_id=MOTHER, relation="mother", has_responsibility=True)
    decide(persons, case_id, linked, TEACHER, same_person_reason="Leder har ikke lenger tilgang")
    persons.refresh(case_id, TEACHER)
    assert sees(persons, case_id, MOTHER) and not sees(persons, case_id, FATHER)


def test_PR_6_a_protected_child_gets_a_guardian_by_hand_alone(persons: Persons) -> None:
    """PR-6: linked by a verified paper, with the register's words on the adult."""
    case_id = persons.concern(number=EMIL)
    assert persons.case(case_id)["guardians"] == []
    mother = persons.register.families["stillvik"]["adults"][0]
    told = {
        "person_id": None,
        "adult_number": mother["number"],
        "relation": "mother",
        "kind": "register_extract",
    }
    linked = paper(persons, case_id, has_responsibility=True, valid_from="2019-03-08", **told)
    decide(persons, case_id, linked, TEACHER, same_person_reason="Ingen andre har tilgang til saken")
    assert [each["person_id"] for each in persons.case(case_id)["guardians"]] == [mother["id"]]

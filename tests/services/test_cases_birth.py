"""A pregnant woman's case, and the birth: a case of the child's own, with nothing of hers but what she agreed to."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from services.chassis.actor import Actor
from services.contracts import cases
from services.kernel.errors import Conflict, InvalidInput, NotFound
from tests.services.cases_house import HEALTH, MARIT, NOW, NURSE, TEACHER, TUVA
from tests.services.persons_house import Persons, persons

__all__ = ["persons"]

TODAY = NOW.date()


@pytest.fixture
def mother(persons: Persons) -> Actor:
    """Hanne, as herself; her child is born two days ago by the register, with a father who shares responsibility."""
    family = persons.register.families["stillvik"]
    for person in family["adults"] + family["children"]:
        person["address_grade"] = "ungraded"
    family["children"][0]["birth_date"] = TODAY - timedelta(days=2)
    for tie in family["ties"]:
        tie |= {"responsibility": "joint", "verified": {"by": "register", "at": TODAY}}
    persons.register.tell()
    return Actor("granli", "self", family["adults"][0]["id"], None, "high")


def number(the: Persons, kind: str) -> str:
    return str(the.register.families["stillvik"][kind][0]["number"])


def father(the: Persons) -> Actor:
    return Actor("granli", "guardian", the.register.families["stillvik"]["adults"][1]["id"], None, "high")


def pregnancy(the: Persons) -> str:
    """Hanne's case, owned by the nurse, talked over, at level 1."""
    case_id = the.concern(NURSE, number(the, "adults"), subject_kind="pregnant")
    the.ask(cases.RecordNote, NURSE, case_id=case_id, text="Hun er mye kvalm og sover lite", topic="health")
    the.ask(
        cases.RecordNote, NURSE, case_id=case_id, text="Hun vil ha hjelp til barneseng", topic="practical"
    )
    the.ask(
        cases.RecordTalk, NURSE, case_id=case_id, held_on=TODAY.isoformat(), summary="Vi avtalte mer støtte",
        with_person_ids=[the.case(case_id, NURSE)["child"]["person_id"]], child_view="Jeg vil klare dette",
    )  # fmt: skip
    the.move(case_id, 1, actor=NURSE, holder_person_id="p-nurse", holder_unit_id=HEALTH)
    return case_id


def born(the: Persons, case_id: str, actor: Actor = NURSE, **more: Any) -> dict[str, Any]:
    told = {
        "case_id": case_id, "child_number": number(the, "children"),
        "concern": "Familien ønsker tett oppfølging", **more,
    }  # fmt: skip
    return the.ask(cases.RegisterBirth, actor, **told)


def notes(the: Persons, case_id: str, actor: Actor = NURSE) -> dict[str, dict[str, Any]]:
    found = the.ask(cases.GetNotes, actor, case_id=case_id)["notes"]
    return {note["text"]: note for note in found}


def test_LV_13_a_pregnant_adults_case_is_hers(persons: Persons, mother: Actor) -> None:
    """LV-13: owned by the health station; she reads it and signs; nobody is her guardian."""
    case_id = pregnancy(persons)
    shown = persons.case(case_id, mother)
    assert (shown["subject_kind"], shown["part"], shown["guardians"]) == ("pregnant", "self", [])
    assert "sign_consent" in shown["permitted"]
    assert [each["case_id"] for each in persons.ask(cases.MyCases, mother)["items"]] == [case_id]
    with pytest.raises(NotFound):
        persons.case(case_id, father(persons))


def test_LV_13_a_mother_who_is_known_already_is_told_of_as_the_one_her_case_is_about(
    persons: Persons, mother: Actor
) -> None:
    """LV-13: somebody's guardian until now; without her birth date elsewhere nobody could sign for her."""
    persons.concern(NURSE, number(persons, "children"))
    case_id = pregnancy(persons)
    assert mother.person_id in [told["person_id"] for told in persons.told(cases.PersonChanged)]
    assert "sign_consent" in persons.case(case_id, mother)["permitted"]


def test_LV_18_the_birth_begins_a_case_of_the_childs_own(persons: Persons, mother: Actor) -> None:
    """LV-18: at level 0, owned by who registered it, with the guardians by the register (GU-1); hers goes on."""
    mothers = pregnancy(persons)
    answer = born(persons, mothers)
    childs = persons.case(answer["id"], NURSE)
    assert (childs["level"], childs["part"], childs["subject_kind"]) == (0, "owner", "child")
    assert {each["relation"] for each in childs["guardians"]} == {"mother", "father"}
    assert list(notes(persons, answer["id"])) == ["Familien ønsker tett oppfølging"]
    hers = persons.case(mothers, NURSE)
    assert hers["state"] == "open" and hers["happenings"][-1]["what"] == "birth_registered"
    assert [each["case_id"] for each in persons.told(cases.BirthRegistered)] == [mothers]


def test_LV_18_neither_case_names_the_other(persons: Persons, mother: Actor) -> None:
    """LV-18, GU-6: the father, who reads the child's case, finds no way to the mother's, nor does a reader of hers to
    the child's."""
    mothers = pregnancy(persons)
    childs = str(born(persons, mothers)["id"])
    persons.talk(childs, NURSE)
    shown = persons.ask(cases.GetCase, father(persons), case_id=childs, with_notes=True)
    assert mothers not in repr(shown) and "kvalm" not in repr(shown) and "barneseng" not in repr(shown)
    with pytest.raises(NotFound):
        persons.case(mothers, father(persons))
    child_id = persons.case(childs, NURSE)["child"]["person_id"]
    hers = repr(persons.ask(cases.GetCase, NURSE, case_id=mothers, with_notes=True))
    assert childs not in hers and child_id not in hers
    assert [event["case_id"] for event in persons.told(cases.BirthRegistered)] == [mothers]
    about_hers = [event for event in persons.told() if event.get("case_id") == mothers]
    assert childs not in repr(about_hers) and child_id not in repr(about_hers)


def test_LV_18_only_what_she_agreed_to_is_copied(persons: Persons, mother: Actor) -> None:
    """LV-18: note by note, with the day of her word; a copy belongs to the child's case from now on."""
    mothers = pregnancy(persons)
    bed = notes(persons, mothers)["Hun vil ha hjelp til barneseng"]["note_id"]
    with pytest.raises(InvalidInput) as refused:
        born(persons, mothers, note_ids=[bed])
    assert refused.value.fields == {"mother_agreed_on": "required"}
    childs = born(persons, mothers, note_ids=[bed], mother_agreed_on=TODAY.isoformat())["id"]
    assert set(notes(persons, childs)) == {
        "Familien ønsker tett oppfølging",
        "Hun vil ha hjelp til barneseng",
    }


@pytest.mark.parametrize(
    ("text", "code"), [("Hun er mye kvalm og sover lite", "health_stays_hers"), (None, "unknown_note")]
)
def test_GU_6_her_health_stays_hers_whatever_she_agreed_to(
    persons: Persons, mother: Actor, text: str | None, code: str
) -> None:
    """GU-6, LV-18: and a note that is none of this case's is copied from nowhere."""
    mothers = pregnancy(persons)
    other = persons.concern(NURSE, TUVA)
    of_other = notes(persons, other)[next(iter(notes(persons, other)))]["note_id"]
    note_id = notes(persons, mothers)[text]["note_id"] if text else of_other
    before = persons.dump(without=("access_record", "access_heads"))
    with pytest.raises(InvalidInput) as refused:
        born(persons, mothers, note_ids=[note_id], mother_agreed_on=TODAY.isoformat())
    assert refused.value.fields == {"note_ids": code}
    assert persons.dump(without=("access_record", "access_heads")) == before


def test_LV_18_her_case_may_end_with_the_birth(persons: Persons, mother: Actor) -> None:
    """LV-18: with a reason; the child's goes on by itself."""
    mothers = pregnancy(persons)
    with pytest.raises(InvalidInput) as refused:
        born(persons, mothers, closes=True)
    assert refused.value.fields == {"closing_reason": "required"}
    childs = born(persons, mothers, closes=True, closing_reason="Hun ønsker ikke mer for egen del")["id"]
    assert persons.case(mothers, NURSE)["state"] == "closed"
    assert persons.case(childs, NURSE)["state"] == "open"
    assert [each["case_id"] for each in persons.told(cases.CaseClosed)] == [mothers]


def test_LV_18_a_birth_is_of_a_newborn_of_hers_by_the_register(persons: Persons, mother: Actor) -> None:
    """LV-18: no other woman's child, no older one, and on no other kind of case."""
    mothers = pregnancy(persons)
    for other in (TUVA, MARIT):
        with pytest.raises(InvalidInput) as refused:
            born(persons, mothers, child_number=other)
        assert refused.value.fields == {"child_number": "not_her_newborn"}
    persons.register.families["stillvik"]["children"][0]["birth_date"] = TODAY + timedelta(days=1)
    persons.register.tell()
    with pytest.raises(InvalidInput):
        born(persons, mothers)


def test_LV_18_only_who_is_in_charge_registers_a_birth(persons: Persons, mother: Actor) -> None:
    """LV-18: and it is a pregnant woman's case."""
    mothers = pregnancy(persons)
    with pytest.raises(NotFound):
        born(persons, mothers, TEACHER)
    childs = born(persons, mothers)["id"]
    with pytest.raises((Conflict, InvalidInput)):
        born(persons, childs)

"""A worry talked over with others: without a name, or with the family's word (LV-12)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from services.contracts import cases, directory
from services.kernel.errors import Forbidden, InvalidInput, NotFound, Refusal
from tests.services.cases_house import (
    CHILD_PROTECTION,
    COLLEAGUE,
    EMIL,
    HEALTH,
    KINDERGARTEN,
    NOW,
    NURSE,
    PROTECTION,
    PSYCHOLOGIST,
    SENTENCE,
    SERVICES,
    TEACHER,
    TUVA,
)
from tests.services.persons_house import Persons, persons

__all__ = ["persons"]

TODAY = NOW.date().isoformat()
QUESTION = "Et barn på fire år sitter alene ved vinduet. Hva kan vi prøve?"


@pytest.fixture(autouse=True)
def units(persons: Persons) -> None:
    """The units are known."""
    for unit_id, service_id in SERVICES.items():
        persons.hear(
            directory.UnitChanged, unit_id, {"unit_id": unit_id, "service_id": service_id, "active": True}
        )


def ask(the: Persons, actor: Any = TEACHER, **more: Any) -> str:
    told = {"to_unit_ids": [HEALTH, PROTECTION], "text": QUESTION, "child_number": TUVA, **more}
    return str(the.ask(cases.AskDiscussion, actor, **told)["id"])


def read(the: Persons, actor: Any) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = the.ask(cases.Discussions, actor)["items"]
    return items


def test_LV_12_receivers_read_and_answer_and_nothing_ties_it_to_a_child(persons: Persons) -> None:
    """LV-12: not for the receivers, and not at rest either: no row of any table but the access record says of whom."""
    case_id = persons.concern()
    discussion_id = ask(persons, case_id=case_id, child_number=None)
    (told,) = read(persons, NURSE)
    assert (told["text"], told["from_unit_id"], told["mine"]) == (QUESTION, KINDERGARTEN, False)
    child_id = persons.case(case_id)["child"]["person_id"]
    for secret in (case_id, child_id, "Tuva"):
        assert secret not in repr(told)
    kept = persons.dump()
    rows = "".join(kept["discussions"] + kept["discussion_units"] + kept["discussion_answers"])
    assert discussion_id in rows and case_id not in rows and child_id not in rows
    assert not [row for name, rows in kept.items() if name != "idempotency_keys" for row in rows
                if discussion_id in row and case_id in row]  # fmt: skip
    persons.ask(
        cases.AnswerDiscussion, CHILD_PROTECTION, discussion_id=discussion_id, text="Snakk med foreldrene"
    )
    assert [answer["text"] for answer in read(persons, TEACHER)[0]["answers"]] == ["Snakk med foreldrene"]
    assert read(persons, COLLEAGUE)[0]["mine"]
    assert "vinduet" not in repr(persons.dump()) and "Snakk med" not in repr(persons.dump())


@pytest.mark.parametrize(
    ("text", "word", "what"),
    [
        ("Tuvas mor er bekymret", "Tuvas", "name"),
        ("Far heter JONAS", "JONAS", "name"),
        (f"Hun er {TUVA[:6]} {TUVA[6:]}", f"{TUVA[:6]} {TUVA[6:]}", "identity_number"),
        ("De bor i Solbærveien", "Solbærveien", "address"),
    ],
)
def test_LV_12_a_text_that_tells_whom_it_is_about_is_refused_with_the_word(
    persons: Persons, text: str, word: str, what: str
) -> None:
    """LV-12: of child and guardians, from the case or by the child's number; the field and the word are named."""
    case_id = persons.concern()
    before = persons.dump(without=("access_record",))
    for whom in ({"child_number": TUVA}, {"child_number": None, "case_id": case_id}):
        with pytest.raises(InvalidInput) as refused:
            ask(persons, text=text, **whom)
        assert (refused.value.fields, refused.value.params) == ({"text": f"tells_{what}"}, {"word": word})
    assert persons.dump(without=("access_record",)) == before


def test_PR_6_no_refusal_tells_where_a_protected_child_lives(persons: Persons) -> None:
    """PR-6, LV-12: a street named in a text gets the same answer, whether or not it is the one. Names are seen."""
    for street in ("Elvekroken", "Fjernveien", "Solbærveien"):
        ask(persons, text=f"De bor visst i {street}", child_number=EMIL)
    with pytest.raises(InvalidInput) as refused:
        ask(persons, text="Emil er redd", child_number=EMIL)
    assert refused.value.params == {"word": "Emil"}


def test_LV_12_it_is_asked_from_any_level_and_without_a_case(persons: Persons) -> None:
    """LV-12: but whom the text is held against must be known."""
    case_id = persons.at_level_1()
    ask(persons, case_id=case_id, child_number=None)
    ask(persons, actor=PSYCHOLOGIST)
    with pytest.raises(InvalidInput) as refused:
        ask(persons, child_number=None)
    assert refused.value.fields == {"child_number": "required"}


def test_LV_12_with_the_name_known_it_needs_the_guardians_word(persons: Persons) -> None:
    """LV-12: of everybody who would sign for the topic; who and when are kept."""
    case_id = persons.at_level_1()
    guardians = [each["person_id"] for each in persons.case(case_id)["guardians"]]
    named = {"case_id": case_id, "child_number": None, "named": True, "text": "Tuva sitter mye alene"}
    for missing, field, code in (
        ({"agreed_ids": guardians[:1], "agreed_on": TODAY, "topic": "wellbeing"}, "agreed_ids", "family_word_needed"),
        ({"agreed_ids": guardians, "topic": "wellbeing"}, "agreed_on", "required"),
        ({"agreed_ids": guardians, "agreed_on": "2026-12-24", "topic": "wellbeing"}, "agreed_on", "date_in_future"),
        ({"agreed_ids": guardians, "agreed_on": TODAY}, "topic", "required"),
    ):  # fmt: skip
        with pytest.raises(InvalidInput) as refused:
            ask(persons, **named, **missing)
        assert refused.value.fields == {field: code}
    ask(persons, **named, agreed_ids=guardians, agreed_on=TODAY, topic="wellbeing")
    (told,) = read(persons, NURSE)
    assert told["named"] and told["text"].startswith("Tuva")
    (row,) = persons.dump()["discussions"]
    assert all(guardian in row for guardian in guardians) and "2026, 11, 21" in row


def test_LV_12_only_those_asked_read_and_answer(persons: Persons) -> None:
    """LV-12: to others there is no discussion; a guardian asks none."""
    discussion_id = ask(persons, to_unit_ids=[HEALTH])
    assert read(persons, CHILD_PROTECTION) == [] and read(persons, PSYCHOLOGIST) == []
    with pytest.raises(NotFound):
        persons.ask(cases.AnswerDiscussion, PSYCHOLOGIST, discussion_id=discussion_id, text="Hei")
    persons.at_level_1()
    guardian = persons.guardian(persons.ask(cases.MyCases, TEACHER)["items"][0]["case_id"])
    refused: list[tuple[Callable[[], Any], type[Refusal]]] = [
        (lambda: read(persons, guardian), NotFound),
        (lambda: ask(persons, guardian), Forbidden),
        (
            lambda: persons.ask(cases.AnswerDiscussion, guardian, discussion_id=discussion_id, text="Hei"),
            NotFound,
        ),
    ]
    for act, kind in refused:
        with pytest.raises(kind):
            act()


def test_LV_12_it_is_put_to_real_units_and_not_ones_own(persons: Persons) -> None:
    """LV-12"""
    for units, code in ((["unit-nowhere"], "unknown_unit"), ([HEALTH, KINDERGARTEN], "own_unit")):
        with pytest.raises(InvalidInput) as refused:
            ask(persons, to_unit_ids=units)
        assert refused.value.fields == {"to_unit_ids": code}
    assert SENTENCE not in repr(persons.dump())

"""A worry talked over with others: without a name, or with the family's word (LV-12)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from services.cases.storage import tables
from services.contracts import cases, directory
from services.kernel.errors import Forbidden, InvalidInput, NotFound, Refusal
from tests.services.cases_house import (
    CHILD_PROTECTION,
    COLLEAGUE,
    EMIL,
    HEALTH,
    JONAS,
    KINDERGARTEN,
    NOW,
    NURSE,
    PROTECTION,
    PSYCHOLOGIST,
    RAYMOND,
    SENTENCE,
    SERVICES,
    TEACHER,
    TUVA,
)
from tests.services.persons_house import Persons, employ, persons, recorded

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
    before = persons.dump(without=("access_record", "access_heads"))
    for whom in ({"child_number": TUVA}, {"child_number": None, "case_id": case_id}):
        with pytest.raises(InvalidInput) as refused:
            ask(persons, text=text, **whom)
        assert (refused.value.fields, refused.value.params) == ({"text": f"tells_{what}"}, {"word": word})
    assert persons.dump(without=("access_record", "access_heads")) == before


@pytest.mark.parametrize("gone", ["the tie", "the child"])
def test_LV_12_a_family_is_also_whom_the_register_has_dropped(persons: Persons, gone: str) -> None:
    """LV-12, GU-3: whom it no longer ties to the child, and all of them where it no longer knows the number."""
    case_id = persons.at_level_1()
    if gone == "the child":
        del persons.register.families["fagerdalen"]
    else:
        ties = persons.register.families["fagerdalen"]["ties"]
        ties.remove(persons.register.tie("jonas-fagerdalen"))
    persons.register.tell()
    with pytest.raises(InvalidInput) as refused:
        ask(persons, case_id=case_id, child_number=None, text="Faren, Jonas, er borte mye")
    assert (refused.value.code, refused.value.params) == ("text_tells", {"word": "Jonas"})
    ask(persons, case_id=case_id, child_number=None)


def test_LV_12_a_text_that_can_be_held_against_no_name_is_not_shared(persons: Persons) -> None:
    """LV-12: where neither the register nor anybody here knows the family, nothing says that the text is anonymous."""
    case_id = persons.at_level_1()
    del persons.register.families["fagerdalen"]
    persons.register.tell()
    with persons.app.db.write() as tx:
        tx.execute(sa.delete(tables.persons).where(tables.persons.c.is_employee.is_(False)))
    with pytest.raises(InvalidInput) as refused:
        ask(persons, case_id=case_id, child_number=None, text="Tuva er redd")
    assert refused.value.fields == {"child_number": "family_not_known"}


def test_LV_12_no_answer_bears_an_identity_number_either(persons: Persons) -> None:
    """LV-12: neither from those asked nor from who asked and knows it; the refusal is noted. Where to call is no
    secret."""
    discussion_id = ask(persons)
    spelt = f"Ring 22 33 44 55 eller hjelp@granli.example. Det gjelder {TUVA[:6]} {TUVA[6:]}"
    for who in (TEACHER, NURSE):
        with pytest.raises(InvalidInput) as refused:
            persons.ask(cases.AnswerDiscussion, who, discussion_id=discussion_id, text=spelt)
        assert refused.value.fields == {"text": "tells_identity_number"}
    assert recorded(persons, "answer_discussion") == [
        (who.person_id, False, "tells_identity_number") for who in (TEACHER, NURSE)
    ]
    persons.ask(cases.AnswerDiscussion, NURSE, discussion_id=discussion_id, text="Ring oss på 22 33 44 55")
    assert len(read(persons, TEACHER)[0]["answers"]) == 1


def test_LV_12_a_guess_at_a_name_is_read_by_no_other_unit_and_nothing_tells_whether_it_is_right(
    persons: Persons,
) -> None:
    """LV-12: whoever asked writes no name of child or guardians in an answer either, and it is noted. Who was asked and
    writes one gets the same answer whether or not it is right; their own unit and the one that asked read it as it was
    written, and the other units that were asked read neither it nor that it is there. All read what the asker says. Of
    the names nothing is kept that can be read, or that two discussions have in common."""
    discussion_id, other = ask(persons), ask(persons)

    def answer(who: Any, text: str) -> Any:
        return persons.ask(cases.AnswerDiscussion, who, discussion_id=discussion_id, text=text)

    for spelt, word in (("Tuvas far er med", "Tuvas"), ("Snakk med JONAS først", "JONAS")):
        with pytest.raises(InvalidInput) as refused:
            answer(TEACHER, spelt)
        assert (refused.value.fields, refused.value.params) == ({"text": "tells_name"}, {"word": word})
    assert recorded(persons, "answer_discussion") == [("p-teacher", False, "tells_name")] * 2
    right, wrong = "Er det Tuva? Ring tuvas mor.", "Er det Nora? Ring noras mor."
    assert set(answer(NURSE, right)) == set(answer(NURSE, wrong))
    asker, third = "Det sier jeg ikke her.", "Ring oss gjerne."
    answer(TEACHER, asker)
    answer(CHILD_PROTECTION, third)
    told = {
        who.person_id: [each["text"] for each in read(persons, who)[-1]["answers"]]
        for who in (NURSE, TEACHER, CHILD_PROTECTION)
    }
    assert told == {
        "p-nurse": [right, wrong, asker],
        "p-teacher": [right, wrong, asker, third],
        "p-protection": [asker, third],
    }
    rows = persons.dump()["discussion_names"]
    values = [row.split("'")[-2] for row in rows]
    assert sum(discussion_id in row for row in rows) == sum(other in row for row in rows) == len(rows) / 2 > 2
    assert len(set(values)) == len(values) and "tuva" not in repr(persons.dump()).lower()


def test_LV_12_with_the_name_known_answers_may_tell_it_and_all_read_them(persons: Persons) -> None:
    """LV-12: the family has agreed, and a team talks together."""
    case_id = persons.at_level_1()
    guardians = [each["person_id"] for each in persons.case(case_id)["guardians"]]
    word = {"agreed_ids": guardians, "agreed_on": TODAY, "topic": "wellbeing", "named": True}
    discussion_id = ask(persons, case_id=case_id, child_number=None, text="Tuva sitter mye alene", **word)
    persons.ask(cases.AnswerDiscussion, NURSE, discussion_id=discussion_id, text="Tuva kan komme hit")
    assert read(persons, CHILD_PROTECTION)[0]["answers"][0]["text"] == "Tuva kan komme hit"
    assert persons.dump()["discussion_names"] == []


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


def test_LV_12_those_who_answer_for_the_units_are_told_and_then_who_asked(persons: Persons) -> None:
    """LV-12: leaders and child protection; where a unit has neither, everyone at work there. Nothing says of whom."""
    discussion_id = ask(persons, to_unit_ids=[HEALTH, PROTECTION])
    (asked,) = persons.told(cases.DiscussionAsked)
    assert asked["told_ids"] == ["p-nurse", "p-protection", "p-protection-too"]
    assert set(asked) == {"discussion_id", "told_ids", "by_person_id", "at"}
    persons.hear(directory.StaffChanged, "p-head", {"person_id": "p-head", "roles": [
        {"unit_id": HEALTH, "service_id": SERVICES[HEALTH], "role": "leader", "valid_from": "2020-01-01"},
    ]})  # fmt: skip
    ask(persons, to_unit_ids=[HEALTH])
    assert persons.told(cases.DiscussionAsked)[-1]["told_ids"] == ["p-head"]
    persons.ask(cases.AnswerDiscussion, NURSE, discussion_id=discussion_id, text="Prøv det")
    (answered,) = persons.told(cases.DiscussionAnswered)
    assert (answered["told_ids"], answered["by_person_id"]) == (["p-teacher"], "p-nurse")


def test_LV_12_whoever_tries_names_out_leaves_a_trace_and_is_stopped(persons: Persons) -> None:
    """LV-12, SE-1: each refusal stands in the access record; after ten within an hour there is no answer that tells,
    not even for a text that is clean, until the hour is over. A colleague goes on."""
    tries = ["Ola", "Kari", "Nils", "Tuva"]
    answers = []
    for number in range(13):
        text = f"{tries[number % 4]} er lei seg" if number < 12 else QUESTION
        try:
            ask(persons, text=text if number >= 12 else f"{text}, og Tuva også")
        except Refusal as refusal:
            answers.append(refusal.code)
    assert answers == ["text_tells"] * 10 + ["too_many_texts"] * 3
    lines = recorded(persons, "ask_discussion")
    assert lines == [("p-teacher", False, "tells_name")] * 10 + [("p-teacher", False, "too_many_texts")] * 3
    ask(persons, COLLEAGUE)
    with pytest.raises(Forbidden) as refused:
        ask(persons)
    assert "child protection" in refused.value.detail
    persons.advance(hours=1, minutes=1)
    ask(persons)


@pytest.mark.parametrize(("child", "parent"), [(TUVA, JONAS), (EMIL, RAYMOND)])
def test_SE_3_nobody_reads_or_answers_what_is_asked_about_their_own_family(
    persons: Persons, child: str, parent: str
) -> None:
    """SE-3, LV-12, PR-6: also who is linked nowhere; neither told, nor shown, nor able to answer, nor to ask. What is
    kept for it says of nobody: two discussions of one family have nothing in common."""
    father = employ(persons, parent, HEALTH, "leader")
    own = [ask(persons, child_number=child, to_unit_ids=[HEALTH]) for _ in range(2)]
    other = ask(persons, child_number=EMIL if child == TUVA else TUVA, to_unit_ids=[HEALTH])
    assert [each["discussion_id"] for each in read(persons, father)] == [other]
    assert {each["discussion_id"] for each in read(persons, NURSE)} == {*own, other}
    for discussion_id in own:
        with pytest.raises(NotFound):
            persons.ask(cases.AnswerDiscussion, father, discussion_id=discussion_id, text="Hei")
    persons.ask(cases.AnswerDiscussion, father, discussion_id=other, text="Hei")
    told = {each["discussion_id"]: each["told_ids"] for each in persons.told(cases.DiscussionAsked)}
    assert told == {own[0]: ["p-nurse"], own[1]: ["p-nurse"], other: [father.person_id]}
    with pytest.raises(InvalidInput) as refused:
        ask(persons, father, child_number=child, to_unit_ids=[PROTECTION])
    assert refused.value.fields == {"child_number": "own_family_at_work"}
    rows = persons.dump()["discussion_not_to"]
    values = [row.split("'")[-2] for row in rows]
    assert len(set(values)) == len(values) and father.person_id not in repr(rows)


def test_LV_12_it_is_put_to_real_units_and_not_ones_own(persons: Persons) -> None:
    """LV-12"""
    for units, code in ((["unit-nowhere"], "unknown_unit"), ([HEALTH, KINDERGARTEN], "own_unit")):
        with pytest.raises(InvalidInput) as refused:
            ask(persons, to_unit_ids=units)
        assert refused.value.fields == {"to_unit_ids": code}
    assert SENTENCE not in repr(persons.dump())

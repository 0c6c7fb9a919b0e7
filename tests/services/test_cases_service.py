"""Cases as a running service on both engines: a child's way from the first concern to the closed case."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.cases.commands import answer_handover
from services.cases.service import CasesService
from services.cases.storage import cases as storage
from services.chassis.access_record import reader_index
from services.chassis.actor import Actor, NotForThisCaller, service_actor
from services.chassis.keys import Undecipherable
from services.chassis.unit_of_work import UnitOfWork
from services.contracts import cases
from services.contracts.directory import GetTool
from services.kernel import identity_number
from services.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound, Refusal, StaleEdit
from tests.services.cases_house import (
    CHILD_PROTECTION,
    COLLEAGUE,
    EMIL,
    HEALTH,
    JONAS,
    KINDERGARTEN,
    LEADER,
    MARIT,
    NURSE,
    OTHER,
    PSYCHOLOGIST,
    PSYCHOLOGY,
    SENTENCE,
    SERVICES,
    TEACHER,
    TUVA,
    House,
    at_once,
    house,
)

OTHER_SERIES = next(n for n in (f"014120500{tail:02}" for tail in range(100)) if identity_number.parse(n))
"""Check digits agree, but it is of no series that the sandbox takes (month + 40)."""


@pytest.fixture
def the(cases_url: str, var_dir: Path) -> Iterator[House]:
    with house(cases_url, var_dir) as made:
        yield made


def test_the_migration_makes_the_tables_that_the_code_reads(the: House) -> None:
    found = sa.inspect(the.app.db.engine)
    for table in CasesService.metadata.sorted_tables:
        columns = {column["name"]: column["nullable"] for column in found.get_columns(table.name)}
        assert columns == {column.name: column.nullable for column in table.columns}, table.name
        made = {(index["name"], index["unique"] in (1, True)) for index in found.get_indexes(table.name)}
        assert {(index.name, index.unique or False) for index in table.indexes} <= made, table.name


def test_a_concern_begins_a_case_of_its_owner(the: House) -> None:
    """LV-2: level 0, its steps, its time limit; the child and both guardians are taken over from the register."""
    case_id = the.concern()
    case = the.case(case_id)
    assert (case["level"], case["part"], case["child"]["name"]) == (0, "owner", "Tuva Elvestrand Fagerdalen")
    assert (case["child"]["age"], case["decide_by"]) == (4, "2026-12-05")
    assert [guardian["relation"] for guardian in case["guardians"]].count("mother") == 1
    assert all(guardian["has_responsibility"] and guardian["verified"] for guardian in case["guardians"])
    assert [step["state"] for step in case["steps"]] == ["done", "current", "locked", "locked", "locked"]
    assert case["next"] == {"act": "make_concrete", "waits_for": "me", "due": "2026-12-05"}
    assert "decide_level" in case["permitted"] and "manage" not in case["permitted"]
    assert [each["kind"] for each in the.ask(cases.GetNotes, TEACHER, case_id=case_id)["notes"]] == [
        "concern"
    ]
    (listed,) = the.ask(cases.MyCases, TEACHER)["items"]
    assert (listed["case_id"], listed["child"]["name"]) == (case_id, "Tuva Elvestrand Fagerdalen")
    (person,) = the.told(cases.PersonChanged)
    assert len(person["guardians"]) == 2 and person["birth_date"] == "2022-05-17"
    assert [told["case_id"] for told in the.told(cases.ConcernRaised)] == [case_id]


def test_nothing_of_the_family_stands_in_clear(the: House) -> None:
    """Names, numbers and sentences are ciphertext in every table, events included."""
    case_id = the.at_level_1()
    the.ask(cases.CloseCase, TEACHER, case_id=case_id, outcome="goals_reached", reason="Det går bra nå")
    everything = repr(the.dump())
    for secret in (
        "Tuva",
        "Marit",
        "Fagerdalen",
        TUVA,
        MARIT,
        "vinduet",
        "godt sammen",
        "prøve mer",
        "går bra",
    ):
        assert secret not in everything
        assert secret.encode().hex() not in everything


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (TUVA[:-1] + "x", "identity_number_invalid"), (TUVA[:-1], "identity_number_invalid"),
        (OTHER_SERIES, "real_number_in_sandbox"), ("12851890287", "unknown_number"), (MARIT, "not_a_child"),
    ],
)  # fmt: skip
def test_a_number_that_is_not_accepted_stores_nothing(the: House, number: str, code: str) -> None:
    """DI-6: invalid, real in the sandbox, unknown to the register: named on the field, nothing kept."""
    before = the.dump()
    with pytest.raises(InvalidInput) as refused:
        the.concern(number=number)
    assert "child_number" in refused.value.fields
    assert refused.value.code == code
    assert the.dump() == before


def test_only_an_employee_at_work_in_the_unit_raises_a_concern(the: House) -> None:
    """LV-2, CO-10: guardians can't, nor can somebody for a unit where they do not work."""
    told = {"child_number": TUVA, "unit_id": KINDERGARTEN, "concern": SENTENCE}
    for actor, refusal in (
        (Actor("granli", "guardian", "p-x"), Forbidden),
        (Actor("granli", "employee", "p-x", KINDERGARTEN), InvalidInput),
        (NURSE, InvalidInput),
        (Actor("storvik", "employee", "p-teacher", KINDERGARTEN), InvalidInput),
    ):
        with pytest.raises(refusal):
            the.ask(cases.RaiseConcern, actor, **told)


def test_notes_are_the_owners_until_the_talk_is_recorded(the: House) -> None:
    """LV-17: before the talk there is no case for the family, not even at login; after it they read the notes."""
    case_id = the.concern()
    mother = the.guardian(case_id)
    assert the.login(MARIT) == [] and the.ask(cases.MyCases, mother)["items"] == []
    for actor in (mother, COLLEAGUE, OTHER):
        for procedure in (cases.GetCase, cases.GetNotes):
            with pytest.raises(NotFound):
                the.ask(procedure, actor, case_id=case_id)
    assert the.ask(cases.GetNotes, LEADER, case_id=case_id)["notes"] == []
    the.talk(case_id)
    (person,) = the.login(MARIT)
    assert (person["name"], person["is_guardian"], person["is_subject"]) == ("Marit Elvestrand", True, False)
    notes = the.ask(cases.GetNotes, mother, case_id=case_id)["notes"]
    assert [note["kind"] for note in notes] == ["concern", "talk"] and notes[0]["text"] == SENTENCE
    *_, reason = the.ask(cases.GetNotes, LEADER, case_id=case_id)["notes"]
    assert (reason["kind"], reason["text"]) == ("view", None)
    assert reason["answers"] == {"child_view_missing": "too_young"}
    assert len(the.told(cases.TalkRecorded)) == 1


def test_what_the_child_said_apart_is_not_among_the_guardians_notes(the: House) -> None:
    """LG-5: a talk with the child alone is shown to guardians only if the child agrees; else there is no trace."""
    case_id = the.concern()
    the.talk(case_id, child_view="Jeg vil ikke hjem.", child_view_missing=None, child_view_given="apart")
    kinds = {who: [note["kind"] for note in the.ask(cases.GetNotes, who, case_id=case_id)["notes"]]
             for who in (the.guardian(case_id), LEADER)}  # fmt: skip
    assert list(kinds.values()) == [["concern", "talk"], ["concern", "talk", "view"]]
    shown = the.ask(cases.GetCase, the.guardian(case_id), case_id=case_id, with_notes=True)
    assert "Jeg vil ikke hjem" not in str(shown)


def test_LG_5_a_talk_does_not_tell_guardians_that_the_child_spoke_apart(the: House) -> None:
    """LG-5: their notes are the same whether it said something alone, would not, or was too young; what it said with
    them, or lets them see, they read. The leader reads each."""
    said: dict[str, Any] = {"child_view": "Jeg vil ikke hjem.", "child_view_missing": None}
    apart = said | {"child_view_given": "apart"}
    case_id = the.concern()
    told = (apart, {"child_view_missing": "chose_not_to"}, {"child_view_missing": "too_young"},
            said | {"child_view_given": "together"}, apart | {"guardians_may_see": True})  # fmt: skip
    for talk in told:
        the.talk(case_id, **talk)
    mother = the.guardian(case_id)
    _, *talks = the.ask(cases.GetNotes, mother, case_id=case_id)["notes"]
    answers = [note["answers"] for note in talks]
    assert answers[0] == answers[1] == answers[2] and "chose_not_to" not in str(talks)
    assert [each["child_view"] for each in answers] == [None] * 3 + ["Jeg vil ikke hjem."] * 2
    assert {note["kind"] for note in talks} == {"talk"} and len(talks) == len(told)
    kept = [
        note for note in the.ask(cases.GetNotes, LEADER, case_id=case_id)["notes"] if note["kind"] == "view"
    ]
    assert [note["text"] or note["answers"]["child_view_missing"] for note in kept] == [
        "Jeg vil ikke hjem.", "chose_not_to", "too_young",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"held_on": "2026-11-22"}, "held_on"), ({"with_person_ids": ["p-nurse"]}, "with_person_ids"),
        ({"with_person_ids": []}, "with_person_ids"), ({"child_view_missing": None}, "child_view"),
        ({"child_view": "Jeg vil leke"}, "child_view"),
    ],
)  # fmt: skip
def test_a_talk_says_with_whom_when_and_what_the_child_thinks(
    the: House, wrong: dict[str, Any], field: str
) -> None:
    """LG-5, LV-17: with the family, by today, with the child's view or the reason why not, not both."""
    case_id = the.concern()
    with pytest.raises(InvalidInput) as refused:
        the.talk(case_id, **wrong)
    assert list(refused.value.fields) == [field]
    assert the.told(cases.TalkRecorded) == []


def test_from_the_concern_to_the_closed_case(the: House) -> None:
    """LV-1, LV-8, HO-1, HO-2, HO-5: level 1 with a holder, level 2 under consent, a handover, the end."""
    case_id = the.concern()
    with pytest.raises(Conflict) as refused:
        the.move(case_id, 1, holder_person_id="p-teacher", holder_unit_id=KINDERGARTEN)
    assert refused.value.code == "talk_not_recorded"
    the.talk(case_id)
    the.move(case_id, 1, holder_person_id="p-teacher", holder_unit_id=KINDERGARTEN)
    assert the.told(cases.HolderChanged)[-1]["holder_person_id"] == "p-teacher"

    assert the.ask(cases.SuggestLevel, TEACHER, case_id=case_id, service_ids=["a", "b"])["level"] == 2
    with pytest.raises(Conflict) as refused:
        the.move(case_id, 2, PSYCHOLOGY, HEALTH)
    assert refused.value.code == "consent_missing"
    assert refused.value.params["service_ids"] == sorted([SERVICES[HEALTH], SERVICES[PSYCHOLOGY]])
    the.consent(case_id, PSYCHOLOGY, HEALTH)
    the.move(case_id, 2, PSYCHOLOGY, HEALTH)
    moved = the.told(cases.LevelMoved)[-1]
    assert (moved["from_level"], moved["to_level"], len(moved["service_ids"])) == (1, 2, 2)
    assert the.ask(cases.CompleteStep, TEACHER, case_id=case_id, step="contact")["id"] == case_id
    with pytest.raises(Conflict) as refused:
        the.ask(cases.CompleteStep, TEACHER, case_id=case_id, step="evaluate")
    assert refused.value.params == {"current": "plan", "step": "evaluate"}

    asked = {"case_id": case_id, "to_person_id": "p-nurse", "to_unit_id": HEALTH, "family_answer": "agreed"}
    handover = the.ask(cases.ProposeHandover, TEACHER, **asked, reason="Hun kjenner dem")["id"]
    assert the.case(case_id)["handover"]["reason"] == "Hun kjenner dem"
    assert the.case(case_id)["next"] == {"act": "answer_handover", "waits_for": "others", "due": None}
    seen_by_nurse = the.case(case_id, NURSE)
    assert "answer_handover" in seen_by_nurse["permitted"]
    assert seen_by_nurse["handover"]["reason"] == "Hun kjenner dem"
    assert "reason" not in repr(seen_by_nurse["happenings"])
    with pytest.raises(Forbidden):
        the.ask(cases.AnswerHandover, TEACHER, case_id=case_id, handover_id=handover, answer="accepted")
    the.ask(cases.AnswerHandover, NURSE, case_id=case_id, handover_id=handover, answer="accepted")
    after = the.case(case_id, NURSE)
    assert (after["holder_person_id"], after["part"], after["handover"]) == ("p-nurse", "holder", None)
    assert the.case(case_id)["owner_person_id"] == "p-teacher"
    with pytest.raises(Forbidden):
        the.ask(cases.CloseCase, TEACHER, case_id=case_id, outcome="other", reason="x")

    the.ask(cases.CloseCase, NURSE, case_id=case_id, outcome="goals_reached", reason="Målene er nådd")
    closed = the.case(case_id)
    assert (closed["state"], closed["next"]["waits_for"]) == ("closed", "nobody")
    whats = [line["what"] for line in closed["happenings"]]
    assert whats == [
        "concern_raised", "talk_recorded", "level_moved", "holder_appointed", "level_moved", "step_completed",
        "handover_proposed", "handover_accepted", "closed",
    ]  # fmt: skip
    assert closed["happenings"][-1]["values"]["reason"] == "Målene er nådd"
    with pytest.raises(Conflict) as refused:
        the.move(case_id, 3, PSYCHOLOGY, HEALTH, actor=NURSE)
    assert refused.value.code == "case_not_open"
    assert the.ask(cases.MyCases, TEACHER)["items"] == []
    assert len(the.ask(cases.MyCases, TEACHER, include_closed=True)["items"]) == 1


def test_a_receiver_outside_the_owning_unit_needs_consent_when_asked_and_when_answering(the: House) -> None:
    """HO-2, CO-3: refused before consent; consent withdrawn before the answer stops the handover."""
    case_id = the.at_level_1()
    asked = {"case_id": case_id, "to_person_id": "p-nurse", "to_unit_id": HEALTH, "family_answer": "agreed"}
    with pytest.raises(Conflict) as refused:
        the.ask(cases.ProposeHandover, TEACHER, **asked)
    assert refused.value.code == "handover_needs_consent"
    the.consent(case_id, HEALTH)
    with pytest.raises(InvalidInput) as wrong:
        the.ask(cases.ProposeHandover, TEACHER, **{**asked, "to_unit_id": PSYCHOLOGY})
    assert wrong.value.fields == {"to_person_id": "not_in_unit"}
    handover = the.ask(cases.ProposeHandover, TEACHER, **asked)["id"]
    the.consent(case_id)
    with pytest.raises(Refusal) as refused_answer:
        the.ask(cases.AnswerHandover, NURSE, case_id=case_id, handover_id=handover, answer="accepted")
    assert refused_answer.value.code in ("handover_needs_consent", "not_found")
    assert the.case(case_id)["holder_person_id"] == "p-teacher"
    assert [told["answer"] for told in the.told(cases.HandoverAnswered)] == []


def test_bringing_in_waits_while_the_consent_status_is_not_known(the: House) -> None:
    """CO-9, LV-8: consent knowledge that is too old opens nothing; what stays within the service goes on."""
    case_id = the.at_level_1()
    the.consent(case_id, HEALTH)
    the.clock.advance(timedelta(minutes=5))
    with pytest.raises(Refusal) as refused:
        the.move(case_id, 2, HEALTH)
    assert refused.value.code == "consent_not_known"
    the.ask(cases.CompleteStep, TEACHER, case_id=case_id, step="make_concrete")
    the.keep_up()
    the.move(case_id, 2, HEALTH)


def test_two_handovers_answered_at_once_leave_one_holder(the: House) -> None:
    """HO-1: of many who answer at the same time one succeeds; there is one holder after."""
    case_id = the.at_level_1()
    asked = {
        "case_id": case_id,
        "to_person_id": "p-colleague",
        "to_unit_id": KINDERGARTEN,
        "family_answer": "agreed",
    }
    handover = the.ask(cases.ProposeHandover, TEACHER, **asked)["id"]
    answer = {"case_id": case_id, "handover_id": handover, "answer": "accepted"}
    outcomes = at_once(*[lambda: the.ask(cases.AnswerHandover, COLLEAGUE, **answer)] * 4)
    assert sum(isinstance(each, dict) for each in outcomes) == 1
    assert len(the.told(cases.HandoverAnswered)) == 1
    assert the.case(case_id)["holder_person_id"] == "p-colleague"


def test_a_child_has_one_running_case_and_a_later_concern_joins_it(the: House) -> None:
    """LG-1: three concerns of three units that go on at the same time: one case at level 1, the others joined."""
    raised = [(actor, the.concern(actor)) for actor in (TEACHER, OTHER, NURSE)]
    for actor, case_id in raised:
        the.talk(case_id, actor)

    def go_on(actor: Actor, case_id: str) -> Any:
        holder = {"holder_person_id": actor.person_id, "holder_unit_id": actor.unit_id}
        return lambda: the.move(case_id, 1, actor=actor, **holder)

    outcomes = at_once(*[go_on(actor, case_id) for actor, case_id in raised])
    assert len({each["id"] for each in outcomes}) == 1, outcomes
    running = outcomes[0]["id"]
    states = {case_id: the.case(case_id, actor) for actor, case_id in raised}
    assert sorted(case["state"] for case in states.values()) == ["joined", "joined", "open"]
    assert states[running]["level"] == 1
    assert {case["joined_into"] for id_, case in states.items() if id_ != running} == {running}
    owner = next(actor for actor, case_id in raised if case_id == running)

    def concerns_read_by(reader: Actor) -> int:
        notes = the.ask(cases.GetNotes, reader, case_id=running)["notes"]
        return [note["kind"] for note in notes].count("concern")

    assert concerns_read_by(the.guardian(running, actor=owner)) == 3
    assert concerns_read_by(owner) == 1, "CO-1: what another unit wrote is not shared by joining"
    assert len(the.told(cases.ConcernJoined)) == 2 and len(the.told(cases.LevelMoved)) == 1
    assert len(the.told(cases.PersonChanged)) == 1


def test_the_notes_of_a_colleagues_concern_that_joined_are_the_units(the: House) -> None:
    """LG-1: within the unit nothing is shared that was not shared before."""
    running = the.at_level_1()
    joined = the.concern(COLLEAGUE)
    the.talk(joined, COLLEAGUE)
    assert the.move(joined, 1, actor=COLLEAGUE, holder_person_id="p-colleague",
                    holder_unit_id=COLLEAGUE.unit_id)["id"] == running  # fmt: skip
    notes = the.ask(cases.GetNotes, TEACHER, case_id=running)["notes"]
    assert [note["kind"] for note in notes].count("concern") == 2


def test_whoever_raises_a_concern_does_not_learn_whether_the_child_was_known(the: House) -> None:
    """The answer names the same things for a child who comes new and for one who has a case."""
    told = {"child_number": TUVA, "concern": SENTENCE}
    answers = [
        the.ask(cases.RaiseConcern, actor, unit_id=actor.unit_id, **told) for actor in (TEACHER, NURSE)
    ]
    named = [{key.partition(":")[0]: at for key, at in each["versions"].items()} for each in answers]
    assert named == [{"cases.case": 1}] * 2 and len(the.told(cases.PersonChanged)) == 1


def test_the_owner_is_told_of_the_time_limit_once(the: House) -> None:
    """LV-7: near and passed, each once, however often the timer runs."""
    case_id = the.concern()
    tick = lambda: the.app.tick("warn_deadlines", CasesService.warn_deadlines.timer)  # noqa: E731
    tick()
    assert the.told(cases.DeadlineNear) == []
    the.advance(days=11)
    at_once(tick, tick)
    tick()
    assert [told["due"] for told in the.told(cases.DeadlineNear)] == ["2026-12-05"]
    the.advance(days=4)
    at_once(tick, tick)
    tick()
    assert len(the.told(cases.DeadlinePassed)) == len(the.told(cases.DeadlineNear)) == 1
    assert the.case(case_id)["overdue"] is True
    version = the.case(case_id)["version"]
    the.talk(case_id)
    assert the.case(case_id)["version"] == version + 1


def test_a_stale_edit_names_what_changed(the: House) -> None:
    """LG-8: somebody else moved the case since it was read."""
    case_id = the.at_level_1()
    version = the.case(case_id)["version"]
    the.ask(cases.CompleteStep, TEACHER, case_id=case_id, step="make_concrete")
    with pytest.raises(StaleEdit) as refused:
        the.ask(
            cases.CloseCase, TEACHER, case_id=case_id, outcome="other", reason="x", expected_version=version
        )
    assert refused.value.changed == ["steps"]


def test_a_form_is_checked_against_its_own_version(the: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """DI-5: cleaned by the definition that directory gives; what it does not know is refused by name."""
    definition = {"code": "observation", "version": 1, "title": "Observasjon", "sections": [
        {"title": "Hva", "fields": [{"name": "seen", "type": "long_text", "label": "Sett", "required": True}]},
    ]}  # fmt: skip

    class Directory:
        def call(self, procedure: Any, request: dict[str, Any], **_: Any) -> dict[str, Any]:
            assert procedure is GetTool and request["version"] == 1
            return {"tool": "observation", "version": 1, "form": definition}

    monkeypatch.setattr(the.app, "calls", lambda *_: Directory())
    case_id = the.concern()
    form = {"case_id": case_id, "tool": "observation", "tool_version": 1}
    with pytest.raises(InvalidInput) as refused:
        the.ask(cases.RecordForm, TEACHER, **form, answers={"other": "x"})
    assert set(refused.value.fields) == {"answers.seen", "answers.other"}
    the.ask(cases.RecordForm, TEACHER, **form, answers={"seen": "Hun lekte alene"})
    note = the.ask(cases.GetNotes, TEACHER, case_id=case_id)["notes"][-1]
    assert (note["kind"], note["tool"], note["answers"]) == (
        "form",
        "observation",
        {"seen": "Hun lekte alene"},
    )


def test_a_protected_address_links_nobody(the: House) -> None:
    """PR-6: no guardian is linked, the unit's leader sees nothing, the grade is for employees alone."""
    case_id = the.concern(number=EMIL)
    case = the.case(case_id)
    assert case["guardians"] == [] and case["child"]["address_protected"] is True
    with pytest.raises(NotFound):
        the.case(case_id, LEADER)
    the.talk(case_id, with_person_ids=[])


def test_cases_are_read_by_their_parties_alone_and_each_read_is_recorded(the: House) -> None:
    """SE-1, SE-3, SE-7: strangers find nothing, parties do, and the record says who saw what."""
    case_id = the.at_level_1()
    strangers = (
        PSYCHOLOGIST,
        OTHER,
        CHILD_PROTECTION,
        Actor("storvik", "guardian", "p-x"),
        service_actor("gateway"),
    )
    for actor in strangers:
        with pytest.raises(NotFound):
            the.case(case_id, actor)
        assert the.ask(cases.MyCases, actor)["items"] == []
    the.consent(case_id, HEALTH)
    father = the.guardian(case_id, 1)
    assert the.case(case_id, father)["part"] == "guardian"
    record = the.app.db.chassis.access_record
    with the.app.db.read() as conn:
        mine = reader_index(the.app.keys, "granli", father.person_id)
        rows = conn.execute(sa.select(record).where(record.c.reader == mine)).all()
    assert {(row.act, row.case_id, row.allowed) for row in rows} == {
        ("see_case", case_id, True), ("read_notes", case_id, True),
    }  # fmt: skip


def test_lists_come_in_pages_newest_change_first(the: House) -> None:
    first, second, third = the.concern(), the.concern(), the.concern()
    the.advance(minutes=1)
    the.talk(first)
    page = the.ask(cases.MyCases, TEACHER, limit=2)
    rest = the.ask(cases.MyCases, TEACHER, limit=2, cursor=page["next_cursor"])
    assert [item["case_id"] for item in page["items"] + rest["items"]] == [first, third, second]
    assert rest["next_cursor"] is None


def test_an_employee_is_registered_once_and_found_at_login(the: House) -> None:
    """Only the import registers, only the gateway asks; one person a number, one a municipality (SE-7)."""
    told = {"number": JONAS, "name": "Jonas Fagerdalen", "person_id": "p-jonas"}
    seed, gateway = service_actor("seed"), service_actor("gateway")
    for actor in (TEACHER, gateway):
        with pytest.raises(NotForThisCaller):
            the.ask(cases.RegisterEmployee, actor, **told)
    for _ in range(2):
        assert the.ask(cases.RegisterEmployee, seed, **told)["id"] == "p-jonas"
    the.app.call(cases.RegisterEmployee, seed, told, municipality="storvik")
    with pytest.raises(Conflict):
        the.ask(cases.RegisterEmployee, seed, **{**told, "number": MARIT})
    with pytest.raises(NotForThisCaller):
        the.ask(cases.ResolveLogin, TEACHER, number=JONAS)
    assert [(each["municipality"], each["person_id"]) for each in the.login(JONAS)] == [
        ("granli", "p-jonas"), ("storvik", "p-jonas"),
    ]  # fmt: skip
    case_id = the.at_level_1()
    assert "p-jonas" in [guardian["person_id"] for guardian in the.case(case_id)["guardians"]]
    assert the.login(JONAS)[0]["is_guardian"] is True and the.login(JONAS)[1]["is_guardian"] is False
    assert the.login("12851890287") == []


def test_whoever_was_replaced_a_moment_ago_does_not_act_as_holder(the: House) -> None:
    """HO-1: an act that has waited for a handover's acceptance is judged after it, not before."""
    case_id = the.at_level_1()
    asked = the.ask(
        cases.ProposeHandover, TEACHER, case_id=case_id, to_person_id=COLLEAGUE.person_id,
        to_unit_id=COLLEAGUE.unit_id, family_answer="agreed",
    )  # fmt: skip
    outcome: list[object] = []

    def act_as_holder() -> None:
        try:
            outcome.append(the.ask(cases.CompleteStep, TEACHER, case_id=case_id, step="make_concrete"))
        except Refusal as refusal:
            outcome.append(refusal.status)

    acting = threading.Thread(target=act_as_holder)
    actor = Actor("granli", "employee", COLLEAGUE.person_id, COLLEAGUE.unit_id)
    with the.app.db.write() as tx:
        storage.lock(tx, "granli", case_id)
        acting.start()
        acting.join(0.3)
        assert not outcome, "the act waits for its turn"
        uow = UnitOfWork(the.app.surroundings, tx, actor, "granli", the.clock.now())
        answer_handover.run(
            uow, {"case_id": case_id, "handover_id": asked["id"], "answer": "accepted", "reason": None}
        )
    acting.join(20)
    assert outcome == [403]


def test_LV_17_a_note_that_is_moved_to_another_row_of_the_case_does_not_open(the: House) -> None:
    """LV-17: whoever writes in the database without keys makes no other note of one."""
    case_id = the.concern()
    the.talk(case_id)
    assert len(the.ask(cases.GetNotes, TEACHER, case_id=case_id)["notes"]) >= 2
    notes = the.app.db.metadata.tables["notes"]
    with the.app.db.write() as tx:
        first, second, *_ = tx.execute(sa.select(notes).where(notes.c.case_id == case_id)).all()
        tx.execute(sa.update(notes).where(notes.c.note_id == second.note_id).values(content=first.content))
    with pytest.raises(Undecipherable):
        the.ask(cases.GetNotes, TEACHER, case_id=case_id)

"""Whom each event concerns, and what a message rests on: the tables of notifications, without database or clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.chassis.access import Asker, CaseAccess
from services.contracts.base import EventType
from services.contracts.catalogue import EVENTS
from services.contracts.notifications import KINDS as PUBLISHED
from services.kernel.facts import SOMEBODY, Act, Capacity, Facts, GuardianFact, Holder, Knowledge
from services.notifications.deciding import by_case
from services.notifications.domain.answer import Answer
from services.notifications.domain.kinds import KINDS
from services.notifications.domain.message import Told
from services.notifications.domain.recipients import Scene
from services.notifications.domain.telling import OF_WORK, SILENT, TABLE, told_by
from tests.rules.kernel_world import (
    CHILD,
    COORDINATOR,
    FATHER,
    GUARDIANS,
    HEAD,
    HEALTH,
    LAST_WEEK,
    LEVEL_0,
    LEVEL_2,
    LONG_AGO,
    MOTHER,
    NOW,
    NURSE,
    PSYCHOLOGIST,
    PSYCHOLOGY,
    STEPFATHER,
    TEACHER,
    TOWN,
    born_years_ago,
    brought_in,
    consented,
    facts,
    shared,
)

AT = NOW.isoformat()
HELD_BY_NURSE = replace(LEVEL_2, holder=Holder(NURSE, HEALTH))


def tell(event: str, world: Facts | None = None, **data: Any) -> dict[str, set[str]]:
    """kind -> who is told."""
    scene = Scene(NOW, world or shared(), frozenset({"worker"}), requested_by=TEACHER)
    found: dict[str, set[str]] = {}
    for told in told_by(event, {"case_id": "case", "at": AT, **data}, NOW, scene):
        found.setdefault(told.kind, set()).add(told.person_id)
    return found


def taking_part(person: str, unit: str, service: str, **span: Any) -> dict[str, Any]:
    return {"person_id": person, "unit_id": unit, "service_id": service, "may_write": False,
            "valid_from": LAST_WEEK.isoformat(), "valid_to": None, **span}  # fmt: skip


def test_every_event_is_in_the_table_or_meant_to_be_silent() -> None:
    in_table = {line.event for line in TABLE}
    assert in_table | SILENT == set(EVENTS) and not in_table & SILENT
    assert {line.kind for line in TABLE} == set(KINDS) == set(PUBLISHED)


@pytest.mark.parametrize("event_type", [EVENTS[event] for event in sorted({line.event for line in TABLE})])
def test_the_table_reads_only_fields_that_the_event_has(event_type: EventType) -> None:
    told_by(event_type.type, event_type.example, NOW, Scene(NOW, shared(), frozenset({"worker"})))
    fields = event_type.schema().fields
    for line in (each for each in TABLE if each.event == event_type.type):
        assert set(line.item) <= set(fields) and (line.when is None or line.when[0] in fields)


def test_CO_3_who_had_said_no_is_told_that_a_yes_was_written_in_its_place() -> None:
    """CO-3, CO-6: in other words than of any other answer that was written in, and asked to look."""
    told = {"request_id": "r", "signer_id": MOTHER, "registered_by": TEACHER, "way": "paper"}
    assert tell("consent.answer_registered.v1", **told) == {"consent_registered": {MOTHER}}
    assert tell("consent.answer_registered.v1", **told, overrules=None) == {"consent_registered": {MOTHER}}
    assert tell("consent.answer_registered.v1", **told, overrules="no") == {
        "consent_registered_over_no": {MOTHER}
    }
    assert KINDS["consent_registered_over_no"].act


def test_AG_6_who_had_an_answer_written_in_is_led_to_their_own_receipt() -> None:
    """AG-6, CO-7: by the answer, and not by the question, which may no longer be theirs to see."""
    told = {
        "request_id": "r",
        "signature_id": "s",
        "signer_id": MOTHER,
        "registered_by": TEACHER,
        "case_id": "c",
    }
    for overrules in (None, "no"):
        (message,) = told_by(
            "consent.answer_registered.v1", {**told, "overrules": overrules}, NOW, Scene(NOW, shared())
        )
        assert message.item_id == "s"


def test_SE_3_one_of_the_family_is_told_as_family_and_of_nothing_that_is_their_works() -> None:
    """SE-3, HO-6: neither as holder, owner or participant, nor as the coordinator who oversees emergencies; whoever
    stands in for an owner of the family is told in their place."""
    tied = GuardianFact(TEACHER, "other", False, False, LONG_AGO)
    own = shared(guardians=(*GUARDIANS, tied, replace(tied, person_id=PSYCHOLOGIST)))
    settled = {"request_id": "r", "state": "active"}
    scene = Scene(NOW, own, coordinators=frozenset({TEACHER, NURSE}), requested_by=NURSE)

    def told(event: str, **data: Any) -> set[str]:
        return {each.person_id for each in told_by(event, {"case_id": "case", "at": AT, **data}, NOW, scene)}

    assert told("consent.request_settled.v1", **settled) == {NURSE}
    assert told("cases.emergency_opened.v1", emergency_id="e", person_id=PSYCHOLOGIST) == {NURSE}
    assert not told("cases.case_closed.v1") & {TEACHER, PSYCHOLOGIST}
    assert tell("consent.request_settled.v1", **settled) == {"consent_given": {TEACHER}}


def test_HO_6_for_an_owner_or_holder_of_the_family_the_leader_is_told() -> None:
    """HO-6, LV-7, SE-3: who acts in their place is told of limits, answers and withdrawals; they are not, nor is a
    leader of the family. For a stranger's case no leader is told."""
    tied = GuardianFact(TEACHER, "other", False, False, LONG_AGO)
    withdrawn = {"request_ids": ["r"], "by_person_id": MOTHER}
    events: list[tuple[str, dict[str, Any]]] = [
        ("cases.deadline_near.v1", {"owner_person_id": TEACHER}),
        ("cases.deadline_passed.v1", {"owner_person_id": TEACHER}),
        ("consent.answered.v1", {"signer_id": MOTHER, "answer": "talk_first"}),
        ("consent.withdrawn.v1", withdrawn),
    ]

    def told(world: Facts, event: str, data: dict[str, Any]) -> set[str]:
        scene = Scene(NOW, world, leaders=frozenset({HEAD, FATHER}))
        return {each.person_id for each in told_by(event, {"case_id": "case", "at": AT, **data}, NOW, scene)}

    for event, data in events:
        assert told(shared(guardians=(*GUARDIANS, tied)), event, data) == {HEAD}
        assert told(shared(), event, data) == {TEACHER}
    theirs = shared(HELD_BY_NURSE, guardians=(*GUARDIANS, replace(tied, person_id=NURSE)))
    assert told(theirs, "consent.answered.v1", events[2][1]) == {HEAD}


def test_SE_3_what_somebody_did_at_work_is_told_to_who_acts_in_their_place_if_they_are_of_the_family() -> (
    None
):
    """SE-3, HO-6: of an answer to their request, a handover that they proposed or were proposed for, their release or
    the access of their service, nothing is told to them; the proposal's answer goes to the leader."""
    tied = GuardianFact(TEACHER, "other", False, False, LONG_AGO)
    own = shared(guardians=(*GUARDIANS, tied, replace(tied, person_id=PSYCHOLOGIST)))
    window = {"service_id": "psychology", "topic": "home", "valid_from": AT,
              "valid_to": (NOW + timedelta(days=9)).isoformat()}  # fmt: skip
    handover = {"handover_id": "h", "from_person_id": TEACHER, "to_person_id": NURSE}
    opened = {"windows": [window], "reason": "signed"}
    again = {"participants": [taking_part(PSYCHOLOGIST, PSYCHOLOGY, "psychology")]}
    changed = {"holder_person_id": NURSE, "previous_person_id": TEACHER, "how": "handover"}

    def told(world: Facts, event: str, requested_by: str = NURSE, **data: Any) -> dict[str, set[str]]:
        scene = Scene(NOW, world, leaders=frozenset({HEAD}), requested_by=requested_by)
        found: dict[str, set[str]] = {}
        for each in told_by(event, {"case_id": "case", "at": AT, **data}, NOW, scene):
            found.setdefault(each.kind, set()).add(each.person_id)
        return found

    settled = {"request_id": "r", "state": "active"}
    assert told(own, "consent.request_settled.v1", TEACHER, **settled) == {"consent_given": {HEAD}}
    answered = told(own, "cases.handover_answered.v1", answer="declined", **handover)
    assert answered == {"handover_declined": {HEAD}}
    back = {**handover, "from_person_id": NURSE, "to_person_id": TEACHER}
    assert told(own, "cases.handover_proposed.v1", to_unit_id="u", **back) == {}
    assert told(own, "cases.holder_changed.v1", **changed) == {"holder_changed": {MOTHER, FATHER}}
    assert told(own, "relay_log.participant_released.v1", person_id=PSYCHOLOGIST, service_id="s") == {}
    for event, data in (
        ("consent.windows_changed.v1", opened),
        ("relay_log.participants_changed.v1", again),
    ):
        nothing_yet = {"windows": (), "participants": own.participants if "windows" in data else ()}
        assert told(replace(own, **nothing_yet), event, **data) == {}
        assert told(replace(own, guardians=GUARDIANS, **nothing_yet), event, **data) != {}


def test_HO_6_for_a_holder_who_has_left_whoever_acts_as_holder_is_told() -> None:
    """HO-6: the leader, else the coordinators who may; else the owner, so that no message has no reader."""
    left = shared(replace(LEVEL_2, holder=Holder(NURSE, HEALTH, active=False)))
    answer = {"case_id": "case", "at": AT, "signer_id": MOTHER, "answer": "talk_first"}

    def told(**who: frozenset[str]) -> set[str]:
        found = told_by("consent.answered.v1", answer, NOW, Scene(NOW, left, **who))
        return {each.person_id for each in found}

    both = frozenset({COORDINATOR, FATHER})
    assert told(leaders=frozenset({HEAD}), coordinators=both) == {HEAD}
    assert told(leaders=frozenset({FATHER}), coordinators=both) == {COORDINATOR}
    assert told(coordinators=frozenset({FATHER})) == {TEACHER}


def test_HO_6_where_nobody_may_act_the_administrator_is_told_to_name_a_stand_in() -> None:
    """HO-6, SE-3: as soon as something waits for somebody; without the case. While anybody may act, and for a case that
    is closed, no administrator is told; nor is one of the family."""
    tied = GuardianFact(TEACHER, "other", False, False, LONG_AGO)
    own = shared(guardians=(*GUARDIANS, tied, replace(tied, person_id=HEAD)))
    waiting: list[tuple[str, dict[str, Any]]] = [
        ("cases.deadline_near.v1", {"owner_person_id": TEACHER}),
        ("cases.deadline_passed.v1", {"owner_person_id": TEACHER}),
        ("consent.answered.v1", {"signer_id": MOTHER, "answer": "talk_first"}),
        ("consent.withdrawn.v1", {"by_person_id": MOTHER}),
        ("consent.lapsed.v1", {"request_id": "r", "waits_for": [CHILD]}),
        ("consent.renewal_due.v1", {"request_id": "r"}),
        ("relay_log.entry_added.v1", {"entry_id": "e", "kind": "comment", "by_person_id": MOTHER}),
    ]

    def told(world: Facts, event: str, data: dict[str, Any], **who: frozenset[str]) -> list[Told]:
        here = {"leaders": frozenset({HEAD}), "coordinators": frozenset({FATHER})} | who
        scene = Scene(NOW, world, administrators=frozenset({"admin", MOTHER}), **here)
        found = told_by(event, {"case_id": "case", "at": AT, **data}, NOW, scene)
        return [each for each in found if each.kind == "nobody_may_act"]

    for event, data in waiting:
        found = [(each.person_id, each.case_id, each.by_person_id) for each in told(own, event, data)]
        assert found == [("admin", None, None)], "not which case, nor by who did it which family"
        assert told(own, event, data, coordinators=frozenset({COORDINATOR})) == []
        assert told(shared(), event, data) == []
        assert told(replace(own, case=replace(own.case, state="closed")), event, data) == []
    assert told(replace(own, case=LEVEL_0), *waiting[0]) and not told(shared(LEVEL_0), *waiting[0])
    assert told(replace(own, case=HELD_BY_NURSE), *waiting[0]) == []


def test_SE_3_of_messages_of_ones_work_none_is_shown_to_the_family() -> None:
    """SE-3, NO-6: also where the tie is known only after the message came, and as a parent they may see the case."""
    father = shared(guardians=(*GUARDIANS, replace(GUARDIANS[1], person_id=TEACHER)))
    of_work = {"handover_proposed", "consent_given", "deadline_near", "hindrance", "access_opened"}
    assert of_work < OF_WORK and not {"level_moved", "consent_requested", "case_closed"} & OF_WORK
    for kind in ("consent_given", "handover_accepted", "deadline_near"):
        assert judge(TEACHER, about(kind), shared()) == (Answer.YES, False)
        assert judge(TEACHER, about(kind), father) == (Answer.NO, False)
    assert judge(TEACHER, about("level_moved"), father) == (Answer.YES, True)


def test_those_asked_for_consent_are_to_act_and_the_holder_is_told_their_answers() -> None:
    asked = {"request_id": "r", "signer_ids": [MOTHER, FATHER], "requested_by": TEACHER}
    assert tell("consent.requested.v1", **asked) == {"consent_requested": {MOTHER, FATHER}}
    again = tell("consent.requested.v1", **asked, replaces=["before"])
    assert again == {"consent_requested_anew": {MOTHER, FATHER}}
    assert tell("consent.requested.v1", **asked, replaces=[]) == {"consent_requested": {MOTHER, FATHER}}
    assert KINDS["consent_requested"].act and KINDS["consent_requested_anew"].act
    answer = {"request_id": "r", "signer_id": MOTHER}
    assert tell("consent.answered.v1", **answer, answer="yes") == {}
    assert tell("consent.answered.v1", **answer, answer="talk_first") == {"consent_talk_first": {TEACHER}}
    nurse_holds = shared(HELD_BY_NURSE)
    assert tell("consent.request_settled.v1", nurse_holds, request_id="r", state="active") == {
        "consent_given": {NURSE, TEACHER}
    }
    assert tell("consent.request_settled.v1", request_id="r", state="conflicting") == {
        "consent_refused": {TEACHER}
    }
    assert tell("consent.request_settled.v1", request_id="r", state="pending") == {}


def test_a_withdrawal_reaches_the_holder_and_the_owner_of_what_others_hold() -> None:
    """CO-3: nobody but the holder, unless the withdrawal may have shut the holder out."""
    withdrawn = {"by_person_id": MOTHER, "service_id": "psychology"}
    assert tell("consent.withdrawn.v1", **withdrawn) == {"consent_withdrawn": {TEACHER}}
    assert tell("consent.withdrawn.v1", shared(HELD_BY_NURSE), **withdrawn) == {
        "consent_withdrawn": {NURSE, TEACHER}
    }


def test_CO_6_whoever_has_had_an_answer_registered_is_told_and_nobody_else() -> None:
    registered = {
        "request_id": "r",
        "signature_id": "s",
        "signer_id": MOTHER,
        "registered_by": TEACHER,
        "way": "paper",
    }
    assert tell("consent.answer_registered.v1", **registered) == {"consent_registered": {MOTHER}}


def test_only_who_is_newly_added_is_told_so() -> None:
    here = [taking_part(PSYCHOLOGIST, PSYCHOLOGY, "psychology"), taking_part(NURSE, HEALTH, "health-station")]
    assert tell("relay_log.participants_changed.v1", participants=here) == {"participant_added": {NURSE}}
    gone = [taking_part(NURSE, HEALTH, "health-station", valid_to=AT)]
    assert tell("relay_log.participants_changed.v1", participants=gone) == {}


def test_access_that_opens_is_told_to_those_who_take_part_for_the_service() -> None:
    """CO-1: to no guardian, and not when it had stood open before."""
    window = {"service_id": "psychology", "topic": "learning", "valid_from": AT,
              "valid_to": (NOW + timedelta(days=9)).isoformat()}  # fmt: skip
    shut = facts(participants=(brought_in(PSYCHOLOGIST),))
    changed = {"windows": [window], "reason": "signed"}
    assert tell("consent.windows_changed.v1", shut, **changed) == {"access_opened": {PSYCHOLOGIST}}
    assert tell("consent.windows_changed.v1", **changed) == {}


def test_HO_5_the_family_is_told_of_every_new_holder() -> None:
    """HO-5: and the old and the new one, but not whoever did it: who accepted, or the owner who appointed."""
    first = {"holder_person_id": TEACHER, "holder_unit_id": "u", "how": "appointed"}
    assert tell("cases.holder_changed.v1", facts(LEVEL_0), **first) == {"holder_changed": {MOTHER, FATHER}}
    over = {
        "holder_person_id": NURSE,
        "holder_unit_id": HEALTH,
        "previous_person_id": TEACHER,
        "how": "handover",
    }
    assert tell("cases.holder_changed.v1", **over) == {"holder_changed": {MOTHER, FATHER, TEACHER}}


def test_a_handover_is_proposed_to_one_and_answered_to_the_other() -> None:
    handover = {"handover_id": "h", "from_person_id": TEACHER, "to_person_id": NURSE}
    assert tell("cases.handover_proposed.v1", to_unit_id=HEALTH, **handover) == {"handover_proposed": {NURSE}}
    assert KINDS["handover_proposed"].act
    assert tell("cases.handover_answered.v1", answer="accepted", **handover) == {
        "handover_accepted": {TEACHER}
    }
    assert tell("cases.handover_answered.v1", answer="declined", **handover) == {
        "handover_declined": {TEACHER}
    }


def test_minutes_report_and_closing_concern_every_party() -> None:
    everyone = {MOTHER, FATHER, TEACHER, PSYCHOLOGIST}
    minutes = {"meeting_id": "m", "topics": ["learning", "home"], "next_evaluation_on": "2027-01-15"}
    by_teacher = everyone - {TEACHER}
    assert tell("relay_log.minutes_published.v1", by_person_id=TEACHER, **minutes) == {
        "minutes_published": by_teacher
    }
    closed = {"from_level": 2, "outcome": "goals_reached", "by_person_id": TEACHER}
    assert tell("cases.case_closed.v1", **closed) == {"case_closed": by_teacher}
    assert tell("relay_log.report_made.v1", report_id="r") == {"report_made": everyone}


def test_GU_6_whoever_an_entry_tells_of_is_asked_and_nobody_else_is() -> None:
    """And what they wrote of themselves they know."""
    entry = {"entry_id": "e", "kind": "note", "topic": "home", "by_person_id": TEACHER}
    hers = {"third_person": MOTHER, "asked_person_id": MOTHER}
    assert tell("relay_log.entry_added.v1", **entry, **hers) == {"third_person_asked": {MOTHER}}
    for whom in (None, SOMEBODY):
        assert tell("relay_log.entry_added.v1", **entry, third_person=whom) == {}, whom
    assert tell("relay_log.entry_added.v1", **{**entry, **hers, "by_person_id": MOTHER}) == {}


def test_GU_6_a_proposal_that_tells_of_the_father_is_no_news_to_a_holder_of_another_unit() -> None:
    """GU-6, NO-6: who may not read it is not told of it, though they hold the relay."""
    held = shared(replace(LEVEL_2, holder=Holder(PSYCHOLOGIST, PSYCHOLOGY)))
    data = {"case_id": "case", "at": AT, "entry_id": "e", "kind": "proposal", "topic": "learning",
            "by_person_id": MOTHER}  # fmt: skip
    for whom, answer in ((None, Answer.YES), (FATHER, Answer.NO), (SOMEBODY, Answer.NO)):
        (told,) = told_by("relay_log.entry_added.v1", data | {"third_person": whom}, NOW, Scene(NOW, held))
        assert told.person_id == PSYCHOLOGIST and judge(PSYCHOLOGIST, told, held)[0] is answer, whom


def test_GU_6_who_is_in_charge_is_told_that_a_responsible_can_no_longer_read_and_not_by_whom() -> None:
    """GU-6, HO-7: and the owner, where the holder is of another unit; nobody where nothing is to be moved."""
    data = {"case_id": "case", "at": AT, "by_person_id": MOTHER,
            "items": [{"item_id": "m", "third_person": MOTHER, "agrees": False}]}  # fmt: skip
    event, unread = "relay_log.third_person_marked.v1", {"unread_measure_ids": ["m"]}
    assert tell(event, **data) == tell(event, **data, unread_measure_ids=[]) == {}
    assert tell(event, **data, **unread) == {"measure_unread": {TEACHER}}
    assert tell(event, **{**data, **unread, "by_person_id": TEACHER}) == {}
    assert tell(event, shared(HELD_BY_NURSE), **data, **unread) == {"measure_unread": {NURSE, TEACHER}}
    for told in told_by(event, data | unread, NOW, Scene(NOW, shared(HELD_BY_NURSE))):
        assert (told.by_person_id, told.item_id, told.third_person, told.topics) == (None, None, None, ())


def test_GU_6_whoever_the_plan_tells_of_is_asked_when_its_words_are_new() -> None:
    """GU-6: and a sibling, who has no id, is told nothing."""
    plan = {"change": "goal_added", "goal_id": "g", "topic": "learning", "by_person_id": TEACHER}
    hers = tell("relay_log.plan_changed.v1", **plan, third_person=MOTHER, asked_person_id=MOTHER)
    assert hers["third_person_asked"] == {MOTHER}
    for whom in (MOTHER, SOMEBODY):
        assert set(tell("relay_log.plan_changed.v1", **plan, third_person=whom)) == {"plan_changed"}


def test_GU_6_a_plan_that_tells_of_the_mother_is_news_to_her_and_the_owning_unit_alone() -> None:
    """GU-6, NO-6: decided when it is shown, by the mark that the event bears."""
    scene = Scene(NOW, shared())
    data = {"case_id": "case", "at": AT, "change": "goal_added", "goal_id": "g", "topic": "learning"}
    for whom, reads in ((None, {MOTHER, FATHER, PSYCHOLOGIST, TEACHER}), (MOTHER, {MOTHER, TEACHER})):
        told = told_by("relay_log.plan_changed.v1", data | {"third_person": whom}, NOW, scene)[0]
        found = {
            person
            for person in (MOTHER, FATHER, PSYCHOLOGIST, TEACHER)
            if judge(person, replace(told, person_id=person), shared())[0] is Answer.YES
        }
        assert found == reads, whom


@pytest.mark.parametrize(
    ("topics", "world", "reads"),
    [
        (["home", "learning"], shared(), {MOTHER, FATHER, PSYCHOLOGIST, TEACHER}),
        (["home"], shared(), {MOTHER, FATHER, TEACHER}),
        (["health"], shared(subject_birth_date=born_years_ago(16)), {CHILD, TEACHER}),
        ([], shared(subject_birth_date=born_years_ago(16)), {TEACHER}),
    ],
    ids=["of several", "of what consent does not name", "of the youth's own", "of what waits for a word"],
)
def test_CO_8_an_evaluation_is_news_to_whoever_may_read_of_one_of_its_measures(
    topics: list[str], world: Facts, reads: set[str]
) -> None:
    """CO-8, CO-1, AG-6, GU-6, NO-6: to all others the log shows none."""
    data = {"case_id": "case", "at": AT, "evaluation_id": "ev", "topics": topics, "outcomes": []}
    told = told_by("relay_log.evaluation_recorded.v1", data, NOW, Scene(NOW, world))[0]
    people = (MOTHER, FATHER, CHILD, PSYCHOLOGIST, TEACHER)
    found = {each for each in people if judge(each, replace(told, person_id=each), world)[0] is Answer.YES}
    assert found == reads


def test_LG_11_that_the_family_ended_the_log_is_told_to_all_but_who_did_it() -> None:
    """Once, and in other words than a closing."""
    ended = {"from_level": 2, "outcome": "family_wish", "by_person_id": MOTHER, "ended_by": "guardian"}
    assert tell("cases.case_closed.v1", **ended) == {"log_ended": {FATHER, TEACHER, PSYCHOLOGIST}}


def test_a_plan_concerns_the_family_and_the_one_responsible_but_not_who_changed_it() -> None:
    plan = {
        "change": "measure_added",
        "goal_id": "g",
        "topic": "learning",
        "responsible_person_id": PSYCHOLOGIST,
    }
    assert tell("relay_log.plan_changed.v1", **plan) == {"plan_changed": {MOTHER, FATHER, PSYCHOLOGIST}}
    assert tell("relay_log.plan_changed.v1", **plan, by_person_id=PSYCHOLOGIST) == {
        "plan_changed": {MOTHER, FATHER}
    }


@pytest.mark.parametrize(
    ("kind", "told"),
    [("comment", "family_entry"), ("proposal", "family_entry"), ("feedback", "family_entry"),
     ("hindrance", "hindrance"), ("note", None), ("correction", None)],
)  # fmt: skip
def test_LG_7_what_family_and_participants_say_reaches_the_holder(kind: str, told: str | None) -> None:
    entry = {"entry_id": "e", "kind": kind, "topic": "home"}
    expected = {told: {TEACHER}} if told else {}
    assert tell("relay_log.entry_added.v1", **entry, by_person_id=MOTHER) == expected
    assert tell("relay_log.entry_added.v1", **entry, by_person_id=TEACHER) == {}


def test_LG_4_each_who_is_invited_is_called_with_the_hours() -> None:
    meeting = {"case_id": "case", "meeting_id": "m", "starts_at": AT, "ends_at": AT, "at": AT,
               "invited_ids": [MOTHER, PSYCHOLOGIST, TEACHER], "called_by": TEACHER}  # fmt: skip
    called = told_by("relay_log.meeting_called.v1", meeting, NOW, Scene(NOW, shared()))
    assert [(each.person_id, each.starts_at, each.item_id) for each in called] == [
        (MOTHER, NOW, "m"), (PSYCHOLOGIST, NOW, "m"),
    ]  # fmt: skip


def test_the_released_are_told_so_without_the_case_that_is_theirs_no_more() -> None:
    """CO-10, LV-11."""
    released = {"case_id": "case", "person_id": PSYCHOLOGIST, "service_id": "psychology", "at": AT}
    [told] = told_by("relay_log.participant_released.v1", released, NOW, Scene(NOW, shared()))
    assert (told.person_id, told.case_id, told.item_id) == (PSYCHOLOGIST, None, None)


def test_PR_5_a_report_in_the_lane_is_told_to_child_protection_alone() -> None:
    report = {"report_id": "r", "kind": "protected", "at": AT}
    told = told_by("cases.lane_report_filed.v1", report, NOW, Scene(NOW, None, frozenset({"worker"})))
    assert [(each.person_id, each.case_id, each.by_person_id) for each in told] == [("worker", None, None)]
    both = Scene(NOW, None, frozenset({"worker", "father"}))
    told = told_by("cases.lane_report_filed.v1", report | {"not_to": ["father"]}, NOW, both)
    assert [each.person_id for each in told] == ["worker"]


def test_the_family_is_who_has_responsibility_and_the_child_that_may_read() -> None:
    """GU-2, GU-3, AG-1: not the stepfather, not whoever is unverified, not a child of four."""
    unverified = GuardianFact("claims", "father", responsibility=True, verified=False, valid_from=LONG_AGO)
    moved = {"from_level": 1, "to_level": 2, "by_person_id": TEACHER, "family_answer": "agreed"}
    young = facts(guardians=(*GUARDIANS, unverified))
    assert tell("cases.level_moved.v1", young, **moved) == {"level_moved": {MOTHER, FATHER}}
    twelve = facts(subject_birth_date=born_years_ago(12))
    assert tell("cases.level_moved.v1", twelve, **moved) == {"level_moved": {MOTHER, FATHER, CHILD}}
    assert STEPFATHER not in tell("cases.level_moved.v1", young, **moved)["level_moved"]


_PEOPLE = st.sampled_from([MOTHER, FATHER, TEACHER, PSYCHOLOGIST, NURSE])


@example([MOTHER, MOTHER], TEACHER)
@example([MOTHER, TEACHER], TEACHER)
@given(st.lists(_PEOPLE, max_size=6), _PEOPLE)
def test_NO_2_nobody_is_told_the_same_twice_nor_of_their_own_act(invited: list[str], by: str) -> None:
    """NO-2."""
    meeting = {"case_id": "case", "meeting_id": "m", "starts_at": AT, "ends_at": AT, "at": AT,
               "invited_ids": invited, "called_by": by}  # fmt: skip
    told = [
        each.person_id for each in told_by("relay_log.meeting_called.v1", meeting, NOW, Scene(NOW, shared()))
    ]
    assert sorted(told) == sorted(set(invited) - {by})


# ---------------------------------------------------------------- may it be seen now?


def judge(person: str, told: Told, world: Facts) -> tuple[Answer, bool]:
    context: Any = SimpleNamespace(municipality=TOWN, now=NOW)
    roles = tuple(role for role in world.roles if role.person_id == person)
    case = CaseAccess(context, "case", replace(world, roles=roles), Asker(person, Capacity.GUARDIAN))
    verdict = by_case(context, case, KINDS[told.kind].rests_on, told)  # type: ignore[arg-type]
    return verdict.answer, verdict.private


def about(kind: str, *topics: str) -> Told:
    return Told("x", kind, NOW, "case", topics=topics)


def test_NO_6_a_message_stands_only_while_its_reader_may_see_what_it_is_about() -> None:
    """NO-6: consent ends between the event and the sending."""
    called = about("meeting_called")
    assert judge(PSYCHOLOGIST, called, shared()) == (Answer.YES, False)
    assert judge(PSYCHOLOGIST, called, facts(participants=(brought_in(PSYCHOLOGIST),))) == (Answer.NO, False)
    assert judge(MOTHER, called, shared()) == (Answer.YES, True)
    assert judge(MOTHER, called, shared(guardians=())) == (Answer.NO, False)


def test_NO_6_of_minutes_only_who_may_read_one_of_their_topics_is_told() -> None:
    """NO-6: the minutes bear topics, and consent names topics (CO-1)."""
    assert judge(PSYCHOLOGIST, about("minutes_published", "home", "learning"), shared())[0] is Answer.YES
    assert judge(PSYCHOLOGIST, about("minutes_published", "home"), shared())[0] is Answer.NO


def test_NO_6_what_rests_on_old_consent_knowledge_waits() -> None:
    """NO-6, CO-9: neither sent nor given up; the family is not kept waiting."""
    stale = shared(knowledge=Knowledge(as_of=NOW - timedelta(hours=1)))
    assert judge(PSYCHOLOGIST, about("meeting_called"), stale)[0] is Answer.LATER
    assert judge(MOTHER, about("meeting_called"), stale)[0] is Answer.YES


def test_a_parent_who_works_here_is_told_as_a_parent() -> None:
    """The e-mail of a family's matter goes home, not to work."""
    world = shared(guardians=(replace(GUARDIANS[0], person_id=TEACHER),))
    assert judge(TEACHER, about("level_moved"), world) == (Answer.YES, True)
    assert judge(TEACHER, about("level_moved"), shared()) == (Answer.YES, False)


def test_each_kind_rests_on_something_that_a_message_may_ask_for() -> None:
    """NO-6: acts that only read; an act on one item bears the item's topics."""
    reading = {Act.SEE_CASE, Act.READ_CONSENT, Act.READ_LOG_ITEM, Act.READ_PLAN, Act.READ_REPORT}
    for kind, what in KINDS.items():
        assert not isinstance(what.rests_on, Act) or what.rests_on in reading, kind
    topical = {kind for kind, what in KINDS.items() if what.rests_on in (Act.READ_LOG_ITEM, Act.READ_PLAN)}
    for line in TABLE:
        if line.kind in topical:
            assert {"topic", "topics"} & set(EVENTS[line.event].schema().fields), line.kind
    assert consented("psychology").topic == "learning"

"""What must prove an answer that is not the signer's own click, who may see it, and on which ground sharing rests
(CO-3, CO-6, CO-11, GU-5)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from services.consent.domain.errors import AnsweredSince, OwnServiceGains
from services.consent.domain.evidence import (
    Way,
    demand_day,
    demand_disinterested,
    demand_latest,
    demand_proof,
)
from services.consent.domain.request import Answer, Line, Said
from services.kernel.errors import InvalidInput
from services.kernel.facts import Act
from services.kernel.legal_basis import Basis, basis_of, basis_of_party
from services.kernel.parties import THIRD_PARTIES, Party
from tests.rules.kernel_world import (
    CHILD,
    COORDINATOR,
    FATHER,
    HEAD,
    MOTHER,
    NOW,
    OTHER_PSYCHOLOGIST,
    PSYCHOLOGIST,
    TEACHER,
    ask,
    born_years_ago,
    facts,
    shared,
)

LINE = Line("psychology", "learning")
TODAY = date(2026, 11, 21)
YES, NO = {LINE: Answer.YES}, {LINE: Answer.NO}


def said(answer: Answer, at: datetime = NOW, signature_id: str = "s") -> Said:
    return Said(MOTHER, LINE, answer, at, signature_id)


@pytest.mark.parametrize(
    ("way", "scan", "journal_ref", "fault"),
    [
        (Way.PAPER, True, None, None),
        (Way.PAPER, True, "26/1", None),
        (Way.PAPER, False, "26/1", {"scan": "required"}),
        (Way.ORAL, False, "26/1", None),
        (Way.ORAL, False, None, {"journal_ref": "required"}),
        (Way.ORAL, False, "  ", {"journal_ref": "required"}),
        (Way.ORAL, True, "26/1", {"scan": "not_for_this_way"}),
    ],
)
def test_CO_6_paper_has_its_scan_and_a_spoken_word_its_place_in_the_journal(
    way: Way, scan: bool, journal_ref: str | None, fault: dict[str, str] | None
) -> None:
    if fault is None:
        demand_proof(way, scan=scan, journal_ref=journal_ref)
        return
    with pytest.raises(InvalidInput) as caught:
        demand_proof(way, scan=scan, journal_ref=journal_ref)
    assert caught.value.fields == fault and caught.value.rule == "CO-6"


def test_CO_6_one_answers_from_the_day_of_the_question_to_today() -> None:
    demand_day(TODAY, TODAY, TODAY)
    for day, fault in (
        (TODAY - timedelta(days=1), "before_asked"),
        (TODAY + timedelta(days=1), "in_the_future"),
    ):
        with pytest.raises(InvalidInput) as caught:
            demand_day(day, TODAY, TODAY)
        assert caught.value.fields == {"given_on": fault}


@pytest.mark.parametrize("answer", [Answer.YES, Answer.NO])
def test_CO_6_ones_own_answer_of_that_day_or_later_stands(answer: Answer) -> None:
    """CO-3: a paper that turns up afterwards overrules no withdrawal; one of a later day counts."""
    for day in (TODAY, TODAY - timedelta(days=3)):
        with pytest.raises(AnsweredSince):
            demand_latest([said(answer)], {}, MOTHER, day, YES)
    demand_latest([said(answer)], {}, MOTHER, TODAY + timedelta(days=1), YES)


def test_CO_3_a_no_is_believed_on_the_same_day_and_not_of_a_day_before() -> None:
    """CO-3: whoever signed in the morning takes it back by telephone in the afternoon."""
    demand_latest([said(Answer.YES)], {}, MOTHER, TODAY, NO)
    with pytest.raises(AnsweredSince):
        demand_latest([said(Answer.YES)], {}, MOTHER, TODAY - timedelta(days=1), NO)


def test_CO_3_of_two_papers_the_later_day_counts_in_whatever_order_they_are_written_in() -> None:
    """CO-3: and a slip is mended on the same day."""
    for day, counts in ((TODAY - timedelta(days=1), False), (TODAY, True), (TODAY + timedelta(days=1), True)):
        if counts:
            demand_latest([said(Answer.NO)], {"s": TODAY}, MOTHER, day, YES)
        else:
            with pytest.raises(AnsweredSince):
                demand_latest([said(Answer.NO)], {"s": TODAY}, MOTHER, day, YES)


def test_CO_6_talk_first_others_answers_and_other_lines_stand_in_no_ones_way() -> None:
    demand_latest([said(Answer.TALK_FIRST)], {}, MOTHER, TODAY, YES)
    demand_latest([said(Answer.NO)], {}, FATHER, TODAY, YES)
    demand_latest([said(Answer.NO)], {}, MOTHER, TODAY, {Line("other", "learning"): Answer.YES})


def test_CO_6_nobody_writes_in_a_yes_that_opens_the_case_to_their_own_service() -> None:
    """CO-6: but a no, and a yes for others."""
    demand_disinterested(YES, {"another"})
    demand_disinterested(NO, {LINE.service_id})
    demand_disinterested({Line("", "learning", FATHER): Answer.YES}, {LINE.service_id})
    with pytest.raises(OwnServiceGains) as refused:
        demand_disinterested(YES | {Line("another", "home"): Answer.NO}, {"another", LINE.service_id})
    assert refused.value.rule == "CO-6"


def test_CO_6_who_asks_registers_and_nobody_else() -> None:
    world = shared()
    assert ask(world, TEACHER, Act.REGISTER_CONSENT)
    for other in (HEAD, PSYCHOLOGIST, OTHER_PSYCHOLOGIST, COORDINATOR, MOTHER, CHILD):
        assert not ask(world, other, Act.REGISTER_CONSENT)


def test_CO_6_evidence_is_for_those_in_charge_and_in_a_family_for_whose_answer_it_is() -> None:
    """GU-5."""
    world = shared(subject_birth_date=born_years_ago(13))
    for who in (TEACHER, HEAD):
        assert ask(world, who, Act.READ_EVIDENCE, signed_by=MOTHER)
    assert ask(world, MOTHER, Act.READ_EVIDENCE, signed_by=MOTHER)
    for who in (FATHER, CHILD):
        refused = ask(world, who, Act.READ_EVIDENCE, signed_by=MOTHER)
        assert not refused and (refused.rule, refused.reason_code) == ("GU-5", "not_own_answer")
    for who in (PSYCHOLOGIST, OTHER_PSYCHOLOGIST, COORDINATOR):
        assert not ask(world, who, Act.READ_EVIDENCE, signed_by=MOTHER)


# ------------------------------------------------------------ on which ground


def test_CO_11_every_part_in_a_case_has_one_ground_and_only_those_outside_rest_on_consent() -> None:
    assert {party for party in Party if basis_of_party(party) is Basis.CONSENT} == set(THIRD_PARTIES)


def test_CO_11_a_reading_says_its_ground_and_a_refusal_has_none() -> None:
    world = shared()
    assert basis_of(ask(world, PSYCHOLOGIST, Act.READ_PLAN, "learning")) is Basis.CONSENT
    assert basis_of(ask(world, TEACHER, Act.READ_PLAN, "learning")) is Basis.OWN_TASK
    assert basis_of(ask(world, MOTHER, Act.READ_PLAN, "learning")) is Basis.FAMILY
    assert basis_of(ask(facts(), PSYCHOLOGIST, Act.READ_PLAN, "learning")) is None


def test_CO_11_no_consent_is_asked_or_counted_for_what_needs_none() -> None:
    """The owning unit and the family read on when no window is open at all."""
    world = facts()
    for who in (TEACHER, MOTHER):
        found = ask(world, who, Act.READ_PLAN, "learning")
        assert found and basis_of(found) is not Basis.CONSENT

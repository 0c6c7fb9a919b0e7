"""Entries that tell of a sibling, or of how a parent is: shown beyond the owning unit on that person's word (GU-6)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from services.contracts import cases, consent, relay_log
from services.kernel.errors import InvalidInput, NotFound
from tests.services.relay_log_world import NOW, PSYCHOLOGY, World
from tests.services.test_relay_log_service import app, world

__all__ = ["app", "world"]

HERS = "she is very tired"
TODAY = "2026-11-20"


def texts(world: World, who: str) -> set[str]:
    return {entry["text"] for entry in world.log(who)["entries"]}


def word(world: World, who: str, entry_id: str, agrees: bool = True, said_on: str = TODAY) -> None:
    world.do(relay_log.RecordThirdPersonWord, who, entry_id=entry_id, agrees=agrees, said_on=said_on)


def test_GU_6_what_tells_of_the_mother_is_hers_until_she_agrees(world: World) -> None:
    """GU-6: not the father's, not another service's; she agrees, and takes it back; nothing is deleted."""
    world.level_2()
    entry = world.say("teacher", "note", HERS, topic="learning", third_person="mother")
    world.say("teacher", "note", "he likes to sing", topic="learning")
    for who, sees in (
        ("teacher", True),
        ("head", True),
        ("mother", True),
        ("father", False),
        ("psychologist", False),
    ):
        assert (HERS in texts(world, who)) is sees, who
        assert "he likes to sing" in texts(world, who)
    assert "father" not in repr(world.log("father")["entries"])
    word(world, "mother", entry)
    assert HERS in texts(world, "father") and HERS in texts(world, "psychologist")
    word(world, "mother", entry, agrees=False)
    assert HERS not in texts(world, "father") and HERS not in texts(world, "psychologist")
    assert HERS in texts(world, "teacher") and len(world.rows("third_person_words")) == 2


def test_GU_6_a_correction_is_that_persons_too_and_waits_for_a_word_of_its_own(world: World) -> None:
    """GU-6, LG-6: whoever corrects cannot unmark; and new words are another thing to agree to than the old ones, which
    show meanwhile as they did, without telling that there is more."""
    world.level_2()
    entry = world.say("teacher", "note", HERS, topic="learning", third_person="mother")
    word(world, "mother", entry)
    right = world.say("teacher", "correction", "she is ill", topic="learning", corrects=entry)
    for who in ("father", "psychologist"):
        (seen,) = world.log(who)["entries"]
        assert (seen["text"], seen["corrected_by"]) == (HERS, None), who
    for who in ("teacher", "head", "mother"):
        assert [each["corrected_by"] for each in world.log(who)["entries"]] == [right, None], who
    word(world, "mother", right)
    assert texts(world, "father") == texts(world, "psychologist") == {HERS, "she is ill"}
    word(world, "mother", entry, agrees=False)
    (seen,) = world.log("father")["entries"]
    assert (seen["text"], seen["corrects"]) == ("she is ill", None)


def test_GU_6_a_correction_may_say_whom_it_and_what_it_corrects_tell_of(world: World) -> None:
    """GU-6: as a goal may; what was forgotten at first is that person's from then on, old words and new."""
    world.level_2()
    first = world.say("teacher", "note", HERS, topic="learning")
    second = world.say("teacher", "correction", "she is ill", topic="learning", corrects=first)
    assert texts(world, "father") == texts(world, "psychologist") == {HERS, "she is ill"}
    third = world.say(
        "teacher", "correction", "she is at home", topic="learning", corrects=second, third_person="mother"
    )
    for who in ("father", "psychologist"):
        assert not world.log(who)["entries"], who
    assert {each["third_person"] for each in world.log("mother")["entries"]} == {"mother"}
    word(world, "mother", third)
    assert texts(world, "father") == {"she is at home"}
    again = {"kind": "correction", "topic": "learning", "text": "x", "corrects": third}
    for whom, fault in (("father", "already_marked"), ("psychologist", "not_of_the_family")):
        refused = world.refused(relay_log.AddEntry, "teacher", **again, third_person=whom)
        assert isinstance(refused, InvalidInput) and refused.fields == {"third_person": fault}
    world.say("teacher", "correction", "as it is", topic="learning", corrects=third, third_person="mother")
    assert "as it is" not in texts(world, "father")


def test_GU_6_nobody_corrects_what_they_may_not_read(world: World) -> None:
    """GU-6: to another service's writer an entry that waits for a word is not there to be corrected."""
    world.level_2()
    world.bring_in("psychologist", may_write=True)
    entry = world.say("teacher", "note", HERS, topic="learning", third_person="mother")
    asked = {"kind": "correction", "topic": "learning", "text": "x", "corrects": entry}
    assert isinstance(world.refused(relay_log.AddEntry, "psychologist", **asked), NotFound)
    word(world, "mother", entry)
    world.say("psychologist", "correction", "she rests", topic="learning", corrects=entry)
    assert "she rests" not in texts(world, "psychologist") and "she rests" in texts(world, "mother")


def test_GU_6_only_that_person_or_the_holder_gives_the_word(world: World) -> None:
    """GU-6: to others there is no such entry; and of a sibling the holder alone writes down what was said."""
    world.level_2()
    hers = world.say("teacher", "note", HERS, topic="learning", third_person="mother")
    siblings = world.say("teacher", "note", "the brother is ill", topic="learning", third_person="somebody")
    plain = world.say("teacher", "note", "he likes to sing", topic="learning")
    for who, entry in (
        ("father", hers),
        ("psychologist", hers),
        ("mother", siblings),
        ("mother", plain),
        ("teacher", plain),
    ):
        assert isinstance(
            world.refused(relay_log.RecordThirdPersonWord, who, entry_id=entry, agrees=True, said_on=TODAY), NotFound
        ), who  # fmt: skip
    refused = world.refused(
        relay_log.RecordThirdPersonWord, "teacher", entry_id=hers, agrees=True, said_on="2026-12-24"
    )
    assert isinstance(refused, InvalidInput) and refused.fields == {"said_on": "date_in_future"}
    word(world, "teacher", siblings)
    assert "the brother is ill" in texts(world, "psychologist")


def test_GU_6_of_words_given_at_once_each_is_kept_and_the_last_counts(world: World) -> None:
    """GU-6: her own, and what the holder writes down, take turns; none is an error, none overwrites another."""
    world.level_2()
    entry = world.say("teacher", "note", HERS, topic="learning", third_person="mother")
    given = [("mother", True), ("teacher", False)] * 4
    with ThreadPoolExecutor(len(given)) as threads:
        for done in [threads.submit(word, world, who, entry, agrees) for who, agrees in given]:
            done.result(60)
    kept = sorted(world.rows("third_person_words"), key=lambda row: row.number)
    assert [row.number for row in kept] == list(range(len(given)))
    assert (HERS in texts(world, "father")) is kept[-1].agrees


def test_GU_6_a_parent_without_responsibility_answers_once_consent_names_them(world: World) -> None:
    """GU-6, GU-2: before, and after, the holder writes down what they said; what they said themselves stays said."""
    world.level_2()
    entry = world.say("teacher", "note", "his stepfather is ill", topic="learning", third_person="stepfather")
    elsewhere = world.say("teacher", "note", "and moves out", topic="home", third_person="stepfather")

    def refused(which: str) -> bool:
        asked = {"entry_id": which, "agrees": False, "said_on": TODAY}
        return isinstance(world.refused(relay_log.RecordThirdPersonWord, "stepfather", **asked), NotFound)

    assert refused(entry) and isinstance(world.refused(relay_log.GetLog, "stepfather"), NotFound)
    window = {
        "person_id": "stepfather",
        "topic": "learning",
        "valid_from": "2026-11-20T09:00:00Z",
        "valid_to": "2027-05-20T09:00:00Z",
    }
    world.case(consent.PersonWindowsChanged, at=world.clock.now(), windows=[window])
    assert texts(world, "stepfather") == {"his stepfather is ill"}
    word(world, "stepfather", entry)
    assert refused(elsewhere), "of a topic for which nobody named them"
    assert "his stepfather is ill" in texts(world, "father")
    world.case(consent.PersonWindowsChanged, at=world.clock.now(), windows=[])
    assert refused(entry) and "his stepfather is ill" in texts(world, "father")
    word(world, "teacher", entry, agrees=False)
    assert "his stepfather is ill" not in texts(world, "father")


def test_GU_6_a_third_person_is_of_the_family_or_has_no_id(world: World) -> None:
    """GU-6"""
    world.level_2()
    refused = world.refused(
        relay_log.AddEntry, "teacher", kind="note", topic="learning", text=HERS, third_person="psychologist"
    )
    assert isinstance(refused, InvalidInput) and refused.fields == {"third_person": "not_of_the_family"}


def test_GU_6_the_final_report_keeps_it_back_as_well(world: World) -> None:
    """GU-6, LG-10: feedback that tells of the other parent is that parent's."""
    world.level_2()
    world.say("mother", "feedback", "his father drinks", topic="learning", third_person="father")
    world.close()
    for who, sees in (("father", True), ("mother", False), ("psychologist", False), ("teacher", True)):
        report = world.do(relay_log.GetReport, who)
        assert ("his father drinks" in repr(report["feedback"])) is sees, who


@pytest.mark.parametrize("who", ["father", "psychologist"])
def test_GU_6_what_waits_for_a_reader_tells_of_nobody_else(world: World, who: str) -> None:
    """GU-6: the lists of what waits bear ids and days."""
    world.level_2()
    world.say("mother", "proposal", HERS, topic="learning", third_person="mother")
    assert HERS not in repr(world.do(relay_log.WaitingForMe, who))


def test_GU_6_that_person_is_asked_and_a_sibling_is_not_named(world: World) -> None:
    """GU-6, CO-8: each event bears of whom it tells, that of a correction too, so that whoever passes it on knows; and
    whose word it waits for. Who has no id here is asked by the holder."""
    world.level_2()
    entry = world.say("teacher", "note", HERS, topic="learning", third_person="mother")
    world.say("teacher", "note", "the brother is ill", topic="learning", third_person="somebody")
    world.say("teacher", "correction", "she is tired", topic="learning", corrects=entry)
    world.say("teacher", "note", "he likes to sing", topic="learning")
    told = [
        (each.get("third_person"), each.get("asked_person_id")) for each in world.told(relay_log.EntryAdded)
    ]
    assert told == [("mother", "mother"), ("somebody", None), ("mother", "mother"), (None, None)]


def test_GU_6_an_item_of_minutes_that_tells_of_a_parent_is_that_parents(world: World) -> None:
    """GU-6: as an entry; the other items of the same minutes show, and whoever is asked is named in the event."""
    world.level_2()
    meeting_id = world.meeting("teacher", "mother", "father", "psychologist")
    world.minutes(
        meeting_id,
        items=[
            {"topic": "learning", "text": "he likes to sing"},
            {"topic": "learning", "text": HERS, "third_person": "mother"},
            {"topic": "learning", "text": "the brother is ill", "third_person": "somebody"},
            {"topic": "health", "text": "nobody sleeps", "third_person": "somebody"},
        ],
    )
    (told,) = world.told(relay_log.MinutesPublished)
    assert (told["third_persons"], told["topics"]) == (["mother"], ["learning"])

    def minutes(who: str) -> dict[str, str]:
        found = next(each for each in world.log(who)["meetings"] if each["meeting_id"] == meeting_id)
        return {item["text"]: item["item_id"] for item in found["minutes"]["items"]}

    for who, sees in (("teacher", True), ("mother", True), ("father", False), ("psychologist", False)):
        assert (HERS in minutes(who)) is sees, who
        assert "he likes to sing" in minutes(who)
    item = minutes("mother")[HERS]
    for who in ("father", "psychologist"):
        refused = world.refused(
            relay_log.RecordThirdPersonWord, who, entry_id=item, agrees=True, said_on=TODAY
        )
        assert isinstance(refused, NotFound), who
    word(world, "mother", item)
    assert HERS in minutes("father") and HERS in minutes("psychologist")
    word(world, "mother", item, agrees=False)
    assert HERS not in minutes("father")
    word(world, "teacher", minutes("teacher")["the brother is ill"])
    assert "the brother is ill" in minutes("psychologist")


def test_GU_6_minutes_tell_of_the_family_or_of_somebody_without_an_id(world: World) -> None:
    """GU-6"""
    world.level_2()
    refused = world.refused(
        relay_log.PublishMinutes, "teacher", meeting_id=world.meeting("teacher", "mother"), expected_version=1,
        next_meeting_on="2026-12-18", next_evaluation_on="2026-12-18",
        items=[{"topic": "learning", "text": HERS, "third_person": "psychologist"}],
    )  # fmt: skip
    assert isinstance(refused, InvalidInput) and refused.fields == {
        "items.0.third_person": "not_of_the_family"
    }


def test_GU_6_a_proposal_that_tells_of_the_father_does_not_wait_for_a_holder_of_another_unit(
    world: World,
) -> None:
    """GU-6, LG-7: that there is one would tell; it waits for them once he agrees."""
    world.level_2()
    hidden = world.say("mother", "proposal", "his father rests", topic="learning", third_person="father")
    plain = world.say("mother", "proposal", "sing together", topic="learning")
    assert world.waiting("teacher") == [("proposal", hidden), ("proposal", plain)]
    world.case(cases.HolderChanged, holder_person_id="psychologist", holder_unit_id=PSYCHOLOGY,
               previous_person_id="teacher", at=NOW, how="handover")  # fmt: skip
    assert world.waiting("psychologist") == [("proposal", plain)]
    word(world, "father", hidden)
    assert set(world.waiting("psychologist")) == {("proposal", hidden), ("proposal", plain)}

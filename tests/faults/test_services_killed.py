"""The running suite, and cases killed without a word right after it answered: nothing that it said is lost.

What was answered stands; every event of it reaches the relay log and the inboxes once, in order; nothing is parked.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from typing import Any

import pytest

from services.contracts.catalogue import HEARS
from tests.journeys.main_job import today
from tests.journeys.people import Demo, Person, until
from tests.support.stored import connect, unsent
from tests.support.suite import Suite

SCHOOL, TEACHER, CHILD = "unit-granli-barneskole", "amund-kvitneslia", "theo-tjeldengen"
RECEIVERS = ("relay_log", "notifications", "consent")
ARRIVED = 30.0  # seconds: more than the longest pause between two tries at the broker


class Story:
    """One case, step by step, with a crash after each."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self.teacher = Person(suite.url, Demo(), TEACHER).log_in("employee", SCHOOL)
        self.case = ""
        self.guardians: dict[str, str] = {}

    def concern(self) -> None:
        told = {
            "child_number": self.teacher.demo.number(CHILD),
            "unit_id": SCHOOL,
            "concern": "Han er mye alene.",
        }
        self.case = self.teacher.post("/cases", told)["id"]

    def talk(self) -> None:
        case = self._read()
        told = {"held_on": today(), "with_person_ids": [each["person_id"] for each in case["guardians"]],
                "summary": "Vi snakket sammen.", "child_view_missing": "not_asked_yet"}  # fmt: skip
        self.teacher.post(f"/cases/{self.case}/talks", told)

    def level_one(self) -> None:
        me = self._read()["owner_person_id"]
        self.teacher.post(f"/cases/{self.case}/level", {
            "to_level": 1, "reason": "Vi prøver tiltak.", "family_answer": "agreed",
            "holder_person_id": me, "holder_unit_id": SCHOOL,
        }, If_Match=self.teacher.etag or "")  # fmt: skip

    def _read(self) -> dict[str, Any]:
        case: dict[str, Any] = self.teacher.get(f"/cases/{self.case}")
        return case


@pytest.fixture(scope="module")
def story(suite: Suite) -> Story:
    return Story(suite)


def _crash_after(story: Story, act: Callable[[], None]) -> None:
    act()
    story.suite.kill("cases")
    # While it is down nobody waits for long, and everybody is told so.
    answer = story.teacher.http.get(f"{story.suite.url}/api/cases/{story.case}", timeout=10)
    assert answer.status_code == 503 and answer.headers["Retry-After"]
    assert answer.json()["code"] in ("unavailable", "deadline_exceeded")
    story.suite.start_one("cases")


def test_what_was_answered_stands_and_everybody_hears_of_it_once(story: Story) -> None:
    # Given a concern, a talk and a level, and after each answer a crash of the service that gave it
    _crash_after(story, story.concern)
    assert until(lambda: _level(story) == 0, ARRIVED, "the concern stands")
    _crash_after(story, story.talk)
    until(lambda: _level(story) == 0, ARRIVED, "cases answers again")
    assert story.teacher.get(f"/cases/{story.case}")["talk_recorded"], "the talk stands"
    _crash_after(story, story.level_one)
    until(lambda: _level(story) == 1, ARRIVED, "the level stands")

    # When all has been sent, then every receiver has every event once, in the order of its subject
    var = story.suite.var
    until(lambda: not unsent(var, "cases"), ARRIVED, "all events of cases are sent")
    sent = _sent(story)
    assert {event["type"] for event in sent} >= {"cases.concern_raised.v1", "cases.level_moved.v1"}
    for receiver in RECEIVERS:
        told = [event["id"] for event in sent if event["stream"] in HEARS[receiver]]
        until(
            lambda r=receiver, t=told: _handled(story, r) == t, ARRIVED, f"{receiver} has heard of all, once"
        )
        with closing(connect(var, receiver)) as conn:
            assert conn.execute("SELECT count(*) FROM parked").fetchone()[0] == 0, (
                f"{receiver} has parked nothing"
            )

    # And the relay log and the inbox say so: the holder can write, and the log was begun once
    story.teacher.post(f"/cases/{story.case}/goals", {"topic": "wellbeing", "text": "Han har en å være med."})
    numbers = [event["sequence"] for event in sent if event["stream"] == "cases.case"]
    assert numbers == list(range(1, len(numbers) + 1)), "numbered without a gap"
    holders = [event for event in sent if event["type"] == "cases.holder_changed.v1"]
    assert len(holders) == 1, "never two holders, never none (HO-1)"


def _level(story: Story) -> int | None:
    answer = story.teacher.http.get(f"{story.suite.url}/api/cases/{story.case}", timeout=10)
    return int(answer.json()["level"]) if answer.status_code == 200 else None


def _sent(story: Story) -> list[sqlite3.Row]:
    """The events of the case, in the order in which they were told."""
    with closing(connect(story.suite.var, "cases")) as conn:
        found = conn.execute("SELECT * FROM outbox WHERE subject = ? ORDER BY row", (story.case,)).fetchall()
    assert all(event["sent_at"] for event in found)
    return found


def _handled(story: Story, service: str) -> list[str]:
    """The ids of the case's events that a service has handled, in order; one that came twice would stand twice."""
    with closing(connect(story.suite.var, service)) as conn:
        found = conn.execute("SELECT event_id FROM inbox WHERE subject = ? AND stream LIKE 'cases.%' ORDER BY sequence",
                             (story.case,)).fetchall()  # fmt: skip
    return [row["event_id"] for row in found]

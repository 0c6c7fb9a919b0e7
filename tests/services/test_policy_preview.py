"""What a draft of the policy would do is shown before it is saved, and is what happens after."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis import access
from services.chassis.actor import Actor
from services.chassis.app import App
from services.chassis.clock import SettableClock
from services.chassis.keys import ensure_key_material
from services.chassis.settings import Settings
from services.consent.service import ConsentService
from services.contracts import cases, consent, directory, relay_log
from services.kernel.access import decide
from services.kernel.calendar import midnight
from services.kernel.errors import Forbidden, InvalidInput
from services.kernel.facts import Act, Capacity, Question
from services.kernel.policies import DEFAULT_TOPICS
from tests.services.test_consent_service import (
    AS_FATHER,
    AS_MOTHER,
    AS_TEACHER,
    FATHER,
    HEALTH,
    MOTHER,
    NOW,
    OWN,
    PPT,
    PSYCHOLOGIST,
    TEACHER,
    World,
)

COORDINATOR = Actor("granli", "employee", "coordinator", "unit-coordination", "high")
LEADING = Actor("granli", "employee", "leading", "unit-kindergarten", "high")
"""Coordinates and leads the owning unit, and so sees its cases."""
BORN = {
    "small": "2022-05-17", "ten": "2016-02-01", "fourteen": "2012-01-10", "fifteen": "2011-06-01",
    "turning": "2011-12-05", "sixteen": "2010-06-01", "more": "2011-06-01",
}  # fmt: skip
CHILDREN = ("small", "ten", "fourteen", "fifteen", "turning", "sixteen")
VALUES: dict[str, Any] = {
    "hide_counts_below": 5,
    "topics": [
        {"code": topic.code, "youth_signs_from": topic.youth_signs_from, "youth_alone_from": topic.youth_alone_from,
         "one_guardian_suffices": False, "guardians_limited_from": topic.guardians_limited_from}
        for topic in DEFAULT_TOPICS
    ],
}  # fmt: skip


def topics(**changed: Any) -> list[dict[str, Any]]:
    """All topics of the policy, with the same fields changed in each."""
    return [{**topic, **changed} for topic in VALUES["topics"]]


class Town(World):
    """Six children of different ages, each with a case, a request to psychology and the health station, and answers."""

    def __init__(self, app: App) -> None:
        super().__init__(app)
        self.policy(1, "2026-01-01", **VALUES)
        post = {"service_id": OWN, "valid_from": "2020-01-01"}
        self.hear(directory.StaffChanged, person_id="coordinator", roles=[
            {**post, "unit_id": "unit-coordination", "role": "coordinator"}])  # fmt: skip
        self.hear(directory.StaffChanged, person_id="leading", roles=[
            {**post, "unit_id": "unit-kindergarten", "role": role} for role in ("coordinator", "leader")])  # fmt: skip
        self.hear(
            directory.StaffChanged,
            person_id="nurse",
            roles=[
                {
                    "service_id": HEALTH,
                    "valid_from": "2020-01-01",
                    "unit_id": "unit-health",
                    "role": "employee",
                }
            ],
        )
        self.heartbeat()
        for child in CHILDREN:
            self.child(child)

    def policy(self, version: int, valid_from: str, **values: Any) -> None:
        self.hear(directory.PolicyPublished, version=version, valid_from=valid_from, values=values)

    def child(self, child: str) -> None:
        at = self.app.clock.now().isoformat()
        ties = [{"person_id": person, "relation": person, "verified": True, "has_responsibility": True}
                for person in (MOTHER, FATHER)]  # fmt: skip
        self.hear(
            cases.PersonChanged,
            person_id=child,
            birth_date=BORN[child],
            address_grade="ungraded",
            guardians=ties,
        )
        case = {"case_id": f"case-{child}"}
        self.hear(cases.ConcernRaised, **case, subject_person_id=child, subject_kind="child", owner_person_id=TEACHER,
                  owner_unit_id="unit-kindergarten", owner_service_id=OWN, registered_at=at,
                  decide_by="2026-12-05")  # fmt: skip
        self.hear(cases.TalkRecorded, **case, held_on="2026-11-20", recorded_at=at)
        self.hear(
            cases.LevelMoved,
            **case,
            from_level=0,
            to_level=2,
            by_person_id=TEACHER,
            at=at,
            family_answer="agreed",
        )
        self.hear(cases.HolderChanged, **case, holder_person_id=TEACHER, holder_unit_id="unit-kindergarten", at=at,
                  how="appointed")  # fmt: skip
        self.hear(relay_log.ParticipantsChanged, **case, at=at, participants=[
            {"participant_id": f"{child}-{person}", "person_id": person, "unit_id": unit, "service_id": service,
             "may_write": False, "valid_from": at}
            for person, unit, service in ((PSYCHOLOGIST, "unit-ppt", PPT), ("nurse", "unit-health", HEALTH))
        ])  # fmt: skip
        shares = [
            {"service_id": PPT, "topics": ["learning", "health"]},
            {"service_id": HEALTH, "topics": ["health"]},
        ]
        request_id = self.request(case_id=f"case-{child}", shares=shares)
        youth = Actor("granli", "self", child, None, "high")
        for actor in (AS_MOTHER, AS_FATHER, youth):
            if child == "ten" and actor is AS_FATHER:
                continue  # has not answered
            if any(
                actor.person_id == each["person_id"] for each in self.shown(request_id, AS_MOTHER)["signers"]
            ):
                self.sign(request_id, actor)

    def preview(self, valid_from: str, actor: Actor = LEADING, **values: Any) -> dict[str, Any]:
        return self.app.call(consent.PreviewPolicy, actor, {"valid_from": valid_from, "values": values})

    def turn(self, to: datetime) -> None:
        """The timers' work at an instant."""
        clock = self.app.clock
        assert isinstance(clock, SettableClock)
        clock.set(to)
        self.heartbeat()
        self.app.tick("due", ConsentService.weigh_what_is_due.timer)  # type: ignore[attr-defined]

    def standing(self) -> dict[str, Counter[str]]:
        """By case, what the decision lets each one read now: nothing (0), what was recorded long ago (1), all (2)."""
        found: dict[str, Counter[str]] = {}
        now = self.app.clock.now()
        with self.app.db.read() as conn:
            for child in CHILDREN:
                rows: Counter[str] = Counter()
                for who, capacity, unit in (
                    (PSYCHOLOGIST, Capacity.EMPLOYEE, "unit-ppt"), ("nurse", Capacity.EMPLOYEE, "unit-health"),
                    (MOTHER, Capacity.GUARDIAN, None), (FATHER, Capacity.GUARDIAN, None), (child, Capacity.SELF, None),
                ):  # fmt: skip
                    facts = access.load_facts(conn, "granli", f"case-{child}", who, now, "consent")
                    assert facts is not None
                    asked = Question("granli", who, capacity, Act.READ_PLAN, now, unit)
                    for topic in facts.policy.topic_codes:
                        item = asked._replace(topic=topic)
                        old = item._replace(recorded_at=NOW - timedelta(days=900))
                        reads = decide(item, facts).allowed + decide(old, facts).allowed
                        rows[f"{'others' if unit else 'family'} {who} {topic}"] = reads
                    if not unit:
                        case = asked._replace(act=Act.SEE_CASE)
                        rows[f"family {who}"] = 2 * decide(case, facts).allowed
                found[f"case-{child}"] = rows
        return found

    def missing(self) -> dict[str, set[str]]:
        """By case, whose answers are missing."""
        found: dict[str, set[str]] = {}
        for child in CHILDREN:
            answer = self.app.call(consent.ConsentsOfCase, AS_TEACHER, {"case_id": f"case-{child}"})
            (request,) = answer["requests"]
            found[f"case-{child}"] = {
                signer["person_id"]
                for signer in request["signers"]
                if set(signer["required_for"])
                & {"learning", "health"}
                - {each["topic"] for each in signer["answers"] if each["answer"] == "yes"}
            }
        return found


@pytest.fixture
def town(consent_url: str, tmp_path: Path) -> Iterator[Town]:
    ensure_key_material(tmp_path)
    settings = Settings("consent", tmp_path, "amqp://127.0.0.1:1//", consent_url)
    app = App(ConsentService, settings, clock=SettableClock(NOW))
    app.setup()
    yield Town(app)
    app.db.close()


DRAFTS: dict[str, tuple[str, dict[str, Any]]] = {
    "one guardian suffices": ("2026-12-01", {"topics": topics(one_guardian_suffices=True)}),
    "one guardian suffices from today": ("2026-11-21", {"topics": topics(one_guardian_suffices=True)}),
    "the youth joins in at 14": ("2026-12-01", {"topics": topics(youth_signs_from=14, youth_alone_from=16)}),
    "the youth alone at 14": ("2026-12-01", {"topics": topics(youth_signs_from=14, youth_alone_from=14)}),
    "the guardians until 17": ("2026-12-01", {"topics": topics(youth_signs_from=17, youth_alone_from=18)}),
    "after a birthday": ("2026-12-10", {"topics": topics(youth_signs_from=15, youth_alone_from=17)}),
    "children read from 7": ("2026-12-01", {"own_access_age": 7}),
    "guardians limited from 13": ("2026-12-01", {"topics": topics(guardians_limited_from=13)}),
}


@pytest.mark.parametrize("name", DRAFTS)
def test_what_is_shown_is_what_happens(town: Town, name: str) -> None:
    """GU-1, AG-2, AG-3, AG-4, AG-6: preview, then save and let the day come: the same windows shut, narrow and open,
    the same answers are missing, the same of the family read."""
    valid_from, values = DRAFTS[name]
    shown = town.preview(valid_from, **values)
    at = town.app.clock.now() if valid_from == "2026-11-21" else midnight(date.fromisoformat(valid_from))
    assert datetime.fromisoformat(str(shown["at"])) == at
    town.turn(at - timedelta(microseconds=1) if at > NOW else at)
    town.turn(at)  # what would have come without the draft
    before, missing = town.standing(), town.missing()
    town.policy(2, valid_from, **{**VALUES, **values})
    town.turn(at)
    after, still = town.standing(), town.missing()
    expected = {each["case_id"]: each["effects"] for each in shown["listed"]}
    assert expected, "each of these drafts changes something"
    for case_id, rows in after.items():
        ranks = {key: (before[case_id][key], rows[key]) for key in rows}
        others = [pair for key, pair in ranks.items() if key.startswith("others")]
        family = [pair for key, pair in ranks.items() if key.startswith("family")]
        happened = {
            "windows_closing": sum(becomes == 0 < was for was, becomes in others),
            "windows_narrowing": sum(0 < becomes < was for was, becomes in others),
            "windows_opening": sum(becomes > was for was, becomes in others),
            "signatures_needed": len(still[case_id] - missing[case_id]),
            "family_losing": sum(becomes < was for was, becomes in family),
            "family_gaining": sum(becomes > was for was, becomes in family),
        }
        told = expected.get(case_id, {})
        assert happened == {what: told.get(what, 0) for what in happened}, case_id


def test_nothing_is_kept_or_told_of_a_preview(town: Town) -> None:
    def rows() -> dict[str, list[str]]:
        skipped = ("access_record", "access_head", "stream_state")
        with town.app.db.read() as conn:
            return {
                table.name: sorted(map(repr, conn.execute(sa.select(table)).all()))
                for table in ConsentService.metadata.sorted_tables
                if not table.name.startswith(skipped)
            }

    before = rows()
    town.preview("2026-12-01", topics=topics(youth_signs_from=14, youth_alone_from=14))
    assert rows() == before


def test_SE_4_few_cases_are_not_counted_for_whoever_may_not_see_them(town: Town) -> None:
    """GU-1, SE-4: one guardian suffices where the other has not answered. The coordinator without a tie sees the same
    as of a draft that changes nothing; nor could it be had by subtraction."""
    draft = {"topics": topics(one_guardian_suffices=True)}
    hidden, listed = (
        town.preview("2026-12-01", COORDINATOR, **draft),
        town.preview("2026-12-01", LEADING, **draft),
    )
    assert hidden["listed"] == [] and set(hidden["others"].values()) == {None}
    assert [each["case_id"] for each in listed["listed"]] == ["case-ten"]
    assert listed["others"] == hidden["others"], "none and few look alike"
    nothing = town.preview("2026-12-01", COORDINATOR, concern_days=21)
    assert {**nothing, "at": ""} == {**hidden, "at": ""}
    many = town.preview("2026-12-01", COORDINATOR, topics=topics(youth_signs_from=14, youth_alone_from=18),
                        own_access_age=17)  # fmt: skip
    counts = {name: count for name, count in many["others"].items() if count}
    assert counts.get("cases", 5) >= 5 and all(count >= 5 for count in counts.values())


def test_SE_4_no_small_count_is_had_by_comparing_two_previews(town: Town) -> None:
    """SE-4, SE-1: with one child's case more every count stays, or grows by the policy's least; each look is noted, so
    that whoever tries drafts is seen by it."""
    draft = {"topics": topics(youth_signs_from=14, youth_alone_from=18)}
    before = town.preview("2026-12-01", COORDINATOR, **draft)
    town.child("more")
    after = town.preview("2026-12-01", COORDINATOR, **draft)
    counts = [(told["running"], *told["others"].values()) for told in (before, after)]
    assert {count % 5 for told in counts for count in told if count} == {0}
    assert before["running"] == after["running"] == 5, "of six, and of seven"
    table = town.app.db.chassis.access_record
    with town.app.db.read() as conn:
        noted = conn.scalars(sa.select(table.c.act).where(table.c.rule == "SE-4")).all()
    assert noted == ["preview_policy"] * 2


@pytest.mark.parametrize(
    "actor",
    [Actor("granli", "employee", TEACHER, "unit-kindergarten", "high"), AS_MOTHER,
     Actor("granli", "employee", "coordinator", "unit-kindergarten", "high"),
     Actor("storvik", "employee", "coordinator", "unit-coordination", "high"),
     Actor("granli", "anonymous", None, None, "low")],
)  # fmt: skip
def test_only_the_coordinator_is_shown(town: Town, actor: Actor) -> None:
    with pytest.raises(Forbidden) as refused:
        town.preview("2026-12-01", actor, concern_days=21)
    assert refused.value.code == "coordinator_only"


@pytest.mark.parametrize(
    ("valid_from", "values", "fields"),
    [
        ("2026-11-20", {"concern_days": 21}, {"valid_from": "in_the_past"}),
        ("2026-12-01", {"concern_days": 0}, {"concern_days": "out_of_range"}),
        ("2026-12-01", {"version": 3}, {"version": "unknown_field"}),
        ("2026-12-01", {"colour": 3}, {"colour": "unknown_field"}),
    ],
)
def test_a_draft_that_cannot_stand_names_the_field(
    town: Town, valid_from: str, values: dict[str, Any], fields: dict[str, str]
) -> None:
    with pytest.raises(InvalidInput) as refused:
        town.preview(valid_from, **values)
    assert refused.value.fields == fields

"""Any sequence of what can happen in a case; after each step everybody reads what the oracle says, and no more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from copy import deepcopy
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from hypothesis import reject
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.chassis.clock import SettableClock
from services.contracts import cases, consent, relay_log
from services.kernel.errors import NotFound, Refusal
from tests.model.chronicle import (
    CareOrder,
    Chronicle,
    Emergency,
    Item,
    Line,
    Moment,
    Report,
    Request,
    Word,
    local,
)
from tests.model.house import (
    FAMILY,
    HEALTH,
    PROTECTION,
    PSYCHOLOGY,
    RELATIVE,
    RELATIVE_AT_WORK,
    SCHOOL,
    STAFF,
    House,
    Town,
)
from tests.model.oracle import readable, who_sign

OTHERS = (PSYCHOLOGY, HEALTH)
TOPICS = ("learning", "health", "home")
READERS = (*STAFF, *FAMILY, RELATIVE, "child")
SIGNERS = ("mother", "father", "child")
WRITERS = ("teacher", "teacher", "psychologist")
CARERS = ("carer", "other-carer")
BIRTHS = (
    date(2011, 11, 26), date(2010, 11, 26), date(2008, 11, 26), date(2012, 2, 29), date(2010, 6, 1), date(2014, 11, 26),
    date(2022, 3, 5),
)  # fmt: skip
"""Three days before 15, 16 and 18; a leap day's child before 15; sixteen already; before 12; and four years old."""
STEPS = ("seconds", "half a minute", "an hour", "eve", "midnight", "midnight", "days", "season")
"""Of time; the eve is that of the next birthday, and midnight is when it begins."""
PROTECTED = ("confidential", "strictly_confidential")
KNOWN_FOR = timedelta(seconds=30)
READING_TIME = timedelta(days=30)
"""CO-9's age, and how long others may fetch the report of a closed case (LG-10)."""

shares = st.dictionaries(st.sampled_from(OTHERS), st.sets(st.sampled_from(TOPICS), min_size=1), min_size=1)
named = st.dictionaries(st.sampled_from(FAMILY), st.sets(st.sampled_from(TOPICS), min_size=1), max_size=1)
ties = st.sampled_from(((True, True), (False, True), (True, False)))
"""Parental responsibility, and whether that is verified."""
seen = st.sampled_from(((), (None,), (None, "learning"), (None, "health", "home")))
"""What guardians see under a care order: nothing, that there is a case, or some topics too."""
third_persons = st.sampled_from((None, None, "somebody", *FAMILY))
"""Whom something tells of besides the child: mostly nobody."""
latest = st.integers(0, 2)
"""Which of the latest of something, the last being 0."""
answers = st.sampled_from(("yes", "yes", "yes", "no", "talk_first", "partly"))


@contextmanager
def perhaps() -> Iterator[None]:
    """What is refused has not happened, and is not told to the oracle."""
    try:
        yield
    except Refusal:
        pass


class Model(RuleBasedStateMachine):
    """One child's case, told to the services and to the oracle. Set `house` before it runs.

    `stage`: how it begins, 0: with a concern, 1: as its own unit's plan, on the day of an emergency and of reports, 2:
    as cooperation to which everyone has agreed, 3: as that, under a care order, to which child protection has agreed.
    `told`: how many stories were; `red`: the first that was not as the oracle says, else 0."""

    house: ClassVar[House]
    stage: ClassVar[int]
    told: ClassVar[int] = 0
    red: ClassVar[int] = 0

    @initialize(born=st.sampled_from(BIRTHS), wanted=shares, goal_of=third_persons, told=st.integers(0, 99))
    def begin(
        self, born: date, wanted: dict[str, set[str]], goal_of: str | None = None, told: int = 1
    ) -> None:
        """The first story of Hypothesis is always the one of the simplest steps, in which nothing happens: it is not
        told."""
        if not told:
            reject()
        self.town, stage = Town(self.house, born), self.stage
        type(self).told += 1
        self.registered = dict(self.town.responsible)
        self.case = Chronicle(born, "ungraded", "teacher", SCHOOL, dict(STAFF), dict(self.registered))
        self.lately: list[Chronicle] = []
        self.entries: list[str] = []
        self.goals: list[str] = []
        self.measures: list[str] = []
        self.case.items.append(Item(self.town.case_id, "case", None, self.town.now))
        self._add_notes()
        steps: list[Callable[[], None]] = []
        if stage >= 1:
            steps += [
                partial(self.talk, "apart"),
                partial(self.move, 1, ()),
                *(partial(self.write, "entry", topic, "teacher") for topic in TOPICS),
                partial(self.plan, "learning", "teacher", goal_of, None),
            ]
        if stage == 1:
            steps += [
                partial(self.emergency, "matron"),
                partial(self.report, "teacher", False),
                partial(self.report, "nurse", True),
                partial(self.name_reader, "nurse", "colleague", None),
            ]
        if stage == 3:
            steps.append(partial(self.take_into_care, "carer", 0, None, (None, "learning")))
        if stage >= 2:
            steps += [
                partial(self.ask, wanted, 0, {"stepfather": {"learning"}}),
                *(partial(self.answer, who, -1, "yes") for who in (*SIGNERS, PROTECTION)),
                partial(self.move, 2, tuple(wanted)),
                partial(self.bring_in, "psychologist"),
                partial(self.bring_in, "nurse"),
            ]
        for step in steps:
            step()
            self._carry()
            self.town.bus.beat()

    # ------------------------------------------------------------ before there is a plan

    @precondition(lambda self: self.case.level == 0)
    @rule(given=st.sampled_from(("together", "apart", "missing")))
    def talk(self, given: str) -> None:
        view = (
            {"child_view_missing": "too_young"}
            if given == "missing"
            else {"child_view": "v", "child_view_given": given}
        )
        with perhaps():
            self.town.do(
                cases.RecordTalk, "teacher", held_on=self.town.now.date(), summary="s",
                with_person_ids=[self.town.id("mother")], **view,
            )  # fmt: skip
            self.case.talked = True
            self._add_notes()

    @precondition(lambda self: self.case.level == 0)
    @rule(topic=st.sampled_from((None, *TOPICS)))
    def note(self, topic: str | None) -> None:
        with perhaps():
            self.town.do(cases.RecordNote, "teacher", text="n", topic=topic)
            self._add_notes()

    def _add_notes(self) -> None:
        """The owner's list says which notes there are; who else may read them is the oracle's."""
        known = {item.id for item in self.case.items}
        for note in self.town.do(cases.GetNotes, "teacher")["notes"]:
            if note["note_id"] not in known:
                self.case.items.append(
                    Item(note["note_id"], "note", note["topic"], self.town.now, note["kind"] == "view")
                )

    # ------------------------------------------------------------ the case

    @precondition(lambda self: not self._held)
    @rule(to_level=st.sampled_from((1, 1, 2, 3)), services=st.sets(st.sampled_from(OTHERS)).map(tuple))
    def move(self, to_level: int, services: Sequence[str]) -> None:
        first = self.case.level == 0
        appointed = {"holder_person_id": self.town.id("teacher"), "holder_unit_id": self.town.id(SCHOOL)}
        with perhaps():
            self.town.do(
                cases.MoveLevel, self._holder, to_level=to_level, reason="r", family_answer="agreed",
                against_suggestion_reason="r", service_ids=[self.town.id(f"{each}-service") for each in services],
                **(appointed if first else {}),
            )  # fmt: skip
            if to_level < self.case.level:
                needed = {SCHOOL, *services}
                self.case.takes_part = {who for who in self.case.takes_part if STAFF[who][0] in needed}
            self.case.level = to_level
            self.case.holder = "teacher" if first else self.case.holder

    @precondition(lambda self: self._open and not self._held)
    @rule(to=st.sampled_from(("teacher", "colleague", "psychologist", "nurse")), accepts=st.booleans())
    def hand_over(self, to: str, accepts: bool) -> None:
        with perhaps():
            asked = self.town.do(
                cases.ProposeHandover, self._holder, to_person_id=self.town.id(to), family_answer="agreed",
                to_unit_id=self.town.id(STAFF[to][0]),
            )  # fmt: skip
            self._carry()
            self.town.do(
                cases.AnswerHandover,
                to,
                handover_id=asked["id"],
                answer="accepted" if accepts else "declined",
            )
            if accepts:
                self.case.holder = to

    @precondition(lambda self: not self._held and self.case.level >= 1)
    @rule(sure=st.integers(0, 5))
    def close(self, sure: int) -> None:
        if sure < 5:
            return
        with perhaps():
            self.town.do(cases.CloseCase, self._holder, outcome="other", reason="r")
            self.case.closed = True
            for each in self.case.requests:
                each.ends = min(each.ends, self.town.now + READING_TIME)

    # ------------------------------------------------------------ the log

    @precondition(lambda self: self._open)
    @rule(
        kind=st.sampled_from(("entry", "entry", "comment", "together", "apart", "apart, shown")),
        topic=st.sampled_from(TOPICS), who=st.sampled_from((*WRITERS, "mother", "child")),
        tells_of=third_persons,
    )  # fmt: skip
    def write(self, kind: str, topic: str, who: str, tells_of: str | None = None) -> None:
        tells_of = tells_of if kind in ("entry", "comment") else None
        with perhaps():
            if kind in ("entry", "comment"):
                done = self.town.do(
                    relay_log.AddEntry, who, kind="note" if kind == "entry" else kind, topic=topic, text="t",
                    **self._of_third(tells_of),
                )  # fmt: skip
            else:
                done = self.town.do(
                    relay_log.RecordView, who, topic=topic, occasion="other", text="t", given=kind.split(",")[0],
                    guardians_may_see=kind == "apart, shown",
                )  # fmt: skip
            self._wrote(done["id"], topic, tells_of, apart=kind == "apart")
            self.entries += [done["id"]] if kind in ("entry", "comment") else []

    @precondition(lambda self: self._open and self.entries)
    @rule(which=latest, who=st.sampled_from(WRITERS), tells_of=third_persons)
    def correct(self, which: int, who: str, tells_of: str | None) -> None:
        """One of the latest entries that nobody has corrected (LG-6). Its third person has agreed to none of the new
        words; whom a correction first says an entry tells of, all of it tells of (GU-6)."""
        entry = self._item(self.entries[-1 - which % len(self.entries)])
        with perhaps():
            done = self.town.do(
                relay_log.AddEntry, who, kind="correction", topic=entry.topic, text="t", corrects=entry.id,
                **self._of_third(tells_of),
            )  # fmt: skip
            self._wrote(done["id"], str(entry.topic), entry.tells_of, corrects=entry.first)
            self.case.items[:] = [
                replace(each, tells_of=each.tells_of or tells_of) if each.first == entry.first else each
                for each in self.case.items
            ]
            self.entries.remove(entry.id)
            self.entries.append(done["id"])

    @precondition(lambda self: self._open)
    @rule(
        topic=st.sampled_from(TOPICS),
        who=st.sampled_from(WRITERS),
        tells_of=third_persons,
        more=third_persons,
    )
    def plan(self, topic: str, who: str, tells_of: str | None, more: str | None) -> None:
        """A goal and a measure under it, which tells of whom the goal does, or else perhaps of somebody itself."""
        more = None if tells_of else more
        with perhaps():
            goal = self.town.do(relay_log.AddGoal, who, topic=topic, text="t", **self._of_third(tells_of))
            self._wrote(goal["id"], topic, tells_of)
            self.goals.append(goal["id"])
            measure = self.town.do(
                relay_log.AddMeasure, who, goal_id=goal["id"], what="t", arena="home", deadline=self._in_a_month,
                responsible_person_id=self.town.id("teacher"), **self._of_third(more),
            )  # fmt: skip
            self._wrote(measure["id"], topic, tells_of or more, holds=frozenset({goal["id"]}))
            self.measures.append(measure["id"])

    @precondition(lambda self: self._open and self.measures)
    @rule(kind=st.sampled_from(("goal", "measure")), which=latest, tells_of=third_persons)
    def put_otherwise(self, kind: str, which: int, tells_of: str | None) -> None:
        """One of the latest goals or measures gets words to which no third person has agreed, and perhaps tells of
        somebody from now on, a goal with its measures (GU-6)."""
        ids, words, command = (
            (self.goals, "text", relay_log.ChangeGoal)
            if kind == "goal"
            else (self.measures, "what", relay_log.ChangeMeasure)
        )
        item = self._item(ids[-1 - which % len(ids)])
        with perhaps():
            version = self._planned(item.id)["version"]
            self.town.do(
                command, self._holder, expected_version=version, **self._of_third(tells_of),
                **{f"{kind}_id": item.id, words: f"version {version}"},
            )  # fmt: skip
            below = [self._item(each) for each in self.measures] if tells_of and not item.tells_of else []
            for each in (item, *(each for each in below if item.id in each.holds and not each.tells_of)):
                self._changed(each, tells_of=each.tells_of or tells_of)
                self.case.agreed.discard(each.id)

    @precondition(lambda self: self._open and self.measures)
    @rule(which=latest, change=st.booleans())
    def evaluate(self, which: int, change: bool) -> None:
        """One of the latest measures: another of its goal takes its place, or it ends. What is said of it holds the
        words of both."""
        measure = self._item(self.measures[-1 - which % len(self.measures)])
        outcome = {"measure_id": measure.id, "outcome": "change" if change else "end", "effect": "some"}
        instead = {"new_what": "t", "new_deadline": self._in_a_month.isoformat()} if change else {}
        with perhaps():
            done = self.town.do(relay_log.RecordEvaluation, self._holder, outcomes=[{**outcome, **instead}])
            self._changed(measure)
            holds, topic = measure.holds | {measure.id}, str(measure.topic)
            if change:
                new = str(self._planned(measure.id)["replaced_by"])
                self._wrote(new, topic, measure.tells_of, holds=measure.holds)
                self.measures.append(new)
                holds |= {new}
            self._wrote(f"{done['id']}:{measure.id}", topic, holds=holds)

    @property
    def _in_a_month(self) -> date:
        return local(self.town.now) + timedelta(days=30)

    def _planned(self, its_id: str) -> dict[str, Any]:
        """A goal or a measure, as the holder is shown it; raises Refusal."""
        log = self.town.do(relay_log.GetLog, self._holder)
        shown = {each.get("measure_id", each["goal_id"]): each for each in (*log["goals"], *log["measures"])}
        if its_id not in shown:
            raise NotFound
        return dict(shown[its_id])

    @precondition(lambda self: self._open)
    @rule(topics=st.permutations(TOPICS), tells_of=third_persons)
    def meet(self, topics: Sequence[str], tells_of: str | None) -> None:
        """A meeting is called, on two topics; its minutes, on one of them and a third, are published at once."""
        holder, soon = self._holder, self.town.now + timedelta(hours=1)
        agenda = [
            {"topic": topic, "text": f"item {len(self.case.items) + at}"}
            for at, topic in enumerate(topics[:2])
        ]
        minutes = [
            {"topic": topics[1], "text": "t", **self._of_third(tells_of)},
            {"topic": topics[2], "text": "t"},
        ]
        with perhaps():
            called = self.town.do(
                relay_log.CallMeeting, holder, starts_at=soon, ends_at=soon + timedelta(hours=1), agenda=agenda,
                invited_ids=[self.town.id(holder)],
            )  # fmt: skip
            for item in agenda:
                self._wrote(item["text"], item["topic"])
            self.town.do(
                relay_log.PublishMinutes, holder, meeting_id=called["id"], expected_version=called["version"],
                items=minutes, no_next_meeting_reason="r", next_evaluation_on=local(soon) + timedelta(days=9),
            )  # fmt: skip
            self._wrote(f"{called['id']}:0", topics[1], tells_of)
            self._wrote(f"{called['id']}:1", topics[2])

    def _wrote(self, its_id: str, topic: str, tells_of: str | None = None, **more: Any) -> None:
        self.case.items.append(Item(its_id, "log", topic, self.town.now, tells_of=tells_of, **more))

    def _item(self, its_id: str) -> Item:
        return next(item for item in self.case.items if item.id == its_id)

    def _changed(self, item: Item, **new: Any) -> None:
        """What changes counts as of when it last did."""
        self.case.items[self.case.items.index(item)] = replace(item, at=self.town.now, **new)

    def _of_third(self, who: str | None) -> dict[str, str]:
        return {"third_person": self.town.id(who) if who in FAMILY else who} if who else {}

    @precondition(lambda self: any(item.tells_of for item in self.case.items))
    @rule(which=st.integers(0, 2), agrees=st.sampled_from((True, True, False)), themselves=st.booleans())
    def third_person_says(self, which: int, agrees: bool, themselves: bool) -> None:
        """The one whom one of the latest such items tells of, themselves or to the holder."""
        marked = [item for item in self.case.items if item.tells_of]
        item = marked[-1 - which % len(marked)]
        who = item.tells_of if themselves and item.tells_of in FAMILY else self._holder
        with perhaps():
            planned = item.id in (*self.goals, *self.measures)
            asked_as = self._planned(item.id)["item_id"] if planned else item.id
            self.town.do(
                relay_log.RecordThirdPersonWord, who, entry_id=asked_as, agrees=agrees, said_on=local(self.town.now)
            )  # fmt: skip
            (self.case.agreed.add if agrees else self.case.agreed.discard)(item.id)

    @precondition(lambda self: self._open and self._on_health)
    @rule(needed=st.sampled_from((True, True, False)))
    def mark_needed(self, needed: bool) -> None:
        """The holder marks the first entry on health, which is that of all its corrections, or takes the mark away."""
        item = self._on_health[0]
        with perhaps():
            self.town.do(
                relay_log.MarkNeeded,
                self._holder,
                marks=[{"kind": "entry", "item_id": item.id, "needed": needed}],
            )
            (self.case.needed.add if needed else self.case.needed.discard)(item.first)

    @property
    def _on_health(self) -> list[Item]:
        return [self._item(each) for each in self.entries if self._item(each).topic == "health"]

    @precondition(lambda self: self._open and not self._held)
    @rule(
        who=st.sampled_from(
            ("colleague", "psychologist", "psychologist", "nurse", "nurse", "other-psychologist")
        )
    )
    def bring_in(self, who: str) -> None:
        with perhaps():
            self.town.do(
                relay_log.BringIn, self._holder, person_id=self.town.id(who), unit_id=self.town.id(STAFF[who][0]),
                may_write=True,
            )  # fmt: skip
            self.case.takes_part.add(who)

    @precondition(lambda self: self._open and self.case.takes_part)
    @rule(who=st.sampled_from(("psychologist", "nurse", "colleague", "other-psychologist")))
    def let_go(self, who: str) -> None:
        if who not in self.case.takes_part:
            return
        with perhaps():
            standing = [
                each["participant_id"] for each in self.town.do(relay_log.GetLog, "teacher")["participants"]
                if each["person_id"] == self.town.id(who) and not each["valid_to"]
            ]  # fmt: skip
            for participant_id in standing:
                self.town.do(relay_log.Release, self._holder, participant_id=participant_id, notice="thanks")
            self.case.takes_part.discard(who)

    # ------------------------------------------------------------ consent

    @precondition(lambda self: self.case.talked and not self.case.closed)
    @rule(wanted=shares, ahead=st.sampled_from((0, 0, 0, 5)), persons=named)
    def ask(self, wanted: dict[str, set[str]], ahead: int, persons: dict[str, set[str]]) -> None:
        """CO-5: what was asked for before ends where nobody has answered it and this asks for as much."""
        today = local(self.town.now)
        first, last = today + timedelta(days=ahead), today + timedelta(days=120)
        lines = [{"service_id": self.town.id(f"{service}-service"), "topics": sorted(topics)}
                 for service, topics in sorted(wanted.items())]  # fmt: skip
        persons_lines = [{"person_id": self.town.id(person), "topics": sorted(topics)}
                         for person, topics in persons.items()]  # fmt: skip
        with perhaps():
            done = self.town.do(
                consent.RequestConsent, self._holder, purpose="p", shares=lines, person_shares=persons_lines,
                valid_to=last, **({"valid_from": first} if ahead else {}),
            )  # fmt: skip
            asked = (*wanted.items(), *persons.items())
            lines_asked = frozenset(Line(receiver, topic) for receiver, topics in asked for topic in topics)
            for each in self.case.requests:
                if each.lines <= lines_asked and not any(each.answered(line) for line in each.lines):
                    each.ends = min(each.ends, self.town.now)
            starts, ends = _midnight(first) if ahead else self.town.now, _midnight(last + timedelta(days=1))
            self.case.requests.append(Request(done["id"], lines_asked, starts, ends))

    @precondition(lambda self: self.case.requests and not self.case.closed)
    @rule(more=shares)
    def ask_anew(self, more: dict[str, set[str]]) -> None:
        """For all that was asked for last, and perhaps more: what nobody has answered gives way to it (CO-5)."""
        lines = {*self.case.requests[-1].lines, *(Line(who, topic) for who in more for topic in more[who])}
        wanted = {who: {topic for to, topic in lines if to == who} for who, _ in lines}
        self.ask(
            {who: topics for who, topics in wanted.items() if who in OTHERS}, 0,
            {who: topics for who, topics in wanted.items() if who in FAMILY},
        )  # fmt: skip

    @precondition(lambda self: self.case.requests and not self.case.closed)
    @rule(by=st.integers(0, 2), which=st.integers(0, 2), answer=answers)
    def somebody_answers(self, by: int, which: int, answer: str) -> None:
        """One of those who are to sign, on one of the latest requests."""
        signers = sorted({who for topic in TOPICS for who in self._asked(topic)})
        if signers:
            self.answer(signers[by % len(signers)], -1 - which % len(self.case.requests), answer)

    def _asked(self, topic: str) -> set[str]:
        now = Moment(self.case, self.town.now)
        return who_sign(now, topic, now.age)

    def answer(self, signer: str, which: int, answer: str) -> None:
        who = self._speaks(signer)
        with perhaps():
            request = self.case.requests[which]
            shown = self.town.ask(consent.GetRequest, who, request_id=request.id)
            me = [each for each in shown["signers"] if each["person_id"] == self.town.id(signer)]
            mine = {topic for each in me for topic in each["required_for"]}
            said = {
                kind: [
                    {receiver: line[receiver], "topic": line["topic"],
                     "answer": answer if answer != "partly" else ("yes" if line["topic"] == "learning" else "no")}
                    for line in shown[lines] if line["topic"] in mine
                ]
                for kind, lines, receiver in (
                    ("answers", "lines", "service_id"), ("person_answers", "person_lines", "person_id"),
                )
            }  # fmt: skip
            self.town.ask(consent.Sign, who, request_id=request.id, text_hash=shown["text_hash"], **said)
            for each in (*said["answers"], *said["person_answers"]):
                line = Line(self._name(each.get("service_id") or each["person_id"]), each["topic"])
                request.words.append(Word(signer, line, each["answer"], self.town.now))

    def _speaks(self, signer: str) -> str:
        """Who answers: for the unit of child protection, whoever set the order last."""
        return self.case.orders[-1].set_by if signer == PROTECTION and self.case.orders else signer

    def _name(self, its_id: str) -> str:
        return its_id.removeprefix(f"{self.town.place}-").removesuffix("-service")

    @precondition(lambda self: self._agreed)
    @rule(
        by=st.integers(0, 2),
        receiver=st.sampled_from((None, *OTHERS, "stepfather")),
        topic=st.sampled_from((None, *TOPICS)),
    )
    def somebody_withdraws(self, by: int, receiver: str | None, topic: str | None) -> None:
        """One of those who have said yes to something."""
        self.withdraw(self._agreed[by % len(self._agreed)], receiver, topic)

    @property
    def _agreed(self) -> list[str]:
        return sorted(
            {word.who for each in self.case.requests for word in each.words if word.answer == "yes"}
        )

    def withdraw(self, signer: str, receiver: str | None, topic: str | None) -> None:
        named = {}
        if receiver is not None:
            person = receiver in FAMILY
            named = {
                "person_id" if person else "service_id": self.town.id(
                    receiver if person else f"{receiver}-service"
                )
            }
        with perhaps():
            self.town.do(
                consent.Withdraw, self._speaks(signer), **named, **({"topic": topic} if topic else {})
            )
            for each in self.case.requests:
                for line in each.lines:
                    if (
                        receiver in (None, line.receiver)
                        and topic in (None, line.topic)
                        and signer in each.agreed(line)
                    ):
                        each.words.append(Word(signer, line, "no", self.town.now))

    # ------------------------------------------------------------ people

    @rule(who=st.sampled_from(FAMILY), tie=ties)
    def responsibility(self, who: str, tie: tuple[bool, bool]) -> None:
        self.town.family(who, *tie)
        self._link()

    @rule(tie=ties, login_first=st.booleans())
    def employee_is_of_the_family(self, tie: tuple[bool, bool], login_first: bool) -> None:
        """SE-3, PR-6: the register names somebody who works with the child; the import of staff may come after."""
        if login_first:
            self.town.give_login()
        self.town.family(RELATIVE, *tie)
        self.town.give_login()
        self.case.kin.add(RELATIVE_AT_WORK)
        self._link()

    @rule(who=st.sampled_from((*FAMILY, RELATIVE)), responsible=st.booleans())
    def link_by_hand(self, who: str, responsible: bool) -> None:
        """GU-3, PR-6: a paper that was seen links an adult, whatever the address grade, until the register says
        something else of them."""
        with perhaps():
            paper = self.town.do(
                cases.RecordPaper, self._holder, adult_number=self.town.adult_number(who), kind="register_extract",
                relation="other", has_responsibility=responsible, valid_from=local(self.town.now),
            )  # fmt: skip
            self.town.do(
                cases.DecidePaper,
                self._holder,
                paper_id=paper["id"],
                decision="verified",
                same_person_reason="r",
            )
            self._set_clock(
                self.town.now + timedelta(microseconds=1)
            )  # what the register says next, it says after the paper was seen
            self.case.ties[who] = (responsible, True)
            self.case.kin |= {RELATIVE_AT_WORK} if who == RELATIVE else set()

    @rule(grade=st.sampled_from(("ungraded", "client", *PROTECTED)))
    def address_grade(self, grade: str) -> None:
        self.town.protect(grade)
        self.case.grade = grade
        self._link()

    def _link(self) -> None:
        """What the register says anew links or unlinks an adult; where the address is protected it links nobody
        (PR-6)."""
        says = {} if self.case.grade in PROTECTED else dict(self.town.responsible)
        for who in says.keys() | self.registered.keys():
            if who not in says:
                self.case.ties.pop(who, None)
            elif says[who] != self.registered.get(who):
                self.case.ties[who] = says[who]
        self.registered = says

    @rule(who=st.sampled_from(tuple(STAFF)), ends=st.sampled_from((0, 1, None)))
    def role(self, who: str, ends: int | None) -> None:
        """A role ends today, or tomorrow, or goes on."""
        today = local(self.town.now)
        self.case.left.pop(who, None)
        if ends is not None:
            self.case.left[who] = today + timedelta(days=ends)
        self.town.employ(who, self.case.left.get(who))

    # ------------------------------------------------------------ care, and emergencies

    @precondition(lambda self: not self._held)
    @rule(
        by=st.sampled_from(CARERS),
        begins=st.sampled_from((-5, 0, 0, 1)),
        days=st.sampled_from((None, 7)),
        see=seen,
    )
    def take_into_care(self, by: str, begins: int, days: int | None, see: Sequence[str | None]) -> None:
        starts = local(self.town.now) + timedelta(days=begins)
        ends = None if days is None else starts + timedelta(days=days)
        with perhaps():
            done = self.town.do(
                cases.RegisterCareOrder,
                by,
                child_number=self.town.number,
                valid_from=starts,
                **_set(ends, see),
            )
            second = next(each for each in CARERS if each != by)
            confirmed = {"decision": "confirmed", "child_number": self.town.number}
            self.town.do(cases.DecideCareOrder, second, order_id=done["id"], **confirmed)
            order = CareOrder(done["id"], PROTECTION, by, starts, ends or date.max, frozenset(see))
            self.case.orders = [each.ended_by(order) for each in self.case.orders] + [order]

    @precondition(lambda self: self.case.orders and not self._held)
    @rule(by=st.sampled_from(CARERS), days=st.sampled_from((None, 0, 1)), see=seen)
    def change_care(self, by: str, days: int | None, see: Sequence[str | None]) -> None:
        """The latest order: child protection lets the guardians see something else, or it ends."""
        order = self.case.orders[-1]
        ends = None if days is None else local(self.town.now) + timedelta(days=days)
        with perhaps():
            self.town.do(cases.ChangeCareOrder, by, order_id=order.id, **_set(ends, see))
            self.case.orders[-1] = replace(
                order, set_by=by, ends=ends or date.max, guardians_see=frozenset(see)
            )

    @rule(who=st.sampled_from(("chief", "matron", "colleague", "carer", "nurse")))
    def emergency(self, who: str) -> None:
        """Whoever reads the case already opens nothing by it; `_carry` hears of it where it opens something."""
        with perhaps():
            self.town.do(
                cases.OpenEmergency,
                who,
                child_number=self.town.number,
                reason_code="missing_child",
                reason="r",
            )

    @precondition(lambda self: self._in_emergency)
    @rule(by=st.sampled_from((None, None, "coordinator", "head")))
    def end_emergency(self, by: str | None) -> None:
        """The latest: whoever opened it ends it, or the coordinator; by nobody else's word is it over (SE-3)."""
        latest = self.case.emergencies[-1]
        with perhaps():
            self.town.do(cases.EndEmergency, by or latest.who, emergency_id=latest.id)
            if by != "head":
                self.case.emergencies[-1] = replace(latest, ended=self.town.now)

    @precondition(lambda self: self._in_emergency)
    @rule(heard=st.booleans())
    def the_hour_is_over(self, heard: bool) -> None:
        """Of an emergency: to the instant, or nearly."""
        self.time_passes("an hour", heard)

    @property
    def _in_emergency(self) -> bool:
        hour_ago = self.town.now - timedelta(hours=1)
        return any(hour_ago < each.at and self.town.now < each.ended for each in self.case.emergencies)

    # ------------------------------------------------------------ reports to child protection

    @precondition(lambda self: len(self.case.reports) < 2)
    @rule(by=st.sampled_from(("teacher", "colleague", "nurse", "psychologist")), protected=st.booleans())
    def report(self, by: str, protected: bool) -> None:
        """With a case or without, whatever its level; both kinds."""
        kind = ("protected", "violence", "no") if protected else ("with_guardians", "other", "yes")
        with perhaps():
            done = self.town.ask(
                cases.FileLaneReport, by, child_number=self.town.number, text="t", police_contacted=False,
                **dict(zip(("kind", "suspicion", "guardians_informed"), kind, strict=True)),
                guardians_informed_reason="r",
            )  # fmt: skip
            self.case.reports.append(Report(done["id"], by, not protected))
            self.town.latest_report = done["id"]

    @precondition(lambda self: self.case.reports)
    @rule(
        by=st.sampled_from(("teacher", "nurse", *CARERS)), who=st.sampled_from(("head", "colleague", "nurse")),
        days=st.sampled_from((None, 0, 1)),
    )  # fmt: skip
    def name_reader(self, by: str, who: str, days: int | None) -> None:
        """Of the latest report: the reporter or child protection names one more, for good or until the end of a day."""
        report, until = (
            self.case.reports[-1],
            None if days is None else local(self.town.now) + timedelta(days),
        )
        with perhaps():
            self.town.ask(
                cases.NameLaneReader, by, report_id=report.id, person_id=self.town.id(who),
                **({"until": until} if until else {}),
            )  # fmt: skip
            report.named[who] = until + timedelta(days=1) if until else date.max

    @precondition(lambda self: any(each.named for each in self.case.reports))
    @rule(
        by=st.sampled_from(("teacher", "nurse", *CARERS)), who=st.sampled_from(("head", "colleague", "nurse"))
    )
    def take_name_back(self, by: str, who: str) -> None:
        for report in self.case.reports:
            with perhaps():
                self.town.ask(cases.RemoveLaneReader, by, report_id=report.id, person_id=self.town.id(who))
                report.named.pop(who, None)

    # ------------------------------------------------------------ time, and the bus

    @rule(step=st.sampled_from(STEPS), heard=st.sampled_from((True, True, False)))
    def time_passes(self, step: str, heard: bool) -> None:
        self._set_clock(self._later(step))
        self.town.tick()
        self._carry()
        if heard:
            self.town.bus.beat()

    def _set_clock(self, at: datetime) -> None:
        clock = self.town.house.clock
        assert isinstance(clock, SettableClock)
        clock.set(at)

    def _later(self, step: str) -> datetime:
        now = self.town.now
        plain = {"seconds": timedelta(seconds=20), "half a minute": timedelta(seconds=31),
                 "an hour": timedelta(hours=1), "days": timedelta(days=6), "season": timedelta(days=100)}  # fmt: skip
        if step in plain:
            return now + plain[step]
        birthday = next(
            at for years in range(3) if (at := _midnight(_birthday(self.case.born, now.year + years))) > now
        )
        return (
            birthday - timedelta(seconds=1)
            if step == "eve" and now < birthday - timedelta(seconds=1)
            else birthday
        )

    @rule(way=st.sampled_from((
        ("consent", "relay_log"), ("consent", "cases"), ("cases", "relay_log"), ("cases", "consent"),
        ("relay_log", "cases"), ("directory", "relay_log"), ("directory", "cases"),
    )))  # fmt: skip
    def hold(self, way: tuple[str, str]) -> None:
        """From now on one service hears another late."""
        self.town.bus.hold(*way)

    @precondition(lambda self: self._held)
    @rule()
    def catch_up(self) -> None:
        """What was held back comes."""
        self.town.bus.release()
        self._carry()
        self.town.bus.beat()

    # ------------------------------------------------------------ what must hold

    @invariant()
    def everybody_reads_what_the_oracle_says(self) -> None:
        """CO-1 to CO-5, CO-8 to CO-10, AG-1 to AG-8, GU-1 to GU-3, PR-6, LV-17, LG-1, LG-5, LG-7, HO-4, HO-6."""
        if not hasattr(self, "town"):
            return
        self.town.tick()
        self._carry()
        if self.town.bus.still:
            self.lately = []
        for service, of_kind in self._shown():
            lane, age = service.startswith("lane"), self.town.bus.age
            fresh = lane or age(service) <= KNOWN_FOR
            office = lane or age(service, "cases", "directory") <= KNOWN_FOR
            moments = [Moment(case, self.town.now, fresh, office) for case in (*self.lately, self.case)]
            for who in READERS:
                self._judge(service, who, [readable(moment, who) & of_kind for moment in moments])
        written = (self.case.items, self.case.agreed, self.case.needed)
        self.lately.append(deepcopy(self.case, {id(each): each for each in written}))

    def _shown(self) -> Iterator[tuple[str, set[str]]]:
        """What each service shows, and the lane, once there is a report."""
        yield "cases", {item.id for item in self.case.items if item.kind != "log"}
        yield "relay_log", {item.id for item in self.case.items if item.kind == "log"}
        if self.case.reports:
            yield "lane", {report.id for report in self.case.reports}
            yield "lane, by id", {self.case.reports[-1].id}

    def _judge(self, service: str, who: str, right: list[frozenset[str]]) -> None:
        """`right`: what may be read by what has been so since all was heard of, the last of them by what is so now."""
        got = self.town.reads(service, who)
        if len(right) == 1:
            assert got == right[0], self._story(who, service, f"reads {self._named(got)}, and may", right[0])
        else:
            once = frozenset[str]().union(*right)
            assert got <= once, self._story(who, service, f"reads {self._named(got)}, and could lately", once)

    def _story(self, who: str, service: str, does: str, what: frozenset[str]) -> str:
        years, kind = Moment(self.case, self.town.now).age, type(self)
        kind.red = kind.red or kind.told  # the same story is told again to be printed
        return f"story {kind.red}: {who}, of a child of {years}, in {service}: {does} {self._named(what)}"

    def _named(self, ids: frozenset[str]) -> list[str]:
        items = {item.id for item in self.case.items}
        reports = {report.id for report in self.case.reports}
        return [
            f"{item.kind} on {item.topic} of {item.at:%d.%m. %H:%M}{' apart' if item.apart else ''}"
            f"{f', of {item.tells_of}' if item.tells_of else ''}"
            for item in self.case.items if item.id in ids
        ] + [f"{'report' if each in reports else 'unknown'} {each}" for each in ids - items]  # fmt: skip

    # ------------------------------------------------------------ in short

    @property
    def _held(self) -> bool:
        return any(way.held or way.waiting for way in self.town.bus.ways.values())

    @property
    def _open(self) -> bool:
        return self.case.level >= 1 and not self.case.closed

    @property
    def _holder(self) -> str:
        return Moment(self.case, self.town.now).holder or "teacher"

    def _carry(self) -> None:
        """Let the bus bring what was told. An entry that nobody wrote here is a notice of release (LV-11)."""
        known = {item.id for item in self.case.items}
        for event in self.town.bus.carry():
            if event.type == relay_log.EntryAdded.type and event.data["entry_id"] not in known:
                self.case.items.append(Item(event.data["entry_id"], "log", event.data["topic"], event.time))
            if event.type == cases.EmergencyOpened.type:
                who = self._name(event.data["person_id"])
                self.case.emergencies.append(Emergency(event.data["emergency_id"], who, event.time))


class Concern(Model):
    """Stories that begin with a concern."""

    stage = 0


class Alarm(Model):
    """Stories that begin with an emergency, and with reports of both kinds."""

    stage = 1


class Cooperation(Model):
    """Stories that begin in the middle of cooperation."""

    stage = 2


class Care(Model):
    """Stories that begin in the middle of cooperation under a care order."""

    stage = 3


def _set(ends: date | None, see: Sequence[str | None]) -> dict[str, Any]:
    """What a care order sets, in the words of the contract."""
    topics = sorted(topic for topic in see if topic)
    sees = "topics" if topics else "overview" if see else "nothing"
    return {"guardians_see": sees, "topics": topics, **({"valid_to": ends} if ends else {})}


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo("Europe/Oslo"))


def _birthday(born: date, year: int) -> date:
    try:
        return born.replace(year=year)
    except ValueError:
        return date(year, 3, 1)

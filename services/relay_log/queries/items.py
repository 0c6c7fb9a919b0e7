"""The items of a log as one asker may see them: what both the log and the final report are made of."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from services.chassis.access import CaseAccess
from services.chassis.sealed import Sealed
from services.chassis.unit_of_work import Reading
from services.kernel.facts import Act
from services.relay_log.domain.parties import may_be_told
from services.relay_log.domain.plan import OPEN
from services.relay_log.storage.entries import Entries
from services.relay_log.storage.logs import Logs
from services.relay_log.storage.meetings import Meetings
from services.relay_log.storage.plan import Plans
from services.relay_log.storage.store import Record

_WRITERS = frozenset({"by_person_id", "called_by"})


class Items:
    """The readable items of one log. `topics`: those that the asker may read now; `reads_all`: every one."""

    def __init__(self, reading: Reading, case: CaseAccess) -> None:
        self._reading, self._case = reading, case
        self.topics = case.readable_topics()
        self.reads_all = self.topics == frozenset(case.known_facts.policy.topic_codes)

    def goals(self) -> list[Record]:
        """Goals by topic."""
        found = Plans.of(self._reading).goals(self._case.case_id)
        return self._by_name(self._case.open_allowed(Act.READ_PLAN, found))

    def measures(self, sealed: Sequence[Sealed[Record]]) -> list[Record]:
        """Measures by topic; an open one whose responsible may not read it, says so (GU-6)."""
        found = self._case.open_allowed(Act.READ_PLAN, sealed)
        for measure in found:
            whom, waits = measure["third_person"], not measure["third_person_agrees"]
            measure["responsible_reads"] = (
                whom is None or not waits or measure["status"] not in OPEN
                or may_be_told(
                    measure["responsible_person_id"], whom, self._case.known_facts, self._reading.now
                )
            )  # fmt: skip
        return found

    def participants(self) -> list[Record]:
        """Who takes or took part: ids alone, for whoever reads any topic of the log; where what is written now is shut,
        those who came and went while what was written then is open (AG-4). Their units and services as far as the asker
        is told of them (PR-6). Whoever has the overview alone is told of owner and holder (GU-2, GU-4)."""
        found = Logs.of(self._reading).participants(self._case.case_id)
        if not self.topics:
            found = [self._as_of_then(each) for each in found if self._reads_of(each["valid_from"])]
        if not self._case.reads_history:
            found = [each for each in found if each["person_id"] in self._overview()]
        return [
            {
                **each,
                "unit_id": self._case.unit(each["unit_id"]),
                "service_id": self._case.service(each["service_id"]),
            }
            for each in found
        ]

    def _as_of_then(self, participant: Record) -> Record:
        ended = participant["valid_to"]
        return participant if ended is None or self._reads_of(ended) else {**participant, "valid_to": None}

    def _reads_of(self, at: datetime) -> bool:
        return bool(self._case.readable_topics(recorded_at=at))

    def _overview(self) -> set[str]:
        assert self._case.facts is not None
        case = self._case.facts.case
        return {case.owner_person} | ({case.holder.person_id} if case.holder else set())

    def meetings(self) -> list[Record]:
        """LG-4: meetings with those items of agenda and minutes that the asker may read. A meeting shows to whoever
        was invited, may read any of its items, or reads every topic; the part of the minutes that bears no topic
        shows to the last alone (CO-1: what is not named is not shared)."""
        found = Meetings.of(self._reading).of_case(self._case.case_id)
        items: dict[str, list[Record]] = {}
        for item in self._case.open_allowed(Act.READ_LOG_ITEM, found.items):
            items.setdefault(item["meeting_id"], []).append(item)
        if not (self.topics or items):  # AG-4: what is older may be open where nothing new is
            return []
        return [
            self._meeting(frame, items.get(frame["meeting_id"], ()), found.answers)
            for frame in self._by_name(self._case.open_allowed(Act.SEE_CASE, found.frames))
            if self.reads_all
            or frame["meeting_id"] in items
            or self._case.asker.person_id in frame["invited_ids"]
        ]

    def _meeting(self, frame: Record, items: Sequence[Record], answers: dict[str, Sealed[Record]]) -> Record:
        if not self._case.sees_places:
            frame["place"] = None  # PR-6
        if not self._case.reads_history:
            _name_alone(self._case.asker.person_id, frame)
        frame["agenda"] = [item for item in items if item["kind"] == "agenda"]
        if frame["minutes"] is not None:
            self._by_name([frame["minutes"]])
            frame["minutes"]["items"] = [item for item in items if item["kind"] == "minute"]
            if self.reads_all:
                [frame["minutes"]["answers"]] = self._case.open_allowed(
                    Act.SEE_CASE, [answers[frame["meeting_id"]]]
                )
        return frame

    def evaluations(self) -> list[Record]:
        """Evaluations with those outcomes that the asker may read; none that has nothing for them."""
        frames, sealed = Entries.of(self._reading).evaluations(self._case.case_id)
        outcomes: dict[str, list[Record]] = {}
        for outcome in self._case.open_allowed(Act.READ_LOG_ITEM, sealed):
            if outcome["service_id"] is not None:  # PR-6
                outcome["service_id"] = self._case.service(outcome["service_id"])
            outcomes.setdefault(outcome["evaluation_id"], []).append(outcome)
        return [
            {**frame, "outcomes": outcomes[frame["evaluation_id"]]}
            for frame in self._by_name(frames)
            if frame["evaluation_id"] in outcomes
        ]

    def entries(self) -> list[Record]:
        """Entries by topic; none points at one that the asker may not read, which would tell that it is there."""
        found = self._case.open_allowed(
            Act.READ_LOG_ITEM, Entries.of(self._reading).entries(self._case.case_id)
        )
        readable = {entry["entry_id"] for entry in found}
        for entry in found:
            for pointer in ("corrects", "corrected_by"):
                if entry[pointer] not in readable:
                    entry[pointer] = None
        return self._by_name(found)

    def views(self) -> list[Record]:
        """The child's views; one given apart is not among those that guardians get, unless the child agrees (LG-5)."""
        found = Entries.of(self._reading).views(self._case.case_id)
        return self._by_name(self._case.open_allowed(Act.READ_VIEW, found))

    def _by_name(self, records: list[Record]) -> list[Record]:
        """The records, with those named who wrote them of whom the asker is told by name (PR-6)."""
        for record in () if self._case.sees_places else records:
            for who in _WRITERS & record.keys():
                record[who] = self._case.named(record[who])
        return records


def _name_alone(person_id: str, frame: Record) -> None:
    """GU-2, GU-4: of those at a meeting, whoever has the overview alone is told of themselves, since all others say
    which services take part."""
    for names, field in ((frame, "invited_ids"), (frame["minutes"] or {}, "present_ids")):
        names[field] = [each for each in names.get(field, ()) if each == person_id]


def permitted(case: CaseAccess, acts: Sequence[Act], topics: Sequence[str]) -> list[str]:
    """Which acts the asker may do now, an act that bears a topic in any of them: for screens."""

    def may(act: Act) -> bool:
        return case.may(act) or any(case.may(act, topic) for topic in topics)

    return [act.value for act in acts if may(act)]

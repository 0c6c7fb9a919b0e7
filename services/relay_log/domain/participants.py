"""Who takes part: brought in by the holder, under consent; released kindly, at once and for good."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from services.kernel.access import consent_status_known
from services.kernel.conditions import covering
from services.kernel.errors import ConsentMissing, ConsentNotKnown, NotFound
from services.kernel.facts import Facts, Post, in_force
from services.relay_log.domain.errors import (
    AlreadyParticipant,
    AlreadyReleased,
    OneServiceAtLevel1,
)


@dataclass(slots=True)
class Participant:
    """One person in the log, from an instant until another. `follows_up`: named by the holder to see to things."""

    participant_id: str
    post: Post
    valid_from: datetime
    valid_to: datetime | None = None
    may_write: bool = False
    follows_up: bool = False


def demand_cover(post: Post, facts: Facts, now: datetime) -> None:
    """LV-8, CO-1: whoever comes from another unit than the owner's needs active consent for their service; without
    knowledge of consent nobody is brought in (CO-9). LV-3: at level 1 nobody from outside is."""
    if post.unit_id == facts.case.owner_unit:
        return
    if facts.case.level < 2:
        raise OneServiceAtLevel1
    if not consent_status_known(facts, now):
        raise ConsentNotKnown
    if not any(each.service_id == post.service_id for each in covering(facts, now)):
        raise ConsentMissing(service_ids=[post.service_id])


@dataclass(slots=True)
class Circle:
    """All who take or took part in a log; `touched` are those to be saved."""

    participants: list[Participant] = field(default_factory=list)
    touched: list[Participant] = field(default_factory=list)

    def now(self, at: datetime) -> list[Participant]:
        """Those who take part at an instant."""
        return [each for each in self.participants if in_force(each, at)]

    def bring_in(
        self,
        participant_id: str,
        post: Post,
        *,
        may_write: bool,
        follows_up: bool,
        facts: Facts,
        now: datetime,
    ) -> Participant:
        """HO-7: the holder brings somebody in, lets them write, names the one who follows up. Somebody who takes part
        already gets the rights named now. One at most follows up: the new one takes over from the one before."""
        demand_cover(post, facts, now)
        rights = (may_write, follows_up)
        found = next((each for each in self.now(now) if each.post == post), None)
        if found is not None and (found.may_write, found.follows_up) == rights:
            raise AlreadyParticipant
        if found is None:
            found = Participant(participant_id, post, now)
            self.participants.append(found)
        if follows_up:
            for each in self.now(now):
                if each.follows_up and each is not found:
                    each.follows_up = False
                    self.touched.append(each)
        found.may_write, found.follows_up = rights
        self.touched.append(found)
        return found

    def release(self, participant_id: str, now: datetime) -> Participant:
        """HO-7: no longer needed; takes part no more from this instant on (CO-10)."""
        found = next((each for each in self.participants if each.participant_id == participant_id), None)
        if found is None:
            raise NotFound
        if not in_force(found, now):
            raise AlreadyReleased
        return self._end(found, now)

    def release_not_needed(
        self, owner_unit: str, needed: Collection[str], now: datetime
    ) -> list[Participant]:
        """LV-11: after a move down everybody of another unit goes whose service is not among those still needed."""
        leaving = [
            each
            for each in self.now(now)
            if each.post.unit_id != owner_unit and each.post.service_id not in needed
        ]
        return [self._end(each, now) for each in leaving]

    def _end(self, participant: Participant, now: datetime) -> Participant:
        participant.valid_to, participant.follows_up = now, False
        self.touched.append(participant)
        return participant


def is_down(from_level: int, to_level: int) -> bool:
    """LV-11: whether the move goes down."""
    return to_level < from_level

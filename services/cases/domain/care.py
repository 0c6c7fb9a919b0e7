"""A care order: child protection answers in the guardians' place, and sets what they see (GU-4).

One employee registers it, and it decides nothing until a second has confirmed it."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from services.cases.domain import errors
from services.kernel.facts import GuardiansSee

CONFIRM_WITHIN = timedelta(days=3)
"""How long an order waits for the second person: what is registered on a Friday can be confirmed on the Monday. After
that nobody may remember what it was for, and it is registered anew."""


class OrderState(StrEnum):
    """Where an order stands. Only a confirmed one decides anything."""

    AWAITING = "awaiting"
    CONFIRMED = "confirmed"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"


@dataclass(slots=True)
class CareOrder:
    """An order for one child, in force from a day to a day (`valid_to` no longer among them; None: no end set).
    `set_by`: the employee who registered it, or changed it last. `decided_by`: who confirmed, refused or withdrew it
    (None: time did); `reason`: why it was refused (narrative), on its way to be kept."""

    order_id: str
    child_id: str
    unit_id: str
    set_by: str
    registered_at: datetime
    valid_from: date
    valid_to: date | None = None
    guardians_see: GuardiansSee = GuardiansSee.NOTHING
    topics: tuple[str, ...] = ()
    version: int = 0
    state: OrderState = OrderState.AWAITING
    decided_by: str | None = None
    decided_at: datetime | None = None
    reason: str | None = None

    @property
    def confirm_by(self) -> datetime:
        """From when on it can't be confirmed any more."""
        return self.registered_at + CONFIRM_WITHIN

    def state_at(self, now: datetime) -> OrderState:
        """Where it stands now: it expires at its hour, and not when a timer comes round to it."""
        late = self.state is OrderState.AWAITING and now >= self.confirm_by
        return OrderState.EXPIRED if late else self.state

    def apart(self, address_protected: bool) -> bool:
        """Whether whoever set it alone knows whom it is for: before it is confirmed, and where the address is protected
        (PR-6)."""
        return address_protected or self.state is not OrderState.CONFIRMED

    def set(
        self,
        by: str,
        valid_to: date | None,
        guardians_see: GuardiansSee,
        topics: Collection[str],
        known_topics: Collection[str],
    ) -> None:
        """Child protection sets the last day, and what the guardians see; refused, naming the field, when that says
        nothing clear. Nobody sees a topic that is not named (CO-1)."""
        if valid_to is not None and valid_to < self.valid_from:
            raise errors.InvalidInput(fields={"valid_to": "before_start"}, rule="GU-4")
        if guardians_see is GuardiansSee.TOPICS and not topics:
            raise errors.InvalidInput(fields={"topics": "required"}, rule="GU-4")
        if set(topics) - set(known_topics):
            raise errors.InvalidInput(fields={"topics": "not_a_choice"}, rule="GU-4")
        self.set_by, self.valid_to, self.guardians_see = by, valid_to, guardians_see
        self.topics = tuple(sorted(set(topics))) if guardians_see is GuardiansSee.TOPICS else ()

    def change(
        self,
        by: str,
        valid_to: date | None,
        guardians_see: GuardiansSee,
        topics: Collection[str],
        known_topics: Collection[str],
    ) -> None:
        """As `set`, of an order that was confirmed. One person ends it sooner, but never makes it last longer than two
        have agreed to: that is a new order."""
        if self.state is not OrderState.CONFIRMED:
            raise errors.CareOrderDecided(state=self.state.value)
        if (valid_to or date.max) > (self.valid_to or date.max):
            raise errors.InvalidInput(fields={"valid_to": "not_longer"}, rule="GU-4")
        self.set(by, valid_to, guardians_see, topics, known_topics)

    def decide(self, state: OrderState, by: str, now: datetime, reason: str | None = None) -> None:
        """A second person confirms or refuses it, a refusal with its reason; whoever registered it withdraws it."""
        if self.state_at(now) is not OrderState.AWAITING:
            raise errors.CareOrderDecided(state=self.state_at(now).value)
        if (by == self.set_by) is not (state is OrderState.WITHDRAWN):
            raise errors.AnotherConfirms
        reason = (reason or "").strip() or None
        if state is OrderState.REFUSED and reason is None:
            raise errors.InvalidInput(fields={"reason": "required"}, rule="GU-4")
        self.state, self.decided_by, self.decided_at = state, by, now
        self.reason = reason if state is OrderState.REFUSED else None

    def expire(self, now: datetime) -> bool:
        """Whether nobody confirmed it in time: then it is over."""
        late = self.state is OrderState.AWAITING and now >= self.confirm_by
        if late:
            self.state, self.decided_at = OrderState.EXPIRED, now
        return late

    def over(self, day: date) -> bool:
        """Whether it has ended by a day."""
        return self.valid_to is not None and self.valid_to <= day


def replaced_by(order: CareOrder, standing: Iterable[CareOrder]) -> list[CareOrder]:
    """Those of the child's confirmed orders whose place this one takes, ended by its first day: one answers (GU-4). An
    acute order is followed by the next so, and one unit by another."""
    found = []
    for other in standing:
        apart = (other.valid_to or date.max) <= order.valid_from or (
            (order.valid_to or date.max) <= other.valid_from
        )
        if other.order_id != order.order_id and not apart and other.valid_from != other.valid_to:
            other.valid_to = max(other.valid_from, order.valid_from)
            found.append(other)
    return found

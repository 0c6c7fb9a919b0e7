"""A care order: child protection answers in the guardians' place, and sets what they see (GU-4)."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date

from services.cases.domain import errors
from services.kernel.facts import GuardiansSee


@dataclass(slots=True)
class CareOrder:
    """An order for one child, in force from a day to a day (`valid_to` no longer among them; None: no end set).
    `set_by`: the employee who registered it, or changed it last."""

    order_id: str
    child_id: str
    unit_id: str
    set_by: str
    valid_from: date
    valid_to: date | None = None
    guardians_see: GuardiansSee = GuardiansSee.NOTHING
    topics: tuple[str, ...] = ()
    version: int = 0

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

    def over(self, day: date) -> bool:
        """Whether it has ended by a day."""
        return self.valid_to is not None and self.valid_to <= day


def demand_no_other(order: CareOrder, others: Iterable[CareOrder]) -> None:
    """Refuse an order that would hold at the same time as another of the same child: one answers (GU-4)."""
    for other in others:
        apart = (other.valid_to is not None and other.valid_to <= order.valid_from) or (
            order.valid_to is not None and order.valid_to <= other.valid_from
        )
        if other.order_id != order.order_id and not apart and other.valid_from != other.valid_to:
            raise errors.CareOrderStands

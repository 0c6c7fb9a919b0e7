"""Nobody deals at work with their own family (SE-3, ADR 0049): what is refused to whoever would, or would name one."""

from __future__ import annotations

from services.kernel.errors import InvalidInput
from services.kernel.facts import Facts
from services.kernel.parties import of_family


class OwnFamily(InvalidInput):
    """An employee would begin, by their office, what is about their own family."""

    code, rule = "own_family_at_work", "SE-3"
    detail = (
        "You can't do this at work for somebody of your own family. A colleague or your leader can: talk to them. "
        "As a parent you can turn to the service like anybody else."
    )

    def __init__(self, field: str) -> None:
        super().__init__(fields={field: self.code})


class MayNotTakePart(InvalidInput):
    """Somebody of the subject's family is named for a part by office. The sentence does not say why: whoever names
    learns no tie from it that they could not look up."""

    code, rule = "may_not_take_part", "SE-3"
    detail = "This person can't have that part in this case. Choose somebody else."

    def __init__(self, field: str) -> None:
        super().__init__(fields={field: self.code})


def demand_stranger(person_id: str, facts: Facts, field: str) -> None:
    """Raises MayNotTakePart, naming `field`, where somebody is of the subject's family."""
    if of_family(person_id, facts):
        raise MayNotTakePart(field)

"""Whether somebody, a person or an outside system, is told of something now."""

from enum import StrEnum


class Answer(StrEnum):
    """Is told of it; is not; or it can't be said before more is heard (CO-9)."""

    YES = "yes"
    NO = "no"
    LATER = "later"

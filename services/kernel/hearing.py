"""How a child's own view counts by age (AG-1): what screens and templates ask for, here so that all say the same."""

from __future__ import annotations

from enum import StrEnum

from services.kernel.policies import ADULT_AGE

HEARD_FROM, WEIGHS_FROM = 7, 12
"""Whole years."""


class Hearing(StrEnum):
    """What is asked for: what the child shows and says at any age, its view, or its view as one that weighs heavily;
    of a grown-up, who is the subject of a case too (LV-13), that they decide."""

    YOUNG = "young"
    HEARD = "heard"
    WEIGHS = "weighs"
    OWN = "own"


def hearing(age: int) -> Hearing:
    """AG-1: from 7 the child is heard, from 12 its view has great weight."""
    if age >= ADULT_AGE:
        return Hearing.OWN
    if age >= WEIGHS_FROM:
        return Hearing.WEIGHS
    return Hearing.HEARD if age >= HEARD_FROM else Hearing.YOUNG

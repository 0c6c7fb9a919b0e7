"""What a case went through, for whoever has its overview alone: level, holder, whether it goes on (GU-2, GU-4)."""

from __future__ import annotations

from services.kernel.facts import Facts, Question
from services.kernel.parties import NoStanding, Party, standings

OVERVIEW_ONLY = frozenset({Party.NAMED, Party.LIMITED_GUARDIAN})
"""A parent whom a consent names for some topics, and a guardian as a care order lets them."""


def reads_history(question: Question, facts: Facts) -> bool:
    """GU-2, GU-4: whether the asker reads all that happened in the case. Which other services take part, which forms
    were filled in and what was joined is neither level nor holder, and no consent or order opens it by topic."""
    ties = standings(question, facts)
    return not isinstance(ties, NoStanding) and any(tie.party not in OVERVIEW_ONLY for tie in ties)

"""Who sees where the subject of a case goes: the units that work with them, and where meetings are held (PR-6)."""

from __future__ import annotations

from services.kernel.facts import Facts, Question
from services.kernel.parties import NoStanding, Party, standings

SEE_PLACES = frozenset(
    {
        Party.OWNER,
        Party.OWN_LEADER,
        Party.OWN_HOLDER,
        Party.OWN_PARTICIPANT,
        Party.OWN_RECEIVER,
        Party.OTHER_HOLDER,
        Party.CARE,
        Party.CHILD,
    }
)
"""Those to whom a protected address hides no place: the owning unit as far as it reads at all, whoever holds the case,
child protection in the guardians' place, and the subject."""


def sees_places(question: Question, facts: Facts) -> bool:
    """PR-6: where the address is protected, no other party is shown a unit or a meeting place: no guardian, no other
    service, no system. Where it is not, whoever may read the rest may read these."""
    if not facts.address_protected:
        return True
    ties = standings(question, facts)
    return not isinstance(ties, NoStanding) and any(tie.party in SEE_PLACES for tie in ties)

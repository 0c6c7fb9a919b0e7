"""Why sharing is lawful, told apart from consent (CO-11): a code for each ground on which Stafett lets somebody read.

Which law a code stands for is no code's business: laws are renumbered, and a municipality writes its own reference, in
versions with a first day (services/directory). Whatever is shared without consent keeps its ground with the version
that was in force."""

from __future__ import annotations

from enum import StrEnum

from services.kernel.facts import Decision
from services.kernel.parties import THIRD_PARTIES, Party


class Basis(StrEnum):
    """The grounds. Only CONSENT can be withdrawn by the one who gave it."""

    CONSENT = "consent"  # services and persons that a consent names
    OWN_TASK = "own_task"  # the owning unit's own work with the child: nothing leaves it
    FAMILY = "family"  # the child's right to its own, and parental responsibility
    CARE_ORDER = "care_order"  # child protection in the guardians' place, and what it lets them see (GU-4)
    EMERGENCY = "emergency"  # a stated emergency, for a short time (SE-3)
    DUTY_TO_REPORT = "duty_to_report"  # each employee's own duty to child protection: the lane (PR-1)
    DUTY_TO_AVERT = (
        "duty_to_avert"  # everybody's duty to hinder something grave that is about to happen: the lane
    )
    GUARDIANS_KNOW = "guardians_know"  # a report that is made with the guardians, who have been told (PR-2)
    FAMILY_WORD = "family_word"  # a discussion by name, to which all have said yes who would sign (LV-12)


LANE_GROUNDS = (Basis.DUTY_TO_REPORT, Basis.DUTY_TO_AVERT, Basis.GUARDIANS_KNOW)
"""On what a report to child protection can rest."""

_OTHERS: dict[Party, Basis] = {
    Party.OWNER: Basis.OWN_TASK,
    Party.OWN_LEADER: Basis.OWN_TASK,
    Party.OWN_HOLDER: Basis.OWN_TASK,
    Party.OWN_PARTICIPANT: Basis.OWN_TASK,
    Party.OWN_RECEIVER: Basis.OWN_TASK,
    Party.OWN_SYSTEM: Basis.OWN_TASK,
    Party.GUARDIAN: Basis.FAMILY,
    Party.CHILD: Basis.FAMILY,
    Party.LIMITED_GUARDIAN: Basis.CARE_ORDER,
    Party.CARE: Basis.CARE_ORDER,
    Party.EMERGENCY: Basis.EMERGENCY,
}


def basis_of_party(party: Party) -> Basis:
    """On what the access of somebody who stands so to a case rests. A party without a ground has none to read on: a
    KeyError, which a test meets first."""
    return Basis.CONSENT if party in THIRD_PARTIES else _OTHERS[party]


def basis_of(decision: Decision) -> Basis | None:
    """On what an allowed reading rests; None for a refusal, which rests on nothing."""
    if not decision.allowed:
        return None
    return basis_of_party(Party(decision.reason_code.removeprefix("allowed_as_")))

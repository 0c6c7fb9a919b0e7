"""Who must sign for a topic, and what their answers amount to (AG-2, AG-3, GU-1 to GU-4).

Consent asks here to decide whether a window opens; the access decision asks here who may sign; screens show
the same names."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from enum import StrEnum

from services.kernel.calendar import age_at, birthday_instant
from services.kernel.facts import Capacity, CareOrderFact, Facts, GuardianFact, in_force
from services.kernel.policies import ADULT_AGE, Policy

NOBODY: frozenset[frozenset[str]] = frozenset()


class SignatureState(StrEnum):
    """What the answers to a request amount to for one topic. Only ACTIVE shares anything."""

    ACTIVE = "active"
    PENDING = "pending"
    CONFLICTING = "conflicting"
    REFUSED = "refused"
    NOBODY_CAN_SIGN = "nobody_can_sign"


def is_responsible(guardian: GuardianFact, now: datetime) -> bool:
    """GU-2, GU-3: parental responsibility, verified, in force now. Nothing less signs or sees."""
    return guardian.responsibility and guardian.verified and in_force(guardian, now)


def care_order(facts: Facts, now: datetime) -> CareOrderFact | None:
    """GU-4: the care order in force now, if any; of several the one that began last."""
    running = [order for order in facts.care_orders if in_force(order, now)]
    return max(running, key=lambda order: order.valid_from, default=None)


def as_signer(capacity: Capacity, person_id: str | None, unit_id: str | None) -> str:
    """As whom somebody's own answer counts: an employee's is their unit's (GU-4: that of child protection), everybody
    else's their own."""
    return (unit_id if capacity is Capacity.EMPLOYEE else person_id) or ""


def signer_groups(facts: Facts, topic: str, policy: Policy, now: datetime) -> frozenset[frozenset[str]]:
    """The groups of signers of whom each must give one signature; empty: nobody can sign, and nothing is ever
    shared. A signer is a person, or under a care order the unit of child protection, by its id (GU-4).

    AG-2: from the policy's age the youth signs alone. AG-3: between the policy's two ages both youth and
    guardians do. GU-1: each responsible guardian is a group of one, unless the policy lets one of them
    suffice. LV-13: a pregnant adult is the subject herself, grown up, and signs alone."""
    rules = policy.topic(topic)
    if rules is None or facts.subject_birth_date is None:
        return NOBODY
    age = age_at(facts.subject_birth_date, now)
    youth = frozenset({facts.case.subject_person})
    if age >= ADULT_AGE or age >= rules.youth_alone_from:
        return frozenset({youth})
    guardians = _guardian_groups(facts, now, rules.one_guardian_suffices)
    if age >= rules.youth_signs_from and guardians:
        return guardians | {youth}
    return guardians


def say_from(facts: Facts, topic: str) -> datetime | None:
    """AG-4: the instant from which the youth has the say on a topic, alone or with the guardians; None for an unknown
    birth date or topic."""
    rules = facts.policy.topic(topic)
    if rules is None or facts.subject_birth_date is None:
        return None
    return birthday_instant(facts.subject_birth_date, rules.youth_signs_from)


def guardians_groups(facts: Facts, topic: str, now: datetime) -> frozenset[frozenset[str]]:
    """The guardians' groups of signers as `signer_groups` has them for a younger child: those on whose word alone rests
    what was agreed to before the youth had the say (AG-4). Of an adult: those of the last instant before."""
    rules = facts.policy.topic(topic)
    if rules is None or facts.subject_birth_date is None:
        return NOBODY
    grown_up = birthday_instant(facts.subject_birth_date, ADULT_AGE)
    then = min(now, grown_up - timedelta(microseconds=1))
    return _guardian_groups(facts, then, rules.one_guardian_suffices)


def required_signers(facts: Facts, topic: str, policy: Policy, now: datetime) -> frozenset[str]:
    """Everyone who is to be asked for one topic; empty: nobody can sign, so consent is never active (GU-3).

    Where the policy lets one guardian suffice all are still asked: `signature_state` says when it is
    enough."""
    return frozenset().union(*signer_groups(facts, topic, policy, now))


def signature_state(
    groups: AbstractSet[AbstractSet[str]], granted: AbstractSet[str], refused: AbstractSet[str]
) -> SignatureState:
    """What the answers amount to (GU-1): active only when every group has a grant. Silence is pending, and
    one refusal among several who must sign is a conflict; when all have refused, the consent is refused
    (CO-4).

    Whoever stands in both sets has withdrawn, which ends it even where one guardian suffices (CO-3,
    LG-11)."""
    if not groups:
        return SignatureState.NOBODY_CAN_SIGN
    withdrawn = granted & refused
    lost = [group for group in groups if group & withdrawn or group <= refused]
    if len(lost) == len(groups):
        return SignatureState.REFUSED
    if lost:
        return SignatureState.CONFLICTING
    return SignatureState.ACTIVE if all(group & granted for group in groups) else SignatureState.PENDING


def _guardian_groups(facts: Facts, now: datetime, one_suffices: bool) -> frozenset[frozenset[str]]:
    """GU-1 among the guardians. GU-3: while somebody's claim to responsibility is unverified it is not known
    who all must sign, so nobody can. GU-4: under a care order child protection answers in their place."""
    order = care_order(facts, now)
    if order is not None:
        return frozenset({frozenset({order.unit_id})})
    claiming = [
        guardian for guardian in facts.guardians if guardian.responsibility and in_force(guardian, now)
    ]
    if not claiming or not all(guardian.verified for guardian in claiming):
        return NOBODY
    if one_suffices:
        return frozenset({frozenset(guardian.person_id for guardian in claiming)})
    return frozenset(frozenset({guardian.person_id}) for guardian in claiming)

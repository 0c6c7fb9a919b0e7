"""What may be asked for: the span and the shares of a request, checked before anybody is asked (CO-1, CO-2)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from services.consent.domain.request import Line
from services.kernel.calendar import add_months, age_at, local_date, midnight
from services.kernel.conditions import limited_topics
from services.kernel.errors import InvalidInput
from services.kernel.facts import Facts, in_force
from services.kernel.policies import ADULT_AGE, Policy
from services.kernel.signers import required_signers


def span(valid_from: date | None, valid_to: date, policy: Policy, now: datetime) -> tuple[datetime, datetime]:
    """The instants between which the consent holds: from now or a coming midnight, to the end of its last day.

    CO-2: at most the policy's months, which begin no later than the end of which a renewal is told today: nobody agrees
    now to what begins in years. Raises InvalidInput naming the field.
    """
    today = local_date(now)
    if valid_from is not None and valid_from < today:
        raise InvalidInput(fields={"valid_from": "in_the_past"}, rule="CO-2")
    if valid_from is not None and valid_from > today + timedelta(days=policy.consent_renewal_days):
        raise InvalidInput(fields={"valid_from": "too_long_time"}, rule="CO-2")
    first = valid_from or today
    if valid_to < first:
        raise InvalidInput(fields={"valid_to": "before_start"}, rule="CO-2")
    if valid_to > add_months(first, policy.consent_months):
        raise InvalidInput(
            fields={"valid_to": "too_long_time"}, params={"months": policy.consent_months}, rule="CO-2"
        )
    begin = midnight(valid_from) if valid_from and valid_from > today else now
    return begin, end_of(valid_to)


def end_of(last_day: date) -> datetime:
    """The instant at which a consent ends whose last day this is."""
    return midnight(last_day + timedelta(days=1))


def lines(
    shares: Sequence[dict[str, Any]],
    known_services: Collection[str],
    own_service: str,
    topics: Collection[str],
    persons: Collection[Line] = (),
) -> tuple[Line, ...]:
    """The lines that are asked about (CO-1): those of the shares, which name real services, not one's own, each with
    topics that exist; and those that name `persons`."""
    if not shares and not persons:
        raise InvalidInput(fields={"shares": "required"}, rule="CO-1")
    found: set[Line] = set()
    for index, share in enumerate(shares):
        service_id = share["service_id"]
        if service_id not in known_services:
            raise InvalidInput(fields={f"shares.{index}.service_id": "unknown_service"}, rule="CO-1")
        if service_id == own_service:
            raise InvalidInput(fields={f"shares.{index}.service_id": "own_service"}, rule="CO-1")
        if not share["topics"]:
            raise InvalidInput(fields={f"shares.{index}.topics": "required"}, rule="CO-1")
        unknown = set(share["topics"]) - set(topics)
        if unknown:
            raise InvalidInput(fields={f"shares.{index}.topics": "not_a_choice"}, rule="CO-1")
        found.update(Line(service_id, topic) for topic in share["topics"])
    return tuple(sorted(found.union(persons)))


def person_lines(
    shares: Sequence[dict[str, Any]], nameable: Collection[str], topics: Collection[str]
) -> tuple[Line, ...]:
    """The lines that name persons (GU-2, AG-5): each somebody who may be named, with topics that exist."""
    found: set[Line] = set()
    for index, share in enumerate(shares):
        found.update(lines_of_person(share, nameable, topics, f"person_shares.{index}."))
    return tuple(sorted(found))


def lines_of_person(
    share: dict[str, Any], nameable: Collection[str], topics: Collection[str], place: str = ""
) -> tuple[Line, ...]:
    """The lines that name one person. `place`: what stands before the names of the fields that are wrong."""
    if share["person_id"] not in nameable:
        raise InvalidInput(fields={f"{place}person_id": "not_nameable"}, rule="GU-2")
    if not share["topics"]:
        raise InvalidInput(fields={f"{place}topics": "required"}, rule="CO-1")
    if set(share["topics"]) - set(topics):
        raise InvalidInput(fields={f"{place}topics": "not_a_choice"}, rule="CO-1")
    return tuple(sorted({Line("", topic, share["person_id"]) for topic in share["topics"]}))


def demand_apart(lines: Sequence[Line], facts: Facts, now: datetime) -> None:
    """AG-6, CO-1: what is the youth's own is not asked for together with what others sign, who would agree to a purpose
    that they may not read. Raises InvalidInput."""
    topics, subject = {line.topic for line in lines}, {facts.case.subject_person}
    others = {topic for topic in topics if required_signers(facts, topic, facts.policy, now) - subject}
    if others and (limited_topics(facts, now) & topics) - others:
        raise InvalidInput(fields={"shares": "ask_apart"}, rule="AG-6")


def would_sign(facts: Facts, now: datetime) -> dict[str, list[str]]:
    """Who must sign if consent were asked for now, with the topics (AG-2, AG-3, GU-1)."""
    signers: dict[str, list[str]] = {}
    for topic in facts.policy.topic_codes:
        for person_id in required_signers(facts, topic, facts.policy, now):
            signers.setdefault(person_id, []).append(topic)
    return signers


def nameable(facts: Facts, now: datetime) -> frozenset[str]:
    """Whom a consent may name: a parent without parental responsibility (GU-2), and when the child has grown up, any of
    those who were its parents and guardians (AG-5). Nobody where the address is protected: there a tie is what one is
    protected from (PR-6)."""
    if facts.address_protected or facts.subject_birth_date is None:
        return frozenset()
    adult = age_at(facts.subject_birth_date, now) >= ADULT_AGE
    return frozenset(
        each.person_id
        for each in facts.guardians
        if adult or (in_force(each, now) and not each.responsibility)
    )

"""Why could, or could not, this person see this at that time? The decision looked up for the coordinator (CO-8).

The coordinator has no tie to the case and needs none (SE-3): what is answered are facts on which the decision rests,
never what was written. Of the protected lane nothing is known here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from services.cases.storage import people
from services.chassis import access
from services.chassis.access import Past
from services.chassis.unit_of_work import Reading
from services.contracts import consent
from services.contracts.envelope import Event
from services.kernel.access import decide
from services.kernel.calendar import age_at
from services.kernel.errors import InvalidInput, NotFound
from services.kernel.facts import Act, Capacity, Decision, Facts, Question, Spanning, in_force
from services.kernel.legal_basis import basis_of
from services.kernel.parties import NoStanding, standings
from services.kernel.signers import required_signers


def run(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """The decision about each person asked about, with the facts of that instant. It is noted in the access record.

    Raises CoordinatorOnly, and NotFound for a case that the municipality does not have, or that is about the family of
    the coordinator: a colleague looks it up."""
    access.demand_coordinator(reading, "CO-8")
    at = _instant(request["at"], reading.now)
    source = _Source(reading, request["case_id"], at)
    if people.of_family(reading.conn, reading.municipality, source.subject, reading.actor.person_id or ""):
        reading.access(
            "SE-3", "explain", request["case_id"], source.subject, allowed=False, reason="of_the_family"
        )
        raise NotFound
    capacity, act = Capacity(request["capacity"]), Act(request["act"])
    persons = _persons(source, capacity, request["person_id"])
    reading.access("CO-8", "explain", request["case_id"], source.subject)
    answer: dict[str, Any] = {
        "case_id": request["case_id"], "at": at, "act": act.value, "topic": request["topic"],
        "recorded_at": request["recorded_at"], "rebuilt": source.past is not None, "known": bool(persons), "items": [],
    }  # fmt: skip
    for person_id in persons:
        facts = source.facts(person_id)
        question = Question(
            reading.municipality, person_id, capacity, act, at, request["unit_id"], request["topic"],
            request["recorded_at"],
        )  # fmt: skip
        decision = decide(question, facts)
        answer["items"].append(_explained(question, facts, decision) | _ground(reading, decision, at))
        answer |= _of_case(question, facts, source)
    return answer


class _Source:
    """The facts of one case: as cases knows them now, or as they had been told by an instant that is past."""

    def __init__(self, reading: Reading, case_id: str, at: datetime) -> None:
        self._reading, self._case_id = reading, case_id
        now = access.load_facts(
            reading.conn, reading.municipality, case_id, None, reading.now, reading.settings.service
        )
        if now is None:
            raise NotFound
        self.subject = now.case.subject_person
        self.past = Past(reading.told, reading.municipality, case_id, at) if at < reading.now else None
        self.at = at

    def there(self) -> bool:
        """Whether the case was there."""
        return self.past is None or self.past.known

    def facts(self, person_id: str) -> Facts:
        """The facts for one asker; only of a case that was there."""
        if self.past is not None:
            found = self.past.facts(person_id)
        else:
            place, service = self._reading.municipality, self._reading.settings.service
            found = access.load_facts(
                self._reading.conn, place, self._case_id, person_id, self._reading.now, service
            )
        if found is None:
            raise NotFound
        return found

    def told_by_consent(self) -> list[Event]:
        """What consent had told of the case."""
        if self.past is not None:
            return self.past.of_consent
        return self._reading.told.of(consent.WINDOWS, self._case_id)


def _instant(asked: datetime | None, now: datetime) -> datetime:
    if asked is not None and asked > now:
        raise InvalidInput(fields={"at": "in_the_future"})
    return asked or now


def _persons(source: _Source, capacity: Capacity, named: str | None) -> list[str]:
    """About whom it is asked; empty when the case was not there yet."""
    if named is None and capacity is Capacity.EMPLOYEE:
        raise InvalidInput(fields={"person_id": "required"})
    if not source.there():
        return []
    if named is not None:
        return [named]
    if capacity is Capacity.SELF:
        return [source.subject]
    return sorted({tie.person_id for tie in source.facts("").guardians})


def _ground(reading: Reading, decision: Decision, at: datetime) -> dict[str, Any]:
    """CO-11: on what an allowed reading rests, with the version of the municipality's reference of that day."""
    ground = basis_of(decision)
    if ground is None:
        return {"ground": None, "ground_version": None}
    version = access.ground_version(reading.conn, reading.municipality, ground, at)
    return {"ground": ground.value, "ground_version": version}


def _explained(question: Question, facts: Facts, decision: Decision) -> dict[str, Any]:
    """One person's decision and what it rests on of theirs."""
    found, person, now = standings(question, facts), question.person_id, question.now
    ties = [] if isinstance(found, NoStanding) else found
    services = {tie.service_id for tie in ties} | {
        role.service_id for role in facts.roles if role.unit_id == question.unit_id
    }
    return {
        "person_id": person,
        "capacity": question.capacity.value,
        "unit_id": question.unit_id,
        "allowed": decision.allowed,
        "rule": decision.rule,
        "reason_code": decision.reason_code,
        "sentence": decision.sentence,
        "parts": list(dict.fromkeys(tie.party.value for tie in ties)),
        "roles": [
            {"unit_id": role.unit_id, "service_id": role.service_id, "role": role.role.value, **_span(role, now)}
            for role in facts.roles
        ],
        "participations": [
            {"unit_id": each.unit_id, "service_id": each.service_id, "may_write": each.may_write, **_span(each, now)}
            for each in facts.participants
            if each.person_id == person
        ],
        "ties": [
            {"relation": tie.relation, "has_responsibility": tie.responsibility, "verified": tie.verified,
             "open": in_force(tie, now)}
            for tie in facts.guardians
            if tie.person_id == person
        ],
        "windows": [
            {"service_id": window.service_id, "topic": window.topic, **_span(window, now)}
            for window in facts.windows
            if window.service_id in services and question.topic in (None, window.topic)
        ] + [
            {"person_id": window.person_id, "topic": window.topic, **_span(window, now)}
            for window in facts.person_windows
            if window.person_id == person and question.topic in (None, window.topic)
        ],
    }  # fmt: skip


def _of_case(question: Question, facts: Facts, source: _Source) -> dict[str, Any]:
    """The facts that are the same for whoever asks."""
    born, topic = facts.subject_birth_date, question.topic
    signers = required_signers(facts, topic, facts.policy, question.now) if topic else frozenset()
    parts = {"child" if signer == facts.case.subject_person else "guardian" for signer in signers}
    as_of = facts.knowledge.as_of
    return {
        "level": facts.case.level,
        "state": facts.case.state,
        "talk_recorded": facts.case.talk_recorded,
        "frozen": facts.case.frozen,
        "age": None if born is None else age_at(born, question.now),
        "address_protected": facts.address_protected,
        "signers": sorted(parts),
        "requests": _requests(source.told_by_consent()),
        "policy_version": facts.policy.version,
        "policy_valid_from": facts.policy.valid_from,
        "knowledge_seconds": None if as_of is None else max(int((question.now - as_of).total_seconds()), 0),
        "knowledge_parked": facts.knowledge.parked,
    }


def _requests(told: Sequence[Event]) -> list[dict[str, Any]]:
    """Each request for consent with its state as last told. A withdrawal is told by an event of its own, of the whole
    case: what it left of each request, the windows show."""
    found: dict[str, dict[str, Any]] = {}
    for event in told:
        data = event.data
        if event.type == consent.Requested.type:
            found[data["request_id"]] = {
                "request_id": data["request_id"], "service_ids": data["service_ids"], "state": "pending",
                "since": event.time,
            }  # fmt: skip
        elif event.type == consent.Settled.type and data["request_id"] in found:
            found[data["request_id"]] |= {"state": data["state"], "since": event.time}
    return list(found.values())


def _span(thing: Spanning, now: datetime) -> dict[str, Any]:
    return {"valid_from": thing.valid_from, "valid_to": thing.valid_to, "open": in_force(thing, now)}

"""What the API answered, checked against the owners' databases: nothing said is lost, nothing is done twice."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from typing import Any

from tests.faults.findings import Finding
from tests.faults.stores import Store, Stores
from tests.simulation.caller import INTERNAL, Act, Journal

Keys = dict[tuple[str, str], Any]
"""Rows of the services' idempotency tables, by (service, key)."""

THINGS = {
    "cases.raise_concern": ("cases", "case_id"),
    "consent.request_consent": ("requests", "request_id"),
    "consent.sign": ("signatures", "signature_id"),
    "relay_log.add_goal": ("goals", "goal_id"),
    "relay_log.add_measure": ("measures", "measure_id"),
    "relay_log.call_meeting": ("meetings", "meeting_id"),
    "relay_log.record_evaluation": ("evaluations", "evaluation_id"),
    "relay_log.bring_in": ("participants", "participant_id"),
}
"""Procedures that make one thing each: its table, and its id there."""

CHANGES = frozenset({"relay_log.bring_in"})
"""Of these a second act may change what the first has made: somebody who takes part is given other rights."""


def check_acts(stores: Stores, journal: Journal, before: dict[str, set[str]]) -> Iterator[Finding]:
    """`before`: the things that stood there when the simulation began (`things`)."""
    keys: Keys = {
        (store.service, row.key): row
        for store in stores.by_service.values()
        for row in store.rows("idempotency")
    }
    yield _lost(stores, journal, keys)
    yield _refused_yet_done(journal, keys)
    yield _unanswered(journal)
    yield _doubled(stores, journal, keys, before)
    broken = journal.faults.get(INTERNAL, 0)
    answers = len(journal.acts) + sum(journal.faults.values())
    yield Finding("answers 500, which nobody can act on", ["see the logs for what broke"] * broken, answers)


def _unanswered(journal: Journal) -> Finding:
    """Players wait for an answer until long after the faults: who gets none meets a suite that did not come back."""
    finding = Finding("acts that nobody ever answered", looked_at=len(journal.acts))
    finding.differences += [f"{act.procedure.name} by {act.who}" for act in journal.of("unanswered")]
    return finding


def things(stores: Stores) -> dict[str, set[str]]:
    """The ids of all that THINGS names, by procedure."""
    return {
        name: {row[0] for row in stores[name.split(".")[0]].column(table, column)}
        for name, (table, column) in THINGS.items()
    }


def _lost(stores: Stores, journal: Journal, keys: Keys) -> Finding:
    """Each act that was answered has its key with that answer, its thing, and the events that its versions promise."""
    finding = Finding("acts answered, and not in the owner's database")
    there = things(stores)
    told = {
        (stream, subject): numbers
        for store in stores.by_service.values()
        for stream, subject, numbers in _numbers(store)
    }
    for act in journal.of("done"):
        finding.looked_at += 1
        row = keys.get((act.procedure.service, act.key))
        kept = row.answer if row is not None else {}
        if row is None or any(kept.get(name) != value for name, value in act.answer.items()):
            finding.differences.append(f"{_name(act)}: its key is not there with this answer")
        if act.procedure.name in THINGS and act.answer.get("id") not in there[act.procedure.name]:
            finding.differences.append(f"{_name(act)}: {act.answer.get('id')} is not there")
        for version, number in kept.get("versions", {}).items():
            stream, _, subject = version.partition(":")
            if number not in told.get((stream, subject), ()):
                finding.differences.append(f"{_name(act)}: {version} #{number} was never told")
    return finding


def _numbers(store: Store) -> Iterator[tuple[str, str, set[int]]]:
    found: dict[tuple[str, str], set[int]] = defaultdict(set)
    for outbox in store.outboxes:
        for stream, subject, sequence in store.column(outbox, "stream", "subject", "sequence"):
            found[stream, subject].add(sequence)
    for (stream, subject), numbers in found.items():
        yield stream, subject, numbers


def _refused_yet_done(journal: Journal, keys: Keys) -> Finding:
    finding = Finding("acts refused, and yet done")
    for act in journal.of("refused"):
        finding.looked_at += 1
        if (act.procedure.service, act.key) in keys:
            finding.differences.append(f"{_name(act)}: {act.status} {act.code} after {act.tries} tries")
    return finding


def _doubled(stores: Stores, journal: Journal, keys: Keys, before: dict[str, set[str]]) -> Finding:
    """Nothing stands there that no act of a key made, and no two acts made the same."""
    finding = Finding("acts done twice: things that no key has made")
    made: dict[str, Counter[str]] = defaultdict(Counter)
    for row in keys.values():
        if "id" in row.answer:
            made[row.procedure][row.answer["id"]] += 1
    for name, there in things(stores).items():
        new = there - before[name]
        finding.looked_at += len(new)
        finding.differences += [f"{name}: {each} has no key" for each in new - made[name].keys()]
        if name not in CHANGES:
            twice = [each for each in new if made[name][each] > 1]
            finding.differences += [f"{name}: {each} was made by {made[name][each]} keys" for each in twice]
    return finding


def _name(act: Act) -> str:
    return f"{act.procedure.name} by {act.who} ({act.key})"

"""What a draft of the policy would do to the running cases: counts, and the cases that the coordinator may see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from services.chassis import access
from services.chassis.unit_of_work import Reading
from services.consent.domain.preview import Effect, effect
from services.consent.domain.request import Request
from services.consent.storage.requests import Requests, running_cases
from services.kernel.calendar import local_date, midnight
from services.kernel.errors import InvalidInput
from services.kernel.facts import Act, Facts
from services.kernel.policies import InvalidPolicy, Policy, drafted

_AT_ONCE = 200
_NEXT = 1_000_000
"""A number for the draft above all that were saved: of two that begin together the higher stands."""


def run(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """The effects of the draft on its first instant: now, if that is today. Counts below the policy's least are not
    shown, nor what would tell them by subtraction (SE-4): what is hidden is of all cases not listed, together, and what
    is shown is rounded down. Whoever asks leaves a line (SE-1), since one draft after the other could be tried."""
    access.demand_coordinator(reading)
    at = _first_instant(request["valid_from"], reading.now)
    found = list(_effects(reading, request, at))
    least = access.policy_of(reading.conn, reading.municipality, reading.now).hide_counts_below
    changed = {facts.case.case_id: each for facts, each in found if each}
    shown = {each.case_id: each for each in _visible(reading, sorted(changed))}
    others = [each for case_id, each in changed.items() if case_id not in shown]
    reading.access("SE-4", "preview_policy")
    for case_id in shown:
        shown[case_id].require(Act.SEE_CASE)
    return {
        "at": at,
        "running": _shown(len(found), least),
        "concerns_keeping": _shown(sum(facts.case.level == 0 for facts, _ in found), least),
        "listed": [{"case_id": case_id, "effects": _counted([changed[case_id]])} for case_id in shown],
        "others": _hidden(_counted(others), least),
    }


def _first_instant(valid_from: date, now: datetime) -> datetime:
    today = local_date(now)
    if valid_from < today:
        raise InvalidInput(fields={"valid_from": "in_the_past"})
    return now if valid_from == today else midnight(valid_from)


def _effects(reading: Reading, request: dict[str, Any], at: datetime) -> Iterator[tuple[Facts, Effect]]:
    """Each running case with the draft's effect on it."""
    repository = Requests(reading.conn, reading.municipality, reading.keys)
    draft: Policy | None = None
    running = running_cases(reading.conn, reading.municipality, reading.now)
    for first in range(0, len(running), _AT_ONCE):
        case_ids = running[first : first + _AT_ONCE]
        facts_of = access.load_facts_of(
            reading.conn, reading.municipality, case_ids, None, at, reading.settings.service
        )
        asked: dict[str, list[Request]] = {case_id: [] for case_id in case_ids}
        for each in repository.of_cases(case_ids):
            asked[each.case_id].append(each)
        for case_id, facts in facts_of.items():
            draft = draft or _draft(facts.policy, request)
            yield facts, effect(asked[case_id], facts, draft, at)


def _draft(before: Policy, request: dict[str, Any]) -> Policy:
    try:
        return drafted(before, request["values"], _NEXT, request["valid_from"])
    except InvalidPolicy as fault:
        raise InvalidInput(fields={fault.field: fault.fault}) from None


def _visible(reading: Reading, case_ids: Sequence[str]) -> list[access.CaseAccess]:
    """The cases that the coordinator may see by a tie of their own (SE-3)."""
    return [each for each in access.of_many(reading, case_ids) if each.decide(Act.SEE_CASE).allowed]


def _counted(effects: Sequence[Effect]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for each in effects:
        total.update(
            cases=1,
            windows_closing=len(each.closing),
            windows_narrowing=len(each.narrowing),
            windows_opening=len(each.opening),
            signatures_needed=len(each.to_sign),
            renewals_moving=each.renewals,
            family_losing=len(each.losing),
            family_gaining=len(each.gaining),
            holders_needed=int(each.needs_holder),
        )
    return {name: total[name] for name in _COUNTS}


_COUNTS = (
    "cases", "windows_closing", "windows_narrowing", "windows_opening", "signatures_needed", "renewals_moving",
    "family_losing", "family_gaining", "holders_needed",
)  # fmt: skip


def _hidden(counts: Mapping[str, int], least: int) -> dict[str, int | None]:
    """SE-4: of few cases nothing is counted; of more, no small number."""
    few = counts["cases"] < least
    return {name: None if few else _shown(count, least) for name, count in counts.items()}


def _shown(count: int, least: int) -> int | None:
    """SE-4: the least times a whole number, so that no difference of two counts is a small number; None: fewer than
    the least, or none. Those look alike: by drafts of one age after the other it would be told whether there is a case
    of a child of that age."""
    return None if count < least else count - count % least

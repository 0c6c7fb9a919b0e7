"""What an evaluation makes of each measure (LV-10): it goes on, is changed, goes to another service, or ends."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.kernel.errors import InvalidInput, NotFound
from services.relay_log.domain.log import demand_coming
from services.relay_log.domain.plan import Measure


@dataclass(frozen=True, slots=True)
class Said:
    """What was decided for one measure; `new_*` of the one that replaces it."""

    measure_id: str
    outcome: str
    effect: str
    new_what: str | None = None
    new_deadline: date | None = None
    new_responsible: str | None = None
    new_arena: str | None = None
    service_id: str | None = None


@dataclass(frozen=True, slots=True)
class Judged:
    """A measure after its evaluation, the fields that changed, and the measure that replaces it."""

    measure: Measure
    changed: tuple[str, ...]
    said: Said
    replacement: Measure | None = None


def judge(
    measures: Mapping[str, Measure],
    words: Sequence[Said],
    *,
    today: date,
    services: Collection[str],
    make_id: Callable[[], str],
) -> list[Judged]:
    """LV-10: each measure named once, each open; what becomes of all of them, or a refusal that changes none.

    `services`: those that can be named as another service. Field errors stand under `outcomes.<index>`."""
    if not words:
        raise InvalidInput(fields={"outcomes": "required"}, rule="LV-10")
    seen: set[str] = set()
    judged = []
    for index, said in enumerate(words):
        if said.measure_id in seen:
            raise InvalidInput(fields={f"outcomes.{index}.measure_id": "named_twice"}, rule="LV-10")
        seen.add(said.measure_id)
        measure = measures.get(said.measure_id)
        if measure is None:
            raise NotFound
        judged.append(_judge_one(measure, said, f"outcomes.{index}", today, services, make_id))
    return judged


def _judge_one(
    measure: Measure, said: Said, at: str, today: date, services: Collection[str], make_id: Callable[[], str]
) -> Judged:
    measure.demand_open()
    if said.outcome == "continue":
        return Judged(measure, measure.conclude("running", said.effect), said)
    if said.outcome == "change":
        replacement = _replacement(measure, said, at, today, make_id())
        return Judged(
            measure, measure.conclude("replaced", said.effect, replacement.measure_id), said, replacement
        )
    if said.outcome == "another_service" and said.service_id not in services:
        fault = "required" if said.service_id is None else "unknown_service"
        raise InvalidInput(fields={f"{at}.service_id": fault}, rule="LV-10")
    return Judged(measure, measure.conclude("ended", said.effect), said)


def _replacement(measure: Measure, said: Said, at: str, today: date, new_id: str) -> Measure:
    """LV-10: to change a measure is to replace it by another of the same goal; what is not named stays as it was."""
    if not (said.new_what or "").strip():
        raise InvalidInput(fields={f"{at}.new_what": "required"}, rule="LV-10")
    deadline = said.new_deadline or measure.deadline
    demand_coming(deadline, today, f"{at}.new_deadline", "LV-10")
    responsible = said.new_responsible or measure.responsible
    return Measure(
        new_id, measure.case_id, measure.goal_id, measure.topic, responsible, measure.is_childs_own,
        said.new_arena or measure.arena, deadline, third_person=measure.third_person,
    )  # fmt: skip

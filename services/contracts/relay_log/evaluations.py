"""Evaluations: when the next is, and what becomes of each measure (LV-10)."""

from services.contracts.base import (
    EventType,
    Message,
    code,
    command,
    date,
    instant,
    many,
    narrative,
    nested,
    opaque,
)
from services.contracts.cases import TOPICS
from services.contracts.relay_log.words import _AT, _ID, _ITEM, _MEASURE, _Q, ARENAS, EFFECTS, LOG, OUTCOMES


class EvaluationSetData(Message):
    case_id = opaque()
    evaluate_on = date()
    by_person_id = opaque(required=False, description="Who did it: is not told of it")
    at = instant()


class MeasureOutcomeData(Message):
    measure_id = opaque()
    outcome = code(*OUTCOMES)


class EvaluationRecordedData(Message):
    case_id = opaque()
    evaluation_id = opaque()
    outcomes = nested(MeasureOutcomeData, many=True)
    topics = many(
        code(*TOPICS), max_items=10, description="Those of measures that wait for nobody's word (GU-6)"
    )
    next_evaluation_on = date(required=False)
    by_person_id = opaque()
    at = instant()


EvaluationSet = EventType(
    "relay_log.evaluation_set.v1",
    LOG,
    "case",
    EvaluationSetData,
    "The day of the next evaluation was set.",
    {"case_id": _ID, "evaluate_on": "2027-01-15", "by_person_id": _Q, "at": _AT},
    told="When the day is set by itself, by minutes or by an evaluation.",
    outside="case",
)

EvaluationRecorded = EventType(
    "relay_log.evaluation_recorded.v1",
    LOG,
    "case",
    EvaluationRecordedData,
    "An evaluation has decided what becomes of each measure (LV-10).",
    {
        "case_id": _ID,
        "evaluation_id": _ITEM,
        "outcomes": [{"measure_id": _MEASURE, "outcome": "end"}],
        "topics": ["wellbeing"],
        "next_evaluation_on": "2027-04-15",
        "by_person_id": _Q,
        "at": _AT,
    },
    told="When an evaluation is recorded.",
)


class MeasureOutcome(Message):
    measure_id = opaque()
    outcome = code(*OUTCOMES)
    effect = code(*EFFECTS)
    comment = narrative(required=False)
    new_what = narrative(required=False, description="With outcome change: the measure that replaces it")
    new_deadline = date(required=False)
    new_responsible_person_id = opaque(required=False)
    new_arena = code(*ARENAS, required=False)
    service_id = opaque(required=False, description="With outcome another_service")


class Evaluation(Message):
    evaluation_id = opaque()
    recorded_at = instant()
    by_person_id = opaque()
    outcomes = nested(MeasureOutcome, many=True)
    next_evaluation_on = date(required=False)


class SetEvaluationRequest(Message):
    case_id = opaque()
    evaluate_on = date()


class RecordEvaluationRequest(Message):
    case_id = opaque()
    outcomes = nested(MeasureOutcome, many=True, max_items=100)
    next_evaluation_on = date(required=False)


SetEvaluation = command(
    "relay_log.set_evaluation", SetEvaluationRequest, "Sets the day of the next evaluation."
)

RecordEvaluation = command(
    "relay_log.record_evaluation",
    RecordEvaluationRequest,
    "Records an evaluation: each measure continues, changes, moves or ends (LV-10).",
)

"""The plan: goals, and the measures that are to reach them (LG-2, LG-8)."""

from services.contracts.base import (
    EventType,
    Message,
    code,
    command,
    date,
    flag,
    instant,
    narrative,
    number,
    opaque,
)
from services.contracts.cases import TOPICS
from services.contracts.relay_log.words import (
    _AT,
    _GOAL,
    _ID,
    _MEASURE,
    _P,
    _Q,
    ARENAS,
    EFFECTS,
    GOAL_STATES,
    LOG,
    MEASURE_STATES,
)


class PlanChangedData(Message):
    case_id = opaque()
    change = code("goal_added", "goal_changed", "measure_added", "measure_changed")
    goal_id = opaque()
    measure_id = opaque(required=False)
    topic = code(*TOPICS)
    responsible_person_id = opaque(required=False)
    deadline = date(required=False)
    by_person_id = opaque(required=False, description="Who did it: is not told of it")
    at = instant()
    third_person = opaque(
        required=False,
        description="Of whom it tells who has not agreed to show it: a guardian's id, or `somebody` (GU-6)",
    )
    asked_person_id = opaque(
        required=False, description="The guardian whose word it waits for from now on (GU-6)"
    )


PlanChanged = EventType(
    "relay_log.plan_changed.v1",
    LOG,
    "case",
    PlanChangedData,
    "A goal or a measure was added or changed.",
    {
        "case_id": _ID,
        "change": "measure_added",
        "goal_id": _GOAL,
        "measure_id": _MEASURE,
        "topic": "wellbeing",
        "responsible_person_id": _P,
        "deadline": "2027-01-15",
        "by_person_id": _Q,
        "at": _AT,
        "third_person": _P,
        "asked_person_id": _P,
    },
    told="For each goal and each measure that is added or changed, by an evaluation too.",
    outside="plan",
)


class Goal(Message):
    goal_id = opaque()
    version = number()
    topic = code(*TOPICS)
    text = narrative()
    status = code(*GOAL_STATES)
    recorded_at = instant()
    by_person_id = opaque()
    needed_by_guardians = flag(
        description="The holder marked it as needed for parental responsibility (AG-6)"
    )
    item_id = opaque(
        required=False,
        description="What the word of the third person is recorded for; another one once the text is (GU-6)",
    )
    third_person = opaque(
        required=False,
        description="Whom it tells of besides the child: a guardian's id, or `somebody` (GU-6)",
    )
    third_person_agrees = flag(load_default=False, description="Whether that person agreed to show it")


class Measure(Message):
    measure_id = opaque()
    goal_id = opaque()
    version = number()
    topic = code(*TOPICS)
    what = narrative()
    responsible_person_id = opaque(required=False)
    responsible_name = narrative(
        required=False, description="Name, where the asker may see it and it is family"
    )
    is_childs_own = flag()
    arena = code(*ARENAS)
    deadline = date()
    status = code(*MEASURE_STATES)
    effect = code(*EFFECTS, required=False)
    replaced_by = opaque(required=False)
    recorded_at = instant()
    needed_by_guardians = flag(
        description="The holder marked it as needed for parental responsibility (AG-6)"
    )
    item_id = opaque(
        required=False,
        description="What the word of the third person is recorded for; another one once the text is (GU-6)",
    )
    third_person = opaque(
        required=False,
        description="Whom it tells of besides the child: a guardian's id, or `somebody` (GU-6)",
    )
    third_person_agrees = flag(load_default=False, description="Whether that person agreed to show it")
    responsible_reads = flag(
        load_default=True,
        description="Whether whoever is to do it may read it; not while it waits for the third person's word (GU-6)",
    )


class AddGoalRequest(Message):
    case_id = opaque()
    topic = code(*TOPICS)
    text = narrative(max_length=2000)
    third_person = opaque(
        required=False,
        description="Whom it tells of besides the child, as do its measures: a guardian, or `somebody` (GU-6)",
    )


class ChangeGoalRequest(Message):
    case_id = opaque()
    goal_id = opaque()
    expected_version = number()
    topic = code(*TOPICS, required=False)
    text = narrative(max_length=2000, required=False)
    status = code(*GOAL_STATES, required=False)
    third_person = opaque(
        required=False,
        description="Whom it tells of besides the child (GU-6). Once said it stays",
    )


class AddMeasureRequest(Message):
    case_id = opaque()
    goal_id = opaque()
    what = narrative(max_length=2000)
    responsible_person_id = opaque(required=False, description="Left out: the child itself")
    is_childs_own = flag(load_default=False)
    arena = code(*ARENAS)
    deadline = date()
    third_person = opaque(
        required=False,
        description="Whom it tells of besides the child (GU-6). Left out: whom its goal tells of",
    )


class ChangeMeasureRequest(Message):
    case_id = opaque()
    measure_id = opaque()
    expected_version = number()
    what = narrative(max_length=2000, required=False)
    responsible_person_id = opaque(required=False)
    arena = code(*ARENAS, required=False)
    deadline = date(required=False)
    status = code(*MEASURE_STATES, required=False)
    effect = code(*EFFECTS, required=False)
    third_person = opaque(
        required=False,
        description="Whom it tells of besides the child (GU-6). Once said it stays",
    )


AddGoal = command("relay_log.add_goal", AddGoalRequest, "Adds a goal (LG-2).")

ChangeGoal = command(
    "relay_log.change_goal", ChangeGoalRequest, "Changes a goal; a stale edit is refused (LG-8)."
)

AddMeasure = command(
    "relay_log.add_measure", AddMeasureRequest, "Adds a measure to a goal; its topic is the goal's."
)

ChangeMeasure = command("relay_log.change_measure", ChangeMeasureRequest, "Changes a measure (LG-8, LV-10).")

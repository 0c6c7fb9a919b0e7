"""What is asked and answered when the coordinator looks up why somebody could, or could not, see something (CO-8).

Facts alone: ids, codes, days and instants. Nothing that was written in a case is there, and nothing of the lane."""

from services.contracts.base import (
    Message,
    code,
    date,
    flag,
    instant,
    many,
    nested,
    number,
    opaque,
    public,
)
from services.kernel.facts import Act

EXPLAINED = tuple(act.value for act in Act)


class ExplainRequest(Message):
    """Who, as what, what, when. Nobody named: the one whom the case is about, or each of those tied to the child."""

    case_id = opaque()
    capacity = code("employee", "guardian", "self", description="As whom they would have asked")
    person_id = opaque(required=False, description="Required of an employee")
    unit_id = opaque(required=False, description="The unit for which an employee would have asked")
    act = code(*EXPLAINED, load_default="see_case")
    topic = code(required=False, description="The item's, where the act is on one item")
    recorded_at = instant(required=False, description="When the item was recorded; default: at that time")
    at = instant(required=False, description="The instant asked about; default: now")


class ExplainedWindow(Message):
    """A window that consent opened to the service, or to the person by name."""

    service_id = opaque(required=False)
    person_id = opaque(required=False)
    topic = code()
    valid_from = instant()
    valid_to = instant(required=False)
    open = flag(description="Whether it was open at that time")


class ExplainedRole(Message):
    """A post that the person has or had."""

    unit_id = opaque()
    service_id = opaque()
    role = code()
    valid_from = instant()
    valid_to = instant(required=False)
    open = flag()


class ExplainedParticipation(Message):
    """That the relay holder brought the person in, for a unit."""

    unit_id = opaque()
    service_id = opaque()
    may_write = flag()
    valid_from = instant()
    valid_to = instant(required=False)
    open = flag()


class ExplainedTie(Message):
    """A family tie of the person to the child."""

    relation = code()
    has_responsibility = flag()
    verified = flag()
    open = flag()


class ExplainedRequest(Message):
    """A request for consent as it had been told of by then."""

    request_id = opaque()
    service_ids = many(opaque(), max_items=20)
    state = code()
    since = instant()


class Explanation(Message):
    """The decision about one person, with the facts on which it rests."""

    person_id = opaque()
    capacity = code()
    unit_id = opaque(required=False)
    allowed = flag()
    rule = opaque()
    reason_code = code()
    sentence = public(description="Why, in English")
    ground = code(required=False, description="On what the reading rests (CO-11); null: it was refused")
    ground_version = number(
        required=False, description="Of the municipality's reference in force at that time"
    )
    parts = many(code(), description="As what the person stood to the case")
    roles = nested(ExplainedRole, many=True)
    participations = nested(ExplainedParticipation, many=True)
    ties = nested(ExplainedTie, many=True)
    windows = nested(ExplainedWindow, many=True)


class Explanations(Message):
    """The answer: one decision a person, and the facts of the case that all of them share."""

    case_id = opaque()
    at = instant()
    act = code()
    topic = code(required=False)
    recorded_at = instant(required=False)
    rebuilt = flag(
        description="Whether the facts were rebuilt from what had been told by then; else as known now"
    )
    known = flag(description="Whether the case existed by then")
    items = nested(Explanation, many=True)
    level = number(required=False)
    state = code(required=False)
    talk_recorded = flag(required=False)
    frozen = flag(required=False)
    age = number(required=False, description="The age in years of the one whom the case is about")
    address_protected = flag(required=False)
    signers = many(code("child", "guardian"), description="Who had to sign for the topic", load_default=list)
    requests = nested(ExplainedRequest, many=True, load_default=list)
    policy_version = number(required=False)
    policy_valid_from = date(required=False)
    knowledge_seconds = number(required=False, description="How old the facts were, in whole seconds")
    knowledge_parked = flag(required=False)

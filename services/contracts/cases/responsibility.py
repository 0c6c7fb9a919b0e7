"""Who has the say for a child: parental responsibility by register and papers (GU-3), care orders (GU-4)."""

from services.contracts.base import (
    Message,
    code,
    command,
    date,
    flag,
    instant,
    many,
    narrative,
    nested,
    number,
    opaque,
    personal,
    query,
    secret,
)
from services.contracts.cases.words import GUARDIANS_SEE, PAPERS, RELATIONS, CaseRef, NothingAsked


class FamilyTie(Message):
    """A tie as it holds from a day to a day; `source`: the register, or a paper (GU-3)."""

    person_id = opaque()
    name = personal()
    relation = code(*RELATIONS)
    has_responsibility = flag()
    verified = flag()
    valid_from = date(required=False)
    valid_to = date(required=False)
    source = code("register", "paper")


class Paper(Message):
    """What a paper says of parental responsibility, who registered it, and who verified or refused it."""

    paper_id = opaque()
    person_id = opaque()
    name = personal()
    kind = code(*PAPERS)
    relation = code(*RELATIONS)
    has_responsibility = flag()
    valid_from = date(required=False)
    valid_to = date(required=False)
    recorded_by = opaque()
    recorded_at = instant()
    state = code("waiting", "verified", "refused")
    decided_by = opaque(required=False)
    decided_at = instant(required=False)
    same_person_reason = narrative(required=False)


class FamilyAnswer(Message):
    asked_on = date(required=False, description="The day on which the population register was last asked")
    ties = nested(FamilyTie, many=True)
    papers = nested(Paper, many=True)


class RecordPaperRequest(Message):
    case_id = opaque()
    person_id = opaque(required=False, description="An adult who is tied to the child already")
    adult_number = secret(required=False, max_length=20, description="The identity number of another adult")
    kind = code(*PAPERS)
    relation = code(*RELATIONS)
    has_responsibility = flag(
        description="Whether the paper gives responsibility, or says that there is none"
    )
    valid_from = date()
    valid_to = date(required=False, description="The first day on which it no longer holds")


class DecidePaperRequest(Message):
    case_id = opaque()
    paper_id = opaque()
    decision = code("verified", "refused")
    same_person_reason = narrative(
        required=False, description="Why who registered the paper also verifies it (GU-3)"
    )


class CareOrder(Message):
    order_id = opaque()
    version = number()
    child_name = personal()
    valid_from = date()
    valid_to = date(required=False, description="The first day on which it no longer holds")
    guardians_see = code(*GUARDIANS_SEE)
    topics = many(code(), max_items=50)
    set_by = opaque()
    ground = code(required=False, description="On what it rests (CO-11)")
    ground_version = number(
        required=False, description="Of the municipality's reference that was in force then"
    )
    state = code(
        "awaiting",
        "confirmed",
        "refused",
        "withdrawn",
        "expired",
        description="Nothing follows from an order that is not confirmed",
    )
    registered_at = instant()
    confirm_by = instant(required=False, description="From when on it can't be confirmed, while it waits")
    decided_by = opaque(required=False)
    decided_at = instant(required=False)
    reason = narrative(required=False, description="Why it was refused, for the one who registered it")


class AwaitingOrder(Message):
    """What the second person is shown of an order before confirming it: whose it is they know from the decision."""

    order_id = opaque()
    registered_by = opaque()
    registered_at = instant()
    confirm_by = instant()
    valid_from = date()
    valid_to = date(required=False, description="The first day on which it no longer holds")
    guardians_see = code(*GUARDIANS_SEE)
    topics = many(code(), max_items=50)


class CareOrderPage(Message):
    items = nested(CareOrder, many=True)
    awaiting = nested(AwaitingOrder, many=True)


class RegisterCareOrderRequest(Message):
    child_number = secret(max_length=20, description="The child's identity number, 11 digits")
    valid_from = date()
    valid_to = date(required=False, description="The first day on which it no longer holds")
    guardians_see = code(*GUARDIANS_SEE, load_default="nothing")
    topics = many(code(), max_items=50, load_default=list)


class ChangeCareOrderRequest(Message):
    order_id = opaque()
    expected_version = number(required=False)
    valid_to = date(required=False, description="The first day on which it no longer holds; none: no end")
    guardians_see = code(*GUARDIANS_SEE)
    topics = many(code(), max_items=50, load_default=list)


class DecideCareOrderRequest(Message):
    order_id = opaque()
    decision = code("confirmed", "refused", "withdrawn")
    child_number = secret(
        required=False,
        max_length=20,
        description="The child's identity number, which whoever confirms reads from the decision",
    )
    reason = narrative(required=False, description="Why it is refused")


GetFamily = query(
    "cases.get_family",
    CaseRef,
    FamilyAnswer,
    "Who has parental responsibility, and how that is known (GU-3).",
)

RefreshFamily = command(
    "cases.refresh_family",
    CaseRef,
    "Asks the population register again about the one whom the case is about (GU-3).",
)

RecordPaper = command(
    "cases.record_paper", RecordPaperRequest, "Registers what a paper says of parental responsibility (GU-3)."
)

DecidePaper = command(
    "cases.decide_paper",
    DecidePaperRequest,
    "Verifies or refuses a paper about parental responsibility (GU-3).",
)

CareOrders = query(
    "cases.care_orders",
    NothingAsked,
    CareOrderPage,
    "The care orders of the asker's unit of child protection, and those that wait for the asker's word (GU-4).",
)

RegisterCareOrder = command(
    "cases.register_care_order",
    RegisterCareOrderRequest,
    "Registers a care order, by which child protection answers in the guardians' place once it is confirmed (GU-4).",
)

ChangeCareOrder = command(
    "cases.change_care_order",
    ChangeCareOrderRequest,
    "Ends a care order, or ends it sooner, and sets what the guardians see (GU-4).",
)

DecideCareOrder = command(
    "cases.decide_care_order",
    DecideCareOrderRequest,
    "A second person confirms or refuses a care order, or whoever registered it withdraws it (GU-4).",
)

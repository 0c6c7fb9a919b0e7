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


class CareOrderPage(Message):
    items = nested(CareOrder, many=True)


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
    "The care orders of the asker's unit of child protection (GU-4).",
)

RegisterCareOrder = command(
    "cases.register_care_order",
    RegisterCareOrderRequest,
    "Registers a care order: child protection answers in the guardians' place (GU-4).",
)

ChangeCareOrder = command(
    "cases.change_care_order",
    ChangeCareOrderRequest,
    "Sets a care order's last day, and what the guardians see (GU-4).",
)

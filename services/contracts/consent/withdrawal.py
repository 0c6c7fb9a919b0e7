"""Taking a consent back, wholly or for one service or topic, and its receipt (CO-3)."""

from services.contracts.base import (
    EventType,
    Message,
    code,
    command,
    instant,
    narrative,
    nested,
    number,
    opaque,
    public_tree,
    query,
)
from services.contracts.cases import TOPICS
from services.contracts.consent.words import _AT, _ID, _P, LANGUAGES, WAYS, WINDOWS


class WithdrawnData(Message):
    case_id = opaque()
    by_person_id = opaque()
    service_id = opaque(required=False)
    topic = code(*TOPICS, required=False)
    person_id = opaque(required=False, description="The person for whom alone it was taken back")
    at = instant()


Withdrawn = EventType(
    "consent.withdrawn.v1",
    WINDOWS,
    "case",
    WithdrawnData,
    "A consent was withdrawn, wholly or for one service or topic (CO-3).",
    {
        "case_id": _ID,
        "by_person_id": _P,
        "service_id": "service-granli-ppt",
        "topic": "wellbeing",
        "person_id": None,
        "at": _AT,
    },
    told="When a signer withdraws; `consent.windows_changed` follows in the same transaction when access "
    "ends by it.",
)


class WithdrawRequest(Message):
    case_id = opaque()
    service_id = opaque(required=False)
    topic = code(*TOPICS, required=False)
    person_id = opaque(required=False, description="Only what lets this person read (GU-2, AG-5)")


class WithdrawalRef(Message):
    withdrawal_id = opaque()


class WithdrawnLine(Message):
    """What was taken back: a service, or a person whom the consent named, and a topic, of one request."""

    request_id = opaque()
    service_id = opaque(required=False)
    person_id = opaque(required=False)
    topic = code(*TOPICS)


class WithdrawnFrom(Message):
    """The answer that was taken back, wholly or in part: what had been agreed to, and in which words."""

    request_id = opaque()
    signature_id = opaque()
    signed_at = instant()
    way = code(*WAYS)
    language = code(*LANGUAGES)
    text_version = code()
    text_hash = code()
    wording = public_tree()
    purpose = narrative()
    valid_from = instant()
    valid_to = instant()
    legal_basis_version = number(
        required=False, description="Of the municipality's reference in force when it was signed (CO-11)"
    )


class WithdrawalReceipt(Message):
    """What was taken back, by whom and when (CO-3, CO-7)."""

    withdrawal_id = opaque()
    case_id = opaque()
    person_id = opaque(description="Who took it back")
    at = instant()
    child_person_id = opaque()
    owner_service_id = opaque()
    legal_basis = code(description="On what the sharing rested (CO-11)")
    lines = nested(WithdrawnLine, many=True)
    taken_from = nested(WithdrawnFrom, many=True)


Withdraw = command(
    "consent.withdraw", WithdrawRequest, "Withdraws one's consent, wholly or for one service or topic (CO-3)."
)

GetWithdrawal = query(
    "consent.get_withdrawal",
    WithdrawalRef,
    WithdrawalReceipt,
    "One's own receipt of a withdrawal (CO-3, CO-7).",
)

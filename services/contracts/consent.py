"""What consent tells and answers: requests, signatures, access windows, receipts."""

from services.contracts.base import (
    EventType,
    Message,
    Nothing,
    code,
    command,
    date,
    flag,
    instant,
    many,
    narrative,
    nested,
    opaque,
    public_tree,
    query,
)
from services.contracts.cases import TOPICS

WINDOWS = "consent.windows"

REQUEST_STATES = ("pending", "active", "partly", "conflicting", "refused", "withdrawn", "expired")
GRANT_STATES = ("pending", "active", "conflicting", "refused", "withdrawn", "expired")
ANSWERS = ("yes", "no", "talk_first")


class Window(Message):
    """An access window: this service may read this topic from (and with) one instant until (not with) another."""

    service_id = opaque()
    topic = code(*TOPICS)
    valid_from = instant()
    valid_to = instant()


class WindowsChangedData(Message):
    case_id = opaque()
    windows = nested(Window, many=True)
    reason = code("signed", "withdrawn", "expired", "people_changed", "closed")
    at = instant()


class RequestedData(Message):
    case_id = opaque()
    request_id = opaque()
    signer_ids = many(opaque(), max_items=20)
    service_ids = many(opaque(), max_items=20)
    requested_by = opaque()
    at = instant()


class AnsweredData(Message):
    case_id = opaque()
    request_id = opaque()
    signer_id = opaque()
    answer = code("yes", "no", "partly", "talk_first")
    at = instant()


class SettledData(Message):
    case_id = opaque()
    request_id = opaque()
    state = code(*REQUEST_STATES)
    at = instant()


class WithdrawnData(Message):
    case_id = opaque()
    by_person_id = opaque()
    service_id = opaque(required=False)
    topic = code(*TOPICS, required=False)
    at = instant()


_ID = "01981c6e-0000-7000-8000-000000000001"
_REQUEST = "01981c6e-0000-7000-8000-000000000004"
_P = "01981c6e-0000-7000-8000-00000000000a"
_Q = "01981c6e-0000-7000-8000-00000000000b"
_AT = "2026-11-20T09:00:00Z"

WindowsChanged = EventType(
    "consent.windows_changed.v1",
    WINDOWS,
    "case",
    WindowsChangedData,
    "The access windows of a case as they now stand, whole; what is not in them is not shared (CO-1).",
    {
        "case_id": _ID,
        "reason": "signed",
        "at": _AT,
        "windows": [
            {
                "service_id": "service-granli-ppt",
                "topic": "learning",
                "valid_from": _AT,
                "valid_to": "2027-05-20T09:00:00Z",
            }
        ],
    },
    told="When the access windows differ from those told last: after an answer, a withdrawal, a change of "
    "age, family tie or responsibility, an end of time, or the closing of the case.",
    outside="consent",
)
Requested = EventType(
    "consent.requested.v1",
    WINDOWS,
    "case",
    RequestedData,
    "Consent has been asked of these persons.",
    {
        "case_id": _ID,
        "request_id": _REQUEST,
        "signer_ids": [_P],
        "service_ids": ["service-granli-ppt"],
        "requested_by": _Q,
        "at": _AT,
    },
    told="When the holder, or at level 0 the owner, asks the family for consent.",
)
Answered = EventType(
    "consent.answered.v1",
    WINDOWS,
    "case",
    AnsweredData,
    "One of those asked has answered.",
    {"case_id": _ID, "request_id": _REQUEST, "signer_id": _P, "answer": "yes", "at": _AT},
    told="When one of those asked answers, and again when they change the answer.",
)
Settled = EventType(
    "consent.request_settled.v1",
    WINDOWS,
    "case",
    SettledData,
    "A request's state has changed (GU-1).",
    {"case_id": _ID, "request_id": _REQUEST, "state": "active", "at": _AT},
    told="When a request has another state than the one told last, by an answer or by the passing of "
    "time; a withdrawal has an event of its own.",
    outside="consent",
)
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
        "at": _AT,
    },
    told="When a signer withdraws; `consent.windows_changed` follows in the same transaction when access "
    "ends by it.",
)

EVENTS = (WindowsChanged, Requested, Answered, Settled, Withdrawn)


class Share(Message):
    """One receiving service, and the topics that are to be shared with it (CO-1)."""

    service_id = opaque()
    topics = many(code(*TOPICS), max_items=10)


class RequestConsentRequest(Message):
    case_id = opaque()
    purpose = narrative(max_length=1000, description="Why, in the family's words")
    shares = nested(Share, many=True, max_items=20)
    valid_from = date(required=False, description="Default: at once")
    valid_to = date(description="The last day; at most the policy's months ahead (CO-2)")
    language = code("nb", "nn", "en", "se", load_default="nb")


class GrantLine(Message):
    """The state of one service x topic of a request, with each signer's answer."""

    service_id = opaque()
    topic = code(*TOPICS)
    state = code(*GRANT_STATES)


class SignerAnswer(Message):
    service_id = opaque()
    topic = code(*TOPICS)
    answer = code(*ANSWERS)


class Signer(Message):
    person_id = opaque()
    required_for = many(code(*TOPICS), max_items=10)
    answered_at = instant(required=False)
    answers = nested(SignerAnswer, many=True)
    signature_id = opaque(required=False)


class RequestDetail(Message):
    request_id = opaque()
    case_id = opaque()
    child_person_id = opaque()
    purpose = narrative()
    shares = nested(Share, many=True)
    valid_from = instant()
    valid_to = instant()
    language = code("nb", "nn", "en", "se")
    requested_by = opaque()
    requested_at = instant()
    owner_service_id = opaque()
    state = code(*REQUEST_STATES)
    lines = nested(GrantLine, many=True)
    signers = nested(Signer, many=True)
    text_version = code(description="Version of the wording, e.g. v1")
    wording = public_tree(description="The standing sentences of that version and language, by key")
    text_hash = code(
        description="SHA-256 of the text version that this asker is shown; the signature must bear it"
    )
    you_sign = flag()
    permitted = many(code("sign", "withdraw"), max_items=5)


class RequestRef(Message):
    request_id = opaque()


class CaseRef(Message):
    case_id = opaque()


class CaseConsents(Message):
    case_id = opaque()
    requests = nested(RequestDetail, many=True)
    windows = nested(Window, many=True)


class SignRequest(Message):
    request_id = opaque()
    text_hash = code()
    answers = nested(SignerAnswer, many=True, max_items=100)


class WithdrawRequest(Message):
    case_id = opaque()
    service_id = opaque(required=False)
    topic = code(*TOPICS, required=False)


class Waiting(Message):
    """A request that waits for the asker's answer."""

    request_id = opaque()
    case_id = opaque()
    child_person_id = opaque()
    service_ids = many(opaque())
    requested_by = opaque()
    requested_at = instant()


class WaitingAnswer(Message):
    items = nested(Waiting, many=True)


class ReceiptRef(Message):
    signature_id = opaque()


class Receipt(Message):
    """What was agreed to, by whom and when, with the text's version and language (CO-7)."""

    signature_id = opaque()
    request_id = opaque()
    case_id = opaque()
    signer_id = opaque()
    signed_at = instant()
    assurance = code("low", "substantial", "high")
    way = code("electronic")
    language = code("nb", "nn", "en", "se")
    text_version = code()
    text_hash = code()
    purpose = narrative()
    valid_from = instant()
    valid_to = instant()
    answers = nested(SignerAnswer, many=True)


RequestConsent = command(
    "consent.request_consent",
    RequestConsentRequest,
    "The holder asks the family for consent to share (CO-1, CO-5).",
)
GetRequest = query("consent.get_request", RequestRef, RequestDetail, "One request as the asker may see it.")
ConsentsOfCase = query("consent.of_case", CaseRef, CaseConsents, "All requests and windows of a case.")
Sign = command(
    "consent.sign",
    SignRequest,
    "The signer's own answer, at high assurance, bearing the hash of the text shown (CO-1, CO-4).",
)
Withdraw = command(
    "consent.withdraw", WithdrawRequest, "Withdraws one's consent, wholly or for one service or topic (CO-3)."
)
WaitingForMe = query(
    "consent.waiting_for_me", Nothing, WaitingAnswer, "The requests that the asker has not answered."
)
GetReceipt = query("consent.get_receipt", ReceiptRef, Receipt, "One's own receipt (CO-7).")

PROCEDURES = (RequestConsent, GetRequest, ConsentsOfCase, Sign, Withdraw, WaitingForMe, GetReceipt)

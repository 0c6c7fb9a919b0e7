"""The answers: one's own, or one given on paper or by word of mouth, with evidence and receipt (CO-6, CO-7)."""

from services.contracts.base import (
    EventType,
    Message,
    blob,
    code,
    command,
    date,
    flag,
    instant,
    narrative,
    nested,
    number,
    opaque,
    public,
    public_tree,
    query,
)
from services.contracts.cases import TOPICS
from services.contracts.consent.words import (
    _AT,
    _ID,
    _P,
    _Q,
    _REQUEST,
    ANSWERS,
    LANGUAGES,
    SCAN_BYTES,
    WAYS,
    WINDOWS,
    ReceiptRef,
)


class AnsweredData(Message):
    case_id = opaque()
    request_id = opaque()
    signer_id = opaque()
    answer = code("yes", "no", "partly", "talk_first")
    granted = flag(required=False, description="Whether anything was said yes to, whatever else was answered")
    at = instant()


class AnswerRegisteredData(Message):
    case_id = opaque()
    request_id = opaque()
    signer_id = opaque()
    signature_id = opaque()
    registered_by = opaque()
    way = code("paper", "oral")
    overrules = code(
        "no", required=False, description="Where it says yes in the place of a no of the signer's: told apart"
    )
    at = instant()


Answered = EventType(
    "consent.answered.v1",
    WINDOWS,
    "case",
    AnsweredData,
    "One of those asked has answered.",
    {"case_id": _ID, "request_id": _REQUEST, "signer_id": _P, "answer": "yes", "granted": True, "at": _AT},
    told="When one of those asked answers, and again when they change the answer.",
)

AnswerRegistered = EventType(
    "consent.answer_registered.v1",
    WINDOWS,
    "case",
    AnswerRegisteredData,
    "An answer given on paper or by word of mouth was registered for one of those asked (CO-6).",
    {
        "case_id": _ID,
        "request_id": _REQUEST,
        "signer_id": _P,
        "signature_id": "01981c6e-0000-7000-8000-000000000005",
        "registered_by": _Q,
        "way": "paper",
        "overrules": "no",
        "at": _AT,
    },
    told="After `consent.answered`, when the answer was not the signer's own click.",
)


class SignerAnswer(Message):
    service_id = opaque()
    topic = code(*TOPICS)
    answer = code(*ANSWERS)


class PersonAnswer(Message):
    person_id = opaque()
    topic = code(*TOPICS)
    answer = code(*ANSWERS)


class SignRequest(Message):
    request_id = opaque()
    language = code(*LANGUAGES, required=False, description="In which it was read; default: the request's")
    text_hash = code()
    answers = nested(SignerAnswer, many=True, max_items=100)
    person_answers = nested(PersonAnswer, many=True, max_items=30, load_default=list)


class RegisterAnswerRequest(Message):
    """`text_hash`: that of the text on the paper, or of the text that was read out."""

    request_id = opaque()
    signer_id = opaque(description="Whose answer it is: one of those who are asked")
    way = code("paper", "oral")
    language = code(
        *LANGUAGES, required=False, description="Of the paper or the talk; default: the request's"
    )
    text_hash = code()
    given_on = date(description="The day on the paper, or of the talk")
    journal_ref = narrative(
        required=False, max_length=200, description="Where it stands in the journal; required when oral"
    )
    scan = blob(SCAN_BYTES, required=False, description="PDF, JPEG or PNG; required when on paper")
    answers = nested(SignerAnswer, many=True, max_items=100)
    person_answers = nested(PersonAnswer, many=True, max_items=30, load_default=list)


class Evidence(Message):
    """What proves an answer that was registered (CO-6)."""

    signature_id = opaque()
    request_id = opaque()
    case_id = opaque()
    signer_id = opaque()
    way = code("paper", "oral")
    given_on = date()
    registered_by = opaque()
    registered_at = instant()
    journal_ref = narrative(required=False)
    media_type = public(required=False)
    pages = number(required=False)
    sha256 = code(required=False)
    scan = blob(SCAN_BYTES, required=False)


class Receipt(Message):
    """What was agreed to, by whom and when, with the text's version and language (CO-7)."""

    signature_id = opaque()
    request_id = opaque()
    case_id = opaque()
    signer_id = opaque()
    signed_at = instant()
    assurance = code("low", "substantial", "high", "none", description="none: without electronic identity")
    way = code(*WAYS)
    registered_by = opaque(required=False)
    given_on = date(required=False)
    journal_ref = narrative(required=False)
    language = code(*LANGUAGES)
    text_version = code()
    text_hash = code()
    wording = public_tree(description="The standing sentences as they were read, by key")
    purpose = narrative()
    valid_from = instant()
    valid_to = instant()
    child_person_id = opaque()
    owner_service_id = opaque()
    requested_by = opaque()
    legal_basis = code(description="Why sharing is lawful (CO-11)")
    legal_basis_version = number(
        required=False, description="Of the municipality's reference in force when it was signed (CO-11)"
    )
    answers = nested(SignerAnswer, many=True)
    person_answers = nested(PersonAnswer, many=True)


Sign = command(
    "consent.sign",
    SignRequest,
    "The signer's own answer, at high assurance, bearing the hash of the text shown (CO-1, CO-4).",
)

RegisterAnswer = command(
    "consent.register_answer",
    RegisterAnswerRequest,
    "Registers what one of those asked has answered on paper, with its scan, or by word of mouth, with its place in "
    "the journal (CO-6). They are told of it.",
    seconds=20.0,
)

GetReceipt = query("consent.get_receipt", ReceiptRef, Receipt, "One's own receipt (CO-7).")

GetEvidence = query(
    "consent.get_evidence", ReceiptRef, Evidence, "What proves an answer on paper or by word of mouth (CO-6)."
)

"""What consent tells and answers: requests, signatures, access windows, receipts."""

from services.contracts.base import (
    EventType,
    Message,
    Nothing,
    blob,
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
    public,
    public_tree,
    query,
)
from services.contracts.cases import TOPICS
from services.contracts.policies import PolicyPreview, PreviewPolicyRequest

WINDOWS = "consent.windows"

TOLD_STATES = ("pending", "active", "partly", "conflicting", "refused", "withdrawn", "expired")
REQUEST_STATES = (*TOLD_STATES, "lapsed")
GRANT_STATES = ("pending", "active", "conflicting", "refused", "withdrawn", "expired", "lapsed")
READS = ("all", "earlier", "nothing")
ANSWERS = ("yes", "no", "talk_first")
LANGUAGES = ("nb", "nn", "en", "se")
WAYS = ("electronic", "paper", "oral")
"""How an answer was given (CO-6): with electronic identity, on paper, by word of mouth."""
SCAN_BYTES = 10 * 1024 * 1024
"""The largest scan of a paper."""
SCAN_TYPES = ("application/pdf", "image/jpeg", "image/png")


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


class PersonWindow(Message):
    """As a window, for a person whom the consent names: a parent without parental responsibility, or a parent of a
    young adult (GU-2, AG-5)."""

    person_id = opaque()
    topic = code(*TOPICS)
    valid_from = instant()
    valid_to = instant()


class PersonWindowsChangedData(Message):
    case_id = opaque()
    windows = nested(PersonWindow, many=True)
    at = instant()


class LapsedData(Message):
    case_id = opaque()
    request_id = opaque()
    why = code(
        "birthday", "guardians", description="Who must sign is another: by the youth's age, or by the ties"
    )
    waits_for = many(
        opaque(), max_items=20, description="Who has not answered, and must for it to stand again"
    )
    at = instant()


class RenewalDueData(Message):
    case_id = opaque()
    request_id = opaque()
    ends_on = date(description="Its last day")
    at = instant()


class SayComingData(Message):
    case_id = opaque()
    person_id = opaque(description="The youth")
    topics = many(code(*TOPICS), max_items=10)
    on = date(description="The birthday from which the youth has the say")
    at = instant()


class SettledData(Message):
    case_id = opaque()
    request_id = opaque()
    state = code(*TOLD_STATES)
    at = instant()


class WithdrawnData(Message):
    case_id = opaque()
    by_person_id = opaque()
    service_id = opaque(required=False)
    topic = code(*TOPICS, required=False)
    person_id = opaque(required=False, description="The person for whom alone it was taken back")
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
    {"case_id": _ID, "request_id": _REQUEST, "signer_id": _P, "answer": "yes", "granted": True, "at": _AT},
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
        "person_id": None,
        "at": _AT,
    },
    told="When a signer withdraws; `consent.windows_changed` follows in the same transaction when access "
    "ends by it.",
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
PersonWindowsChanged = EventType(
    "consent.person_windows_changed.v1",
    WINDOWS,
    "case",
    PersonWindowsChangedData,
    "What persons named by consent may read of a case, as it now stands, whole (GU-2, AG-5).",
    {
        "case_id": _ID,
        "at": _AT,
        "windows": [
            {"person_id": _P, "topic": "learning", "valid_from": _AT, "valid_to": "2027-05-20T09:00:00Z"}
        ],
    },
    told="When they differ from those told last, at whatever changes the windows of services.",
)
Lapsed = EventType(
    "consent.lapsed.v1",
    WINDOWS,
    "case",
    LapsedData,
    "A consent, or a part of it, stands no more by a change that nobody signed (AG-4, GU-3).",
    {"case_id": _ID, "request_id": _REQUEST, "why": "birthday", "waits_for": [_P], "at": _AT},
    told="In the place of `consent.request_settled`, when a birthday has given the youth the say, when somebody has "
    "got or lost parental responsibility, or when the policy asks for more signatures.",
)
RenewalDue = EventType(
    "consent.renewal_due.v1",
    WINDOWS,
    "case",
    RenewalDueData,
    "A consent in force ends soon: it is time to ask again (CO-2).",
    {"case_id": _ID, "request_id": _REQUEST, "ends_on": "2027-05-20", "at": _AT},
    told="Once a request, the policy's days before its end, unless something later already stands in its place.",
)
SayComing = EventType(
    "consent.say_coming.v1",
    WINDOWS,
    "case",
    SayComingData,
    "A birthday will give the youth the say on what is shared (AG-4).",
    {"case_id": _ID, "person_id": _P, "topics": ["learning"], "on": "2027-05-17", "at": _AT},
    told="Once a birthday, the policy's days before it, where consent has been asked for.",
)

EVENTS = (
    WindowsChanged,
    Requested,
    Answered,
    Settled,
    Withdrawn,
    PersonWindowsChanged,
    Lapsed,
    RenewalDue,
    SayComing,
    AnswerRegistered,
)


class Share(Message):
    """One receiving service, and the topics that are to be shared with it (CO-1)."""

    service_id = opaque()
    topics = many(code(*TOPICS), max_items=10)


class PersonShare(Message):
    """A person whom the consent is to name, and the topics that they may then read (GU-2, AG-5)."""

    person_id = opaque()
    topics = many(code(*TOPICS), max_items=10)


class RequestConsentRequest(Message):
    case_id = opaque()
    purpose = narrative(max_length=1000, description="Why, in the family's words")
    shares = nested(Share, many=True, max_items=20)
    person_shares = nested(PersonShare, many=True, max_items=5, load_default=list)
    valid_from = date(required=False, description="Default: at once")
    valid_to = date(description="The last day; at most the policy's months ahead (CO-2)")
    language = code(*LANGUAGES, load_default="nb")


class NamePersonRequest(Message):
    """AG-5, GU-2: whom the subject, who consents alone, wants to let read. It is answered as any other request."""

    case_id = opaque()
    person_id = opaque(description="One of those whom the case's consents call nameable")
    topics = many(code(*TOPICS), max_items=20)
    purpose = narrative(max_length=1000, description="Why, in the subject's words")
    valid_to = date(description="The last day; at most the policy's months ahead (CO-2)")
    language = code(*LANGUAGES, load_default="nb")


class GrantLine(Message):
    """The state of one service x topic of a request, with each signer's answer."""

    service_id = opaque()
    topic = code(*TOPICS)
    state = code(*GRANT_STATES)
    reads = code(*READS, description="earlier: what was recorded before the youth had the say (AG-4)")


class PersonLine(Message):
    """As a grant line, for a person whom the consent names."""

    person_id = opaque()
    topic = code(*TOPICS)
    state = code(*GRANT_STATES)
    reads = code(*READS)


class SignerAnswer(Message):
    service_id = opaque()
    topic = code(*TOPICS)
    answer = code(*ANSWERS)


class PersonAnswer(Message):
    person_id = opaque()
    topic = code(*TOPICS)
    answer = code(*ANSWERS)


class Signer(Message):
    person_id = opaque()
    required_for = many(code(*TOPICS), max_items=10)
    answered_at = instant(required=False)
    answers = nested(SignerAnswer, many=True)
    person_answers = nested(PersonAnswer, many=True)
    signature_id = opaque(required=False, description="Of their last word")
    taken_back = flag(load_default=False, description="Whether that was a withdrawal, whose id it then is")
    way = code(*WAYS, required=False, description="How the latest answer was given (CO-6)")
    registered_by = opaque(
        required=False, description="Who registered it, where it was not the signer's own click"
    )
    given_on = date(required=False, description="The day of the paper, or of the talk")
    evidence = flag(
        required=False, description="Whether the asker may read what proves it (consent.get_evidence)"
    )


class TextOf(Message):
    """The text of a request in one language: the hash that a signature on it bears (CO-7)."""

    language = code(*LANGUAGES)
    text_hash = code()


class RequestDetail(Message):
    request_id = opaque()
    case_id = opaque()
    child_person_id = opaque()
    purpose = narrative()
    shares = nested(Share, many=True)
    person_shares = nested(PersonShare, many=True)
    valid_from = instant()
    valid_to = instant()
    language = code(*LANGUAGES, description="Of the wording that is shown here")
    requested_by = opaque()
    requested_at = instant()
    owner_service_id = opaque()
    state = code(*REQUEST_STATES)
    lines = nested(GrantLine, many=True)
    person_lines = nested(PersonLine, many=True)
    signers = nested(Signer, many=True)
    text_version = code(description="Version of the wording, e.g. v1")
    wording = public_tree(description="The standing sentences of that version and language, by key")
    text_hash = code(
        description="SHA-256 of the text version that this asker is shown; the signature must bear it"
    )
    you_sign = flag()
    permitted = many(code("sign", "withdraw", "register"), max_items=5)
    texts = nested(TextOf, many=True, description="The languages in which this text can be read")
    renew_from = date(description="The day from which it is to be asked for again (CO-2)")
    ask_again = flag(description="It ends soon or has run out, and nothing later stands in for it (CO-2)")


class RequestRef(Message):
    request_id = opaque()
    language = code(*LANGUAGES, required=False, description="Of the wording; default: the request's")


class CaseRef(Message):
    case_id = opaque()


class WouldSign(Message):
    """Who must sign for which topics, if consent were asked for now (AG-2, AG-3, GU-1)."""

    person_id = opaque()
    topics = many(code(*TOPICS), max_items=10)


class CaseConsents(Message):
    case_id = opaque()
    requests = nested(RequestDetail, many=True)
    windows = nested(Window, many=True)
    person_windows = nested(PersonWindow, many=True)
    would_sign = nested(WouldSign, many=True)
    nameable = many(opaque(), description="The persons whom a consent of this case may name now (GU-2, AG-5)")


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


class WithdrawRequest(Message):
    case_id = opaque()
    service_id = opaque(required=False)
    topic = code(*TOPICS, required=False)
    person_id = opaque(required=False, description="Only what lets this person read (GU-2, AG-5)")


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


RequestConsent = command(
    "consent.request_consent",
    RequestConsentRequest,
    "The holder asks the family for consent to share (CO-1, CO-5).",
)
NamePerson = command(
    "consent.name_person",
    NamePersonRequest,
    "The subject, who consents alone, asks themselves whether a parent may read (AG-5, GU-2): they then answer it.",
)
GetRequest = query("consent.get_request", RequestRef, RequestDetail, "One request as the asker may see it.")
ConsentsOfCase = query("consent.of_case", CaseRef, CaseConsents, "All requests and windows of a case.")
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
Withdraw = command(
    "consent.withdraw", WithdrawRequest, "Withdraws one's consent, wholly or for one service or topic (CO-3)."
)
WaitingForMe = query(
    "consent.waiting_for_me", Nothing, WaitingAnswer, "The requests that the asker has not answered."
)
GetReceipt = query("consent.get_receipt", ReceiptRef, Receipt, "One's own receipt (CO-7).")

PreviewPolicy = query(
    "consent.preview_policy",
    PreviewPolicyRequest,
    PolicyPreview,
    "Coordinator: what a draft of the policy would do to running cases on its first day. Nothing is kept.",
)
GetWithdrawal = query(
    "consent.get_withdrawal",
    WithdrawalRef,
    WithdrawalReceipt,
    "One's own receipt of a withdrawal (CO-3, CO-7).",
)
GetEvidence = query(
    "consent.get_evidence", ReceiptRef, Evidence, "What proves an answer on paper or by word of mouth (CO-6)."
)

PROCEDURES = (
    RequestConsent,
    NamePerson,
    GetRequest,
    ConsentsOfCase,
    Sign,
    RegisterAnswer,
    Withdraw,
    WaitingForMe,
    GetReceipt,
    GetWithdrawal,
    GetEvidence,
    PreviewPolicy,
)

"""Asking for consent, and each request as somebody may see it."""

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
from services.contracts.consent.answers import PersonAnswer, SignerAnswer
from services.contracts.consent.windows import PersonWindow, Window
from services.contracts.consent.words import (
    _AT,
    _ID,
    _P,
    _Q,
    _REQUEST,
    GRANT_STATES,
    LANGUAGES,
    READS,
    REQUEST_STATES,
    TOLD_STATES,
    WAYS,
    WINDOWS,
    CaseRef,
    PersonShare,
    RequestRef,
    Share,
)
from services.contracts.policies import PolicyPreview, PreviewPolicyRequest


class RequestedData(Message):
    case_id = opaque()
    request_id = opaque()
    signer_ids = many(opaque(), max_items=20)
    service_ids = many(opaque(), max_items=20)
    requested_by = opaque()
    replaces = many(
        opaque(),
        max_items=20,
        load_default=list,
        description="The unanswered requests in whose place it stands",
    )
    at = instant()


class SettledData(Message):
    case_id = opaque()
    request_id = opaque()
    state = code(*TOLD_STATES)
    at = instant()


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
        "replaces": ["01981c6e-0000-7000-8000-00000000000f"],
        "at": _AT,
    },
    told="When the holder, or at level 0 the owner, asks the family for consent.",
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
    purpose = narrative(description="Empty where lines are left out that are not the asker's to read (AG-6)")
    shares = nested(Share, many=True)
    person_shares = nested(PersonShare, many=True)
    valid_from = instant()
    valid_to = instant()
    language = code(*LANGUAGES, description="Of the wording that is shown here")
    requested_by = opaque()
    requested_at = instant()
    replaced_by = opaque(
        required=False,
        description="The later request in its place: asked for the same before anybody had answered",
    )
    owner_service_id = opaque()
    state = code(*REQUEST_STATES)
    lines = nested(GrantLine, many=True)
    person_lines = nested(PersonLine, many=True)
    signers = nested(Signer, many=True)
    text_version = code(description="Version of the wording, e.g. v1")
    wording = public_tree(description="The standing sentences of that version and language, by key")
    text_hash = code(
        description="SHA-256 of the text version that this asker is shown; the signature must bear it. Empty where "
        "lines are left out"
    )
    you_sign = flag()
    permitted = many(code("sign", "withdraw", "register"), max_items=5)
    texts = nested(TextOf, many=True, description="The languages in which this text can be read")
    renew_from = date(description="The day from which it is to be asked for again (CO-2)")
    ask_again = flag(description="It ends soon or has run out, and nothing later stands in for it (CO-2)")


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


class Waiting(Message):
    """A request that waits for the asker's answer."""

    request_id = opaque()
    case_id = opaque()
    child_person_id = opaque()
    service_ids = many(opaque())
    requested_by = opaque()
    requested_at = instant()


class Renewal(Message):
    """A consent that ends soon, in a case whose holder the asker is: it is time to ask the family again (CO-2)."""

    request_id = opaque()
    case_id = opaque()
    child_person_id = opaque()
    ends_on = date(description="The last day on which it holds")


class WaitingAnswer(Message):
    items = nested(Waiting, many=True)
    renewals = nested(Renewal, many=True, description="What is to be asked for again, what ends first first")


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

WaitingForMe = query(
    "consent.waiting_for_me",
    Nothing,
    WaitingAnswer,
    "The requests that the asker has not answered, and as a holder those that are to be asked for again.",
)

PreviewPolicy = query(
    "consent.preview_policy",
    PreviewPolicyRequest,
    PolicyPreview,
    "Coordinator: what a draft of the policy would do to running cases on its first day. Nothing is kept.",
)

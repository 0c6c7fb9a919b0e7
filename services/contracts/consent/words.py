"""The codes, and the references and examples that all of consent's subjects share."""

from services.contracts.base import Message, code, many, opaque
from services.contracts.cases import TOPICS

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

_ID = "01981c6e-0000-7000-8000-000000000001"
_REQUEST = "01981c6e-0000-7000-8000-000000000004"
_P = "01981c6e-0000-7000-8000-00000000000a"
_Q = "01981c6e-0000-7000-8000-00000000000b"
_AT = "2026-11-20T09:00:00Z"


class Share(Message):
    """One receiving service, and the topics that are to be shared with it (CO-1)."""

    service_id = opaque()
    topics = many(code(*TOPICS), max_items=10)


class PersonShare(Message):
    """A person whom the consent is to name, and the topics that they may then read (GU-2, AG-5)."""

    person_id = opaque()
    topics = many(code(*TOPICS), max_items=10)


class RequestRef(Message):
    request_id = opaque()
    language = code(*LANGUAGES, required=False, description="Of the wording; default: the request's")


class CaseRef(Message):
    case_id = opaque()


class ReceiptRef(Message):
    signature_id = opaque()

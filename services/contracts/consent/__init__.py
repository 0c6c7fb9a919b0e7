"""What consent tells and answers, by subject; the names of every module are the package's."""

from services.contracts.consent.answers import *
from services.contracts.consent.requests import *
from services.contracts.consent.windows import *
from services.contracts.consent.withdrawal import *
from services.contracts.consent.words import *

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

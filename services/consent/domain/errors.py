"""What consent refuses, each with a stable code."""

from services.kernel.errors import Conflict, Forbidden


class StepUpNeeded(Forbidden):
    """A signature is the signer's own act at high assurance."""

    code, rule = "step_up_needed", "CO-1"
    detail = "Sign with an electronic identity of the high level."


class TextChanged(Conflict):
    """The hash is not that of the text in force: what was read is not what would be signed."""

    code, rule = "text_changed", "CO-7"
    detail = "The text has changed since it was shown. Read it again, then answer."


class NotAsSigned(Conflict):
    """What is kept of an answered request is not what the signature's hash is of: somebody, or a fault, changed it."""

    code, rule = "not_as_signed", "CO-7"
    detail = (
        "What is kept of this consent is no longer what was signed, so no receipt is made of it. Your answer stands, "
        "and you can withdraw it. Tell the municipality: its operator finds what was changed."
    )


class RequestClosed(Conflict):
    """The request has ended: its last day has passed, or the case is closed."""

    code, rule = "request_ended", "CO-2"
    detail = "This request has ended and can't be answered any more."


class RequestReplaced(Conflict):
    """The same was asked anew before anybody had answered (CO-5): what was signed is not the text that is asked about
    now (CO-7). `request_id` names the request that can be answered."""

    code, rule = "request_replaced", "CO-5"
    detail = "This request was replaced by a newer one before anybody answered. Answer that one."


class NotASigner(Forbidden):
    """Somebody who is not asked can't answer (GU-2, GU-3)."""

    code, rule = "not_a_signer", "GU-2"
    detail = "You are not among those who are asked."


class NothingToWithdraw(Conflict):
    """There is no consent of this person's for what was named."""

    code, rule = "nothing_to_withdraw", "CO-3"
    detail = "You have no consent for this that could be withdrawn."


class AnsweredSince(Conflict):
    """The signer has answered by themselves since the paper was signed or the word was said: that stands."""

    code, rule = "answered_since", "CO-3"
    detail = "They have answered by themselves on that day or later. That answer stands."


class OwnServiceGains(Forbidden):
    """The one who would write in a yes works for the service that would read by it."""

    code, rule = "own_service_gains", "CO-6"
    detail = (
        "This yes opens the case to your own service. Let another who is in charge of the case write it in."
    )


class OwnAnswer(Forbidden):
    """Nobody registers a paper of their own, or of their own unit where that answers (GU-4): they sign."""

    code, rule = "own_answer", "CO-6"
    detail = "Your own answer is given by signing it."

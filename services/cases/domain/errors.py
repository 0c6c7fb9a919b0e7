"""What cases refuses, as values with stable codes; each code has its sentence in the gateway's translations."""

from services.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound, StaleEdit

__all__ = ["Conflict", "Forbidden", "InvalidInput", "NotFound", "StaleEdit"]


class LevelMoveNotAllowed(Conflict):
    """The move is not one of those that the rulebook knows (LV-1). Params: from_level, to_level."""

    code, rule = "level_move_not_allowed", "LV-1"
    detail = "A case can't move between these two levels."


class CaseNotOpen(Conflict):
    """The case is closed, or has joined another: nothing more is decided in it. Params: state."""

    code, rule = "case_not_open", "LV-1"
    detail = "The case is closed."


class TalkNotRecorded(Conflict):
    """A concern is decided with the family, so the talk comes first (LV-2, LV-7)."""

    code, rule = "talk_not_recorded", "LV-7"
    detail = "Record the talk with the family before you decide to go on."


class ReasonNeeded(InvalidInput):
    """The decision goes against the suggested level, and needs a reason (LV-4). Params: suggested."""

    code, rule = "reason_against_suggestion_needed", "LV-4"
    detail = "The number of services suggests another level: say why you choose this one."

    def __init__(self, suggested: int) -> None:
        super().__init__(fields={"against_suggestion_reason": "required"}, suggested=suggested)


class FamilyReasonNeeded(InvalidInput):
    """The family was not asked who should hold, or wished otherwise: say why, or what they wished (HO-5)."""

    code, rule = "family_answer_reason_needed", "HO-5"
    detail = "Say why the family was not asked, or what they wished."

    def __init__(self) -> None:
        super().__init__(fields={"family_answer_reason": "required"})


class HolderNeeded(InvalidInput):
    """From this level on the case has a relay holder: name one (HO-1)."""

    code, rule = "holder_needed", "HO-1"
    detail = "From this level on the case needs a relay holder."

    def __init__(self) -> None:
        super().__init__(fields={"holder_person_id": "required"})


class HolderAlreadyAppointed(Conflict):
    """The case has a holder; another takes over by a handover only (HO-1, HO-2)."""

    code, rule = "holder_already_appointed", "HO-2"
    detail = "The case has a relay holder already. Ask for a handover instead."


class HolderLeftOut(Conflict):
    """The move would leave out the service of the one who holds the relay. Params: service_id."""

    code, rule = "holder_left_out", "LV-11"
    detail = "The relay holder's service would not take part any more. Hand the relay over first."


class HandoverNeedsConsent(Conflict):
    """The receiver works outside the owning unit, and their service has no active consent. Params: service_id."""

    code, rule = "handover_needs_consent", "HO-2"
    detail = "The receiver's service needs the family's consent before it can hold the relay."


class HandoverAlreadyProposed(Conflict):
    """Somebody has been asked already, and has not answered."""

    code, rule = "handover_already_proposed", "HO-2"
    detail = "A handover has been proposed already, and waits for its answer."


class HandoverToHolder(InvalidInput):
    """The receiver holds the relay already."""

    code, rule = "handover_to_holder", "HO-2"
    detail = "This person holds the relay already."

    def __init__(self) -> None:
        super().__init__(fields={"to_person_id": "holds_already"})


class HandoverNotOpen(Conflict):
    """There is no such unanswered handover."""

    code, rule = "handover_not_open", "HO-2"
    detail = "This handover has been answered already, or has lapsed."


class NoHolder(Conflict):
    """The case has no relay holder yet, so there is nothing to hand over."""

    code, rule = "no_holder", "HO-1"
    detail = "The case has no relay holder yet."


class StepOutOfOrder(Conflict):
    """The steps of a level have one order (LV-6). Params: current (or none), step."""

    code, rule = "step_out_of_order", "LV-6"
    detail = "The steps are done in their order."


class NotInUnit(InvalidInput):
    """The person has no role in that unit today."""

    code = "not_in_unit"
    detail = "This person does not work in that unit."

    def __init__(self, field: str) -> None:
        super().__init__(fields={field: "not_in_unit"})


class UnknownNumber(InvalidInput):
    """The register knows nobody by this number."""

    code = "unknown_number"
    detail = "The register knows nobody by this number."

    def __init__(self, field: str = "child_number") -> None:
        super().__init__(fields={field: "unknown_number"})


class BadNumber(InvalidInput):
    """Not an identity number that is accepted here (DI-6); `code` is the kernel's: `identity_number_invalid`,
    `real_number_in_sandbox` or `synthetic_number_in_production`."""

    detail = "This identity number can't be used here: it is not valid, or of a series that is not accepted."
    rule = "DI-6"

    def __init__(self, code: str, field: str = "child_number") -> None:
        super().__init__(code=code, fields={field: code})


class NotAChild(InvalidInput):
    """The person is too old for a case about a child or youth."""

    code, rule = "not_a_child", "LV-13"
    detail = "A case is about a child or a youth, or a pregnant woman."

    def __init__(self) -> None:
        super().__init__(fields={"child_number": "not_a_child"})


class PersonTaken(Conflict):
    """The identity number, or the id, belongs to somebody else."""

    code = "person_taken"
    detail = "This number or id belongs to another person."


class PaperDecided(Conflict):
    """The paper was verified or refused already. Params: state."""

    code, rule = "paper_decided", "GU-3"
    detail = "Somebody has looked at this paper already."


class SecondPersonNeeded(InvalidInput):
    """Who registered a paper verifies it with a reason only; else another does."""

    code, rule = "second_person_needed", "GU-3"
    detail = "Let another look at the paper, or say why you verify what you registered yourself."

    def __init__(self) -> None:
        super().__init__(fields={"same_person_reason": "required"})


class CareOrderDecided(Conflict):
    """The care order waits for nobody any more, or not yet stands. Params: state."""

    code, rule = "care_order_decided", "GU-4"
    detail = "This care order is not in a state in which that can be done."


class AnotherConfirms(Forbidden):
    """Nobody confirms or refuses a care order that they registered themselves."""

    code, rule = "another_confirms", "GU-4"
    detail = "A colleague in child protection, or your leader, confirms the care order."


class NotThisChild(InvalidInput):
    """The number is not that of the child for whom the care order was registered."""

    code, rule = "not_this_child", "GU-4"
    detail = "The number is not that of the child for whom this care order was registered."

    def __init__(self) -> None:
        super().__init__(fields={"child_number": "not_this_child"})


class NotAMinor(InvalidInput):
    """A care order is for somebody below 18."""

    code, rule = "not_a_minor", "GU-4"
    detail = "A care order is for a child below 18."

    def __init__(self) -> None:
        super().__init__(fields={"child_number": "not_a_minor"})


class NotAPregnancy(Conflict):
    """A birth is registered on a pregnant woman's case."""

    code, rule = "not_a_pregnancy", "LV-18"
    detail = "This case is not about a pregnant woman."


class NotHerNewborn(InvalidInput):
    """The register does not know the child as born to her, or not as newly born."""

    code, rule = "not_her_newborn", "LV-18"
    detail = "The register does not know this child as newly born to the woman whom the case is about."

    def __init__(self) -> None:
        super().__init__(fields={"child_number": "not_her_newborn"})


class NotAtWork(Forbidden):
    """Only an employee at work may state an emergency (SE-3)."""

    code, rule = "not_an_employee", "SE-3"
    detail = "Only employees of the municipality may do this, in the unit for which they work."


class EmergencyNotFound(InvalidInput):
    """There is no case to open for this number, for whatever reason (SE-3)."""

    code, rule = "no_case_to_open", "SE-3"
    detail = "No case can be opened for this number."

    def __init__(self) -> None:
        super().__init__(fields={"child_number": "no_case_to_open"})


class EmergencyOver(Conflict):
    """It has ended by itself, or somebody has ended it (SE-3)."""

    code, rule = "emergency_over", "SE-3"
    detail = "This is over already: the case can't be read by it any more."


class TooManyTexts(Forbidden):
    """Somebody has had so many texts refused within an hour that they could be trying out names (LV-12)."""

    code, rule = "too_many_texts", "LV-12"
    detail = (
        "Many of your texts told whom they were about, so this is closed to you for an hour. Let a colleague read "
        "yours, or call the unit; if a child may be in danger, report to child protection at once."
    )


class TooManyAttempts(Forbidden):
    """An employee may state so many emergencies an hour, whatever comes of them (SE-3)."""

    code, rule = "too_many_attempts", "SE-3"
    detail = "You have tried too often in the last hour. Call the duty officer of child protection, or the coordinator."

"""What the relay log refuses, each with a stable code; each code has its sentence in the gateway's translations."""

from services.kernel.errors import Conflict, Forbidden


class NoLogYet(Conflict):
    """At level 0 there is a concern and no effort yet: nothing to plan, nothing to write."""

    code, rule = "no_log_yet", "LG-1"
    detail = "There is no relay log before level 1."


class LogClosed(Conflict):
    """The case is closed: its log is read, never written."""

    code, rule = "case_closed", "LG-10"
    detail = "The case is closed. Its log can be read, and not be written in any more."


class OneServiceAtLevel1(Conflict):
    """Level 1 is effort inside the owning unit."""

    code, rule = "one_service_at_level_1", "LV-3"
    detail = "At level 1 only the unit's own people take part. Move the case to level 2 first."


class AlreadyParticipant(Conflict):
    """The person takes part already, with the same rights."""

    code, rule = "already_participant", "HO-7"
    detail = "This person takes part already."


class AlreadyReleased(Conflict):
    """The person does not take part any more."""

    code, rule = "already_released", "HO-7"
    detail = "This person has been released already."


class MinutesPublished(Conflict):
    """Minutes are published once; what was wrong in them is put right by a correction."""

    code, rule = "minutes_already_published", "LG-4"
    detail = "The minutes of this meeting have been published already."


class MeasureNotOpen(Conflict):
    """The measure has ended or been replaced; what was decided stands. Params: measure_ids."""

    code, rule = "measure_not_open", "LV-10"
    detail = "This measure has ended or been replaced, and can't be changed any more."


class MeasureWithoutEffect(Conflict):
    """A measure without effect is ended or replaced, never left open. Params: measure_ids."""

    code, rule = "measure_without_effect", "LV-10"
    detail = "A measure without effect must be ended or replaced by another."


class GoalNotActive(Conflict):
    """The goal has been reached or ended: no measure is added to it."""

    code, rule = "goal_not_active", "LG-2"
    detail = "This goal has been reached or ended. Add the measure to an active goal."


class AlreadyCorrected(Conflict):
    """The entry has a correction already; whoever wants to correct again corrects that one. Params: entry_id."""

    code, rule = "already_corrected", "LG-6"
    detail = "This entry has been corrected already. Correct the correction instead."


class NotYourEntry(Forbidden):
    """What the family or a participant said is corrected by whoever said it."""

    code, rule = "not_your_entry", "LG-6"
    detail = "Only the one who wrote this can correct it."


class NotYourKind(Forbidden):
    """Who the asker is does not go with this kind of entry. Params: kind."""

    code, rule = "kind_not_for_this_role", "LG-7"
    detail = "You can't add an entry of this kind."

"""Each answer of the access decision in a sentence that a person understands (CO-8): English, by reason code.

They speak of the matter and never of somebody by name, so that the one who asked and the coordinator who looks it up
read the same. Pages have them in the languages of gateway/translations, under `decisions`."""

from __future__ import annotations

from collections.abc import Mapping

UNKNOWN = "The rules do not open this."
"""For a code that is newer than the sentences (a test demands one for every code that the kernel can give)."""

SENTENCES: Mapping[str, str] = {
    # ---- allowed, as whom
    "allowed_as_owner": "The case is this employee's own concern.",
    "allowed_as_own_leader": "The employee leads the unit that owns the case.",
    "allowed_as_own_holder": "The employee is the relay holder.",
    "allowed_as_own_participant": "The relay holder brought this colleague of the owning unit in.",
    "allowed_as_other_holder": "The employee is the relay holder, and the consent names their service.",
    "allowed_as_other_participant": "The employee takes part, and the consent opens this to their service.",
    "allowed_as_other_leader": "The employee leads a unit that takes part, and the consent opens this to its service.",
    "allowed_as_own_receiver": "The employee is asked to take over as relay holder.",
    "allowed_as_other_receiver": "The employee is asked to take over the relay, and the consent names their service.",
    "allowed_as_guardian": "The guardian has verified parental responsibility for the child.",
    "allowed_as_limited_guardian": "A care order is in force, and child protection lets the guardian see this.",
    "allowed_as_care": "A care order is in force, and child protection answers in the guardians' place.",
    "allowed_as_child_protection": "The employee works in child protection, in the unit that keeps the care order.",
    "allowed_as_unit_leader": "The employee leads the unit of child protection to which this was put.",
    "allowed_as_asked": "The employee works in a unit that was asked, or that asked.",
    "allowed_as_named": "The consent names this person for this topic.",
    "allowed_as_child": "The case is about this person.",
    "allowed_as_reporter": "The employee wrote this report to child protection.",
    "allowed_as_emergency": "The employee stated an emergency, which opens the case for reading for a short time.",
    "allowed_as_own_system": "The system acts for the unit that owns the case.",
    "allowed_as_other_system": "The system acts for a service that takes part, and the consent opens this to it.",
    # ---- no tie to the case at all
    "no_tie_to_case": "This person has no part in the case, in the role that was chosen.",
    "of_the_family": "The case is about this employee's own family, with which nobody deals at work.",
    "other_municipality": "The case belongs to another municipality.",
    "capacity_reads_nothing": "In this role nobody has a part in any case.",
    "audience_not_open": "The rules do not let this out in that way.",
    "role_not_in_force": "This person did not work in that unit at that time.",
    "no_parental_responsibility": "The parent has no parental responsibility, and no consent names them.",
    "responsibility_not_verified": "The parental responsibility is not verified by the register or by papers.",
    "has_not_consented": "This person has never said yes to sharing in this case.",
    "not_child_protection": "Care orders are kept by those who work in child protection.",
    "not_a_reader": "A report is read by whoever wrote it, by child protection, and by those whom they name.",
    "not_asked": "A discussion is read by those who asked and those who were asked.",
    "care_order_in_force": "A care order is in force, and child protection lets the guardians see nothing.",
    "subject_is_adult": "The one whom the case is about is 18, and parental access ends at that age.",
    "birth_date_not_known": "The birth date is not known, so no rule by age opens anything.",
    "too_young_for_own_access": "The child is below the age from which children read their own log.",
    "address_protected": "The address is protected, so only people who are named may read.",
    "not_for_this_role": "No rule lets somebody with this part in the case do that.",
    # ---- a condition that does not hold
    "no_log_at_level_0": "At level 0 there is no relay log.",
    "not_at_level_0": "The case has left level 0, and that work ended with it.",
    "case_closed": "The case is closed. It can be read, not changed.",
    "case_not_closed": "Only a closed case is reopened.",
    "log_frozen": "The last consent has ended, so the log is frozen for everyone outside the owning unit.",
    "talk_not_recorded": "The first talk with the family is not recorded yet.",
    "not_let_write": "The relay holder has not let this person write.",
    "no_consent_in_force": "No consent in force names this service.",
    "topic_missing": "The item has no topic, and such an item is shared with no other service.",
    "topic_not_known": "The municipality knows no such topic.",
    "topic_not_consented": "No consent in force opens this topic to this service or person.",
    "youth_has_not_answered": "The youth has come of age to decide, and has not answered yet.",
    "not_needed_by_guardians": "From this age guardians read the topic only where the holder marked it as needed.",
    "not_let_by_child_protection": "A care order is in force, and child protection has not opened this to guardians.",
    "third_person_has_not_agreed": "This tells of somebody else than the child, who has not agreed to show it.",
    "view_given_apart": "The child said this apart from the guardians, and does not want it shown to them.",
    "not_own_answer": "The paper bears somebody else's answer, and in a family each sees their own.",
    "youth_consents_alone": "The youth is old enough to answer alone for this topic.",
    "guardians_consent": "The guardians answer for this topic until the youth is old enough.",
    "responsibility_not_known": "It is not known who all must answer, so nobody can.",
    "consent_status_not_known": "The consent status is not known just now, so nothing is opened that rests on it.",
}


def sentence_of(reason_code: str) -> str:
    """The sentence for a decision's reason code."""
    return SENTENCES.get(reason_code, UNKNOWN)

"""The kinds of message: what each rests on (NO-6), whether it also goes out, and whether it asks for an act."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from services.kernel.facts import Act


class Post(StrEnum):
    """What a message rests on that is about no case of the reader's: their work."""

    CHILD_PROTECTION = "child_protection"  # PR-5: works in child protection of this municipality
    COORDINATOR = "coordinator"  # SE-3: coordinates in this municipality
    OVERSIGHT = "oversight"  # PR-6: leads a unit, or coordinates, in this municipality
    CONFIRMER = "confirmer"  # GU-4: works in child protection, or leads a unit, in this municipality
    ADMIN = "admin"  # HO-6: keeps the municipality's roles
    EMPLOYEE = "employee"  # works in this municipality


@dataclass(frozen=True, slots=True)
class Kind:
    """`rests_on`: what the reader must be allowed, or be, when it is shown and when it is sent. `mailed`: an e-mail
    says that it has come. `act`: it waits for something that the reader must do. `quiet`: it is of the protected lane,
    and of its e-mail nothing is counted, logged or traced (PR-3)."""

    rests_on: Act | Post
    mailed: bool = True
    act: bool = False
    quiet: bool = False


KINDS: dict[str, Kind] = {
    "talk_recorded": Kind(Act.SEE_CASE, mailed=False),
    "consent_requested": Kind(Act.READ_CONSENT, act=True),
    "consent_requested_anew": Kind(Act.READ_CONSENT, act=True),
    "consent_given": Kind(Act.READ_CONSENT),
    "consent_refused": Kind(Act.READ_CONSENT),
    "consent_talk_first": Kind(Act.READ_CONSENT, act=True),
    "consent_withdrawn": Kind(Act.READ_CONSENT),
    "consent_lapsed": Kind(Act.READ_CONSENT),
    "consent_answer_needed": Kind(Act.READ_CONSENT, act=True),
    "consent_ends_soon": Kind(Act.READ_CONSENT, act=True),
    "consent_ended": Kind(Act.READ_CONSENT),
    "say_coming": Kind(Act.READ_CONSENT),
    "consent_registered": Kind(Act.READ_CONSENT),
    "consent_registered_over_no": Kind(Act.READ_CONSENT, act=True),
    "access_opened": Kind(Act.SEE_CASE, mailed=False),
    "participant_added": Kind(Act.SEE_CASE),
    "participant_released": Kind(Post.EMPLOYEE),
    "meeting_called": Kind(Act.SEE_CASE),
    "minutes_published": Kind(Act.READ_LOG_ITEM),
    "evaluation_set": Kind(Act.SEE_CASE, mailed=False),
    "evaluation_recorded": Kind(Act.READ_LOG_ITEM, mailed=False),
    "plan_changed": Kind(Act.READ_PLAN, mailed=False),
    "family_entry": Kind(Act.READ_LOG_ITEM),
    "hindrance": Kind(Act.READ_LOG_ITEM),
    "handover_proposed": Kind(Act.SEE_CASE, act=True),
    "handover_accepted": Kind(Act.SEE_CASE),
    "handover_declined": Kind(Act.SEE_CASE),
    "holder_changed": Kind(Act.SEE_CASE),
    "level_moved": Kind(Act.SEE_CASE, mailed=False),
    "deadline_near": Kind(Act.SEE_CASE, act=True),
    "deadline_passed": Kind(Act.SEE_CASE, act=True),
    "case_closed": Kind(Act.SEE_CASE),
    "log_ended": Kind(Act.SEE_CASE),
    "third_person_asked": Kind(Act.SEE_CASE, act=True),
    "measure_unread": Kind(Act.SEE_CASE, act=True),
    "report_made": Kind(Act.READ_REPORT, mailed=False),
    "lane_report_filed": Kind(Post.CHILD_PROTECTION, act=True, quiet=True),
    "lane_report_answered": Kind(Post.EMPLOYEE, quiet=True),
    "lane_reader_named": Kind(Post.EMPLOYEE, quiet=True),
    "emergency_opened": Kind(Post.COORDINATOR, act=True),
    "emergency_ended": Kind(Post.EMPLOYEE),
    "nobody_may_act": Kind(Post.ADMIN, act=True),
    "protected_order_registered": Kind(Post.OVERSIGHT),
    "care_order_awaits": Kind(Post.CONFIRMER, act=True),
    "care_order_decided": Kind(Post.CONFIRMER),
    "discussion_asked": Kind(Post.EMPLOYEE, act=True),
    "discussion_answered": Kind(Post.EMPLOYEE),
}
"""Every kind of contracts.notifications.KINDS. Not mailed is what comes together with something that is, or often."""

QUIET_KINDS = frozenset(name for name, kind in KINDS.items() if kind.quiet)
"""PR-3: of these no e-mail is counted, logged or traced, nor what goes wrong with it."""

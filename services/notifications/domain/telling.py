"""Whom each event concerns, and what they are told: the table of all messages.

Nobody is told of what they did themselves. Whether somebody may see a message is not decided here, but each time that
it is shown or sent (NO-6): this table says whose matter it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from services.kernel.facts import SOMEBODY, Act
from services.notifications.domain.kinds import KINDS
from services.notifications.domain.message import Told
from services.notifications.domain.recipients import (
    Data,
    Scene,
    Who,
    administrators,
    at_work,
    child_protection,
    coordinators,
    family,
    in_charge,
    in_charge_while_open,
    named,
    newly_added,
    newly_let_in,
    owner,
    owner_of_what_others_hold,
    participants,
    proposer,
    requester,
    requester_while_open,
    responsible,
    signing,
    whoever_took_over,
)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the table: at this event, if it says so `when`, these are told this kind, but not who did it (`by`).
    `item` is the field that names what it is about."""

    event: str
    kind: str
    to: tuple[Who, ...]
    by: Who
    item: tuple[str, ...]
    when: tuple[str, frozenset[str | None]] | None


_DOER = named("by_person_id")


def at(
    event: str,
    kind: str,
    *to: Who,
    by: Who = _DOER,
    item: str = "",
    when: tuple[str, frozenset[str | None]] | None = None,
) -> Line:
    """A line of the table. Of several `item` fields ("a or b") the first that is there counts."""
    return Line(event, kind, to, by, tuple(item.split(" or ")) if item else (), when)


def says(field: str, *values: str | None) -> tuple[str, frozenset[str | None]]:
    """The event has one of these values in a field; None: it has none, or an empty list; ANY: a list of some."""
    return field, frozenset(values)


ANY = "any"


EVERYONE = (family, owner, in_charge, participants)
_RECEIVER, _OLD, _NEW = at_work("to_person_id"), at_work("previous_person_id"), at_work("holder_person_id")
_RELEASED = _AT_IT = at_work("person_id")

TABLE: tuple[Line, ...] = (
    # cases
    at("cases.talk_recorded.v1", "talk_recorded", family),
    at("cases.level_moved.v1", "level_moved", family, in_charge, participants),
    at("cases.holder_changed.v1", "holder_changed", family, _OLD, _NEW, by=whoever_took_over),  # HO-5
    at("cases.handover_proposed.v1", "handover_proposed", _RECEIVER, by=named("from_person_id"), item="handover_id"),
    at("cases.handover_answered.v1", "handover_accepted", proposer, by=named("to_person_id"), item="handover_id",
       when=says("answer", "accepted")),
    at("cases.handover_answered.v1", "handover_declined", proposer, by=named("to_person_id"), item="handover_id",
       when=says("answer", "declined")),
    at("cases.deadline_near.v1", "deadline_near", responsible),  # LV-7
    at("cases.deadline_passed.v1", "deadline_passed", responsible),
    at("cases.deadline_near.v1", "nobody_may_act", administrators),  # HO-6
    at("cases.deadline_passed.v1", "nobody_may_act", administrators),
    at("cases.case_closed.v1", "case_closed", *EVERYONE, when=says("ended_by", None)),
    at("cases.case_closed.v1", "log_ended", *EVERYONE, when=says("ended_by", "guardian", "child", "child_protection")),
    at("cases.lane_report_filed.v1", "lane_report_filed", child_protection, item="report_id"),  # PR-5
    at("cases.lane_report_answered.v1", "lane_report_answered", named("reporter_person_id"), by=named("by_person_id"),
       item="report_id"),  # PR-5
    at("cases.lane_reader_named.v1", "lane_reader_named", named("person_id"), by=named("by_person_id"),
       item="report_id"),
    at("cases.protected_order_registered.v1", "protected_order_registered", named("told_ids")),  # PR-6
    at("cases.care_order_awaits.v1", "care_order_awaits", named("told_ids"), item="order_id"),  # GU-4
    at("cases.care_order_decided.v1", "care_order_decided", named("told_ids"), item="order_id"),
    at("cases.emergency_opened.v1", "emergency_opened", coordinators, by=named("person_id"),
       item="emergency_id"),  # SE-3
    at("cases.emergency_ended.v1", "emergency_ended", _AT_IT),
    at("cases.discussion_asked.v1", "discussion_asked", named("told_ids"), item="discussion_id"),  # LV-12
    at("cases.discussion_answered.v1", "discussion_answered", named("told_ids"), item="discussion_id"),
    # consent
    at("consent.requested.v1", "consent_requested", signing("signer_ids"), by=named("requested_by"), item="request_id",
       when=says("replaces", None)),
    at("consent.requested.v1", "consent_requested_anew", signing("signer_ids"), by=named("requested_by"),
       item="request_id", when=says("replaces", ANY)),
    at("consent.answered.v1", "consent_talk_first", in_charge, by=named("signer_id"), item="request_id",
       when=says("answer", "talk_first")),
    at("consent.request_settled.v1", "consent_given", in_charge, requester, item="request_id",
       when=says("state", "active", "partly")),
    at("consent.request_settled.v1", "consent_refused", in_charge, requester, item="request_id",
       when=says("state", "refused", "conflicting")),
    at("consent.withdrawn.v1", "consent_withdrawn", in_charge, owner_of_what_others_hold),  # CO-3
    at("consent.request_settled.v1", "consent_ended", in_charge_while_open, requester_while_open, item="request_id",
       when=says("state", "expired")),  # CO-2
    at("consent.lapsed.v1", "consent_lapsed", in_charge, requester, item="request_id"),  # AG-4, GU-3
    at("consent.lapsed.v1", "consent_answer_needed", signing("waits_for"), item="request_id"),
    at("consent.renewal_due.v1", "consent_ends_soon", in_charge, requester, item="request_id"),  # CO-2
    at("consent.answered.v1", "nobody_may_act", administrators, when=says("answer", "talk_first")),  # HO-6
    at("consent.withdrawn.v1", "nobody_may_act", administrators),
    at("consent.lapsed.v1", "nobody_may_act", administrators),
    at("consent.renewal_due.v1", "nobody_may_act", administrators),
    at("consent.say_coming.v1", "say_coming", in_charge, named("person_id")),  # AG-4
    at("consent.answer_registered.v1", "consent_registered", named("signer_id"), by=named("registered_by"),
       item="signature_id", when=says("overrules", None)),  # CO-6
    at("consent.answer_registered.v1", "consent_registered_over_no", named("signer_id"), by=named("registered_by"),
       item="signature_id", when=says("overrules", "no")),
    at("consent.windows_changed.v1", "access_opened", newly_let_in),
    # relay log
    at("relay_log.participants_changed.v1", "participant_added", newly_added),
    at("relay_log.participant_released.v1", "participant_released", _RELEASED),  # LV-11
    at("relay_log.meeting_called.v1", "meeting_called", named("invited_ids"), by=named("called_by"),
       item="meeting_id"),  # LG-4
    at("relay_log.minutes_published.v1", "minutes_published", *EVERYONE, item="meeting_id"),
    at("relay_log.evaluation_set.v1", "evaluation_set", family, in_charge, participants),
    at("relay_log.evaluation_recorded.v1", "evaluation_recorded", family, in_charge, participants,
       item="evaluation_id"),
    at("relay_log.plan_changed.v1", "plan_changed", family, named("responsible_person_id"),
       item="measure_id or goal_id"),
    at("relay_log.plan_changed.v1", "third_person_asked", named("asked_person_id"),
       item="measure_id or goal_id"),  # GU-6
    at("relay_log.entry_added.v1", "family_entry", in_charge, item="entry_id",
       when=says("kind", "comment", "proposal", "feedback")),  # LG-7
    at("relay_log.entry_added.v1", "hindrance", in_charge, item="entry_id", when=says("kind", "hindrance")),
    at("relay_log.entry_added.v1", "nobody_may_act", administrators,
       when=says("kind", "comment", "proposal", "feedback", "hindrance")),  # HO-6
    at("relay_log.minutes_published.v1", "third_person_asked", named("third_persons"), item="meeting_id"),  # GU-6
    at("relay_log.entry_added.v1", "third_person_asked", named("asked_person_id"), item="entry_id"),  # GU-6
    at("relay_log.third_person_marked.v1", "measure_unread", in_charge_while_open, owner_of_what_others_hold,
       when=says("unread_measure_ids", ANY)),  # GU-6
    at("relay_log.third_person_marked.v1", "nobody_may_act", administrators,
       when=says("unread_measure_ids", ANY)),  # HO-6
    at("relay_log.report_made.v1", "report_made", *EVERYONE, item="report_id"),  # LG-10
)  # fmt: skip

_WITHOUT_CASE = frozenset({"participant_released", "nobody_may_act", "emergency_ended"})

_WITHOUT_DOER = frozenset({"nobody_may_act", "measure_unread"})
"""Where whoever did it would tell too much: which family it is (HO-6), or of whom something tells (GU-6)."""

OF_ITEMS = frozenset({Act.READ_PLAN, Act.READ_LOG_ITEM})
"""GU-6: what rests on reading one item is told by the item's mark; that somebody is asked for their word is not."""

_NOTHING_BUT_ITEMS = frozenset({"evaluation_recorded"})
"""GU-6: what has nothing to show but its items. Without a topic all of them wait for somebody's word, and the owning
unit alone is told."""

_AT_WORK = frozenset(
    {
        owner, owner_of_what_others_hold, in_charge, in_charge_while_open, responsible, requester, requester_while_open,
        proposer, participants, newly_added, newly_let_in, coordinators, administrators, _RECEIVER, _OLD, _NEW,
        _RELEASED,
    }
)  # fmt: skip
"""Those of the table who are told as employees."""

OF_WORK = frozenset(line.kind for line in TABLE) - frozenset(
    line.kind for line in TABLE if not _AT_WORK.issuperset(line.to)
)
"""SE-3: the kinds that are told to employees alone. Whoever turns out to be of the child's family is shown none of
them, however they are tied to it."""

SILENT = frozenset(
    {
        "cases.person_changed.v1",  # facts, not news
        "cases.lane_readers_lost.v1",  # what they were told is taken back (PR-5)
        "cases.birth_registered.v1",  # she and who registered it know
        "cases.concern_raised.v1",  # the owner's own act; the family is not to know yet (LV-17)
        "cases.concern_joined.v1",
        "consent.person_windows_changed.v1",  # facts; the one named is a parent, who is told by the family
        "cases.step_completed.v1",
        "directory.staff_changed.v1",
        "directory.service_changed.v1",
        "directory.unit_changed.v1",
        "directory.tool_published.v1",
        "directory.policy_published.v1",
        "directory.ground_published.v1",
    }
)
"""The events that are told to nobody; a test demands that every event stands in the table or here."""


def told_by(event_type: str, data: Data, time: datetime, scene: Scene) -> list[Told]:
    """What an event tells to whom: each person once for each kind (NO-2). `time` is the event's, for those whose data
    bear none. A message that rests on no case names none, as a released participant's: it is theirs no more (CO-10)."""
    found: list[Told] = []
    for line in TABLE:
        if line.event != event_type or (
            line.when is not None and _value(data, line.when[0]) not in line.when[1]
        ):
            continue
        by = next((each for each in line.by(data, scene) if each), None)
        persons = dict.fromkeys(
            person for who in line.to for person in who(data, scene) if person and person != by
        )
        found += [_told(person, line, data, time, by) for person in persons]
    return found


def _value(data: Data, field: str) -> Any:
    value = data.get(field)
    return value if not isinstance(value, list) else ANY if value else None


def _told(person_id: str, line: Line, data: Data, time: datetime, by: str | None) -> Told:
    topics = data.get("topics") or ([data["topic"]] if data.get("topic") else [])
    return Told(
        person_id,
        line.kind,
        _instant(data.get("at")) or time,
        None if line.kind in _WITHOUT_CASE else data.get("case_id"),
        next((data[field] for field in line.item if data.get(field)), None),
        None if line.kind in _WITHOUT_DOER else by,
        tuple(topics),
        _instant(data.get("starts_at")),
        _instant(data.get("ends_at")),
        _third_person(line.kind, data, topics),
    )


def _third_person(kind: str, data: Data, topics: list[str]) -> str | None:
    """Whose word what is told waits for (GU-6)."""
    if kind in _NOTHING_BUT_ITEMS and not topics:
        return SOMEBODY
    return data.get("third_person") if KINDS[kind].rests_on in OF_ITEMS else None


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None

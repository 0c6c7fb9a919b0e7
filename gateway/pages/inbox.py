"""The inbox: what concerns the reader, acts before information; opening a message marks it as read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, g, request
from werkzeug.wrappers import Response

from gateway.asking import Missing
from gateway.composition.case import people_in
from gateway.frame.format import Words
from gateway.frame.paths import PATHS, path
from gateway.frame.view import LOCALE, render, t
from gateway.login import people
from gateway.translations import translator
from services.contracts import cases, consent, notifications, relay_log
from services.kernel.errors import NotFound, Refusal

blueprint = Blueprint("inbox", __name__)

PAGES_LOOKED_THROUGH = 10
LANE_KINDS = frozenset({"lane_report_filed", "lane_report_answered", "lane_reader_named"})
"""Kinds of message that lead at once to the lane's own page."""

_IN_CASE = {
    "talk_recorded": "case",
    "consent_given": "consent_status",
    "consent_refused": "consent_status",
    "consent_talk_first": "consent_status",
    "consent_withdrawn": "consent_status",
    "consent_lapsed": "consent_status",
    "consent_ends_soon": "consent_status",
    "consent_ended": "consent_status",
    "say_coming": "consent_status",
    "access_opened": "plan",
    "participant_added": "participants",
    "participant_released": "participants",
    "evaluation_set": "plan",
    "evaluation_recorded": "plan",
    "plan_changed": "plan",
    "family_entry": "timeline",
    "hindrance": "timeline",
    "handover_accepted": "case",
    "handover_declined": "handover",
    "holder_changed": "case",
    "level_moved": "case",
    "deadline_near": "decide",
    "deadline_passed": "decide",
    "case_closed": "case",
    "log_ended": "case",
    "third_person_asked": "third_person",
    "measure_unread": "plan",
    "report_made": "report",
}
"""Kind of message -> the page of the case that it is about."""
_OF_THE_READER = frozenset({"say_coming"})
"""Kinds of message that speak of the child, and so have other words for the child itself."""
_OF_CARE_ORDERS = frozenset({"care_order_awaits", "care_order_decided"})
_TELLS_WHO = _OF_CARE_ORDERS | {"protected_order_registered"}
"""Kinds of message about no case of the reader's that say who did it."""
_ANSWERED = frozenset({"consent_requested", "consent_requested_anew", "consent_answer_needed"})
"""What is done with by answering a request for consent."""


@blueprint.get(PATHS["inbox"])
def inbox() -> str:
    """The reader's messages: those that ask for something first, then the newest."""
    asked = {"limit": 50} | ({"cursor": request.args["fra"]} if request.args.get("fra") else {})
    parts = g.asking.together(
        inbox=(notifications.GetInbox, asked),
        cases=(cases.MyCases, {"limit": 100, "include_closed": True}),
        consents=(consent.WaitingForMe, {}),
    )
    if isinstance(parts["inbox"], Missing):
        raise parts["inbox"].refusal
    children = {} if isinstance(parts["cases"], Missing) else _children(parts["cases"]["items"])
    found = parts["inbox"]
    rows = [_row(each, children) | {"action": _still_asks(each, parts)} for each in found["items"]]
    rows.sort(key=lambda row: not (row["action"] and row["unread"]))
    following = path("inbox", fra=found["next_cursor"]) if found["next_cursor"] else None
    return render(
        "common/inbox.html", messages=rows, next_url=following, unread=found["unread"], active="inbox"
    )


@blueprint.get(PATHS["message"])
def message(message_id: str) -> str | Response:
    """One message, with the way to what it is about; whoever may no longer see that, is told so (NO-6)."""
    found = _find(message_id)
    unread = None
    if found["read_at"] is None:
        g.asking(notifications.MarkRead, {"message_ids": [message_id]})
    case, gone = _case_of(found)
    model = _row(found, _children([case]) if case else {}) | {
        "text": None,
        "facts": _facts(found, case),
        "url": None if gone else _target(found),
        "gone": gone,
        "attempts": [each for each in found["attempts"] if each["channel"] != "inbox"],
    }
    try:
        unread = int(g.asking(notifications.UnreadCount)["unread"])
    except Refusal:
        pass
    return render("common/message.html", message=model, unread=unread, active="inbox")


def _find(message_id: str) -> dict[str, Any]:
    cursor: str | None = None
    for _ in range(PAGES_LOOKED_THROUGH):
        page = g.asking(notifications.GetInbox, {"limit": 100} | ({"cursor": cursor} if cursor else {}))
        for each in page["items"]:
            if each["message_id"] == message_id:
                return dict(each)
        cursor = page["next_cursor"]
        if cursor is None:
            break
    raise NotFound


def _case_of(found: Mapping[str, Any]) -> tuple[dict[str, Any] | None, bool]:
    """The case of a message, and whether the reader may no longer see it."""
    if not found["case_id"]:
        return None, False
    try:
        return g.asking(cases.GetCase, {"case_id": found["case_id"]}), False
    except Refusal as refusal:
        if refusal.status in (403, 404):
            return None, True
        return None, False


def _children(listed: list[dict[str, Any]]) -> dict[str, str]:
    """Case id -> the child's name, where it is another than the reader."""
    reader = g.asking.actor
    return {
        each["case_id"]: each["child"]["name"]
        for each in listed
        if reader is None or each["child"]["person_id"] != reader.person_id
    }


def _row(each: Mapping[str, Any], children: Mapping[str, str]) -> dict[str, Any]:
    mine = (people.chosen() or {}).get("capacity") == "self"
    return {
        "id": each["message_id"],
        "url": _in_lane(each)
        if each["kind"] in LANE_KINDS
        else path("message", message_id=each["message_id"]),
        "kind": f"{each['kind']}_self" if mine and each["kind"] in _OF_THE_READER else each["kind"],
        "child": children.get(each["case_id"] or ""),
        "at": each["at"],
        "unread": each["read_at"] is None,
        "action": each["action_needed"],
    }


def _still_asks(each: Mapping[str, Any], parts: Mapping[str, Any]) -> bool:
    """Whether what the message asked for is still to be done; when that is not known, as it was sent."""
    if each["kind"] in _ANSWERED and not isinstance(parts["consents"], Missing):
        return each["item_id"] in {waiting["request_id"] for waiting in parts["consents"]["items"]}
    if each["kind"] == "handover_proposed" and not isinstance(parts["cases"], Missing):
        return any(
            case["case_id"] == each["case_id"]
            and (case["next"]["act"], case["next"]["waits_for"]) == ("answer_handover", "me")
            for case in parts["cases"]["items"]
        )
    return bool(each["action_needed"])


def _target(found: Mapping[str, Any]) -> str | None:
    """Where the message leads: the page on which its thing is read or answered."""
    kind, case_id, item = found["kind"], found["case_id"], found["item_id"]
    if kind in LANE_KINDS:
        return _in_lane(found)
    if kind in ("discussion_asked", "discussion_answered"):
        return path("discussion", discussion_id=item) if item else path("discussions")
    if kind in _OF_CARE_ORDERS:
        return path("care_orders")
    if kind == "emergency_opened":
        return path("emergencies")
    if not case_id:
        return None
    if kind in _ANSWERED:
        return path("consent", request_id=item) if item else path("consent_status", case_id=case_id)
    if kind in ("consent_registered", "consent_registered_over_no") and item:
        return _receipt(item)
    if kind in ("meeting_called", "minutes_published"):
        return (
            path("meeting", case_id=case_id, meeting_id=item) if item else path("meetings", case_id=case_id)
        )
    if kind == "handover_proposed":
        return (
            path("handover_answer", case_id=case_id, handover_id=item)
            if item
            else path("case", case_id=case_id)
        )
    employee = (people.chosen() or {}).get("capacity") == "employee"
    target = _IN_CASE.get(kind, "case")
    return path(target if employee or target not in ("decide", "handover") else "case", case_id=case_id)


def _receipt(signature_id: str) -> str | None:
    """The reader's own receipt, by the answer: its question may no longer be theirs to see (AG-6). None while consent
    is down."""
    try:
        found = g.asking(consent.GetReceipt, {"signature_id": signature_id})
    except Refusal:
        return None
    return path("consent_receipt", request_id=found["request_id"], signatur=signature_id)


def _in_lane(found: Mapping[str, Any]) -> str:
    """The lane's page, which marks the message as read: opened by itself, it would be counted among others (PR-3)."""
    if not found["item_id"]:
        return path("lane_list")
    return path("lane_item", report_id=found["item_id"], melding=found["message_id"])


def _facts(found: Mapping[str, Any], case: Mapping[str, Any] | None) -> list[dict[str, str]]:
    """What the reader wants to know at once: who did it, and for a meeting when and where."""
    facts: list[dict[str, str]] = []
    if case is None:
        if found["kind"] in _TELLS_WHO:
            who = g.names.people({found["by_person_id"]}).get(found["by_person_id"])
            facts += [{"label": t("inbox.by"), "text": who}] if who else []
        return facts
    g.names.add_family([case["child"], *case["guardians"]])
    names = g.names.people(people_in(case) | {found["by_person_id"]})
    if found["by_person_id"] and names.get(found["by_person_id"]):
        facts.append({"label": t("inbox.by"), "text": names[found["by_person_id"]]})
    if found["kind"] == "meeting_called" and found["item_id"]:
        facts += _meeting_facts(found)
    if found["kind"] in ("deadline_near", "deadline_passed") and case["decide_by"]:
        facts.append(
            {"label": t("common.deadline"), "text": _words().deadline(case["decide_by"]).capitalize()}
        )
    return facts


def _meeting_facts(found: Mapping[str, Any]) -> list[dict[str, str]]:
    try:
        log = g.asking(relay_log.GetLog, {"case_id": found["case_id"]})
    except Refusal:
        return []
    for meeting in log["meetings"]:
        if meeting["meeting_id"] == found["item_id"]:
            place = [{"label": t("meeting.where"), "text": meeting["place"]}] if meeting["place"] else []
            return [
                {"label": t("meeting.when"), "text": _words().moment(meeting["starts_at"]).capitalize()},
                *place,
            ]
    return []


def _words() -> Words:
    return Words(translator(LOCALE), lambda: g.now)

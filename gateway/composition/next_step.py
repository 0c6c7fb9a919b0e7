"""What the reader does now in a case: put together from the case, its consents and its log, so that lists and pages say
the same. It only points the way; what may be done, the services decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from gateway.composition import consents
from gateway.times import instant, last_day

SOON = timedelta(days=3)

AT_LEVEL_0 = {"make_concrete": "concretise", "talk_with_family": "talk", "decide_concern": "decide"}
BY_STEP = {
    "step_make_concrete": "plan",
    "step_contact": "plan",
    "step_plan": "plan",
    "step_carry_out": "follow",
    "step_evaluate": "evaluate",
    "step_decide": "choose_level",
    "choose_level": "choose_level",
    "answer_handover": "handover_wait",
    "none": "read",
}


@dataclass(frozen=True, slots=True)
class Step:
    """What is next: `code` (next.*), the page where it is done with its values, the last day, words for the texts."""

    code: str
    page: str
    values: dict[str, str] = field(default_factory=dict)
    due: date | datetime | str | None = None
    params: dict[str, str] = field(default_factory=dict)


def act_of(case: Mapping[str, Any], me: str) -> str:
    """The act (next.*) of a case in a list, as far as the case itself knows (contracts.cases.Overview)."""
    act = case["next"]["act"]
    if act == "answer_handover" and case["next"]["waits_for"] == "me":
        return "handover_answer"
    return AT_LEVEL_0.get(act) or BY_STEP.get(act, "follow")


def next_step(page: Mapping[str, Any], me: str, now: datetime) -> Step | None:
    """What waits for the reader in this case; None when nothing does, or when the log that says so could not be had.
    `page`: {case, consents, log, names, missing}."""
    case, names = page["case"], page["names"]
    if case["state"] != "open":
        return Step("read", "report") if "read_report" in case["permitted"] and case["level"] else None
    handover = case["handover"]
    if handover and handover["to_person_id"] == me:
        asker, values = names.get(handover["from_person_id"], ""), {"handover_id": handover["handover_id"]}
        return Step("handover_answer", "handover_answer", values, params={"name": asker})
    if case["level"] == 0:
        return _at_level_0(case)
    if case["holder_person_id"] != me:
        return _as_participant(page, me, now)
    if handover:
        return Step("handover_wait", "handover", params={"name": names.get(handover["to_person_id"], "")})
    if found := _asked(page) or _in_log(page, now):
        return found
    return None if "log" in page.get("missing", ()) else _by_step(case)


def _at_level_0(case: Mapping[str, Any]) -> Step | None:
    if case["next"]["waits_for"] != "me":
        return None
    code = AT_LEVEL_0.get(case["next"]["act"], "talk")
    return Step(
        code, {"concretise": "forms", "talk": "talk", "decide": "decide"}[code], due=case["next"]["due"]
    )


def _as_participant(page: Mapping[str, Any], me: str, now: datetime) -> Step | None:
    """A meeting to which the reader is invited; else a measure of theirs that is due."""
    log = page.get("log")
    if log is None:
        return None
    ahead = [
        each
        for each in log["meetings"]
        if each["state"] == "called" and me in each["invited_ids"] and instant(each["ends_at"]) > now
    ]
    if ahead:
        first = min(ahead, key=lambda each: instant(each["starts_at"]))
        return Step("attend", "meeting", {"meeting_id": first["meeting_id"]}, due=first["starts_at"])
    own = [
        each["deadline"]
        for each in log["measures"]
        if each["responsible_person_id"] == me and each["status"] in ("planned", "running")
    ]
    due = min((day for day in own if _day(day) <= (now + SOON).date()), key=_day, default=None)
    return Step("measure_due", "plan", due=due) if due else None


def _asked(page: Mapping[str, Any]) -> Step | None:
    """Somebody of the family wants to talk before they answer: that comes before all else; then consent that ends soon,
    or stands no more (CO-2, LV-16)."""
    for request in page["consents"]["requests"] if page.get("consents") else ():
        if consents.is_current(request):
            for person_id in consents.talk_first(request):
                return Step("talk_first", "consent_status", params={"name": page["names"].get(person_id, "")})
    for request in page["consents"]["requests"] if page.get("consents") else ():
        if request["ask_again"] and request["state"] in ("active", "partly"):
            return Step("renew_consent", "consent_status", due=last_day(request["valid_to"]))
        if request["state"] == "lapsed":
            return Step("consent_lapsed", "consent_status")
    return None


def _in_log(page: Mapping[str, Any], now: datetime) -> Step | None:
    log, case = page.get("log"), page["case"]
    if log is None:
        return None
    if not [goal for goal in log["goals"] if goal["status"] == "active"]:
        return Step("plan", "goal_new")
    running = [each for each in log["measures"] if each["status"] in ("planned", "running")]
    if not running and not log["evaluations"]:
        return Step("measure", "measure_new")
    for meeting in log["meetings"]:
        if meeting["state"] == "called" and instant(meeting["ends_at"]) < now:
            return Step("minutes", "minutes", {"meeting_id": meeting["meeting_id"]}, due=meeting["starts_at"])
    opened = consents.open_services(page.get("consents"), now)
    taking_part = {each["service_id"] for each in log["participants"] if each["valid_to"] is None}
    if case["level"] >= 2 and opened.keys() - taking_part:
        return Step("invite", "participant_new")
    requests = (page.get("consents") or {}).get("requests", ())
    if any(line["state"] == "pending" for request in requests for line in request["lines"]):
        return Step("await_consent", "consent_status")
    if opened and case["level"] == 1:
        return Step("level", "level")
    if case["level"] >= 2 and not log["meetings"]:
        return Step("meeting", "meeting_new")
    due = log["next_evaluation_on"]
    if due and _day(due) <= (now + SOON).date():
        return Step("evaluate", "evaluate", due=due)
    return Step("follow", "plan", due=due)


def _by_step(case: Mapping[str, Any]) -> Step:
    code = BY_STEP.get(case["next"]["act"], "follow")
    page = {"plan": "goal_new", "evaluate": "evaluate", "choose_level": "level"}.get(code, "plan")
    return Step(code, page, due=case["next"]["due"])


def _day(value: str | date) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value

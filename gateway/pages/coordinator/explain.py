"""What the municipality's coordinator alone has: looking up why somebody could, or could not, see something (CO-8).

The page hides what is not the reader's; that nothing else is answered, the services decide."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Any

from flask import Blueprint, g
from werkzeug.wrappers import Response

from gateway.asking import NotLoggedIn
from gateway.frame.forms import Form
from gateway.frame.paths import PATHS
from gateway.frame.view import render, t, why
from gateway.login import people
from gateway.pages.choices import Choice, split_post, staff_choices, topic_choices
from services.contracts import cases
from services.kernel.calendar import NORWAY
from services.kernel.errors import CoordinatorOnly

blueprint = Blueprint("coordinator", __name__)

Page = str | Response | tuple[str, int]

ACTS = (
    "see_case",
    "read_notes",
    "read_plan",
    "read_log_item",
    "read_view",
    "read_consent",
    "read_report",
    "write_log",
)
"""What the page asks about; the API takes every act."""
_OF_A_TOPIC = frozenset({"read_plan", "read_log_item", "read_view"})
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_CHILD, _GUARDIANS = "self", "guardian"


def demand_coordinator() -> None:
    """Raises NotLoggedIn, or CoordinatorOnly for whoever has not chosen to act as the coordinator."""
    chosen = people.chosen()
    if chosen is None:
        raise NotLoggedIn
    if chosen["capacity"] != "employee" or "coordinator" not in (chosen.get("roles") or ()):
        raise CoordinatorOnly


@blueprint.get(PATHS["explain"])
def explain() -> str:
    """The question."""
    demand_coordinator()
    return _explain(Form())


@blueprint.post(PATHS["explain"])
def explained() -> Page:
    """The question with its answer below."""
    demand_coordinator()
    form = Form.sent()
    asked = _asked(form)
    answer = (
        None if form.errors else form.submit(cases.Explain, asked, case_id="case", person_id="who", at="day")
    )
    return _explain(form, answer), form.status


def _asked(form: Form) -> dict[str, Any]:
    """The request as it was filled in; what is wrong is noted in the form."""
    found = _ID.search(form.text("case") or "")
    if found is None:
        form.wrong("case", "required" if not form.text("case") else "no_reference")
    who, act = form.text("who"), form.text("act") or ""
    if not who:
        form.wrong("who", "required")
    if act not in ACTS:
        form.wrong("act", "required")
    if act in _OF_A_TOPIC and not form.text("topic"):
        form.wrong("topic", "required")
    person_id, unit_id = split_post(who) if who not in (_CHILD, _GUARDIANS) else (None, None)
    return {
        "case_id": found[0] if found else None,
        "capacity": who if who in (_CHILD, _GUARDIANS) else "employee",
        "person_id": person_id,
        "unit_id": unit_id,
        "act": act,
        "topic": form.text("topic") if act in _OF_A_TOPIC else None,
        "at": _instant(form, "day", "hour"),
        "recorded_at": _end_of(form, "recorded_on"),
    }


def _instant(form: Form, day: str, hour: str) -> str | None:
    """The instant that a day and a time of day in Norway name; the end of the day where no time is given, but never
    more than now. None: now."""
    if not form.text(day):
        if form.text(hour):
            form.wrong(day, "required")
        return None
    try:
        date = datetime.fromisoformat(form.text(day) or "").date()
    except ValueError:
        form.wrong(day, "invalid_date")
        return None
    if not form.text(hour):
        end = datetime.combine(date + timedelta(days=1), time(), NORWAY) - timedelta(seconds=1)
        return min(end, g.now).isoformat() if date <= g.now.astimezone(NORWAY).date() else end.isoformat()
    try:
        return datetime.combine(date, time.fromisoformat(form.text(hour) or ""), NORWAY).isoformat()
    except ValueError:
        form.wrong(hour, "invalid_time")
        return None


def _end_of(form: Form, day: str) -> str | None:
    return _instant(form, day, "")


def _explain(form: Form, answer: Mapping[str, Any] | None = None) -> str:
    units = [unit["id"] for unit in g.names.catalogue()["units"]][:100]
    family: list[Choice] = [
        {"code": code, "text": t(f"explain.whom.{code}")} for code in (_CHILD, _GUARDIANS)
    ]
    return render(
        "coordinator/explain.html",
        form=form,
        people=[*family, *staff_choices(units)],
        acts=ACTS,
        topics=topic_choices(),
        answer=None if answer is None else _answer(answer),
        active="work",
    )


def _answer(answer: Mapping[str, Any]) -> dict[str, Any]:
    """The answer with names of employees, units and services; the family by their part."""
    place = g.asking.municipality
    names = g.names.people(each["person_id"] for each in answer["items"])
    items = [
        {
            **item,
            "name": _name(item, names),
            "sentence": why(item["reason_code"]),
            "ground": g.names.ground(item.get("ground"), item.get("ground_version")),
            "roles": [
                {**role, "unit": g.names.unit(place, role["unit_id"]) or "–"} for role in item["roles"]
            ],
            "windows": [
                {**window, "receiver": g.names.service(window.get("service_id")) or t("explain.by_name")}
                for window in item["windows"]
            ],
            "participations": [
                {**each, "service": g.names.service(each["service_id"]) or "–"}
                for each in item["participations"]
            ],
        }
        for item in answer["items"]
    ]
    requests = [
        {**each, "services": [g.names.service(service_id) or "–" for service_id in each["service_ids"]]}
        for each in answer.get("requests", [])
    ]
    return {**answer, "items": items, "requests": requests}


def _name(item: Mapping[str, Any], names: Mapping[str, str]) -> str:
    if item["capacity"] == _CHILD:
        return t("explain.whom.self")
    if item["capacity"] == _GUARDIANS:
        relation = item["ties"][0]["relation"] if item["ties"] else "other"
        return t("explain.guardian", relation=t(f"relation.{relation}").lower())
    return names.get(item["person_id"], t("explain.unknown_person"))

"""My work: what waits for the reader, from all services, in the order of its deadline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from flask import Blueprint, g, redirect, request
from werkzeug.wrappers import Response

from gateway.asking import NotLoggedIn
from gateway.composition.next_step import act_of
from gateway.composition.work import work_page
from gateway.frame.format import first_name, local_date
from gateway.frame.paths import PATHS, path
from gateway.frame.view import render
from gateway.login import people
from gateway.pages.case.head import me

blueprint = Blueprint("work", __name__)

Row = dict[str, Any]

_DUE = {
    "meeting": ("attend", "meeting"),
    "minutes": ("minutes", "minutes"),
    "evaluation": ("evaluate", "evaluate"),
    "measure": ("measure_due", "measure"),
    "proposal": ("proposal", "timeline"),
}
"""Kind of a due thing -> (next.*, page)."""


@blueprint.get(PATHS["work"])
def work() -> str | Response:
    """The list; the family has its own."""
    chosen = people.chosen()
    if chosen is None:
        raise NotLoggedIn
    if chosen["capacity"] != "employee":
        return redirect(path("my_cases"), 303)
    show_closed = request.args.get("alle") == "1"
    page = work_page(g.asking, g.names, include_closed=show_closed)
    rows = [(each, _row(each, page["names"])) for each in page["cases"]]
    running = [(each, row) for each, row in rows if each["state"] == "open"]
    due = [row for each in page["due"] for row in _due(each, page)] + [
        row for each in page["inbox"] for row in _told(each, page)
    ]
    busy = {row["case_id"] for row in due}
    mine = due + [row for each in page["renewals"] for row in _renewal(each, page)]
    mine += [
        row for each, row in running if _mine(each) and not (row["act"] in _QUIET and row["case_id"] in busy)
    ]
    others = [
        row for each, row in running if each["next"]["waits_for"] == "others" and each["part"] in _WAITING
    ]
    return render(
        "employee/work.html",
        mine=_by_deadline(mine),
        others=_by_deadline(others),
        cases=_by_deadline([row for _, row in rows]),
        care_orders=_care_orders(page["inbox"]),
        show_closed=show_closed,
        coordinates="coordinator" in (chosen.get("roles") or ()),
        child_protection="child_protection" in (chosen.get("roles") or ()),
        unread=page["unread"],
        missing=[name for name in page["missing"] if name != "unread"],
        active="work",
    )


_QUIET = frozenset({"follow", "evaluate"})
"""What the log says more exactly when it has something due in the same case."""

_WAITING = frozenset({"owner", "holder", "leader", "coordinator"})


def _mine(each: Mapping[str, Any]) -> bool:
    return bool(each["next"]["waits_for"] == "me")


def _row(each: Mapping[str, Any], names: Mapping[str, str]) -> Row:
    child, act = each["child"], act_of(each, me())
    return {
        "case_id": each["case_id"],
        "url": path("case", case_id=each["case_id"]),
        "child": {"name": child["name"], "first_name": first_name(child["name"]), "age": child["age"]},
        "level": each["level"],
        "state": each["state"],
        "part": "receiver" if act == "handover_answer" else each["part"],
        "act": act,
        "title": _step_title(each),
        "deadline": each["next"]["due"],
        "overdue": each["overdue"],
        "holder": names.get(each["holder_person_id"]) if each["holder_person_id"] else None,
    }


def _step_title(each: Mapping[str, Any]) -> str | None:
    """Above level 0 the guide's own words for the step at which the case is."""
    act = str(each["next"]["act"])
    if not act.startswith("step_"):
        return None
    guide = next(
        (one for one in g.names.catalogue()["guide"]["levels"] if one["level"] == each["level"]), None
    )
    found = [step["title"] for step in guide["steps"] if f"step_{step['code']}" == act] if guide else []
    return found[0] if found else None


def _due(each: Mapping[str, Any], page: Mapping[str, Any]) -> list[Row]:
    """A row for something of a log; none while the case it is in can't be shown."""
    known = next((case for case in page["cases"] if case["case_id"] == each["case_id"]), None)
    if known is None:
        return []
    act, target = _DUE[each["kind"]]
    values = {"meeting_id": each["item_id"]} if target in ("meeting", "minutes") else {}
    if target == "measure":
        values = {"measure_id": each["item_id"]}
    row = _row(known, page["names"])
    day = local_date(each["due"]) if each["due"] else None
    return [
        row
        | {"act": act, "title": None, "deadline": day, "url": path(target, case_id=each["case_id"], **values)}
    ]


def _renewal(each: Mapping[str, Any], page: Mapping[str, Any]) -> list[Row]:
    """CO-2: a row for a consent that ends soon, until the family is asked again."""
    known = next((case for case in page["cases"] if case["case_id"] == each["case_id"]), None)
    if known is None:
        return []
    url = path("consent_status", case_id=each["case_id"])
    row = _row(known, page["names"])
    return [row | {"act": "renew_consent", "title": None, "deadline": each["ends_on"], "url": url}]


_TOLD = {"consent_talk_first": ("family_talks", "consent_status"), "hindrance": ("hindrance", "timeline")}
"""Kind of an unread message that no service counts as due -> (next.*, page)."""


def _told(each: Mapping[str, Any], page: Mapping[str, Any]) -> list[Row]:
    """A row for an unread message that asks for something which stands nowhere else."""
    known = next((case for case in page["cases"] if case["case_id"] == each["case_id"]), None)
    if known is None or each["kind"] not in _TOLD:
        return []
    act, target = _TOLD[each["kind"]]
    url = path(target, case_id=each["case_id"])
    return [_row(known, page["names"]) | {"act": act, "title": None, "deadline": None, "url": url}]


def _care_orders(inbox: Iterable[Mapping[str, Any]]) -> list[dict[str, str]]:
    """GU-4: the care orders of which the reader has not yet read that they wait for a second person; of no case."""
    return [
        {"url": path("message", message_id=each["message_id"]), "at": each["at"]}
        for each in inbox
        if each["kind"] == "care_order_awaits"
    ]


def _by_deadline(rows: list[Row]) -> list[Row]:
    """The nearest deadline first; then those without one, as the services gave them."""
    return sorted(rows, key=lambda row: (row["deadline"] is None, str(row["deadline"] or "")))

"""The final report of a closed case: everyone in the log can read what they may see of it, and print it (LG-10)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint

from gateway.frame.paths import PATHS
from gateway.frame.view import render
from gateway.pages.case.head import ask_case
from gateway.pages.log.frame import Answer, name_of, responsible_of, unit_name
from services.contracts import relay_log
from services.kernel.errors import NotFound, Refusal, Unavailable

blueprint = Blueprint("report", __name__)


@blueprint.get(PATHS["report"])
def report(case_id: str) -> Answer:
    """The report; NotFound while the case is open, or for whoever may not read it."""
    page = ask_case(case_id, report=(relay_log.GetReport, {"case_id": case_id}))
    found = page["report"]
    if found is None:
        raise _why(page)
    ends = [each for each in page["case"]["happenings"] if each["what"] in ("closed", "log_ended")]
    closing = ends[-1] if ends else None
    page["log"] = {"participants": found["participants"]}
    meetings = sorted(found["meetings"], key=lambda each: str(each["starts_at"]))
    return render(
        "common/report.html",
        case=page["head"],
        outcome=found["outcome"],
        reason=closing["values"].get("reason") if closing else None,
        closed_at=found["closed_at"],
        made_at=found["made_at"],
        partial=page["case"]["part"] in ("participant", "named"),
        active="cases" if page["case"]["part"] in ("guardian", "self") else "work",
        goals=[
            {
                "text": goal["text"],
                "topic": goal["topic"],
                "status": goal["status"],
                "measures": [
                    {"what": each["what"], "responsible": responsible_of(page, each), "effect": each["effect"],
                     "status": each["status"]}
                    for each in found["measures"]
                    if each["goal_id"] == goal["goal_id"]
                ],
            }
            for goal in found["goals"]
        ],
        views=[
            {"text": each["text"], "missing": each["missing"], "at": each["recorded_at"]} for each in found["views"]
        ],
        feedback=[
            {"text": each["text"], "by": name_of(page, each["by_person_id"]), "at": each["recorded_at"]}
            for each in found["feedback"]
        ],
        meetings=[{"at": each["starts_at"]} for each in meetings],
        participants=_took_part(page),
        unread=page["unread"],
    )  # fmt: skip


def _took_part(page: dict[str, Any]) -> list[dict[str, str]]:
    """The holder first, then those who took part, each once."""
    case = page["case"]
    posts = [
        (case["holder_person_id"], case["holder_unit_id"]),
        (case["owner_person_id"], case["owner_unit_id"]),
    ]
    posts += [(each["person_id"], each["unit_id"]) for each in page["report"]["participants"]]
    return [
        {"name": name_of(page, person_id), "unit": unit_name(unit_id)}
        for person_id, unit_id in dict.fromkeys(posts)
        if person_id
    ]


def _why(page: dict[str, Any]) -> Refusal:
    return Unavailable() if "report" in page["missing"] else NotFound()

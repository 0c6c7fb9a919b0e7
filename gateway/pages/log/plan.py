"""The plan: the child's own words, goals and measures, and what the plan still lacks (LG-2, LG-3, LG-5)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint

from gateway.frame.paths import PATHS, path
from gateway.pages.log.frame import OPEN_MEASURES, Answer, Page, ask_log, may, name_of, responsible_of, show
from gateway.pages.log.third_person import gives_word

blueprint = Blueprint("log_plan", __name__)


@blueprint.get(PATHS["plan"])
def plan(case_id: str) -> Answer:
    """Goals with their measures, and the next evaluation."""
    page = ask_log(case_id)
    log = page["log"]
    return show(
        page,
        "log/plan.html",
        views=[view_row(page, view) for view in reversed(log["views"])],
        goals=[goal_row(page, goal) for goal in _active_first(log["goals"])],
        next_evaluation=log["next_evaluation_on"],
        missing_arenas=log["arenas_without_measure"],
        missing_own=log["childs_own_missing"],
        limited_topics=log["limited_topics"] if may(page, "manage") else [],
        third_url=path("third_person", case_id=case_id) if gives_word(page) else None,
        may=rights(page),
    )


def rights(page: Page) -> dict[str, bool]:
    """What the plan's page offers the reader."""
    writes = may(page, "write_plan")
    return {
        "goal": writes,
        "measure": writes,
        "evaluate": may(page, "write_log")
        and any(each["status"] in OPEN_MEASURES for each in page["log"]["measures"]),
        "set_date": may(page, "manage"),
        "suggest": may(page, "comment") and not writes,
        "view": may(page, "write_log"),
    }


def goal_row(page: Page, goal: Mapping[str, Any]) -> dict[str, Any]:
    """A goal with its measures: those that go on, and those that have ended."""
    rows = [measure_row(page, each) for each in page["log"]["measures"] if each["goal_id"] == goal["goal_id"]]
    return {
        "id": goal["goal_id"],
        "text": goal["text"],
        "topic": goal["topic"],
        "status": goal["status"],
        "held_back": held_back(goal),
        "measures": [row for row in rows if row["status"] in OPEN_MEASURES],
        "ended": [row for row in rows if row["status"] not in OPEN_MEASURES],
    }


def measure_row(page: Page, measure: Mapping[str, Any]) -> dict[str, Any]:
    """A measure as pages show it."""
    return {
        "id": measure["measure_id"],
        "what": measure["what"],
        "responsible": responsible_of(page, measure),
        "childs_own": measure["is_childs_own"],
        "arena": measure["arena"],
        "deadline": measure["deadline"],
        "status": measure["status"],
        "effect": measure["effect"],
        "topic": measure["topic"],
        "held_back": held_back(measure),
        "unread": not measure["responsible_reads"],
    }


def held_back(thing: Mapping[str, Any]) -> bool:
    """Whether a goal or measure waits for the word of the person whom it tells of (GU-6)."""
    return thing["third_person"] is not None and not thing["third_person_agrees"]


def view_row(page: Page, view: Mapping[str, Any]) -> dict[str, Any]:
    """What the child said, or why that is missing."""
    return {
        "text": view["text"],
        "missing": view["missing"],
        "at": view["recorded_at"],
        "by": name_of(page, view["by_person_id"]),
        "apart": view["given"] == "apart",
        "kept": view["given"] == "apart" and not view["guardians_may_see"],
    }


def _active_first(goals: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return sorted(goals, key=lambda goal: goal["status"] != "active")

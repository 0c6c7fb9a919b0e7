"""The timeline: entries, and what has happened in the case and its log, in one line, newest first (LG-6)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, request

from gateway.frame.paths import PATHS, path
from gateway.pages.case.told import events
from gateway.pages.log.frame import Answer, Page, ask_log, in_force, is_mine, may, name_of, part_of, show
from gateway.pages.log.third_person import gives_word

blueprint = Blueprint("log_timeline", __name__)

ON_A_PAGE = 40
_WRITERS_CORRECT = frozenset({"note", "correction"})


@blueprint.get(PATHS["timeline"])
def timeline(case_id: str) -> Answer:
    """A stretch of the line; `side` counts from 1."""
    page = ask_log(case_id)
    side = max(request.args.get("side", 1, type=int), 1)
    rows = sorted(_rows(page), key=lambda row: datetime.fromisoformat(row["at"]), reverse=True)
    first, last = (side - 1) * ON_A_PAGE, side * ON_A_PAGE
    return show(
        page,
        "log/timeline.html",
        rows=rows[first:last],
        may={"write": may(page, "comment") and page["case"]["part"] not in ("guardian", "self"),
             "suggest": may(page, "comment")},
        third_url=path("third_person", case_id=case_id) if gives_word(page) else None,
        next_url=path("timeline", case_id=case_id, side=side + 1) if last < len(rows) else None,
    )  # fmt: skip


def _rows(page: Page) -> Iterator[dict[str, Any]]:
    log = page["log"]
    yield from (_entry(page, each) for each in log["entries"])
    yield from events(page["case"], page["names"])
    for at, told, params in _happened(page):
        yield {"at": at, "told": told, "params": params}


def _happened(page: Page) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """What the log itself tells of: (when, the key of its text, its words)."""
    log = page["log"]

    def by(person_id: str) -> dict[str, str]:
        return {"by": name_of(page, person_id)}

    for goal in log["goals"]:
        yield goal["recorded_at"], "event.goal_added", by(goal["by_person_id"])
    for meeting in log["meetings"]:
        yield meeting["called_at"], "event.meeting_called", by(meeting["called_by"])
        if meeting["minutes"]:
            yield (
                meeting["minutes"]["published_at"],
                "event.minutes_published",
                by(meeting["minutes"]["by_person_id"]),
            )
    for evaluation in log["evaluations"]:
        yield evaluation["recorded_at"], "event.evaluated", by(evaluation["by_person_id"])
    for view in log["views"]:
        yield view["recorded_at"], "event.view_recorded", by(view["by_person_id"])
    for participant in log["participants"]:
        name = {"name": name_of(page, participant["person_id"])}
        yield participant["valid_from"], "event.participant_joined", name
        if not in_force(participant):
            yield participant["valid_to"], "event.participant_left", name


def _entry(page: Page, entry: Mapping[str, Any]) -> dict[str, Any]:
    author, part = name_of(page, entry["by_person_id"]), part_of(page, entry["by_person_id"])
    correctable = entry["corrected_by"] is None and page["head"]["state"] == "open" and (
        is_mine(entry) or (entry["kind"] in _WRITERS_CORRECT and may(page, "write_log"))
    )  # fmt: skip
    return {
        "at": entry["recorded_at"],
        "kind": entry["kind"],
        "topic": entry["topic"],
        "text": entry["text"],
        "by": f"{author}, {part}" if part else author,
        "corrected": entry["corrected_by"] is not None,
        "held_back": entry["third_person"] is not None and not entry["third_person_agrees"],
        "correct_url": path("entry_new", case_id=page["head"]["id"], retter=entry["entry_id"])
        if correctable
        else None,
    }

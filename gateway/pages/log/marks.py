"""What guardians of a youth need to read of topics that are otherwise the youth's own: the holder's marks (AG-6)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, redirect, request

from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import notice, t
from gateway.pages.log.frame import Answer, Page, ask_log, show
from services.contracts import relay_log

blueprint = Blueprint("log_marks", __name__)

_SHOWN, _NEEDED = "shown", "needed"


@blueprint.route(PATHS["marks"], methods=["GET", "POST"])
def marks(case_id: str) -> Answer:
    """Everything of these topics, each with a box; only what was shown on the page is changed by it."""
    form = Form.sent(_SHOWN, _NEEDED) if request.method == "POST" else Form()
    if request.method == "POST":
        asked = [
            {"kind": kind, "item_id": item_id, "needed": each in form.many(_NEEDED)}
            for each in dict.fromkeys(form.many(_SHOWN))
            for kind, _, item_id in [each.partition(":")]
        ]
        if form.submit(relay_log.MarkNeeded, {"case_id": case_id, "marks": asked}, marks=_NEEDED):
            notice("log.done.marks")
            return redirect(path("plan", case_id=case_id), 303)
    page = ask_log(case_id, "manage")
    items = list(_items(page))
    if request.method == "GET":
        form.data = {_NEEDED: [each["code"] for each in items if each["marked"]]}
    return show(page, "log/marks.html", form, items=items, topics=page["log"]["limited_topics"])


def _items(page: Page) -> Iterator[dict[str, Any]]:
    log = page["log"]
    for kind, listed, key, text in (
        ("goal", "goals", "goal_id", "text"),
        ("measure", "measures", "measure_id", "what"),
        ("entry", "entries", "entry_id", "text"),
    ):
        for each in log[listed]:
            if each["topic"] in log["limited_topics"]:
                yield {
                    "code": f"{kind}:{each[key]}",
                    "text": each[text],
                    "hint": f"{t(f'marks.kind.{kind}')}, {t('topic.' + each['topic']).lower()}",
                    "marked": each["needed_by_guardians"],
                }

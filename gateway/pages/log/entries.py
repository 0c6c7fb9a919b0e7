"""Writing in the log: a note, a comment, a hindrance, or the correction of what was written (LG-6, LG-7)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, request

from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import notice, t
from gateway.pages.log.frame import Answer, Page, ask_log, may, name_of, one_of, show, topic_choices
from services.contracts import relay_log
from services.kernel.facts import SOMEBODY

blueprint = Blueprint("log_entries", __name__)


@blueprint.route(PATHS["entry_new"], methods=["GET", "POST"])
def new(case_id: str) -> Answer:
    """An entry of the reader's kind; with `retter`, the correction of the entry of that id."""
    page = ask_log(case_id, "comment")
    form = Form.sent() if request.method == "POST" else Form()
    corrects = _corrected(page, form.text("corrects") or request.args.get("retter"))
    kinds = kinds_of(page)
    if corrects and request.method == "GET":
        form.data["text"] = corrects["text"]
    if request.method == "POST":
        kind = form.text("kind") or (kinds[0] if len(kinds) == 1 else None)
        asked: dict[str, Any] = {
            "case_id": case_id,
            "text": form.text("text"),
            "third_person": form.text("third_person"),
        }
        if corrects:
            asked |= {"kind": "correction", "topic": corrects["topic"], "corrects": corrects["id"]}
        else:
            asked |= {"kind": kind, "topic": form.text("topic")}
        if form.submit(relay_log.AddEntry, asked):
            notice("log.done.entry")
            return redirect(path("timeline", case_id=case_id), 303)
    return show(
        page, "log/entry_form.html", form, topics=topic_choices(page), corrects=corrects, kinds=kinds,
        others=others(page),
    )  # fmt: skip


def others(page: Page) -> list[dict[str, str]]:
    """Whom an entry may tell of besides the child (GU-6)."""
    guardians = [{"code": each["person_id"], "text": each["name"]} for each in page["case"]["guardians"]]
    return [*guardians, {"code": SOMEBODY, "text": t("entry.somebody")}]


def other_in_words(page: Page, whom: str) -> str:
    """Whom something tells of besides the child, as its page says it."""
    if not whom:
        return t("entry.nobody_else")
    return t("entry.somebody") if whom == SOMEBODY else name_of(page, whom)


def kinds_of(page: Page) -> list[str]:
    """What the reader may add: notes for those who write; the family proposes, participants tell what hinders."""
    if page["case"]["part"] in ("guardian", "self"):
        return ["comment", "proposal"]
    return [*(["note"] if may(page, "write_log") else []), "comment", "hindrance"]


def _corrected(page: Page, entry_id: str | None) -> dict[str, Any] | None:
    if not entry_id:
        return None
    entry = one_of(page["log"]["entries"], "entry_id", entry_id)
    return {
        "id": entry_id,
        "topic": entry["topic"],
        "text": entry["text"],
        "at": entry["recorded_at"],
        "by": name_of(page, entry["by_person_id"]),
        "marked": other_in_words(page, entry["third_person"]) if entry["third_person"] else None,
    }

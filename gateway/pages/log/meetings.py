"""Meetings: what is coming, the invitation, and the minutes by the toolkit's template (LG-4)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from flask import Blueprint, g, redirect, request

from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import notice, t
from gateway.pages.case.head import me
from gateway.pages.log.entries import others
from gateway.pages.log.frame import (
    Answer,
    Page,
    ask_log,
    family_parties,
    in_words,
    is_stale,
    may,
    name_of,
    one_of,
    part_of,
    person_choices,
    show,
    staff_parties,
    topic_choices,
)  # fmt: skip
from services.contracts import relay_log
from services.kernel import forms as toolkit
from services.kernel.calendar import NORWAY
from services.kernel.errors import Refusal

blueprint = Blueprint("log_meetings", __name__)

TEMPLATE = "meeting_template"
AGENDA_ROWS = 4
_DATES = ("next_meeting_on", "next_evaluation_on")
_ASKED_ABOVE = "present"
"""The template's field that the page asks for by names to tick."""


@blueprint.get(PATHS["meetings"])
def meetings(case_id: str) -> Answer:
    """What is coming first, then what has been."""
    page = ask_log(case_id)
    by_start = sorted(page["log"]["meetings"], key=lambda each: str(each["starts_at"]))
    coming = [each for each in by_start if each["state"] == "called" and not _is_over(each)]
    earlier = [each for each in reversed(by_start) if each not in coming]
    return show(
        page,
        "log/meetings.html",
        coming=[_row(each) for each in coming],
        earlier=[_row(each) for each in earlier],
        may=_rights(page),
    )


@blueprint.get(PATHS["meeting"])
def meeting(case_id: str, meeting_id: str) -> Answer:
    """One meeting: the invitation, and the minutes when they are published."""
    page = ask_log(case_id)
    found = one_of(page["log"]["meetings"], "meeting_id", meeting_id)
    return show(page, "log/meeting.html", meeting=_whole(page, found), may=_rights(page), calendar_url=None)


@blueprint.route(PATHS["meeting_new"], methods=["GET", "POST"])
def call(case_id: str) -> Answer:
    """The holder calls a meeting."""
    form = Form.sent("invited") if request.method == "POST" else Form()
    if request.method == "POST":
        asked = {
            "case_id": case_id,
            **_hours(form),
            "place": form.text("place"),
            "agenda": _agenda(form),
            "invited_ids": form.many("invited"),
        }
        if not form.errors and form.submit(
            relay_log.CallMeeting,
            asked,
            starts_at="on",
            ends_at="ends",
            invited_ids="invited",
            agenda="agenda-text-1",
        ):
            notice("log.done.meeting")
            return redirect(path("meetings", case_id=case_id), 303)
    page = ask_log(case_id, "manage")
    people = [*staff_parties(page), *family_parties(page, with_child=True)]
    if request.method == "GET":
        form.data["invited"] = [me()] if me() in people else []
    return show(
        page,
        "log/meeting_form.html",
        form,
        people=person_choices(page, people),
        child_may_come=page["case"]["child"]["person_id"] in people,
        topics=topic_choices(page),
        rows=AGENDA_ROWS,
    )


@blueprint.route(PATHS["minutes"], methods=["GET", "POST"])
def minutes(case_id: str, meeting_id: str) -> Answer:
    """Writing the minutes: what was said by topic, the template's questions, and the next dates."""
    page = ask_log(case_id, "write_log")
    found = one_of(page["log"]["meetings"], "meeting_id", meeting_id)
    definition = _questions(g.names.form(g.asking.municipality, TEMPLATE)["form"])
    many = [each["name"] for each in toolkit.fields_of(definition) if each["type"] == "multi_choice"]
    if request.method == "GET":
        form = Form({"present_ids": found["invited_ids"]}, etag=str(found["version"]))
    else:
        form = Form.sent("present_ids", *many)
        if _publish(page, form, found, definition):
            notice("log.done.minutes")
            return redirect(path("meeting", case_id=case_id, meeting_id=meeting_id), 303)
        if is_stale(form):
            page = ask_log(case_id)
            found = one_of(page["log"]["meetings"], "meeting_id", meeting_id)
            form.etag, form.errors = str(found["version"]), {"form": t("errors.stale_edit")}
    return show(
        page,
        "log/minutes.html",
        form,
        meeting_id=meeting_id,
        people=person_choices(page, found["invited_ids"]),
        item_topics=_item_topics(page, found),
        others=others(page),
        definition=definition,
    )


def _rights(page: Page) -> dict[str, bool]:
    return {
        "call": may(page, "manage"),
        "minutes": may(page, "write_log"),
        "comment": may(page, "comment") and not may(page, "write_log"),
    }


def _is_over(meeting: Mapping[str, Any]) -> bool:
    return datetime.fromisoformat(meeting["ends_at"]) < g.now


def _row(meeting: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "id": meeting["meeting_id"],
        "starts_at": meeting["starts_at"],
        "ends_at": meeting["ends_at"],
        "place": meeting["place"],
        "minutes": meeting["minutes"] is not None,
    }


def _whole(page: Page, meeting: Mapping[str, Any]) -> dict[str, Any]:
    found = meeting["minutes"]
    return {
        **_row(meeting),
        "called_by": name_of(page, meeting["called_by"]),
        "agenda": meeting["agenda"],
        "invited": [
            {"name": name_of(page, person_id), "role": part_of(page, person_id)}
            for person_id in meeting["invited_ids"]
        ],
        "minutes": found
        and {
            "items": found["items"],
            "rest": _rest(found["answers"]),
            "present": [name_of(page, person_id) for person_id in found["present_ids"]],
            "next_meeting": found["next_meeting_on"],
            "next_evaluation": found["next_evaluation_on"],
            "published_at": found["published_at"],
            "by": name_of(page, found["by_person_id"]),
        },
    }


def _rest(answers: Mapping[str, Any]) -> list[dict[str, str]]:
    """The template's other answers, each under its question, in the template's order."""
    try:
        definition = g.names.form(g.asking.municipality, TEMPLATE)["form"]
    except Refusal:
        return []
    rows = []
    for field in toolkit.fields_of(definition):
        answer = answers.get(field["name"])
        if answer not in (None, "", []) and field["name"] not in (_ASKED_ABOVE, *_DATES):
            rows.append({"label": field["label"], "text": _said(field, answer)})
    return rows


def _said(field: Mapping[str, Any], answer: Any) -> str:
    if field["type"] == "yes_no":
        return t("toolform.yes" if answer in (True, "yes") else "toolform.no")
    if field["type"] in ("choice", "multi_choice"):
        chosen = answer if isinstance(answer, list) else [answer]
        return ", ".join(option["label"] for option in field["options"] if option["value"] in chosen)
    return in_words(answer) if field["type"] == "date" else str(answer)


def _questions(form: Mapping[str, Any]) -> dict[str, Any]:
    """The template without what the page asks for in its own way (who was present)."""
    sections = [
        {
            **section,
            "intro": None,
            "fields": [each for each in section["fields"] if each["name"] != _ASKED_ABOVE],
        }
        if any(each["name"] == _ASKED_ABOVE for each in section["fields"])
        else section
        for section in form["sections"]
    ]
    return {**form, "sections": [section for section in sections if section["fields"]]}


def _item_topics(page: Page, meeting: Mapping[str, Any]) -> list[dict[str, str]]:
    """The topics of the agenda first, then the rest."""
    on_agenda = {item["topic"] for item in meeting["agenda"]}
    return sorted(topic_choices(page), key=lambda topic: topic["code"] not in on_agenda)


def _hours(form: Form) -> dict[str, str]:
    """The meeting's hours as instants; what is missing or wrong is noted at its field."""
    read: dict[str, Any] = {}
    for name, kind in (("on", date), ("starts", time), ("ends", time)):
        text = form.text(name)
        if text is None:
            form.wrong(name, "required")
            continue
        try:
            read[name] = kind.fromisoformat(text)
        except ValueError:
            form.wrong(name, "invalid_date" if kind is date else "invalid_time")
    if form.errors:
        return {}

    def instant(clock: str) -> str:
        return datetime.combine(read["on"], read[clock], NORWAY).isoformat()

    return {"starts_at": instant("starts"), "ends_at": instant("ends")}


def _agenda(form: Form) -> list[dict[str, str]]:
    items = []
    for number in range(1, AGENDA_ROWS + 1):
        text, topic = form.text(f"agenda-text-{number}"), form.text(f"agenda-topic-{number}")
        if text and not topic:
            form.wrong(f"agenda-topic-{number}", "required")
        elif text and topic:
            items.append({"topic": topic, "text": text})
    return items


def _publish(page: Page, form: Form, meeting: Mapping[str, Any], definition: dict[str, Any]) -> bool:
    names = {field["name"] for field in toolkit.fields_of(definition)}
    answers, errors = toolkit.validate(
        definition, {name: form.data[name] for name in names if name in form.data}
    )
    items = [
        {
            "topic": topic["code"],
            "text": form.text(f"item-{topic['code']}"),
            "third_person": form.text(f"other-{topic['code']}"),
        }
        for topic in _item_topics(page, meeting)
        if form.text(f"item-{topic['code']}")
    ]
    first = f"item-{_item_topics(page, meeting)[0]['code']}" if topic_choices(page) else "form"
    if not items:
        form.wrong(first, "one_topic_needed")
    for name, code in errors.items():
        form.wrong(name, code)
    if form.errors:
        return False
    present = form.many("present_ids")
    dates = {name: answers.pop(name, None) for name in _DATES}
    if present:
        answers[_ASKED_ABOVE] = ", ".join(name_of(page, person_id) for person_id in present)
    asked = {
        "case_id": page["head"]["id"],
        "meeting_id": meeting["meeting_id"],
        "expected_version": form.version,
        "items": items,
        "answers": answers,
        "present_ids": present,
        **dates,
        "no_next_meeting_reason": form.text("no_next_meeting_reason"),
    }
    return form.submit(relay_log.PublishMinutes, asked, items=first) is not None

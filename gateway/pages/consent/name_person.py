"""A young adult, or a youth who consents alone, lets a parent read: who, what, how long (AG-5, GU-2). The answer is
then signed as every consent is, and taken back on the page of withdrawals."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask import Blueprint, g, redirect
from werkzeug.wrappers import Response

from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import render, t
from gateway.pages.case.head import ask_case, may
from gateway.pages.choices import today, topic_choices
from gateway.pages.consent.answer import keep_yes
from services.contracts import consent
from services.kernel.calendar import add_months
from services.kernel.errors import Forbidden
from services.kernel.policies import Policy

blueprint = Blueprint("name_person", __name__)

Page = str | Response | tuple[str, int]


@blueprint.get(PATHS["name_person"])
def choose(case_id: str) -> str:
    """Whom, which topics, how long; and who is named already."""
    return _choose(_ask(case_id), Form({"valid_to": _latest().isoformat()}))


@blueprint.post(PATHS["name_person"])
def chosen(case_id: str) -> Page:
    """Ask oneself; on to the question, where what was just chosen is filled in."""
    form, page = Form.sent("topics"), _ask(case_id)
    person = form.text("person")
    for name in ("person", "valid_to"):
        if not form.text(name):
            form.wrong(name, "required")
    if not form.many("topics"):
        form.wrong("topics", "required")
    if form.errors:
        return _choose(page, form), form.status
    asked = {
        "case_id": case_id,
        "person_id": person,
        "topics": form.many("topics"),
        "purpose": t("name_person.purpose", name=page["names"].get(person or "", "")),
        "valid_to": form.text("valid_to"),
    }
    done = form.submit(consent.NamePerson, asked, person_id="person")
    if done is None:
        return _choose(page, form), form.status
    keep_yes(done["id"])
    return redirect(path("consent", request_id=done["id"]), 303)


def _ask(case_id: str) -> dict[str, Any]:
    page = ask_case(case_id, consents=(consent.ConsentsOfCase, {"case_id": case_id}))
    if not may(page["case"], "name_person"):
        raise Forbidden(rule="AG-5")
    return page


def _choose(page: dict[str, Any], form: Form) -> str:
    known = page["consents"] or {"nameable": [], "person_windows": [], "would_sign": []}
    alone = _alone(known, page["case"]["child"]["person_id"])
    relations = {each["person_id"]: each["relation"] for each in page["case"]["guardians"]}
    named: dict[str, list[str]] = {}
    for window in known["person_windows"]:
        named.setdefault(window["person_id"], []).append(window["topic"])
    return render(
        "family/name_person.html",
        case=page["head"],
        form=form,
        persons=[
            {
                "code": each,
                "text": page["names"].get(each) or t(f"relation.{relations.get(each, 'other')}"),
                "hint": t(f"relation.{relations.get(each, 'other')}"),
            }
            for each in known["nameable"]
        ],
        topics=[each for each in topic_choices(hints=True) if each["code"] in alone],
        named=[
            {"name": page["names"].get(person, ""), "topics": [t(f"topic.{topic}") for topic in topics]}
            for person, topics in named.items()
        ],
        latest=_latest(),
        unread=page["unread"],
        missing=page["missing"],
        active="cases",
    )


def _alone(known: dict[str, Any], subject: str) -> set[str]:
    """The topics on which the subject's own word is enough (AG-3)."""
    others = {
        topic for each in known["would_sign"] if each["person_id"] != subject for topic in each["topics"]
    }
    return {
        topic for each in known["would_sign"] if each["person_id"] == subject for topic in each["topics"]
    } - others


def _latest() -> date:
    """The last day that the municipality's policy allows (CO-2)."""
    policy = g.names.catalogue().get("policy") or {}
    return add_months(today(), int(policy.get("consent_months", Policy().consent_months)))

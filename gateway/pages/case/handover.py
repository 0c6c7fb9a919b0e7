"""Handing the relay over: asked, and answered by the one who was asked (HO-1, HO-2, HO-5)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, redirect
from werkzeug.wrappers import Response

from gateway.composition.consents import open_services
from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import notice, render
from gateway.pages.case.head import ask_case, me, with_title
from gateway.pages.choices import split_post, staff_choices
from services.contracts import cases, consent
from services.kernel.errors import NotFound

blueprint = Blueprint("handover", __name__)

Page = str | Response | tuple[str, int]


@blueprint.get(PATHS["handover"])
def handover(case_id: str) -> str:
    """Ask another, or see who has been asked."""
    return _handover(_ask(case_id, "propose_handover"), Form())


@blueprint.post(PATHS["handover"])
def handover_proposed(case_id: str) -> Page:
    """Propose; nothing changes hands yet (HO-2)."""
    form = Form.sent()
    person_id, unit_id = split_post(form.text("to"))
    if not person_id:
        form.wrong("to", "required")
    answer = form.text("family_answer")
    if not answer:
        form.wrong("family_answer", "required")
    elif answer != "agreed" and not form.text("family_answer_reason"):
        form.wrong("family_answer_reason", "required")
    done = None
    if not form.errors:
        asked = {
            "case_id": case_id, "to_person_id": person_id, "to_unit_id": unit_id, "reason": form.text("reason"),
            "family_answer": answer, "family_answer_reason": form.text("family_answer_reason"),
        }  # fmt: skip
        done = form.submit(cases.ProposeHandover, asked, to_person_id="to", to_unit_id="to")
    if done is None:
        return _handover(_ask(case_id), form), form.status
    notice("handover.sent")
    return redirect(path("case", case_id=case_id), 303)


def _ask(case_id: str, act: str | None = None) -> dict[str, Any]:
    return ask_case(case_id, act, consents=(consent.ConsentsOfCase, {"case_id": case_id}))


def _handover(page: dict[str, Any], form: Form) -> str:
    case, asked = page["case"], page["case"]["handover"]
    pending = None
    people = staff_choices(
        [case["owner_unit_id"]], sorted(open_services(page["consents"], g.now)), without=me()
    )
    if asked:
        pending = {
            **with_title(page["names"], asked["to_person_id"], asked["to_unit_id"]),
            "at": asked["proposed_at"],
        }
        people = [each for each in people if not each["code"].startswith(asked["to_person_id"])]
    return render("employee/handover.html", case=page["head"], form=form, pending=pending, people=people,
                  unread=page["unread"], missing=page["missing"], active="work")  # fmt: skip


@blueprint.get(PATHS["handover_answer"])
def answer(case_id: str, handover_id: str) -> Page:
    """Say yes or no; who is no longer asked, is shown the case."""
    page = ask_case(case_id)
    if not page["case"]["handover"] or page["case"]["handover"]["handover_id"] != handover_id:
        notice("handover.over", "info")
        return redirect(path("case", case_id=case_id), 303)
    return _answer(page, handover_id, Form())


@blueprint.post(PATHS["handover_answer"])
def answered(case_id: str, handover_id: str) -> Page:
    """Take over, or decline (HO-2)."""
    form = Form.sent()
    done = None
    if form.text("answer") not in ("accepted", "declined"):
        form.wrong("answer", "required")
    else:
        asked = {
            "case_id": case_id,
            "handover_id": handover_id,
            "answer": form.text("answer"),
            "reason": form.text("reason"),
        }
        done = form.submit(cases.AnswerHandover, asked)
    if done is None:
        return _answer(ask_case(case_id), handover_id, form), form.status
    accepted = form.text("answer") == "accepted"
    notice("handover.accepted" if accepted else "handover.declined")
    return redirect(path("case", case_id=case_id) if accepted else path("work"), 303)


def _answer(page: dict[str, Any], handover_id: str, form: Form) -> str:
    asked, case, names = page["case"]["handover"], page["case"], page["names"]
    if asked is None or asked["handover_id"] != handover_id:
        raise NotFound
    model = {
        "id": handover_id,
        "from": with_title(names, asked["from_person_id"], case["holder_unit_id"]),
        "to": with_title(names, asked["to_person_id"], asked["to_unit_id"]),
        "reason": asked["reason"],
        "at": asked["proposed_at"],
    }
    return render("employee/handover_answer.html", case=page["head"], handover=model, form=form, unread=page["unread"],
                  active="work")  # fmt: skip

"""Taking a yes back: all of it, for one who receives, or for one topic (CO-3)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from gateway.composition.consents import answers_of
from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import notice, render, t
from gateway.pages.case.head import ask_case, may, my_signer_id
from gateway.pages.consent.asked import receiver_name, topic_name
from services.contracts import consent
from services.kernel.errors import Forbidden

blueprint = Blueprint("consent_withdraw", __name__)

_PERSON = "person:"


@blueprint.route(PATHS["consent_withdraw"], methods=["GET", "POST"])
def withdraw(case_id: str) -> Response | tuple[str, int]:
    """Withdrawing: all, a service, or one topic (CO-3)."""
    form = Form.sent() if request.method == "POST" else Form()
    if request.method == "POST":
        what = form.text("what")
        if what is None:
            form.wrong("what", "required")
        else:
            receiver, _, topic = ("" if what == "all" else what).partition("|")
            person = receiver.startswith(_PERSON)
            asked = {
                "case_id": case_id,
                "service_id": None if person else receiver or None,
                "person_id": receiver.removeprefix(_PERSON) if person else None,
                "topic": topic or None,
            }
            done = form.submit(consent.Withdraw, asked, service_id="what", person_id="what", topic="what")
            if done:
                notice("consent.withdraw_done")
                return redirect(path("withdrawal", withdrawal_id=done["id"]), 303)
    page = ask_case(case_id, consents=(consent.ConsentsOfCase, {"case_id": case_id}))
    if not may(page["case"], "withdraw_consent"):
        raise Forbidden
    body = render(
        "family/consent_withdraw.html",
        case=page["head"],
        form=form,
        choices=_granted(page),
        unread=page["unread"],
        missing=page["missing"],
    )
    return body, form.status


def _granted(page: Mapping[str, Any]) -> list[dict[str, str]]:
    """What the reader has said yes to and can take back: all, each receiver, and each topic where there are several."""
    by_receiver: dict[str, list[str]] = {}
    persons: set[str] = set()
    for detail in page["consents"]["requests"] if page["consents"] else ():
        if "withdraw" not in detail["permitted"]:
            continue
        persons.update(each["person_id"] for each in detail["person_shares"])
        mine = next((each for each in detail["signers"] if each["person_id"] == my_signer_id()), None)
        for answer in answers_of(mine) if mine else ():
            listed = by_receiver.setdefault(answer["receiver_id"], [])
            if answer["answer"] == "yes" and answer["topic"] not in listed:
                listed.append(answer["topic"])
    rows = [{"code": "all", "text": t("consent.withdraw_all"), "hint": t("consent.withdraw_all_hint")}]
    for receiver, topics in by_receiver.items():
        if not topics:
            continue
        hint = t("consent.withdraw_service_hint", topics=", ".join(map(topic_name, topics)).lower())
        code = f"{_PERSON}{receiver}" if receiver in persons else receiver
        name = receiver_name(page, receiver)
        rows.append({"code": code, "text": name, "hint": hint})
        if len(topics) > 1:
            rows += [
                {
                    "code": f"{code}|{topic}",
                    "text": t("consent.answer_for", service=name, topic=topic_name(topic)),
                }
                for topic in topics
            ]
    return rows if len(rows) > 1 else []

"""Asking the family for consent, and seeing what they have answered (CO-1 to CO-5, GU-1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, g, redirect
from werkzeug.wrappers import Response

from gateway.composition import consents
from gateway.login import people
from gateway.pages import drafts
from gateway.pages.case_head import ask_case, may, me
from gateway.pages.choices import topic_choices
from gateway.pages.forms import Form
from gateway.pages.paths import PATHS, path
from gateway.pages.view import notice, render
from services.contracts import cases, consent
from services.kernel.policies import Policy

blueprint = Blueprint("consent_ask", __name__)

Page = str | Response | tuple[str, int]
_TOPICS = "topics-"


# ---------------------------------------------------------------- asking


@blueprint.get(PATHS["consent_ask"])
def ask(case_id: str) -> str:
    """Why, which services, which topics, how long."""
    return _ask(case_id, Form(drafts.draft(f"ask-{case_id}"), draft=f"ask-{case_id}"), "request_consent")


@blueprint.post(PATHS["consent_ask"])
def asked(case_id: str) -> Page:
    """Ask everyone who must sign (CO-1)."""
    services = [each["id"] for each in g.names.catalogue()["services"]]
    form = Form.sent(*(f"{_TOPICS}{service_id}" for service_id in services))
    shares = [
        {"service_id": service_id, "topics": form.many(f"{_TOPICS}{service_id}")}
        for service_id in services
        if form.many(f"{_TOPICS}{service_id}")
    ]
    if not form.text("purpose"):
        form.wrong("purpose", "required")
    if not shares:
        form.wrong("shares", "required")
    if not form.text("valid_to"):
        form.wrong("valid_to", "required")
    done = None
    if not form.errors:
        request = {
            "case_id": case_id,
            "purpose": form.text("purpose"),
            "shares": shares,
            "valid_to": form.text("valid_to"),
        }
        done = form.submit(consent.RequestConsent, request)
    if done is None:
        return _ask(case_id, form), form.status
    drafts.drop(f"ask-{case_id}")
    notice("ask.sent")
    return redirect(path("consent_status", case_id=case_id), 303)


def _ask(case_id: str, form: Form, act: str | None = None) -> str:
    page = ask_case(case_id, act, notes=(cases.GetNotes, {"case_id": case_id}))
    case = page["case"]
    catalogue = g.names.catalogue()
    services = [
        {"id": each["id"], "name": each["name"]}
        for each in catalogue["services"]
        if each["id"] != case["owner_service_id"]
    ]
    signers = [each for each in case["guardians"] if each["has_responsibility"] and each["verified"]]
    return render(
        "employee/consent_ask.html", case=page["head"], form=form, services=services, topics=topic_choices(hints=True),
        signers=signers, months=(catalogue.get("policy") or {}).get("consent_months", Policy().consent_months),
        unread=page["unread"], active="work",
    )  # fmt: skip


# ---------------------------------------------------------------- what they answered


@blueprint.get(PATHS["consent_status"])
def status(case_id: str) -> str:
    """All consents of the case, by service and by person; for employees and family alike."""
    page = ask_case(case_id, consents=(consent.ConsentsOfCase, {"case_id": case_id}))
    if page["consents"] is None and not page["missing"]:
        page["consents"] = g.asking(consent.ConsentsOfCase, {"case_id": case_id})
    found = sorted(
        (page["consents"] or {}).get("requests", []), key=lambda each: str(each["requested_at"]), reverse=True
    )
    capacity = (people.chosen() or {}).get("capacity")
    return render(
        "employee/consent_status.html", case=page["head"], requests=[_request(each, page) for each in found],
        may_ask=capacity == "employee" and may(page["case"], "request_consent"),
        may_withdraw=any("withdraw" in each["permitted"] for each in found),
        unread=page["unread"], missing=page["missing"], active="work" if capacity == "employee" else "cases",
    )  # fmt: skip


def _request(each: Mapping[str, Any], page: Mapping[str, Any]) -> dict[str, Any]:
    names, relations = page["names"], _relations(page["case"])
    states = consents.states_of(each)
    services = [
        {
            "id": share["service_id"],
            "name": g.names.service(share["service_id"]) or share["service_id"],
            "topics": share["topics"],
            "state": states[share["service_id"]],
            "answers": [
                {
                    "name": names.get(signer["person_id"], ""),
                    "relation": relations.get(signer["person_id"], "other"),
                    "answer": _answer(signer, share["service_id"], states),
                    "at": signer["answered_at"],
                }
                for signer in each["signers"]
            ],
        }
        for share in each["shares"]
    ]
    waits = each["you_sign"] and not any(s["person_id"] == me() and s["answered_at"] for s in each["signers"])
    return {
        "id": each["request_id"],
        "asked_at": each["requested_at"],
        "asked_by": names.get(each["requested_by"], ""),
        "purpose": each["purpose"],
        "valid_from": each["valid_from"],
        "valid_to": consents.last_day(each["valid_to"]),
        "state": each["state"],
        "current": consents.is_current(each),
        "answer_url": path("consent", request_id=each["request_id"]) if waits else None,
        "talk_first": [
            names.get(person_id, "") for person_id in consents.talk_first(each) if person_id != me()
        ],
        "services": services,
    }


def _answer(signer: Mapping[str, Any], service_id: str, states: Mapping[str, str]) -> str:
    """What a signer has said on a service; after a withdrawal the "no" is that of who withdrew."""
    said = consents.answer_of(signer, service_id)
    return "withdrawn" if said == "no" and states[service_id] == "withdrawn" else said


def _relations(case: Mapping[str, Any]) -> dict[str, str]:
    found = {each["person_id"]: each["relation"] for each in case["guardians"]}
    return found | {case["child"]["person_id"]: "self"}

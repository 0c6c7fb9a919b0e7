"""Asking the family for consent, and seeing what they have answered (CO-1 to CO-5, GU-1)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, g, redirect, request
from werkzeug.wrappers import Response

from gateway.composition import consents
from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import notice, render, t
from gateway.login import people
from gateway.pages import drafts
from gateway.pages.case.head import ask_case, may, my_signer_id
from gateway.pages.choices import topic_choices
from gateway.times import last_day
from services.contracts import cases, consent
from services.kernel.calendar import add_months, local_date
from services.kernel.errors import NotFound
from services.kernel.policies import Policy

blueprint = Blueprint("consent_ask", __name__)

Page = str | Response | tuple[str, int]
_TOPICS, _PERSON = "topics-", "person-"


# ---------------------------------------------------------------- asking


@blueprint.get(PATHS["consent_ask"])
def ask(case_id: str) -> str:
    """Why, which services, which topics, how long; filled in from an earlier request where that is asked for again."""
    renewed = request.args.get("fornyer")
    data = _as_before(case_id, renewed) if renewed else drafts.draft(f"ask-{case_id}")
    return _ask(case_id, Form(data, draft=f"ask-{case_id}"), "request_consent")


@blueprint.post(PATHS["consent_ask"])
def asked(case_id: str) -> Page:
    """Ask everyone who must sign (CO-1)."""
    services = [each["id"] for each in g.names.catalogue()["services"]]
    named = sorted(name.removeprefix(_PERSON) for name in request.form if name.startswith(_PERSON))
    form = Form.sent(*(f"{_TOPICS}{each}" for each in services), *(f"{_PERSON}{each}" for each in named))
    shares = [
        {"service_id": service_id, "topics": form.many(f"{_TOPICS}{service_id}")}
        for service_id in services
        if form.many(f"{_TOPICS}{service_id}")
    ]
    persons = [{"person_id": each, "topics": form.many(f"{_PERSON}{each}")} for each in named]
    if not form.text("purpose"):
        form.wrong("purpose", "required")
    if not shares and not persons:
        form.wrong("shares", "required")
    if not form.text("valid_to"):
        form.wrong("valid_to", "required")
    done = None
    if not form.errors:
        asked_for = {
            "case_id": case_id,
            "purpose": form.text("purpose"),
            "shares": shares,
            "person_shares": persons,
            "valid_to": form.text("valid_to"),
        }
        done = form.submit(consent.RequestConsent, asked_for, person_shares="shares")
    if done is None:
        return _ask(case_id, form), form.status
    drafts.drop(f"ask-{case_id}")
    notice("ask.sent")
    return redirect(path("consent_status", case_id=case_id), 303)


def _as_before(case_id: str, request_id: str) -> dict[str, Any]:
    """CO-2: what was asked before in this case, to be asked again for as long as the policy allows from today."""
    before = g.asking(consent.GetRequest, {"request_id": request_id})
    if before["case_id"] != case_id:
        raise NotFound
    return {
        "purpose": before["purpose"],
        "valid_to": add_months(local_date(g.now), _months()).isoformat(),
        **{f"{_TOPICS}{each['service_id']}": list(each["topics"]) for each in before["shares"]},
        **{f"{_PERSON}{each['person_id']}": list(each["topics"]) for each in before["person_shares"]},
    }


def _months() -> int:
    return int((g.names.catalogue().get("policy") or {}).get("consent_months", Policy().consent_months))


def _ask(case_id: str, form: Form, act: str | None = None) -> str:
    page = ask_case(
        case_id,
        act,
        notes=(cases.GetNotes, {"case_id": case_id}),
        consents=(consent.ConsentsOfCase, {"case_id": case_id}),
    )
    case, known = page["case"], page["consents"] or {"would_sign": [], "nameable": []}
    services = [
        {"id": each["id"], "name": each["name"]}
        for each in g.names.catalogue()["services"]
        if each["id"] != case["owner_service_id"]
    ]
    relations = _relations(case)
    everything = {topic for each in known["would_sign"] for topic in each["topics"]}
    signers = [
        {
            "name": page["names"].get(each["person_id"], ""),
            "relation": relations.get(each["person_id"], "other"),
            "topics": [] if set(each["topics"]) == everything else each["topics"],
        }
        for each in known["would_sign"]
    ]
    persons = [
        {"id": each, "name": page["names"].get(each, ""), "relation": relations.get(each, "other")}
        for each in known["nameable"]
    ]
    return render(
        "employee/consent_ask.html", case=page["head"], form=form, services=services, topics=topic_choices(hints=True),
        signers=signers, persons=persons, months=_months(), unread=page["unread"], missing=page["missing"],
        active="work",
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
    own = page["case"]["child"]["person_id"] == my_signer_id()
    receivers = [
        {
            "id": receiver["id"],
            "is_person": receiver["is_person"],
            "name": names.get(receiver["id"], "")
            if receiver["is_person"]
            else g.names.service(receiver["id"]) or receiver["id"],
            "topics": receiver["topics"],
            "state": receiver["state"],
            "means": "replaced" if each["replaced_by"] else _meaning(receiver, own),
            "open": receiver["open"],
            "rest": receiver["waiting"]
            or [each for each in receiver["topics"] if each not in receiver["open"]],
            "waits_for": [
                t("consents.you") if person_id == my_signer_id() else names.get(person_id, "")
                for person_id in receiver["unanswered"]
            ]
            if receiver["state"] in _WAITING
            else [],
            "answers": [
                {
                    "name": names.get(signer["person_id"], ""),
                    "mine": signer["person_id"] == my_signer_id(),
                    "relation": relations.get(signer["person_id"], "other"),
                    "answer": _answer(signer, receiver),
                    "at": signer["answered_at"],
                    **_how(signer, names),
                }
                for signer in each["signers"]
                if set(signer["required_for"]) & set(receiver["topics"])
            ],
        }
        for receiver in consents.receivers_of(each)
    ]
    mine = next((s for s in each["signers"] if s["person_id"] == my_signer_id() and s["answered_at"]), None)
    waits = each["you_sign"] and mine is None
    may_change = (
        each["you_sign"]
        and mine is not None
        and any(said["answer"] != "yes" for said in consents.answers_of(mine))
    )
    renews = may(page["case"], "request_consent") and each["ask_again"]
    return {
        "id": each["request_id"],
        "asked_at": each["requested_at"],
        "asked_by": names.get(each["requested_by"], ""),
        "purpose": each["purpose"],
        "valid_from": each["valid_from"],
        "valid_to": last_day(each["valid_to"]),
        "state": each["state"],
        "current": consents.is_current(each),
        "answer_url": path("consent", request_id=each["request_id"]) if waits else None,
        "change_url": path("consent", request_id=each["request_id"]) if may_change else None,
        "renew_url": path("consent_ask", case_id=each["case_id"], fornyer=each["request_id"])
        if renews
        else None,
        "talk_first": [
            names.get(person_id, "") for person_id in consents.talk_first(each) if person_id != my_signer_id()
        ],
        "services": receivers,
        "to_register": _to_register(each, names),
    }


_WAITING = frozenset({"pending", "waits_for_more", "partly", "talk_first", "lapsed"})


def _meaning(receiver: Mapping[str, Any], own: bool) -> str:
    """The key of the sentence that says what a state means for a receiver; `own`: to the youth whose case it is."""
    state = str(receiver["state"])
    if receiver["earlier"]:
        return "lapsed_earlier_self" if own else "lapsed_earlier"
    if receiver["open"] and state != "active":
        return "partly" if receiver["waiting"] else "not_all"
    return "person_active" if state == "active" and receiver["is_person"] else state


def _answer(signer: Mapping[str, Any], receiver: Mapping[str, Any]) -> str:
    """What a signer has said on a receiver; after a withdrawal the "no" is that of who withdrew."""
    said = consents.answer_of(signer, receiver["id"])
    return "withdrawn" if said == "no" and receiver["state"] == "withdrawn" else said


def _how(signer: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The way in which an answer was given, and who wrote it in when it was not the signer's own click (CO-6)."""
    evidence = path("consent_evidence", signature_id=signer["signature_id"]) if signer["evidence"] else None
    by = signer["registered_by"]
    return {
        "way": signer["way"],
        "registered_by": names.get(by, by) if by else None,
        "evidence_url": evidence,
    }


def _to_register(each: Mapping[str, Any], names: Mapping[str, str]) -> list[dict[str, str]]:
    if "register" not in each["permitted"]:
        return []
    return [
        {
            "name": names.get(signer["person_id"], ""),
            "url": path("consent_register", request_id=each["request_id"], signer_id=signer["person_id"]),
        }
        for signer in each["signers"]
    ]


def _relations(case: Mapping[str, Any]) -> dict[str, str]:
    found = {each["person_id"]: each["relation"] for each in case["guardians"]}
    return found | {case["child"]["person_id"]: "self"}

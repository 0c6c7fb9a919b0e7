"""The receipt of an answer: what was agreed to, what it has come to, and what others have answered (CO-7)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, g, redirect, request
from werkzeug.wrappers import Response

from gateway.composition.consents import answer_of, answers_of
from gateway.frame.paths import PATHS, path
from gateway.frame.view import LOCALE, render
from gateway.pages.case.head import my_signer_id
from gateway.pages.consent.asked import (
    Detail,
    mine_of,
    receiver_name,
    shown,
    signature_of_mine,
    topic_name,
    with_names,
)
from gateway.papers import words
from gateway.times import last_day
from services.contracts import consent
from services.kernel.errors import NotFound

blueprint = Blueprint("consent_receipt", __name__)

_WAITING = frozenset({"pending", "lapsed"})


@blueprint.get(PATHS["consent_receipt"])
def receipt(request_id: str) -> str | Response:
    """What was agreed to, with what others have answered; made to be printed. Of a question that is no longer the
    reader's to see, their own receipt alone (CO-7, AG-6)."""
    signature_id = request.args.get("signatur")
    try:
        detail = g.asking(consent.GetRequest, {"request_id": request_id})
    except NotFound:
        if not signature_id or not _is_mine(signature_id, request_id):
            raise
        return redirect(path("receipt_pdf", signature_id=signature_id), 303)
    signature_id = signature_id or signature_of_mine(detail)
    if not signature_id:
        raise NotFound
    if any(each["signature_id"] == signature_id and each["taken_back"] for each in detail["signers"]):
        return redirect(path("withdrawal", withdrawal_id=signature_id), 303)
    found = g.asking(consent.GetReceipt, {"signature_id": signature_id})
    page, w = with_names(detail), words(LOCALE)
    relations = {each["person_id"]: each["relation"] for each in page["case"]["guardians"]}
    return render(
        "family/consent_receipt.html",
        case=page["head"],
        request=shown(page, detail),
        result=_result(detail, answers_of(found)),
        change_url=path("consent", request_id=request_id) if mine_of(detail) else None,
        receipt={
            "signed_at": found["signed_at"],
            "signer": page["names"].get(found["signer_id"], ""),
            "version": found["text_version"],
            "language": w(f"language.{found['language']}"),
            "way": w(f"way.{found['way']}"),
            "registered_by": page["names"].get(found["registered_by"] or "", ""),
            "basis": g.names.ground(found["legal_basis"], found.get("legal_basis_version")),
            "pdf_url": path("receipt_pdf", signature_id=signature_id),
            "record_url": path("receipt_record", signature_id=signature_id),
            "purpose": found["purpose"],
            "valid_to": last_day(found["valid_to"]),
            "wording": list(found["wording"].values()),
            "answers": [
                {
                    "service": receiver_name(page, each["receiver_id"]),
                    "topic": topic_name(each["topic"]),
                    "answer": each["answer"],
                    "now": _now(page, detail, each),
                }
                for each in answers_of(found)
            ],
        },
        others=[
            {
                "name": page["names"].get(each["person_id"], ""),
                "relation": relations.get(each["person_id"], "self"),
                "answer": _in_short(each),
            }
            for each in detail["signers"]
            if each["person_id"] != my_signer_id()
        ],
        unread=page["unread"],
        missing=page["missing"],
    )


def _is_mine(signature_id: str, request_id: str) -> bool:
    """Whether it is the reader's own answer to this question (CO-7); NotFound where it is not theirs."""
    return bool(g.asking(consent.GetReceipt, {"signature_id": signature_id})["request_id"] == request_id)


def _result(detail: Detail, answers: list[dict[str, Any]]) -> str:
    """What the reader's answer has led to so far: talk, no, wait (others have not answered), partly (some of it is
    in force, the rest waits), active, some (in force; somebody said no to the rest), or differ."""
    said = {each["answer"] for each in answers}
    if "talk_first" in said:
        return "talk"
    if "yes" not in said:
        return "no"
    known = _states(detail)
    states = {known.get((each["receiver_id"], each["topic"])) for each in answers if each["answer"] == "yes"}
    if states & _WAITING:
        return "partly" if "active" in states else "wait"
    if "active" in states:
        return "active" if states == {"active"} and said == {"yes"} else "some"
    return "differ"


def _states(detail: Detail) -> dict[tuple[str, str], str]:
    """(receiver, topic) -> the state of that line of the request."""
    found = {(line["service_id"], line["topic"]): line["state"] for line in detail["lines"]}
    return found | {(line["person_id"], line["topic"]): line["state"] for line in detail["person_lines"]}


def _now(page: Mapping[str, Any], detail: Detail, answer: Mapping[str, str]) -> dict[str, Any] | None:
    """What a "yes" has come to: it is read, or these have not answered; none where there is no more to say of it."""
    state = _states(detail).get((answer["receiver_id"], answer["topic"]))
    if answer["answer"] != "yes" or state not in {"active", *_WAITING}:
        return None
    silent = [
        page["names"].get(each["person_id"], "")
        for each in detail["signers"]
        if answer["topic"] in each["required_for"]
        and not any(
            (one["receiver_id"], one["topic"]) == (answer["receiver_id"], answer["topic"])
            for one in answers_of(each)
        )
    ]
    return {"state": "active" if state == "active" else "waits", "names": silent}


def _in_short(signer: Mapping[str, Any]) -> str:
    words = {answer_of(signer, each["receiver_id"]) for each in answers_of(signer)} or {"none"}
    return next(iter(words)) if len(words) == 1 else "talk_first" if "talk_first" in words else "some"

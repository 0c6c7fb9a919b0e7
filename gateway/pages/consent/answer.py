"""The family's answer on consent: one question for each service and topic, a last look, electronic identity at the high
level, and the signature with the hash of the text that was shown (CO-1).

The answers stay in the encrypted session until they are signed; whoever logs in as another person does not get them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, request, session
from werkzeug.wrappers import Response

from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import render
from gateway.pages import drafts
from gateway.pages.case.head import my_signer_id
from gateway.pages.consent.asked import (
    Detail,
    ask,
    ask_signer,
    field_of,
    mine_of,
    receiver_name,
    shown,
    signature_of_mine,
    with_names,
    words_of,
)
from gateway.papers import words
from services.contracts import consent

blueprint = Blueprint("consent", __name__)

Answer = str | Response | tuple[str, int]
ANSWERS = ("yes", "no", "talk_first")


@blueprint.get(PATHS["consent"])
def question(request_id: str) -> Answer:
    """The question, with nothing chosen beforehand but what the person has just chosen here."""
    detail = ask(request_id, request.args.get("sprak"))
    if not mine_of(detail):
        done = signature_of_mine(detail)
        return redirect(
            path("consent_receipt", request_id=request_id)
            if done
            else path("consent_status", case_id=detail["case_id"]),
            303,
        )
    kept = _kept(detail)
    return _question(detail, Form(dict(kept.get("answers", {}))), changed=request.args.get("endret") == "1")


@blueprint.post(PATHS["consent"])
def answered(request_id: str) -> Answer:
    """Keep the answers, and show them once more."""
    form = Form.sent()
    detail = ask_signer(request_id, form.text("sprak"))
    if form.text("text_hash") != detail["text_hash"]:
        drafts.drop(_draft(request_id))
        return redirect(path("consent", request_id=request_id, sprak=form.text("sprak"), endret="1"), 303)
    answers = {}
    for line in mine_of(detail):
        said = form.text(field_of(line))
        if said in ANSWERS:
            answers[field_of(line)] = said
        else:
            form.wrong(field_of(line), "answer_required")
    if form.errors:
        return _question(detail, form), form.status
    drafts.keep(
        _draft(request_id),
        {
            "person_id": my_signer_id(),
            "text_hash": detail["text_hash"],
            "language": detail["language"],
            "key": form.key,
            "answers": answers,
        },
    )
    return redirect(path("consent_check", request_id=request_id), 303)


def keep_yes(request_id: str) -> None:
    """AG-5: a request that the reader has just made to themselves; what they chose is filled in on the question."""
    detail = ask(request_id, None)
    drafts.keep(
        _draft(request_id),
        {
            "person_id": my_signer_id(),
            "text_hash": detail["text_hash"],
            "language": detail["language"],
            "key": Form().key,
            "answers": {field_of(line): "yes" for line in mine_of(detail)},
        },
    )


@blueprint.get(PATHS["consent_check"])
def check(request_id: str) -> Answer:
    """All answers once more; nothing has been sent."""
    detail = ask_signer(request_id, _language_kept(request_id))
    kept = _kept(detail)
    if not kept:
        return redirect(path("consent", request_id=request_id), 303)
    return _check(detail, kept, Form({"text_hash": kept["text_hash"]}, key=kept["key"]))


@blueprint.post(PATHS["consent_check"])
def sign(request_id: str) -> Answer:
    """The signer's own act: at high assurance, bearing the hash of the text that was shown."""
    detail = ask_signer(request_id, _language_kept(request_id))
    if session.get("assurance") != "high":
        return redirect(path("consent_sign", request_id=request_id), 303)
    kept = _kept(detail)
    if not kept:
        signed = signature_of_mine(detail) is not None
        return redirect(path("consent_receipt" if signed else "consent", request_id=request_id), 303)
    form = Form.sent()
    persons = {each["person_id"] for each in detail["person_shares"]}
    answers: dict[str, list[dict[str, str]]] = {"answers": [], "person_answers": []}
    for receiver, topic in mine_of(detail):
        said = {"topic": topic, "answer": kept["answers"][field_of((receiver, topic))]}
        if receiver in persons:
            answers["person_answers"].append({"person_id": receiver, **said})
        else:
            answers["answers"].append({"service_id": receiver, **said})
    done = form.submit(
        consent.Sign,
        {
            "request_id": request_id,
            "language": detail["language"],
            "text_hash": form.text("text_hash"),
            **answers,
        },
    )
    if done:
        drafts.drop(_draft(request_id))
        return redirect(path("consent_receipt", request_id=request_id, signatur=done["id"]), 303)
    code = form.refusal.code if form.refusal else ""
    if code == "text_changed":
        drafts.drop(_draft(request_id))
        return redirect(path("consent", request_id=request_id, endret="1"), 303)
    if code == "step_up_needed":
        return redirect(path("consent_sign", request_id=request_id), 303)
    return _check(detail, kept, form), form.status


@blueprint.get(PATHS["consent_sign"])
def step_up(request_id: str) -> Answer:
    """Why one has to log in once more; the way back is to the answers."""
    ask_signer(request_id, None)
    back = path("consent_check", request_id=request_id)
    if session.get("assurance") == "high":
        return redirect(back, 303)
    return render(
        "family/consent_sign.html", request={"id": request_id}, step_up_url=path("step_up", next=back)
    )


def _question(detail: Detail, form: Form, changed: bool = False) -> str:
    page = with_names(detail)
    form.data["text_hash"] = detail["text_hash"]
    return render(
        "family/consent.html",
        case=page["head"],
        request=shown(page, detail),
        wording=detail["wording"],
        words=words_of(detail),
        language=detail["language"],
        languages=[
            {
                "code": text["language"],
                "text": words(text["language"])(f"language.{text['language']}"),
                "url": path("consent", request_id=detail["request_id"], sprak=text["language"]),
            }
            for text in detail["texts"]
        ],
        changed=changed,
        form=form,
        unread=page["unread"],
        missing=page["missing"],
    )


def _check(detail: Detail, kept: Mapping[str, Any], form: Form) -> str:
    page, w = with_names(detail), words_of(detail)
    answers = [
        {
            "service": receiver_name(page, receiver),
            "topic": w(f"topic.{topic}"),
            "answer": kept["answers"][field_of((receiver, topic))],
            "field": field_of((receiver, topic)),
        }
        for receiver, topic in mine_of(detail)
    ]
    return render(
        "family/consent_check.html",
        case=page["head"],
        request=shown(page, detail),
        answers=answers,
        words=w,
        language=detail["language"],
        is_high=session.get("assurance") == "high",
        form=form,
        unread=page["unread"],
        missing=page["missing"],
    )


def _draft(request_id: str) -> str:
    return f"consent-{request_id}"


def _kept(detail: Detail) -> dict[str, Any]:
    """The reader's answers to this very text; nothing when they are another's, incomplete, or to an older text."""
    kept = drafts.draft(_draft(detail["request_id"]))
    whole = {field_of(line) for line in mine_of(detail)}
    mine = kept.get("person_id") == my_signer_id() and kept.get("text_hash") == detail["text_hash"]
    return kept if mine and whole and whole == set(kept.get("answers", {})) else {}


def _language_kept(request_id: str) -> str | None:
    return drafts.draft(_draft(request_id)).get("language")

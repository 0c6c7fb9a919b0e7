"""Writing in an answer that was given on paper or by word of mouth, for one of those who are asked (CO-6)."""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import Any

from flask import Blueprint, g, redirect, request
from werkzeug.wrappers import Response

from gateway import files
from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import notice, render, t
from gateway.pages.case.head import ask_case
from gateway.papers import control_code, words
from services.contracts import consent
from services.contracts.consent import SCAN_BYTES
from services.kernel.errors import Forbidden, NotFound

blueprint = Blueprint("consent_register", __name__)

Answer = str | Response | tuple[str, int]
Detail = dict[str, Any]

WAYS = {"papir": "paper", "muntlig": "oral"}
ANSWERS = ("yes", "no", "talk_first")
_SIGNS = re.compile(r"[^0-9A-Fa-f]")


@blueprint.get(PATHS["consent_register"])
def register(request_id: str, signer_id: str) -> Answer:
    """Whose answer, how it was given, what proves it, and what they said."""
    detail = _detail(request_id, signer_id)
    return _to_newer(detail, signer_id) or _page(detail, signer_id, Form(), _way())


@blueprint.post(PATHS["consent_register"])
def registered(request_id: str, signer_id: str) -> Answer:
    """Register it; whoever is asked is told, and can take it back."""
    detail, form, way = _detail(request_id, signer_id), Form.sent(), _way()
    newer = _to_newer(detail, signer_id)
    if newer is not None:
        return newer
    lines = _lines(detail, signer_id)
    answers = {}
    for line in lines:
        said = form.text(_field(line))
        if said in ANSWERS:
            answers[_field(line)] = said
        else:
            form.wrong(_field(line), "answer_required")
    text = _text(detail, form, way)
    scan = files.sent("scan") if way == "paper" else None
    _check(form, way, scan)
    if form.errors or text is None:
        return _page(detail, signer_id, form, way), form.status
    asked = {
        "request_id": request_id,
        "signer_id": signer_id,
        "way": way,
        "language": text["language"],
        "text_hash": text["text_hash"],
        "given_on": form.text("given_on"),
        "journal_ref": form.text("journal_ref"),
        "scan": base64.b64encode(scan).decode("ascii") if scan else None,
        "answers": [
            {"service_id": line["service_id"], "topic": line["topic"], "answer": answers[_field(line)]}
            for line in lines
            if line.get("service_id")
        ],
        "person_answers": [
            {"person_id": line["person_id"], "topic": line["topic"], "answer": answers[_field(line)]}
            for line in lines
            if not line.get("service_id")
        ],
    }
    if form.submit(consent.RegisterAnswer, asked) is None:
        return _page(detail, signer_id, form, way), form.status
    notice("register.done")
    return redirect(path("consent_status", case_id=detail["case_id"]), 303)


def _way() -> str:
    return WAYS.get(request.args.get("mate", ""), "paper")


def _detail(request_id: str, signer_id: str) -> Detail:
    """The request. Raises Forbidden where the reader may not register, NotFound where the one named is not asked."""
    detail = g.asking(consent.GetRequest, {"request_id": request_id})
    if "register" not in detail["permitted"] and not detail["replaced_by"]:
        raise Forbidden
    if signer_id not in {each["person_id"] for each in detail["signers"]}:
        raise NotFound
    return dict(detail)


def _to_newer(detail: Detail, signer_id: str) -> Response | None:
    """CO-5: the way to the request that stands in the place of this one, if one does: it is answered, and not this."""
    if not detail["replaced_by"]:
        return None
    notice("register.replaced")
    way = request.args.get("mate", "papir")
    newer = path("consent_register", request_id=detail["replaced_by"], signer_id=signer_id, mate=way)
    return redirect(newer, 303)


def _text(detail: Detail, form: Form, way: str) -> Mapping[str, str] | None:
    """The text that was answered: on paper the one whose control code stands on the sheet, else that of the language in
    which it was read out."""
    if way == "paper":
        typed = _SIGNS.sub("", form.text("code") or "").upper()
        for text in detail["texts"]:
            if typed and typed == _code(text):
                return dict(text)
        form.wrong("code", "required" if not typed else _what_is_wrong(detail, typed))
        return None
    for text in detail["texts"]:
        if text["language"] == form.text("language"):
            return dict(text)
    form.wrong("language", "required")
    return None


def _what_is_wrong(detail: Detail, typed: str) -> str:
    """Why the control code of a sheet is not the request's: it is that of one that was replaced (CO-5), or of none."""
    asked = g.asking(consent.ConsentsOfCase, {"case_id": detail["case_id"]})["requests"]
    replaced = [text for each in asked if each["replaced_by"] for text in each["texts"]]
    is_of_one = any(typed == _code(text) for text in replaced)
    return "consent_code_replaced" if is_of_one else "consent_code"


def _code(text: Mapping[str, str]) -> str:
    return control_code(text["text_hash"]).replace("-", "")


def _check(form: Form, way: str, scan: bytes | None) -> None:
    """What can be said before the file is sent on; the service looks into it."""
    if not form.text("given_on"):
        form.wrong("given_on", "required")
    if way == "oral" and not form.text("journal_ref"):
        form.wrong("journal_ref", "required")
    if way == "paper" and not scan:
        form.wrong("scan", "required" if scan is None else "empty")
    if scan is not None and len(scan) > SCAN_BYTES:
        form.wrong("scan", "too_large")


def _lines(detail: Detail, signer_id: str) -> list[dict[str, Any]]:
    signer = next(each for each in detail["signers"] if each["person_id"] == signer_id)
    lines = [*detail["lines"], *detail.get("person_lines", ())]
    return [line for line in lines if line["topic"] in signer["required_for"]]


def _field(line: Mapping[str, Any]) -> str:
    return f"answer-{line.get('service_id') or line['person_id']}-{line['topic']}"


def _page(detail: Detail, signer_id: str, form: Form, way: str) -> str:
    page = ask_case(detail["case_id"])
    lines, w = _lines(detail, signer_id), words("nb")
    people = g.names.people([signer_id, *(line.get("person_id") for line in lines)])
    names = page["names"] | people
    form.data.pop("scan", None)
    questions = []
    for line in lines:
        topic = w(f"topic.{line['topic']}")
        if line.get("service_id"):
            name = g.names.service(line["service_id"]) or line["service_id"]
            question = w("question", service=name, topic=topic)
        else:
            question = w("question_person", person=names.get(line["person_id"], ""), topic=topic)
        questions.append({"field": _field(line), "text": question})
    address = path("consent_register", request_id=detail["request_id"], signer_id=signer_id)
    return render(
        "employee/consent_register.html",
        case=page["head"],
        signer=names.get(signer_id, ""),
        way=way,
        ways=[
            {"code": code, "text": t(f"register.way.{code}"), "url": f"{address}?mate={name}"}
            for name, code in WAYS.items()
        ],
        action=f"{address}?mate={next(name for name, code in WAYS.items() if code == way)}",
        sheets=[
            {
                "language": t(f"language.{text['language']}"),
                "url": path(
                    "consent_sheet",
                    request_id=detail["request_id"],
                    sprak=text["language"],
                    **{"for": signer_id},
                ),
            }
            for text in detail["texts"]
        ],
        languages=[
            {"code": text["language"], "text": t(f"language.{text['language']}")} for text in detail["texts"]
        ],
        questions=questions,
        megabytes=SCAN_BYTES >> 20,
        form=form,
        unread=page["unread"],
        missing=page["missing"],
        active="work",
    )

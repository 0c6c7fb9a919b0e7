"""The family's answer on consent: one question for each service and topic, a last look, electronic identity at the high
level, the signature with the hash of the text that was shown, a receipt, and withdrawing as easily (CO-1, CO-3, CO-7).

The answers stay in the encrypted session until they are signed; whoever logs in as another person does not get them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, g, redirect, request, session
from werkzeug.wrappers import Response

from gateway.composition.consents import answer_of, answers_of, last_day
from gateway.pages import drafts
from gateway.pages.case.head import ask_case, may, me, my_signer_id
from gateway.pages.forms import Form
from gateway.pages.paths import PATHS, path
from gateway.pages.view import LOCALE, notice, render, t
from gateway.papers import DEFAULT, day, languages, listed, words
from gateway.translations import Translator
from services.contracts import consent
from services.kernel.errors import Forbidden, NotFound

blueprint = Blueprint("consent", __name__)

Answer = str | Response | tuple[str, int]
Detail = dict[str, Any]
ANSWERS = ("yes", "no", "talk_first")
_PERSON = "person:"
_WAITING = frozenset({"pending", "lapsed"})


@blueprint.get(PATHS["consent"])
def question(request_id: str) -> Answer:
    """The question, with nothing chosen beforehand but what the person has just chosen here."""
    detail = _ask(request_id, request.args.get("sprak"))
    if not _mine(detail):
        done = _signature_of_mine(detail)
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
    detail = _ask_signer(request_id, form.text("sprak"))
    if form.text("text_hash") != detail["text_hash"]:
        drafts.drop(_draft(request_id))
        return redirect(path("consent", request_id=request_id, sprak=form.text("sprak"), endret="1"), 303)
    answers = {}
    for line in _mine(detail):
        said = form.text(_field(line))
        if said in ANSWERS:
            answers[_field(line)] = said
        else:
            form.wrong(_field(line), "answer_required")
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
    detail = _ask(request_id, None)
    drafts.keep(
        _draft(request_id),
        {
            "person_id": my_signer_id(),
            "text_hash": detail["text_hash"],
            "language": detail["language"],
            "key": Form().key,
            "answers": {_field(line): "yes" for line in _mine(detail)},
        },
    )


@blueprint.get(PATHS["consent_check"])
def check(request_id: str) -> Answer:
    """All answers once more; nothing has been sent."""
    detail = _ask_signer(request_id, _language_kept(request_id))
    kept = _kept(detail)
    if not kept:
        return redirect(path("consent", request_id=request_id), 303)
    return _check(detail, kept, Form({"text_hash": kept["text_hash"]}, key=kept["key"]))


@blueprint.post(PATHS["consent_check"])
def sign(request_id: str) -> Answer:
    """The signer's own act: at high assurance, bearing the hash of the text that was shown."""
    detail = _ask_signer(request_id, _language_kept(request_id))
    if session.get("assurance") != "high":
        return redirect(path("consent_sign", request_id=request_id), 303)
    kept = _kept(detail)
    if not kept:
        signed = _signature_of_mine(detail) is not None
        return redirect(path("consent_receipt" if signed else "consent", request_id=request_id), 303)
    form = Form.sent()
    persons = {each["person_id"] for each in detail["person_shares"]}
    answers: dict[str, list[dict[str, str]]] = {"answers": [], "person_answers": []}
    for receiver, topic in _mine(detail):
        said = {"topic": topic, "answer": kept["answers"][_field((receiver, topic))]}
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
    _ask_signer(request_id, None)
    back = path("consent_check", request_id=request_id)
    if session.get("assurance") == "high":
        return redirect(back, 303)
    return render(
        "family/consent_sign.html", request={"id": request_id}, step_up_url=path("step_up", next=back)
    )


@blueprint.get(PATHS["consent_receipt"])
def receipt(request_id: str) -> Answer:
    """What was agreed to, with what others have answered; made to be printed."""
    detail = g.asking(consent.GetRequest, {"request_id": request_id})
    signature_id = request.args.get("signatur") or _signature_of_mine(detail)
    if not signature_id:
        raise NotFound
    if any(each["signature_id"] == signature_id and each["taken_back"] for each in detail["signers"]):
        return redirect(path("withdrawal", withdrawal_id=signature_id), 303)
    found = g.asking(consent.GetReceipt, {"signature_id": signature_id})
    page, w = _asked(detail), words(LOCALE)
    relations = {each["person_id"]: each["relation"] for each in page["case"]["guardians"]}
    return render(
        "family/consent_receipt.html",
        case=page["head"],
        request=_request(page, detail),
        result=_result(detail, answers_of(found)),
        change_url=path("consent", request_id=request_id) if _mine(detail) else None,
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
                    "service": _receiver(page, each["receiver_id"]),
                    "topic": _topic(each["topic"]),
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


@blueprint.route(PATHS["consent_withdraw"], methods=["GET", "POST"])
def withdraw(case_id: str) -> Answer:
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


# ---------------------------------------------------------------- what is shown


def _ask(request_id: str, language: str | None) -> Detail:
    """The request with its text in a language: the one chosen, else the one in which it was asked."""
    asked = {"request_id": request_id} | ({"language": language} if language in languages() else {})
    return dict(g.asking(consent.GetRequest, asked))


def _ask_signer(request_id: str, language: str | None) -> Detail:
    """As `_ask`, for one of those who are asked; Forbidden for whoever may only read what is asked."""
    detail = _ask(request_id, language)
    if my_signer_id() not in {each["person_id"] for each in detail["signers"]}:
        raise Forbidden
    return detail


def _language_kept(request_id: str) -> str | None:
    return drafts.draft(_draft(request_id)).get("language")


def _question(detail: Detail, form: Form, changed: bool = False) -> str:
    page = _asked(detail)
    form.data["text_hash"] = detail["text_hash"]
    return render(
        "family/consent.html",
        case=page["head"],
        request=_request(page, detail),
        wording=detail["wording"],
        words=_words(detail),
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
    page, w = _asked(detail), _words(detail)
    answers = [
        {
            "service": _receiver(page, receiver),
            "topic": w(f"topic.{topic}"),
            "answer": kept["answers"][_field((receiver, topic))],
            "field": _field((receiver, topic)),
        }
        for receiver, topic in _mine(detail)
    ]
    return render(
        "family/consent_check.html",
        case=page["head"],
        request=_request(page, detail),
        answers=answers,
        words=w,
        language=detail["language"],
        is_high=session.get("assurance") == "high",
        form=form,
        unread=page["unread"],
        missing=page["missing"],
    )


def _asked(detail: Detail) -> dict[str, Any]:
    """The case of a request, with the names of those who ask and sign."""
    page = ask_case(detail["case_id"])
    wanted = {
        detail["requested_by"],
        my_signer_id(),
        *(each["person_id"] for each in detail["person_shares"]),
    }
    for each in detail["signers"]:
        wanted |= {each["person_id"], each["registered_by"]}
    page["names"] = {**page["names"], **g.names.people(wanted)}
    return page


def _words(detail: Detail) -> Translator:
    """The words around the sentences that are signed, in the language in which these are read."""
    return words(detail["language"])


def _request(page: Mapping[str, Any], detail: Detail) -> dict[str, Any]:
    case, place = page["case"], g.asking.municipality
    sharer = detail["requested_by"]
    if sharer == case["child"]["person_id"]:  # who asks themselves shares what others have written (AG-5)
        sharer = case["holder_person_id"] or case["owner_person_id"]
    by_holder = sharer == case["holder_person_id"]
    unit_id = case["holder_unit_id"] if by_holder else case["owner_unit_id"]
    topics = {each["code"]: each for each in g.names.catalogue()["topics"]}
    services = g.names.catalogue()["service_by_id"]
    w, nb = _words(detail), detail["language"] == DEFAULT  # hints are written in bokmål alone
    mine: dict[str, list[dict[str, str]]] = {}
    for receiver, topic in _mine(detail):
        mine.setdefault(receiver, []).append(
            {
                "code": topic,
                "text": w(f"topic.{topic}"),
                "hint": topics.get(topic, {}).get("hint", "") if nb else "",
                "asked": _asked_also(page, detail, topic),
            }
        )
    return {
        "id": detail["request_id"],
        "child": page["head"]["child"],
        "is_self": page["case"]["child"]["person_id"] == me(),
        "others": [
            page["names"].get(each["person_id"], "")
            for each in detail["signers"]
            if each["person_id"] != my_signer_id()
        ],
        "sharer": {
            "name": page["names"].get(sharer, ""),
            "unit": g.names.unit(place, unit_id) or "",
        },
        "purpose": detail["purpose"],
        "valid_to": last_day(detail["valid_to"]),
        "names_persons": bool(detail["person_shares"]),
        "only_persons": not detail["shares"],
        "until": w("until", day=day(last_day(detail["valid_to"]), detail["language"])),
        "services": [
            {"id": receiver, "name": _receiver(page, receiver), "gives": services.get(receiver, {}).get("gives"),
             "topics": listed}
            for receiver, listed in mine.items()
        ],
    }  # fmt: skip


def _asked_also(page: Mapping[str, Any], detail: Detail, topic: str) -> str:
    """Whether others are asked about a topic too, where the signers are not asked about the same (AG-2, AG-3)."""
    others = [each for each in detail["signers"] if each["person_id"] != my_signer_id()]
    if not others:
        return ""
    names = [page["names"].get(each["person_id"], "") for each in others if topic in each["required_for"]]
    w = _words(detail)
    return w("asked_also", names=listed(names, detail["language"])) if names else w("asked_alone")


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
        hint = t("consent.withdraw_service_hint", topics=", ".join(map(_topic, topics)).lower())
        code = f"{_PERSON}{receiver}" if receiver in persons else receiver
        name = _receiver(page, receiver)
        rows.append({"code": code, "text": name, "hint": hint})
        if len(topics) > 1:
            rows += [
                {
                    "code": f"{code}|{topic}",
                    "text": t("consent.answer_for", service=name, topic=_topic(topic)),
                }
                for topic in topics
            ]
    return rows if len(rows) > 1 else []


def _result(detail: Detail, answers: list[dict[str, Any]]) -> str:
    """What the reader's answer has led to so far: talk, no, wait (others have not answered), in_part (some of it is
    in force, the rest waits), active, some (in force; somebody said no to the rest), or differ."""
    said = {each["answer"] for each in answers}
    if "talk_first" in said:
        return "talk"
    if "yes" not in said:
        return "no"
    known = _states(detail)
    states = {known.get((each["receiver_id"], each["topic"])) for each in answers if each["answer"] == "yes"}
    if states & _WAITING:
        return "in_part" if "active" in states else "wait"
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


# ---------------------------------------------------------------- the lines and the draft


def _mine(detail: Detail) -> list[tuple[str, str]]:
    """The (receiver, topic) lines that the reader is asked about, persons last; none when the answer is not theirs to
    give."""
    signer = next((each for each in detail["signers"] if each["person_id"] == my_signer_id()), None)
    if signer is None or not detail["you_sign"]:
        return []
    shares = [(each["service_id"], each["topics"]) for each in detail["shares"]]
    shares += [(each["person_id"], each["topics"]) for each in detail["person_shares"]]
    return [
        (receiver, topic)
        for receiver, topics in shares
        for topic in topics
        if topic in signer["required_for"]
    ]


def _field(line: tuple[str, str]) -> str:
    return f"answer-{line[0]}-{line[1]}"


def _topic(code: str) -> str:
    return t(f"topic.{code}")


def _receiver(page: Mapping[str, Any], receiver: str) -> str:
    """The name of a service, or of a person whom the consent names."""
    return g.names.service(receiver) or page["names"].get(receiver) or receiver


def _signature_of_mine(detail: Detail) -> str | None:
    return next(
        (each["signature_id"] for each in detail["signers"] if each["person_id"] == my_signer_id()), None
    )


def _draft(request_id: str) -> str:
    return f"consent-{request_id}"


def _kept(detail: Detail) -> dict[str, Any]:
    """The reader's answers to this very text; nothing when they are another's, incomplete, or to an older text."""
    kept = drafts.draft(_draft(detail["request_id"]))
    whole = {_field(line) for line in _mine(detail)}
    mine = kept.get("person_id") == my_signer_id() and kept.get("text_hash") == detail["text_hash"]
    return kept if mine and whole and whole == set(kept.get("answers", {})) else {}

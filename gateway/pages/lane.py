"""Reporting to child protection, and reading what was reported (PR-1, PR-2, PR-5). The pages ask for nothing of a case:
not even a reading of it is noted because somebody came here (PR-3)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, redirect, request
from werkzeug.wrappers import Response

from gateway.asking import NotLoggedIn
from gateway.frame.format import local_date
from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import notice, render, t
from gateway.pages.choices import staff_choices
from services.chassis.ids import new_id
from services.contracts import cases, notifications
from services.contracts.base import Procedure
from services.kernel.errors import Forbidden, NotFound, Refusal, Unavailable
from services.kernel.legal_basis import LANE_GROUNDS

blueprint = Blueprint("lane", __name__)

Page = str | Response | tuple[str, int]
PER_PAGE = 20
ACCESS_SHOWN = 100
_MUST = ("suspicion", "text", "kind", "guardians_informed")
_GUARDIANS_TOO = frozenset({"lane.listed", "lane.item"})


@blueprint.before_request
def _employees() -> Response | None:
    """The duty is the employees'; guardians read what was reported with them, and others find on the public pages whom
    to call."""
    if g.asking.actor is None:
        raise NotLoggedIn
    if g.asking.actor.capacity == "employee":
        return None
    if g.asking.actor.capacity == "guardian" and request.endpoint in _GUARDIANS_TOO:
        return None
    return redirect(path("home"), 303)


# ------------------------------------------------------------ reporting


@blueprint.get(PATHS["lane"])
def report() -> str:
    """The form, with what was begun about the same child; what was begun about another is offered beside it."""
    case_id, kept = request.args.get("case_id") or None, _draft()
    begun = kept is not None and kept["case_id"] == case_id
    form = Form(_as_form(kept) if begun and kept else {"kind": "protected"})
    form.data.setdefault("form_key", new_id())
    other = None if kept is None or begun else path("lane", case_id=kept["case_id"] or "")
    return _report(form, kept=begun, other=other)


@blueprint.post(PATHS["lane"])
def reported() -> Page:
    """File the report. While cases is down the form stays, with all that was written, and bears the same key: sent
    again it is filed once."""
    form, case_id = Form.sent("police_contacted"), request.args.get("case_id") or None
    for name in _MUST:
        if not form.text(name):
            form.wrong(name, "required")
    if form.text("guardians_informed") in ("no", "deferred") and not form.text("guardians_informed_reason"):
        form.wrong("guardians_informed_reason", "required")
    if not case_id and not form.text("child_number") and not form.text("child_description"):
        form.wrong("child_description", "required")
    filed = None
    try:
        filed = None if form.errors else form.submit(cases.FileLaneReport, _asked(form, case_id))
    except Unavailable as outage:
        form.refusal, form.errors["form"] = outage, t("lane.not_sent")
    if filed is None:
        return _report(form), form.status
    return redirect(path("lane_receipt", report_id=filed["id"]), 303)


@blueprint.post(PATHS["lane_draft"])
def keep() -> Page:
    """Keep what stands in the form, in the lane and nowhere else: by the button, or by htmx while the person writes."""
    form, case_id = Form.sent("police_contacted"), request.args.get("case_id") or None
    form.key = new_id()  # as it grows, a draft is kept over and over: each time another act
    kept = form.submit(cases.KeepLaneDraft, _asked(form, case_id))
    if request.headers.get("HX-Request"):
        return t("form.draft_kept") if kept is not None else t("lane.draft_not_kept")
    if kept is None:
        return _report(form), form.status
    notice("lane.draft_kept")
    return redirect(path("lane", case_id=case_id), 303)


@blueprint.post(PATHS["lane_draft_drop"])
def drop() -> Response:
    """Forget the draft."""
    g.asking(cases.DropLaneDraft)
    notice("lane.draft_dropped")
    return redirect(path("lane"), 303)


def _draft() -> dict[str, Any] | None:
    """What the person has begun to write; the form stands also while that can't be had."""
    try:
        found = g.asking(cases.GetLaneDraft)
    except Refusal:
        return None
    draft: dict[str, Any] | None = found["draft"]
    return draft


def _as_form(kept: dict[str, Any]) -> dict[str, Any]:
    filled = {name: value for name, value in kept.items() if isinstance(value, str) and name != "case_id"}
    return filled | ({"police_contacted": ["yes"]} if kept["police_contacted"] else {})


def _asked(form: Form, case_id: str | None) -> dict[str, Any]:
    plain = (
        "child_description",
        "kind",
        "suspicion",
        "text",
        "guardians_informed",
        "guardians_informed_reason",
        "ground",
        "form_key",
    )
    return {
        **{name: form.text(name) for name in plain},
        "case_id": case_id,
        "child_number": "".join((form.text("child_number") or "").split()) or None,
        "police_contacted": "yes" in form.many("police_contacted"),
    }


def _report(form: Form, kept: bool = False, other: str | None = None) -> str:
    case_id = request.args.get("case_id") or None
    return render(
        "lane/report.html", form=form, case_id=case_id, kept=kept, other=other, phone=_phone(),
        grounds=_grounds(),
    )  # fmt: skip


def _grounds() -> list[dict[str, str]]:
    """On what a report can rest, in words, for who knows better than what kind and suspicion suggest (CO-11)."""
    found = ((code.value, g.names.ground(code.value, None)) for code in LANE_GROUNDS)
    return [{"code": code, "text": words["text"]} for code, words in found if words]


def _phone() -> str | None:
    """Child protection's own number: some things are better said at once."""
    try:
        found = g.names.catalogue()["services"]
    except Refusal:
        return None
    return next((each["contact"].get("phone") for each in found if each["kind"] == "child_protection"), None)


@blueprint.get(PATHS["lane_receipt"])
def receipt(report_id: str) -> str:
    """Says what happens now; shows nothing of the report."""
    return render("lane/receipt.html", unread=None)


# ------------------------------------------------------------ reading


@blueprint.get(PATHS["lane_list"])
def listed() -> str:
    """The reports that the reader may read: child protection's register; to others their own; to guardians those that
    were made with them."""
    state = request.args.get("tilstand")
    state = state if state in cases.REPORT_STATES else None
    asked: dict[str, Any] = {"limit": PER_PAGE}
    if request.args.get("fra"):
        asked["cursor"] = request.args["fra"]
    employee = g.asking.actor.capacity == "employee"
    if employee and state:
        asked["state"] = state
    found = g.asking(cases.LaneReports if employee else cases.ReportsWithGuardians, asked)
    following = found["next_cursor"]
    rows = [
        {
            "id": each["report_id"],
            "at": each["filed_at"],
            "child": each["child_name"],
            "suspicion": each["suspicion"],
            "state": each["state"],
        }
        for each in found["items"]
    ]
    return render(
        "lane/list.html",
        reports=rows,
        state=state,
        states=list(cases.REPORT_STATES) if employee else [],
        unreadable=[each["filed_at"] for each in found["unreadable"]],
        faults=_faults(found["faults"]),
        next_url=path("lane_list", fra=following, tilstand=state) if following else None,
    )


def _faults(found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """What failed, as child protection is told of it: that a report did not arrive, or anything else; and when last."""
    last: dict[str, Any] = {}
    for each in found:
        code = "filing" if each["what"] == cases.FileLaneReport.name else "other"
        last[code] = max(last.get(code, each["last_at"]), each["last_at"])
    return [{"code": code, "at": at} for code, at in sorted(last.items())]


@blueprint.get(PATHS["lane_item"])
def item(report_id: str) -> str:
    """One report, and what became of it. A message that led here counts as read."""
    if request.args.get("melding"):
        _mark_read(request.args["melding"])
    return _item(report_id, Form())


@blueprint.post(PATHS["lane_assess"])
def assess(report_id: str) -> Page:
    """Child protection takes the report."""
    return _then(report_id, cases.AssessLaneReport, {}, "lane.taken")


@blueprint.post(PATHS["lane_child"])
def identify(report_id: str) -> Page:
    """Child protection says which child it is. If that is one of the reader's own family, the report is no longer
    theirs to read, and they are told so on the list."""
    form = Form.sent()
    number = "".join((form.text("child_number") or "").split())
    asked = {"report_id": report_id, "child_number": number}
    if not number:
        form.wrong("child_number", "required")
    if form.errors or form.submit(cases.IdentifyLaneChild, asked) is None:
        return _item(report_id, form), form.status
    try:
        g.asking(cases.GetLaneReport, {"report_id": report_id})
    except NotFound:
        notice("lane.child_own", "info")
        return redirect(path("lane_list"), 303)
    notice("lane.child_said")
    return redirect(path("lane_item", report_id=report_id), 303)


@blueprint.post(PATHS["lane_answer"])
def answer(report_id: str) -> Page:
    """Child protection answers the reporter."""
    return _then(report_id, cases.AnswerLaneReport, {"text": request.form.get("text")}, "lane.answered")


@blueprint.post(PATHS["lane_reader_remove"])
def remove_reader(report_id: str, person_id: str) -> Page:
    """A name is taken back."""
    return _then(report_id, cases.RemoveLaneReader, {"person_id": person_id}, "lane.reader_removed")


@blueprint.route(PATHS["lane_reader"], methods=["GET", "POST"])
def name_reader(report_id: str) -> Page:
    """Open the report to one more employee: the unit first, then the name."""
    form = Form.sent() if request.method == "POST" else Form()
    unit = request.args.get("enhet") or None
    if request.method == "POST":
        asked = {
            "report_id": report_id,
            "person_id": (form.text("person") or "").partition("|")[0] or None,
            "until": form.text("until"),
        }
        if form.submit(cases.NameLaneReader, asked, person_id="person"):
            notice("lane.reader_named")
            return redirect(path("lane_item", report_id=report_id), 303)
    found = g.asking(cases.GetLaneReport, {"report_id": report_id})
    if "name_readers" not in found.get("permitted", ()):
        raise Forbidden
    units = sorted(
        ({"code": each["id"], "text": each["name"]} for each in g.names.catalogue()["units"]),
        key=lambda each: each["text"],
    )
    known = unit in {each["code"] for each in units}
    people = staff_choices([unit], without=g.asking.actor.person_id) if unit and known else []
    page = render(
        "lane/reader.html", form=form, report={"id": report_id}, units=units, unit=unit, people=people
    )
    return (page, form.status) if request.method == "POST" else page


@blueprint.get(PATHS["lane_access"])
def access(report_id: str) -> str:
    """Who has read the report, or tried to."""
    lines = g.asking(cases.LaneAccess, {"report_id": report_id, "limit": ACCESS_SHOWN})["items"]
    names = g.names.people([each["person_id"] for each in lines])
    rows = [
        {
            "at": each["at"],
            "by": names.get(each["person_id"] or "", t("lane.somebody")),
            "unit": g.names.unit(g.asking.municipality, each["unit_id"]),
            "act": each["act"],
            "allowed": each["allowed"],
        }
        for each in lines
    ]
    return render("lane/access.html", report={"id": report_id}, rows=rows)


def _then(report_id: str, procedure: Procedure, asked: dict[str, Any], done: str) -> Page:
    form = Form.sent()
    if form.submit(procedure, {"report_id": report_id, **asked}) is None:
        return _item(report_id, form), form.status
    notice(done)
    return redirect(path("lane_item", report_id=report_id), 303)


def _item(report_id: str, form: Form) -> str:
    found = g.asking(cases.GetLaneReport, {"report_id": report_id})
    readers, answers = found.get("readers") or [], found.get("answers") or []
    names = g.names.people(
        [found["reporter_person_id"], found.get("taken_by"), *(each["person_id"] for each in readers),
         *(each["by_person_id"] for each in answers)]
    )  # fmt: skip
    kept = ("child_description", "suspicion", "kind", "text", "guardians_informed", "guardians_informed_reason",
            "police_contacted", "state", "taken_at")  # fmt: skip
    model: dict[str, Any] = {name: found[name] for name in kept} | {
        "id": report_id,
        "at": found["filed_at"],
        "by": names.get(found["reporter_person_id"], ""),
        "child": found["child_name"],
        "child_number": found.get("child_number"),
        "child_birth_date": local_date(found["child_birth_date"]) if found["child_birth_date"] else None,
        "taken_by": names.get(found.get("taken_by") or ""),
        "answers": [each | {"by": names.get(each["by_person_id"], "")} for each in answers],
        "readers": [each | {"name": names.get(each["person_id"], "")} for each in readers],
        "may": found.get("permitted") or [],
        "in_lane": g.asking.actor.capacity == "employee",
        "ground": g.names.ground(found.get("ground"), found.get("ground_version")),
    }
    if model["child_number"]:
        form.data.setdefault("child_number", model["child_number"])
    return render("lane/item.html", report=model, form=form)


def _mark_read(message_id: str) -> None:
    """A message of the lane is read by reading what it is about, on a page of which nothing is told (PR-3)."""
    try:
        g.asking(notifications.MarkRead, {"message_ids": [message_id]})
    except Refusal:
        return

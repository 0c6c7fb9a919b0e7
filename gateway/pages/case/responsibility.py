"""Who has parental responsibility, and how that is known: the register asked again, papers registered and verified
(GU-3)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, redirect
from werkzeug.wrappers import Response

from gateway.frame.format import local_date
from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import notice, render, t
from gateway.pages.case.head import ask_case, me
from gateway.pages.choices import today
from services.contracts import cases
from services.kernel.errors import NotFound

blueprint = Blueprint("family_keep", __name__)

Page = str | Response | tuple[str, int]
_MUST = ("kind", "relation", "says", "valid_from")


@blueprint.get(PATHS["family_keep"])
def family(case_id: str) -> str:
    """The ties and the papers."""
    return _family(case_id, Form())


@blueprint.post(PATHS["family_keep"])
def registered(case_id: str) -> Page:
    """Ask the register again, or register a paper."""
    form = Form.sent()
    if form.text("do") == "refresh":
        if form.submit(cases.RefreshFamily, {"case_id": case_id}) is None:
            return _family(case_id, form), form.status
        notice("family_keep.asked_again")
        return redirect(path("family_keep", case_id=case_id), 303)
    for name in _MUST:
        if not form.text(name):
            form.wrong(name, "required")
    done = None
    if not form.errors:
        number = "".join((form.text("adult_number") or "").split()) or None
        asked = {
            "case_id": case_id,
            "person_id": form.text("person_id"),
            "adult_number": number,
            "kind": form.text("kind"),
            "relation": form.text("relation"),
            "has_responsibility": form.text("says") == "gives",
            "valid_from": form.text("valid_from"),
            "valid_to": form.text("valid_to"),
        }
        done = form.submit(cases.RecordPaper, asked)
    if done is None:
        return _family(case_id, form), form.status
    notice("family_keep.paper_kept")
    return redirect(path("family_keep", case_id=case_id), 303)


@blueprint.get(PATHS["paper"])
def paper(case_id: str, paper_id: str) -> Page:
    """One paper, to be verified or refused."""
    return _paper(case_id, paper_id, Form())


@blueprint.post(PATHS["paper"])
def decided(case_id: str, paper_id: str) -> Page:
    """Somebody has looked at it."""
    form = Form.sent()
    done = None
    if not form.text("decision"):
        form.wrong("decision", "required")
    if not form.errors:
        asked = {
            "case_id": case_id,
            "paper_id": paper_id,
            "decision": form.text("decision"),
            "same_person_reason": form.text("same_person_reason"),
        }
        done = form.submit(cases.DecidePaper, asked)
    if done is None:
        return _paper(case_id, paper_id, form)
    notice(f"family_keep.was_{form.text('decision')}")
    return redirect(path("family_keep", case_id=case_id), 303)


def _ask(case_id: str) -> dict[str, Any]:
    page = ask_case(case_id)
    page["family"] = g.asking(cases.GetFamily, {"case_id": case_id})
    by = {paper[who] for paper in page["family"]["papers"] for who in ("recorded_by", "decided_by")}
    page["names"] |= g.names.people(by)
    return page


def _family(case_id: str, form: Form) -> str:
    page = _ask(case_id)
    ties = [_tie(each) for each in page["family"]["ties"]]
    adults = {each["person_id"]: each["name"] for each in page["family"]["ties"]}
    return render(
        "employee/family_keep.html", case=page["head"], form=form, unread=page["unread"], active="work",
        asked_on=page["family"]["asked_on"], ties=[each for each in ties if each["when"] != "past"],
        past=[each for each in ties if each["when"] == "past"],
        papers=[_shown(each, page["names"], case_id) for each in reversed(page["family"]["papers"])],
        adults=[{"code": person_id, "text": name} for person_id, name in adults.items()],
    )  # fmt: skip


def _paper(case_id: str, paper_id: str, form: Form) -> Page:
    page = _ask(case_id)
    found = next((each for each in page["family"]["papers"] if each["paper_id"] == paper_id), None)
    if found is None:
        raise NotFound
    if found["state"] != "waiting":
        return redirect(path("family_keep", case_id=case_id), 303)
    shown = render(
        "employee/paper.html", case=page["head"], form=form, unread=page["unread"], active="work",
        paper=_shown(found, page["names"], case_id), own=found["recorded_by"] == me(),
    )  # fmt: skip
    return shown, form.status


def _tie(each: dict[str, Any]) -> dict[str, Any]:
    """A tie in words. `when`: past, now or coming."""
    starts, ends = _day(each["valid_from"]), _day(each["valid_to"])
    past, coming = ends is not None and ends <= today(), starts is not None and starts > today()
    said = "claim" if each["has_responsibility"] and not each["verified"] else (
        "has" if each["has_responsibility"] else "has_not"
    )  # fmt: skip
    return {
        "name": each["name"],
        "relation": t(f"relation.{each['relation']}"),
        "said": said,
        "source": each["source"],
        "starts": starts,
        "ends": ends,
        "when": "past" if past else "coming" if coming else "now",
    }


def _shown(each: dict[str, Any], names: dict[str, str], case_id: str) -> dict[str, Any]:
    waits = each["state"] == "waiting"
    return {
        "name": each["name"],
        "kind": each["kind"],
        "says": "gives" if each["has_responsibility"] else "ends",
        "starts": _day(each["valid_from"]),
        "ends": _day(each["valid_to"]),
        "state": each["state"],
        "recorded": {"by": names.get(each["recorded_by"], ""), "at": each["recorded_at"]},
        "decided": {"by": names.get(each["decided_by"], ""), "at": each["decided_at"]}
        if each["decided_at"]
        else None,
        "reason": each["same_person_reason"],
        "url": path("paper", case_id=case_id, paper_id=each["paper_id"]) if waits else None,
    }


def _day(told: str | None) -> Any:
    return local_date(told) if told else None

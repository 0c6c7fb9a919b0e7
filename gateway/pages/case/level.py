"""Deciding a concern together with the family, and moving a case between levels (LV-1, LV-4, LV-7, LV-8, HO-5)."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, g, redirect, request
from werkzeug.wrappers import Response

from gateway.composition.consents import open_services, service_states
from gateway.frame.forms import Form, field_sentence
from gateway.frame.paths import PATHS, path
from gateway.frame.view import notice, render, t
from gateway.pages.case.head import ask_case, demand, me
from gateway.pages.choices import service_choices, split_post, staff_choices
from services.contracts import cases, consent

blueprint = Blueprint("level", __name__)

Page = str | Response | tuple[str, int]

OFFERED = {0: (2, 1), 1: (2,), 2: (1, 3), 3: (1, 2)}
"""The moves that the page offers from each level; which are allowed, cases decides (LV-1)."""


# ---------------------------------------------------------------- a concern


@blueprint.get(PATHS["decide"])
def decide(case_id: str) -> Page:
    """Decide whether to go on."""
    page = ask_case(case_id)
    if _is_decided(page):
        return redirect(path("case", case_id=case_id), 303)
    demand(page["case"], "decide_level")
    return _decide(page, Form(etag=str(page["case"]["version"])))


def _is_decided(page: dict[str, Any]) -> bool:
    """Whether there is no concern to decide any more."""
    return bool(page["case"]["level"]) or page["case"]["state"] != "open"


@blueprint.post(PATHS["decide"])
def decided(case_id: str) -> Page:
    """To level 1 with a holder, to another service (which takes consent), or to an end."""
    form = Form.sent()
    decision = form.text("decision")
    if decision == "level_2":
        return redirect(path("level", case_id=case_id), 303)
    if decision not in ("level_1", "close"):
        form.wrong("decision", "required")
    if not form.text("reason"):
        form.wrong("reason", "required")
    done = None
    if decision == "close" and not form.errors:
        closing = {
            "case_id": case_id,
            "expected_version": form.version,
            "outcome": "no_concern",
            "reason": form.text("reason"),
        }
        done = form.submit(cases.CloseCase, closing)
    elif decision == "level_1":
        _check_family(form)
        if not form.text("holder_person_id"):
            form.wrong("holder_person_id", "required")
        done = None if form.errors else _move(form, case_id, 1, [])
    if done is None:
        page = ask_case(case_id)
        if _is_decided(page):
            return redirect(path("case", case_id=case_id), 303)
        form.etag = str(page["case"]["version"])
        return _decide(page, form), form.status
    return _moved(case_id, done, "close.done" if decision == "close" else "decide.done")


def _decide(page: dict[str, Any], form: Form) -> str:
    case = page["case"]
    return render(
        "employee/decide.html", case=page["head"], form=form, decide_by=case["decide_by"],
        talk_recorded=case["talk_recorded"], holders=_holders(case), unread=page["unread"], active="work",
    )  # fmt: skip


# ---------------------------------------------------------------- levels


@blueprint.get(PATHS["level"])
def level(case_id: str) -> str:
    """Choose the services that take part, and the level."""
    page = _ask(case_id, "decide_level")
    chosen = request.args.getlist("services") or sorted(_covered(page))
    form = Form(
        {"services": chosen, "reason": request.args.get("reason", "")}, etag=str(page["case"]["version"])
    )
    return _level(page, form)


@blueprint.post(PATHS["level"])
def level_moved(case_id: str) -> Page:
    """Move the case; against the suggestion with a reason (LV-4)."""
    form = Form.sent("services")
    page = _ask(case_id)
    to_level = form.text("to_level") or ""
    if to_level not in ("0", "1", "2", "3"):
        form.wrong("to_level", "required")
    if not form.text("reason"):
        form.wrong("reason", "required")
    _check_family(form)
    if page["case"]["holder_person_id"] is None and not form.text("holder_person_id"):
        form.wrong("holder_person_id", "required")
    services = [] if to_level == "1" else form.many("services")
    done = None if form.errors else _move(form, case_id, int(to_level), services)
    if done is None:
        form.etag = str(page["case"]["version"])
        return _level(page, form), form.status
    return _moved(case_id, done, "level.done", level=to_level)


def _ask(case_id: str, act: str | None = None) -> dict[str, Any]:
    return ask_case(case_id, act, consents=(consent.ConsentsOfCase, {"case_id": case_id}))


def _covered(page: dict[str, Any]) -> set[str]:
    return set(open_services(page["consents"], g.now))


def _level(page: dict[str, Any], form: Form) -> str:
    case = page["case"]
    states = service_states(page["consents"])
    services = service_choices(
        states, lambda state: t("consents.answer_is", state=t(f"consent_state.{state}"))
    )
    offered = OFFERED[case["level"]]
    if len(offered) == 1:
        form.data["to_level"] = str(offered[0])
    chosen = form.many("services")
    suggestion = None
    if chosen:
        suggestion = g.asking(cases.SuggestLevel, {"case_id": case["case_id"], "service_ids": chosen})[
            "level"
        ]
    return render(
        "employee/level.html", case=page["head"], form=form, levels=offered, suggestion=suggestion,
        services=services, holders=None if case["holder_person_id"] else _holders(case, _covered(page)),
        unread=page["unread"], missing=page["missing"], active="work",
    )  # fmt: skip


# ---------------------------------------------------------------- what both share


def _check_family(form: Form) -> None:
    """HO-5: what the family says, and why when they were not asked or wish otherwise."""
    answer = form.text("family_answer")
    if not answer:
        form.wrong("family_answer", "required")
    elif answer != "agreed" and not form.text("family_answer_reason"):
        form.errors.setdefault("family_answer_reason", field_sentence("family_answer_reason", "required"))


def _move(form: Form, case_id: str, to_level: int, services: list[str]) -> dict[str, Any] | None:
    person_id, unit_id = split_post(form.text("holder_person_id"))
    asked = {
        "case_id": case_id,
        "expected_version": form.version,
        "to_level": to_level,
        "reason": form.text("reason"),
        "service_ids": services,
        "against_suggestion_reason": form.text("against_suggestion_reason"),
        "family_answer": form.text("family_answer"),
        "family_answer_reason": form.text("family_answer_reason"),
        "holder_person_id": person_id,
        "holder_unit_id": unit_id,
    }
    return form.submit(
        cases.MoveLevel,
        asked,
        service_ids="services",
        holder_unit_id="holder_person_id",
        expected_version="form",
    )


def _moved(case_id: str, done: dict[str, Any], told: str, **params: str) -> Response:
    """On to the case; to the one that the child had already, when the concern was taken into it (LG-1)."""
    if done["id"] != case_id:
        notice("concern.receipt_joined", "info")
    else:
        notice(told, **params)
    return redirect(path("case", case_id=done["id"]), 303)


def _holders(case: dict[str, Any], services: set[str] | None = None) -> list[dict[str, str]]:
    """Who may be asked to hold the relay; the reader first."""
    found = staff_choices([case["owner_unit_id"]], sorted(services or ()))
    return sorted(found, key=lambda choice: not choice["code"].startswith(f"{me()}|"))

"""Care orders, as child protection keeps them: who they are for, how long they last, what guardians see, and what a
second person says (GU-4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, g, redirect
from werkzeug.wrappers import Response

from gateway.frame.format import local_date
from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import notice, render
from gateway.login import people
from gateway.pages.choices import today, topic_choices
from services.contracts import cases
from services.kernel.errors import NotFound
from services.kernel.text import to_date

blueprint = Blueprint("care_orders", __name__)

Page = str | Response | tuple[str, int]


@blueprint.get(PATHS["care_orders"])
def orders() -> str:
    """The unit's orders, and the form for a new one."""
    return _orders(Form({"guardians_see": "nothing"}))


@blueprint.post(PATHS["care_orders"])
def registered() -> Page:
    """Register an order."""
    form = Form.sent("topics")
    for name in ("child_number", "valid_from", "guardians_see"):
        if not form.text(name):
            form.wrong(name, "required")
    done = None
    if not form.errors:
        asked = {
            "child_number": "".join((form.text("child_number") or "").split()),
            "valid_from": form.text("valid_from"),
            **_set(form),
        }
        done = form.submit(cases.RegisterCareOrder, asked, valid_to="last_day")
    if done is None:
        return _orders(form), form.status
    notice("care.registered")
    return redirect(path("care_orders"), 303)


@blueprint.get(PATHS["care_order"])
def order(order_id: str) -> str:
    """One order, as it stands; one that waits for the reader's word, with the question."""
    found = _one(order_id)
    if found.get("state") != "confirmed":
        return _waits(found, Form())
    last = _last_day(found)
    data = {
        "last_day": last.isoformat() if last else "",
        "guardians_see": found["guardians_see"],
        "topics": found["topics"],
    }
    return _order(found, Form(data, etag=str(found["version"])))


@blueprint.post(PATHS["care_order"])
def changed(order_id: str) -> Page:
    """End it, or end it sooner, and set what the guardians see: it holds at once."""
    form = Form.sent("topics")
    if not form.text("guardians_see"):
        form.wrong("guardians_see", "required")
    done = None
    if not form.errors:
        asked = {"order_id": order_id, "expected_version": form.version, **_set(form)}
        done = form.submit(cases.ChangeCareOrder, asked, valid_to="last_day")
    if done is None:
        return _again(order_id, form), form.status
    notice("care.changed")
    return redirect(path("care_orders"), 303)


@blueprint.post(PATHS["care_order_decision"])
def decided(order_id: str) -> Page:
    """Confirm it or refuse it, as the second person; or withdraw one's own."""
    form = Form.sent()
    decision = form.text("decision")
    wanted = {"confirmed": "child_number", "refused": "reason"}.get(decision or "")
    if decision is None:
        form.wrong("decision", "required")
    if wanted and not form.text(wanted):
        form.wrong(wanted, "required")
    done = None
    if not form.errors:
        asked = {"order_id": order_id, "decision": decision}
        if wanted:
            asked[wanted] = form.text(wanted)
        done = form.submit(cases.DecideCareOrder, asked)
    if done is None:
        return _again(order_id, form), form.status
    notice("care.withdrawn" if decision == "withdrawn" else f"care.decided_of.{decision}")
    return redirect(path("care_orders"), 303)


def _set(form: Form) -> dict[str, Any]:
    """What both forms set. People name the last day on which it holds; the contract the first on which it does not."""
    last = to_date(form.text("last_day"))
    return {
        "valid_to": (last + timedelta(days=1)).isoformat() if last else form.text("last_day"),
        "guardians_see": form.text("guardians_see"),
        "topics": form.many("topics"),
    }


def _one(order_id: str) -> dict[str, Any]:
    """An order that the reader keeps, or one that waits for their word."""
    page = g.asking(cases.CareOrders)
    found = next((each for each in page["items"] + page["awaiting"] if each["order_id"] == order_id), None)
    if found is None:
        raise NotFound
    return dict(found)


def _again(order_id: str, form: Form) -> str:
    """The form with what is wrong in it, on the order as it now is."""
    found = _one(order_id)
    if found.get("state") != "confirmed":
        return _waits(found, form)
    form.etag = str(found["version"])
    return _order(found, form)


def _orders(form: Form) -> str:
    page = g.asking(cases.CareOrders)
    return render(
        "employee/care_orders.html",
        orders=[_shown(each) for each in page["items"]],
        awaiting=[_unconfirmed(each) for each in page["awaiting"]],
        keeps="child_protection" in ((people.chosen() or {}).get("roles") or ()),
        form=form,
        topics=topic_choices(),
        active="work",
    )


def _order(found: dict[str, Any], form: Form) -> str:
    return render(
        "employee/care_order.html", order=_shown(found), form=form, topics=topic_choices(), active="work"
    )


def _waits(found: dict[str, Any], form: Form) -> str:
    labels = {each["code"]: each["text"] for each in topic_choices()}
    return render(
        "employee/care_order_waits.html",
        order=_unconfirmed(found),
        topics=[labels.get(each, each) for each in found["topics"]],
        form=form,
        active="work",
    )


def _unconfirmed(found: dict[str, Any]) -> dict[str, Any]:
    """An order that is not confirmed: one's own, with the child's name, or a colleague's, without."""
    by, decided_by = found.get("set_by") or found["registered_by"], found.get("decided_by")
    names = g.names.people([each for each in (by, decided_by) if each])
    decided = {"by": names.get(decided_by, ""), "at": found["decided_at"]} if decided_by else None
    return {
        "name": found.get("child_name"),
        "url": path("care_order", order_id=found["order_id"]),
        "decide_url": path("care_order_decision", order_id=found["order_id"]),
        "starts": local_date(found["valid_from"]),
        "last": _last_day(found),
        "guardians_see": found["guardians_see"],
        "state": found.get("state", "awaiting"),
        "registered": {"by": names.get(by, ""), "at": found["registered_at"]},
        "confirm_by": found.get("confirm_by"),
        "decided": decided,
        "reason": found.get("reason"),
    }


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    starts, last = local_date(found["valid_from"]), _last_day(found)
    stands = "over" if last and last < today() else "coming" if starts > today() else "now"
    return {
        "name": found["child_name"],
        "url": path("care_order", order_id=found["order_id"]),
        "starts": starts,
        "last": last,
        "state": found["state"] if found["state"] != "confirmed" else stands,
        "guardians_see": found["guardians_see"],
        "ground": g.names.ground(found.get("ground"), found.get("ground_version")),
    }


def _last_day(found: dict[str, Any]) -> Any:
    return local_date(found["valid_to"]) - timedelta(days=1) if found["valid_to"] else None

"""Care orders, as child protection keeps them: who they are for, how long they last, what guardians see (GU-4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, g, redirect
from werkzeug.wrappers import Response

from gateway.frame.format import local_date
from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import notice, render
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
    """One order, as it stands."""
    found = _one(order_id)
    last = _last_day(found)
    data = {
        "last_day": last.isoformat() if last else "",
        "guardians_see": found["guardians_see"],
        "topics": found["topics"],
    }
    return _order(found, Form(data, etag=str(found["version"])))


@blueprint.post(PATHS["care_order"])
def changed(order_id: str) -> Page:
    """Set its last day, and what the guardians see: it holds at once."""
    form = Form.sent("topics")
    if not form.text("guardians_see"):
        form.wrong("guardians_see", "required")
    done = None
    if not form.errors:
        asked = {"order_id": order_id, "expected_version": form.version, **_set(form)}
        done = form.submit(cases.ChangeCareOrder, asked, valid_to="last_day")
    if done is None:
        found = _one(order_id)
        form.etag = str(found["version"])
        return _order(found, form), form.status
    notice("care.changed")
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
    found = next((each for each in _all() if each["order_id"] == order_id), None)
    if found is None:
        raise NotFound
    return found


def _all() -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = g.asking(cases.CareOrders)["items"]
    return items


def _orders(form: Form) -> str:
    rows = [_shown(each) for each in _all()]
    return render("employee/care_orders.html", orders=rows, form=form, topics=topic_choices(), active="work")


def _order(found: dict[str, Any], form: Form) -> str:
    return render(
        "employee/care_order.html", order=_shown(found), form=form, topics=topic_choices(), active="work"
    )


def _shown(found: dict[str, Any]) -> dict[str, Any]:
    starts, last = local_date(found["valid_from"]), _last_day(found)
    over, coming = last is not None and last < today(), starts > today()
    return {
        "name": found["child_name"],
        "url": path("care_order", order_id=found["order_id"]),
        "starts": starts,
        "last": last,
        "state": "over" if over else "coming" if coming else "now",
        "guardians_see": found["guardians_see"],
        "ground": g.names.ground(found.get("ground"), found.get("ground_version")),
    }


def _last_day(found: dict[str, Any]) -> Any:
    return local_date(found["valid_to"]) - timedelta(days=1) if found["valid_to"] else None

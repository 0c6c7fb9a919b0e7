"""Evaluating the measures one by one, and the day of the next evaluation (LV-10, LG-4)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, g, redirect, request

from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import notice
from gateway.pages.log.frame import OPEN_MEASURES, Answer, Page, ask_log, responsible_of, show
from services.contracts import relay_log

blueprint = Blueprint("log_evaluation", __name__)

_PARTS = ("outcome", "effect", "comment", "new_what", "new_deadline", "service_id")


@blueprint.route(PATHS["evaluate"], methods=["GET", "POST"])
def evaluate(case_id: str) -> Answer:
    """Every open measure gets an effect and an outcome."""
    page = ask_log(case_id, "write_log")
    measures = [each for each in page["log"]["measures"] if each["status"] in OPEN_MEASURES]
    form = Form.sent() if request.method == "POST" else Form()
    if request.method == "POST" and _record(case_id, form, measures):
        notice("log.done.evaluation")
        return redirect(path("plan", case_id=case_id), 303)
    return show(
        page,
        "log/evaluate.html",
        form,
        measures=[
            {"id": each["measure_id"], "what": each["what"], "responsible": responsible_of(page, each),
             "deadline": each["deadline"]}
            for each in measures
        ],
        services=_other_services(page),
    )  # fmt: skip


def _record(case_id: str, form: Form, measures: list[dict[str, Any]]) -> bool:
    outcomes: list[dict[str, str]] = []
    renamed: dict[str, str] = {}
    for index, measure in enumerate(measures):
        said = {name: form.text(f"{name}-{measure['measure_id']}") for name in _PARTS}
        for name in ("effect", "outcome"):
            if said[name] is None:
                form.wrong(f"{name}-{measure['measure_id']}", "required")
        renamed |= {
            ".".join(("outcomes", str(index), name)): f"{name}-{measure['measure_id']}" for name in _PARTS
        }
        outcomes.append({"measure_id": measure["measure_id"], **_given(said)})
    if form.errors:
        return False
    asked = {"case_id": case_id, "outcomes": outcomes, "next_evaluation_on": form.text("next_evaluation_on")}
    return form.submit(relay_log.RecordEvaluation, asked, **renamed) is not None


def _given(said: Mapping[str, str | None]) -> dict[str, str]:
    """What goes with the outcome: the new measure when it is changed, the service when it goes to another."""
    left_out = {
        *(() if said["outcome"] == "change" else ("new_what", "new_deadline")),
        *(() if said["outcome"] == "another_service" else ("service_id",)),
    }
    return {name: value for name, value in said.items() if value is not None and name not in left_out}


def _other_services(page: Page) -> list[dict[str, str]]:
    own = page["case"]["owner_service_id"]
    services = [each for each in g.names.catalogue()["services"] if each["id"] != own]
    return sorted(
        ({"code": each["id"], "text": each["name"]} for each in services), key=lambda each: each["text"]
    )


@blueprint.route(PATHS["evaluation_date"], methods=["GET", "POST"])
def evaluation_date(case_id: str) -> Answer:
    """The day of the next evaluation."""
    form = Form.sent() if request.method == "POST" else Form()
    if request.method == "POST" and form.submit(
        relay_log.SetEvaluation, {"case_id": case_id, "evaluate_on": form.text("evaluate_on")}
    ):
        notice("log.done.evaluation_date")
        return redirect(path("plan", case_id=case_id), 303)
    page = ask_log(case_id, "manage")
    if request.method == "GET" and page["log"]["next_evaluation_on"]:
        form.data["evaluate_on"] = page["log"]["next_evaluation_on"]
    return show(page, "log/evaluation_date.html", form)

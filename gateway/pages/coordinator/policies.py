"""The municipality's rules, as its coordinator sets them: versions, a form for the next, and what that would do to
running cases, shown before it is saved."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Blueprint, g, redirect
from werkzeug.wrappers import Response

from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import day_in_words, notice, render, t
from gateway.pages.choices import today
from gateway.pages.coordinator.explain import demand_coordinator
from services.contracts import consent, directory

blueprint = Blueprint("policies", __name__)

Page = str | Response | tuple[str, int]
Values = dict[str, Any]

GROUPS: dict[str, tuple[str, ...]] = {
    "consent": (
        "consent_months",
        "consent_renewal_days",
        "say_notice_days",
        "own_access_age",
        "knowledge_seconds",
    ),
    "concern": (
        "concern_days",
        "concern_warning_days",
        "count_services",
        "holder_from_level",
        "handover_days",
    ),
    "breaks": (
        "break_leader_days",
        "break_coordinator_days",
        "inquiry_working_days",
        "individual_plan_closes_log",
    ),
    "other": ("quiet_from_hour", "quiet_to_hour", "hide_counts_below", "retention_years"),
}
"""The fields of the policy as the form groups them; the topics' stand apart."""
OF_TOPIC = ("youth_signs_from", "youth_alone_from", "guardians_limited_from", "one_guardian_suffices")
COUNTING = ("other", "all")
_FLAGS = frozenset({"individual_plan_closes_log", "one_guardian_suffices"})
_MAY_BE_EMPTY = frozenset({"guardians_limited_from"})
EFFECTS = (
    "windows_closing", "windows_narrowing", "windows_opening", "signatures_needed", "family_losing", "family_gaining",
    "renewals_moving", "holders_needed",
)  # fmt: skip


@blueprint.before_request
def _coordinators() -> None:
    demand_coordinator()


@blueprint.get(PATHS["policies"])
def policies() -> str:
    """All versions, and what the one in force says."""
    answer = g.asking(directory.Policies)
    names = g.names.people(each.get("saved_by") for each in answer["items"])
    in_force = next((each for each in answer["items"] if each["state"] == "in_force"), None)
    versions = [{**each, "by": names.get(each.get("saved_by"))} for each in answer["items"]]
    return render(
        "coordinator/policies.html",
        versions=versions,
        policy=in_force,
        groups=GROUPS,
        of_topic=OF_TOPIC,
        active="work",
    )


@blueprint.get(PATHS["policy_new"])
def new() -> str:
    """The form, filled with what is in force."""
    answer = g.asking(directory.Policies)
    values: Values = next((each["values"] for each in answer["items"] if each["state"] == "in_force"), {})
    data = _to_form(values) | {"valid_from": (today() + timedelta(days=1)).isoformat()}
    return _new(Form(data), values)


@blueprint.post(PATHS["policy_new"])
def checked() -> Page:
    """What the draft would do, with the way to save it; or the form again, with what is to be mended."""
    form = Form.sent()
    if form.text("again"):
        return _new(form, _values_in_force())
    draft = _draft(form)
    found = None if form.errors else form.submit(directory.CheckPolicy, draft, **_renamed(draft))
    if found is None:
        return _new(form, _values_in_force()), form.status
    return _check(form, draft, found)


@blueprint.post(PATHS["policy_check"])
def saved() -> Page:
    """Save the draft that was shown (its hash is sent along); the next page shows what it does, once more."""
    form = Form.sent()
    draft = _draft(form)
    shown = {"draft_hash": form.text("draft_hash") or "-", "expected_version": form.version}
    if form.errors:
        return _new(form, _values_in_force()), form.status
    effects = g.asking(consent.PreviewPolicy, draft)
    done = form.submit(directory.SavePolicy, draft | shown, **_renamed(draft))
    if done is None:
        return _new(form, _values_in_force()), form.status
    told = _effects(effects)
    lines = [*(line["text"] for line in told["lines"]), told["few"]]
    notice("policy.saved", day=day_in_words(draft["valid_from"]), effects=" ".join(lines))
    return redirect(path("policies"), 303)


def _check(form: Form, draft: Mapping[str, Any], found: Mapping[str, Any]) -> str:
    effects = g.asking(consent.PreviewPolicy, draft)
    kept = {name: value for name, value in form.data.items() if isinstance(value, str) and value}
    return render(
        "coordinator/policy_check.html",
        form=Form({**kept, "draft_hash": found["draft_hash"]}, etag=str(found["version"] - 1)),
        kept=kept,
        valid_from=found["valid_from"],
        replaced_on=found.get("replaced_on"),
        changes=[_change(each) for each in found["changes"]],
        effects=_effects(effects),
        active="work",
    )


def _new(form: Form, values: Values) -> str:
    topics = [each["code"] for each in values.get("topics", [])]
    return render(
        "coordinator/policy_new.html", form=form, groups=GROUPS, topics=topics, of_topic=OF_TOPIC, counting=COUNTING,
        flags=_FLAGS, active="work",
    )  # fmt: skip


def _values_in_force() -> Values:
    items = g.asking(directory.Policies)["items"]
    return next((dict(each["values"]) for each in items if each["state"] == "in_force"), {})


# ---------------------------------------------------------------- between the form and the policy


def _to_form(values: Values) -> dict[str, str]:
    data = {name: _text(values[name]) for names in GROUPS.values() for name in names if name in values}
    for topic in values.get("topics", []):
        data |= {f"topic_{topic['code']}_{name}": _text(topic[name]) for name in OF_TOPIC}
    return data


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def _draft(form: Form) -> dict[str, Any]:
    """The draft that was filled in; what is no number is noted in the form."""
    if not form.text("valid_from"):
        form.wrong("valid_from", "required")
    values: Values = {name: _value(form, name, name) for names in GROUPS.values() for name in names}
    codes = [each["code"] for each in _values_in_force().get("topics", [])]
    values["topics"] = [
        {"code": code, **{name: _value(form, f"topic_{code}_{name}", name) for name in OF_TOPIC}}
        for code in codes
    ]
    return {"valid_from": form.text("valid_from"), "values": values}


def _value(form: Form, field: str, name: str) -> Any:
    text = form.text(field)
    if name in _FLAGS:
        return text == "yes"
    if name == "count_services":
        if text not in COUNTING:
            form.wrong(field, "not_a_choice")
        return text
    if text is None:
        if name not in _MAY_BE_EMPTY:
            form.wrong(field, "required")
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 7):
        form.wrong(field, "not_a_number")
        return None
    return int(text)


def _renamed(draft: Mapping[str, Any]) -> dict[str, str]:
    """The form's field of a topic that can't stand."""
    return {
        f"topics.{topic['code']}": f"topic_{topic['code']}_youth_alone_from"
        for topic in draft["values"]["topics"]
    }


# ---------------------------------------------------------------- in words


def _change(change: Mapping[str, Any]) -> dict[str, str]:
    parts = change["field"].split(".")
    name = parts[-1]
    label = t(f"policy.field.{name}")
    if len(parts) == 3:
        label = t("policy.of_topic", topic=t(f"topic.{parts[1]}"), field=label)
    return {
        "label": label,
        "before": shown(name, change.get("before")),
        "after": shown(name, change.get("after")),
    }


def shown(name: str, value: Any) -> str:
    """A value of the policy in words."""
    if name == "count_services":
        return t(f"policy.counting.{value}")
    if value is None:
        return t("policy.none")
    if isinstance(value, bool):
        return t("policy.yes" if value else "policy.no")
    return str(value)


def _effects(effects: Mapping[str, Any]) -> dict[str, Any]:
    """The effects in words: of all other cases together, and of each that the reader may see."""
    listed = [
        {
            "case_id": each["case_id"],
            "url": path("case", case_id=each["case_id"]),
            "lines": _lines(each["effects"]),
        }
        for each in effects["listed"]
    ]
    return {
        "lines": _lines(effects["others"]),
        "few": t("policy.few" if effects["others"]["cases"] is None else "policy.few_else"),
        "listed": listed,
        "concerns": effects.get("concerns_keeping"),
    }


def _lines(counts: Mapping[str, Any]) -> list[dict[str, str]]:
    """What is counted; few and none look alike (SE-4)."""
    return [
        {"name": name, "text": t(f"policy.effect.{name}", count=counts[name])}
        for name in EFFECTS
        if counts.get(name)
    ]

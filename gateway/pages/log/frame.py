"""What all pages of the relay log share: the case and its log in one round, who can be named, and what was in the way.
A decision is never made here: the service says what the reader may do (`permitted`), and pages offer just that."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime
from typing import Any

from flask import current_app, g
from werkzeug.wrappers import Response

from gateway.asking import Missing
from gateway.frame.forms import Form
from gateway.frame.view import render, t
from gateway.login import people
from gateway.pages.case.head import Ask, ask_case, me
from services.contracts import relay_log
from services.kernel.errors import Forbidden, NotFound, Refusal

Page = dict[str, Any]
Answer = str | Response | tuple[str, int]

OPEN_MEASURES = frozenset({"planned", "running"})
OWN_READING_AGE = 12
"""AG-1: from this age a child has a place in the list of those who can be invited; the service knows the policy."""


def ask_log(case_id: str, act: str | None = None, **more: Ask) -> Page:
    """As `ask_case`, with `log`, `partial` (the topics open to the reader, None: all) and `unknown` (CO-9).

    `act`: what the page is for; Forbidden when the service does not let the reader do it, so that nobody fills in a
    form in vain. Raises the log's own refusal where there is no log to show."""
    page = ask_case(case_id, log=(relay_log.GetLog, {"case_id": case_id}), **more)
    page["unknown"] = False
    if page["log"] is None:
        answer = g.asking.together(log=(relay_log.GetLog, {"case_id": case_id}))["log"]
        if isinstance(answer, Missing):
            if act is not None or answer.refusal.code != "consent_status_not_known":
                raise answer.refusal
            page["unknown"], answer = True, _nothing_of(case_id)
        page["log"] = answer
    if act is not None and not may(page, act):
        raise Forbidden
    known = [each["code"] for each in g.names.catalogue()["topics"]]
    readable = [code for code in known if code in page["log"]["topics"]]
    page["partial"] = readable if len(readable) < len(known) and not page["unknown"] else None
    return page


def _nothing_of(case_id: str) -> dict[str, Any]:
    lists = ("topics", "goals", "measures", "participants", "meetings", "evaluations", "entries", "views",
             "arenas_without_measure", "permitted", "limited_topics")  # fmt: skip
    return {"case_id": case_id, "state": "open", "next_evaluation_on": None, "childs_own_missing": False,
            "report_id": None} | {name: [] for name in lists}  # fmt: skip


def may(page: Page, act: str) -> bool:
    """Whether the log, or the case, says that the reader may do this now."""
    return act in page["log"]["permitted"] or act in page["case"]["permitted"]


def show(page: Page, template: str, form: Form | None = None, **values: Any) -> Answer:
    """A page of the log, with the status that its form asks for."""
    head = {"case": page["head"], "partial": page["partial"], "unknown": page["unknown"]}
    employee = (people.chosen() or {}).get("capacity") == "employee"
    frame = {"unread": page["unread"], "missing": page["missing"], "active": "work" if employee else "cases"}
    if form is None:
        return render(template, **head, **frame, **values)
    return render(template, form=form, **head, **frame, **values), form.status


def topic_choices(page: Page) -> list[dict[str, str]]:
    """The topics that the reader can read, and so write about, as choices."""
    return [
        {"code": each["code"], "text": t(f"topic.{each['code']}"), "hint": each.get("hint", "")}
        for each in g.names.catalogue()["topics"]
        if each["code"] in page["log"]["topics"]
    ]


def one_of(items: Iterable[Mapping[str, Any]], key: str, value: str) -> dict[str, Any]:
    """The item whose id it is; not found is not found, whatever the reason."""
    found = next((dict(item) for item in items if item[key] == value), None)
    if found is None:
        raise NotFound
    return found


def unit_name(unit_id: str | None) -> str:
    """A unit's name; '' when it is not known."""
    return g.names.unit(g.asking.municipality, unit_id) or ""


def in_force(participant: Mapping[str, Any]) -> bool:
    """Whether somebody takes part now."""
    return participant["valid_to"] is None or datetime.fromisoformat(participant["valid_to"]) > g.now


def part_of(page: Page, person_id: str) -> str:
    """What a person is here, in a word: the relation to the child, or the unit; '' when unknown."""
    case = page["case"]
    for guardian in case["guardians"]:
        if guardian["person_id"] == person_id:
            return t(f"relation.{guardian['relation']}").lower()
    if person_id == case["child"]["person_id"]:
        return t("relation.self").lower()
    if person_id == case["holder_person_id"]:
        return unit_name(case["holder_unit_id"])
    for participant in page["log"]["participants"]:
        if participant["person_id"] == person_id:
            return unit_name(participant["unit_id"])
    return unit_name(case["owner_unit_id"]) if person_id == case["owner_person_id"] else ""


def name_of(page: Page, person_id: str | None) -> str:
    """A person's name as this reader may know it; in words when it may not, or can't be had."""
    return page["names"].get(person_id or "") or t("log.no_name")


def party(page: Page, person_id: str) -> str:
    """Name and part: "Solveig Brekke, Bjørkelia barnehage"."""
    name, part = name_of(page, person_id), part_of(page, person_id)
    return f"{name}, {part}" if part else name


def staff_parties(page: Page) -> list[str]:
    """Person ids of the holder, the owner and those who take part now, each once."""
    case = page["case"]
    found = [case["holder_person_id"], case["owner_person_id"]]
    found += [each["person_id"] for each in page["log"]["participants"] if in_force(each)]
    return list(dict.fromkeys(person_id for person_id in found if person_id))


def family_parties(page: Page, with_child: bool = False) -> list[str]:
    """Person ids of the guardians who have parental responsibility, and of the child if it is old enough."""
    case = page["case"]
    found = [
        each["person_id"] for each in case["guardians"] if each["has_responsibility"] and each["verified"]
    ]
    if with_child and case["child"]["age"] >= OWN_READING_AGE:
        found.append(case["child"]["person_id"])
    return found


def person_choices(page: Page, person_ids: Iterable[str]) -> list[dict[str, str]]:
    """These persons as choices of a form."""
    return [{"code": person_id, "text": party(page, person_id)} for person_id in person_ids]


def responsible_of(page: Page, measure: Mapping[str, Any]) -> str:
    """The name of who is responsible for a measure."""
    child, person_id = page["case"]["child"], measure["responsible_person_id"]
    if person_id in (None, child["person_id"]):
        return str(page["head"]["child"]["first_name"])
    return str(page["names"].get(person_id) or measure.get("responsible_name") or t("log.no_name"))


def is_mine(item: Mapping[str, Any]) -> bool:
    """Whether the reader wrote it."""
    return bool(item["by_person_id"] == me())


def in_words(day: str) -> str:
    """A day as it was sent ("2027-01-15"), written out; what is no day is given back as it is."""
    try:
        date.fromisoformat(day)
    except ValueError:
        return day
    return str(current_app.jinja_env.filters["full_day"](day))


Shown = tuple[str, str, str, Callable[[str], str]]
"""(field of the form, key under conflict.field, value that stands now, how a value reads)"""


def conflict(
    page: Page, form: Form, version: int, shown: Iterable[Shown], action: str, back: str
) -> Answer | None:
    """LG-8: the page that shows what stands now beside what was written. None: nothing of what was written differs.

    Sending the page's form makes the writer's own changes on the version that it shows; what they left as it was
    when they opened the form (`was-<field>`) stays as the other one made it."""
    changes, mine = [], False
    for field, key, now, reads in shown:
        written, was = form.text(field) or "", form.text(f"was-{field}") or ""
        if written == now:
            continue
        touched = written != was
        mine = mine or touched
        yours = reads(written) if touched else t("conflict.untouched")
        changes.append({"field": key, "theirs": reads(now), "yours": yours})
        form.data |= {f"was-{field}": now} | ({} if touched else {field: now})
    if not mine:
        return None
    form.errors, form.etag = {}, str(version)
    return show(page, "log/conflict.html", form, by=None, changes=changes, action=action, back=back)


def editing(data: dict[str, str], version: int) -> Form:
    """The form of an edit, which remembers what stood in it when it was opened."""
    return Form({**data, **{f"was-{name}": value for name, value in data.items()}}, etag=str(version))


def is_stale(form: Form) -> bool:
    """Whether somebody changed the same thing in the meantime (412)."""
    return isinstance(form.refusal, Refusal) and form.refusal.status == 412

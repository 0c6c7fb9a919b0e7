"""What entries and minutes tell of somebody besides the child, and that person's word on whether others see it (GU-6):
theirs to give and to take back, or the holder's to write down as they said it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, g, redirect, request

from gateway.composition.consents import open_services
from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import notice, t
from gateway.pages.case.head import me
from gateway.pages.choices import today
from gateway.pages.log.frame import Answer, Page, ask_log, family_parties, may, name_of, party, show
from services.chassis.ids import new_id
from services.contracts import consent, relay_log
from services.kernel.facts import SOMEBODY

blueprint = Blueprint("log_third_person", __name__)

_ANSWERS = {"yes": True, "no": False}


@blueprint.route(PATHS["third_person"], methods=["GET", "POST"])
def third_person(case_id: str) -> Answer:
    """All such entries on which the reader may give a word; nothing is chosen beforehand."""
    form = Form.sent() if request.method == "POST" else Form()
    if request.method == "POST":
        said = form.text("answer") or ""
        if said not in _ANSWERS:
            form.wrong("answer", "required")
        asked = {
            "case_id": case_id,
            "entry_id": form.text("entry_id"),
            "agrees": _ANSWERS.get(said),
            "said_on": form.text("said_on") or today().isoformat(),
        }
        if not form.errors and form.submit(relay_log.RecordThirdPersonWord, asked):
            notice(f"third_person.done.{said}")
            return redirect(path("third_person", case_id=case_id), 303)
    page = ask_log(case_id, consents=(consent.ConsentsOfCase, {"case_id": case_id}))
    items = list(_items(page))
    mine = [each for each in items if each["mine"]]
    return show(
        page, "log/third_person.html", form, mine=mine, theirs=[each for each in items if not each["mine"]],
        today=today().isoformat(),
    )  # fmt: skip


def _items(page: Page) -> Iterator[dict[str, Any]]:
    manages = may(page, "manage")
    for thing in (*_entries(page), *_minutes(page), *_plan(page)):
        whom = thing["third_person"]
        if whom is None or not (manages or whom == me()):
            continue
        yield {
            **{name: thing[name] for name in ("id", "text", "at", "topic")},
            "key": new_id(),
            "mine": whom == me(),
            "whom": t("entry.somebody") if whom == SOMEBODY else name_of(page, whom),
            "by": party(page, thing["by_person_id"]) if thing["by_person_id"] else t("marks.kind.measure"),
            "shown": thing["third_person_agrees"],
            "corrected": bool(thing.get("corrected_by")),
            "others": _others(page, thing),
        }


def _entries(page: Page) -> Iterator[dict[str, Any]]:
    """What was corrected is among them: it stands, and is that person's to take back (LG-6)."""
    for each in page["log"]["entries"]:
        yield {**each, "id": each["entry_id"], "at": each["recorded_at"]}


def _minutes(page: Page) -> Iterator[dict[str, Any]]:
    for meeting in page["log"]["meetings"]:
        found = meeting["minutes"]
        for each in found["items"] if found else ():
            yield {
                **each,
                "id": each["item_id"],
                "at": found["published_at"],
                "by_person_id": found["by_person_id"],
            }


def _plan(page: Page) -> Iterator[dict[str, Any]]:
    """Goals and measures by the words that they have now; whoever agrees, agrees to those."""
    for goal in page["log"]["goals"]:
        yield {**goal, "id": goal["item_id"], "at": goal["recorded_at"]}
    for measure in page["log"]["measures"]:
        yield {
            **measure,
            "id": measure["item_id"],
            "text": measure["what"],
            "at": measure["recorded_at"],
            "by_person_id": None,
        }


def tells_of(page: Page) -> set[str]:
    """Whom what the reader may read tells of besides the child."""
    return {each["third_person"] for each in (*_entries(page), *_minutes(page), *_plan(page))} - {None}


def gives_word(page: Page) -> bool:
    """Whether something waits for, or has, a word that the reader may give (GU-6)."""
    whom = tells_of(page)
    return bool(whom) and (may(page, "manage") or me() in whom)


def _others(page: Page, thing: Mapping[str, Any]) -> list[str]:
    """Who reads it as well once that person has agreed: family, and services that consent opens the topic to."""
    family = [each for each in family_parties(page, with_child=True) if each != thing["third_person"]]
    services = [
        g.names.service(service_id) or ""
        for service_id, topics in (open_services(page["consents"], g.now) if page["consents"] else {}).items()
        if thing["topic"] in topics
    ]
    return [name for name in (*(name_of(page, each) for each in family), *services) if name]

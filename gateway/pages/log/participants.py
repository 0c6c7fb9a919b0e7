"""Who is in the log: those who take part, bringing somebody in, and letting them go with a kind word (HO-7, LV-8)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, g, redirect, request

from gateway.composition.consents import open_services
from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import notice
from gateway.pages.choices import Choice, split_post, staff_choices
from gateway.pages.log.frame import (
    Answer,
    Page,
    ask_log,
    family_parties,
    in_force,
    may,
    name_of,
    one_of,
    show,
    unit_name,
)  # fmt: skip
from services.contracts import consent, relay_log

blueprint = Blueprint("log_participants", __name__)


@blueprint.get(PATHS["participants"])
def participants(case_id: str) -> Answer:
    """Those who take part now, those who did, and the family."""
    page = ask_log(case_id, consents=(consent.ConsentsOfCase, {"case_id": case_id}))
    case, listed = page["case"], page["log"]["participants"]
    family = [each for each in case["guardians"] if each["person_id"] in family_parties(page)]
    return show(
        page,
        "log/participants.html",
        now=[_row(page, each) for each in listed if in_force(each)],
        earlier=[_row(page, each) for each in listed if not in_force(each)],
        family=[
            {"name": case["child"]["name"], "relation": "self"},
            *({"name": each["name"], "relation": each["relation"]} for each in family),
        ],
        may={"bring_in": may(page, "manage"), "release": may(page, "manage")},
    )


@blueprint.route(PATHS["participant_new"], methods=["GET", "POST"])
def new(case_id: str) -> Answer:
    """The holder brings in a named employee of the own unit, or of a service that the family has consented to."""
    form = Form.sent("rights") if request.method == "POST" else Form()
    if request.method == "POST":
        person_id, unit_id = split_post(form.text("person"))
        rights = form.many("rights")
        asked = {
            "case_id": case_id,
            "person_id": person_id,
            "unit_id": unit_id,
            "may_write": "may_write" in rights,
            "follows_up": "follows_up" in rights,
        }
        if form.submit(relay_log.BringIn, asked, person_id="person", unit_id="person"):
            notice("log.done.participant")
            return redirect(path("participants", case_id=case_id), 303)
    page = ask_log(case_id, "manage", consents=(consent.ConsentsOfCase, {"case_id": case_id}))
    return show(page, "log/participant_form.html", form, people=_people(page))


@blueprint.route(PATHS["participant_release"], methods=["GET", "POST"])
def release(case_id: str, participant_id: str) -> Answer:
    """The holder lets a participant go; access ends at once."""
    form = Form.sent() if request.method == "POST" else Form()
    if request.method == "POST" and form.submit(
        relay_log.Release,
        {"case_id": case_id, "participant_id": participant_id, "notice": form.text("notice")},
    ):
        notice("log.done.release")
        return redirect(path("participants", case_id=case_id), 303)
    page = ask_log(case_id, "manage")
    found = one_of(page["log"]["participants"], "participant_id", participant_id)
    participant = {
        "id": participant_id, "name": name_of(page, found["person_id"]), "unit": unit_name(found["unit_id"])
    }  # fmt: skip
    return show(page, "log/participant_release.html", form, participant=participant)


def _row(page: Page, participant: Mapping[str, Any]) -> dict[str, Any]:
    own = participant["unit_id"] == page["case"]["owner_unit_id"]
    active, case_id = in_force(participant), page["head"]["id"]
    participant_id = participant["participant_id"]
    offered = active and may(page, "manage")
    opened = open_services(page["consents"], g.now)
    return {
        "id": participant_id,
        "name": name_of(page, participant["person_id"]),
        "title": None,
        "unit": unit_name(participant["unit_id"]),
        "service": g.names.service(participant["service_id"]) or "",
        "topics": opened.get(participant["service_id"], []) if active and not own else [],
        "since": participant["valid_from"],
        "until": participant["valid_to"],
        "may_write": participant["may_write"] and active,
        "follows_up": participant["follows_up"],
        "release_url": path("participant_release", case_id=case_id, participant_id=participant_id)
        if offered
        else None,
    }


def _people(page: Page) -> list[Choice]:
    """Those who can be brought in: the own unit's people, and from level 2 those of the services with consent."""
    case = page["case"]
    services = open_services(page["consents"], g.now) if case["level"] >= 2 else {}
    taken = {case["holder_person_id"]} | {
        each["person_id"] for each in page["log"]["participants"] if in_force(each)
    }
    offered = staff_choices([case["owner_unit_id"]], services)
    return [choice for choice in offered if split_post(choice["code"])[0] not in taken]

"""Employees and their roles, for those who work with them."""

from __future__ import annotations

from typing import Any

from services.chassis.actor import demand_service
from services.chassis.unit_of_work import Reading
from services.directory.storage import Staff
from services.kernel.calendar import local_date
from services.kernel.errors import Forbidden


def roles_of(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """A person's roles today; empty for who is no employee. One's own, or the gateway's question at login."""
    person_id = request["person_id"]
    if reading.actor.person_id != person_id:
        demand_service(reading.actor, "gateway")
    staff = Staff(reading.conn, reading.municipality)
    found = staff.people([person_id])
    today = staff.roles([person_id], local_date(reading.now))
    return {
        "person_id": person_id,
        "name": found[0].name if found else None,
        "title": found[0].title if found else None,
        "roles": [{name: role[name] for name in ("unit_id", "service_id", "role")} for role in today],
    }


def staff_names(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """Names and titles by id, for whoever is logged in: they have the ids from what they may see."""
    if reading.actor.capacity == "anonymous":
        raise Forbidden(code="not_logged_in")
    found = Staff(reading.conn, reading.municipality).people(request["person_ids"])
    return {"items": [{"person_id": row.person_id, "name": row.name, "title": row.title} for row in found]}


def staff_of(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """The employees of units or services today; for those alone who work today in the unit of their token (CO-10)."""
    staff, today = Staff(reading.conn, reading.municipality), local_date(reading.now)
    me = reading.actor.person_id
    posts = staff.roles([me], today) if me and reading.actor.capacity == "employee" else ()
    if not any(post["unit_id"] == reading.actor.unit_id for post in posts):
        raise Forbidden(code="employees_only", rule="CO-10")
    found = staff.of(request["unit_ids"], request["service_ids"], today)
    return {
        "items": [
            {"person_id": row.person_id, "name": row.name, "title": row.title, "unit_id": row.unit_id}
            for row in found
        ]
    }


def contact_of(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """An employee's work address, for the sender alone (NO-3)."""
    demand_service(reading.actor, "notifications")
    found = Staff(reading.conn, reading.municipality).people([request["person_id"]])
    return {"person_id": request["person_id"], "email": found[0].email if found else None}

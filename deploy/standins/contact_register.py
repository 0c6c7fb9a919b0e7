"""A stand-in for the national contact register (KRR), with the demo's people in it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, Response, jsonify, request

from deploy.standins.people import Person

MOST = 1000
_SINCE = "2026-01-15T09:00:00+01:00"
_VERIFIED = "2026-10-01T09:00:00+02:00"


def contact_register(people: Callable[[], list[Person]]) -> Blueprint:
    """`POST /rest/v2/personer` with 1 to 1000 identity numbers; reservation and status are always answered."""
    pages = Blueprint("contact_register", __name__)

    @pages.post("/rest/v2/personer")
    def look_up() -> Response | tuple[Response, int]:
        body = request.get_json(silent=True)
        numbers = body.get("personidentifikatorer") if isinstance(body, dict) else None
        if not isinstance(numbers, list) or not 1 <= len(numbers) <= MOST:
            return jsonify(error="personidentifikatorer: 1..1000"), 400
        known = {person.number: person for person in people()}
        return jsonify(personer=[_entry(str(number), known.get(str(number))) for number in numbers])

    return pages


def _entry(number: str, person: Person | None) -> dict[str, Any]:
    if person is None:
        return {
            "personidentifikator": number,
            "reservasjon": "NEI",
            "status": "IKKE_REGISTRERT",
            "varslingsstatus": "KAN_IKKE_VARSLES",
        }
    reachable = not person.reserved and bool(person.email or person.mobile)
    entry: dict[str, Any] = {
        "personidentifikator": number,
        "reservasjon": "JA" if person.reserved else "NEI",
        "status": "AKTIV",
        "varslingsstatus": "KAN_VARSLES" if reachable else "KAN_IKKE_VARSLES",
        "spraak": "nb",
        "spraak_oppdatert": _SINCE,
    }
    if person.reserved:
        entry["reservasjonstidspunkt"] = _SINCE
    if reachable:
        contact: dict[str, str] = {}
        for field, value in (("epostadresse", person.email), ("mobiltelefonnummer", person.mobile)):
            if value:
                contact |= {field: value, f"{field}_oppdatert": _SINCE, f"{field}_sist_verifisert": _VERIFIED}
        entry["kontaktinformasjon"] = contact
    return entry

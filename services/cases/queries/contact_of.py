"""Where the public contact register says that a person is reached, now: for notifications' own token alone (NO-3)."""

from typing import Any

from services.cases.domain.errors import NotFound
from services.cases.storage import people
from services.chassis.actor import demand_service
from services.chassis.unit_of_work import Reading


def run(reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
    """Ask the register about one person; nothing of the answer is kept."""
    demand_service(reading.actor, "notifications")
    number = people.number_of(reading.conn, reading.keys, reading.municipality, request["person_id"])
    if number is None:
        raise NotFound
    reading.access("NO-3", "contact_of", None, request["person_id"])
    contact = reading.services.registers.contact.ask(number)
    return {"email": contact.email, "reserved": contact.reserved, "language": contact.language}

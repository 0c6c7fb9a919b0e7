"""The population register is asked again about somebody whom a case is about: by the one who is in charge of the case,
and once a day by a timer (GU-3). What it tells anew holds from today, or from the day that it names."""

from collections.abc import Mapping
from typing import Any

import structlog

from services.cases.commands.common import require_open, to_change
from services.cases.commands.people import register
from services.cases.domain.errors import NotFound
from services.cases.domain.people import RegisteredPerson
from services.cases.storage import cases, people
from services.chassis import access
from services.chassis.unit_of_work import UnitOfWork
from services.chassis.work import Context, Work
from services.contracts.cases import PEOPLE
from services.kernel.calendar import local_date
from services.kernel.errors import Unavailable
from services.kernel.facts import Act

AT_MOST = 50
"""So many children a round and municipality: the register is others'."""

log = structlog.get_logger()


def prepare(context: Context, request: dict[str, Any]) -> RegisteredPerson | None:
    """Ask the register before the transaction, for whoever may."""
    with context.read() as reading:
        asked = access.of(reading, request["case_id"])
        asked.require(Act.KEEP_FAMILY)
        number = people.number_of(
            reading.conn, reading.keys, reading.municipality, asked.known_facts.case.subject_person
        )
    if number is None:
        raise NotFound
    registered: RegisteredPerson | None = context.services.registers.population.find(number)
    return registered


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Take over what the register tells; the id is the case's."""
    facts = require_open(to_change(uow, request["case_id"]), Act.KEEP_FAMILY)
    _take_over(uow, facts.case.subject_person, uow.prepared)
    return {"id": request["case_id"]}


def all_once_a_day(work: Work) -> None:
    """The timer's round: the register is asked about each child that it was not asked about today, and each answer
    taken over in a transaction of its own. A register that does not answer is asked in the next round; what stands
    meanwhile stays."""
    with work.db.read() as conn:
        known = cases.municipalities(conn)
    for municipality in known:
        answers = _ask(work, municipality)

        def refresh_family(
            uow: UnitOfWork, person_id: str, answers: Mapping[str, RegisteredPerson | None] = answers
        ) -> None:
            _take_over(uow, person_id, answers[person_id])

        work.each([(municipality, person_id) for person_id in answers], refresh_family)


def _ask(work: Work, municipality: str) -> dict[str, RegisteredPerson | None]:
    with work.read(municipality) as reading:
        due = people.to_ask_about(reading.conn, municipality, local_date(reading.now), AT_MOST)
        numbers = {each: people.number_of(reading.conn, work.keys, municipality, each) for each in due}
    answers: dict[str, RegisteredPerson | None] = {}
    try:
        for person_id, number in numbers.items():
            answers[person_id] = work.services.registers.population.find(number) if number else None
    except Unavailable:
        log.warning("register_unavailable", component="refresh_family")
    return answers


def _take_over(uow: UnitOfWork, person_id: str, registered: RegisteredPerson | None) -> None:
    if registered is None:
        people.asked(uow.tx, uow.municipality, person_id, local_date(uow.now))
    else:
        register(uow, registered)
    uow.access("GU-3", "refresh_family", None, person_id)
    uow.versions.pop(f"{PEOPLE}:{person_id}", None)

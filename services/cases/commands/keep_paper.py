"""Papers about parental responsibility: one registers what a paper says, another verifies or refuses it (GU-3)."""

from typing import Any

from services.cases.commands.common import require_open, to_change
from services.cases.commands.people import as_told, ask_register, tell_if_changed
from services.cases.domain.errors import InvalidInput, NotFound
from services.cases.domain.people import RegisteredPerson, Tie
from services.cases.domain.responsibility import Paper
from services.cases.storage import care, people, ties
from services.chassis import access
from services.chassis.ids import new_id
from services.chassis.unit_of_work import UnitOfWork
from services.chassis.work import Context
from services.contracts.cases import PEOPLE
from services.kernel.calendar import age_on, local_date
from services.kernel.facts import Act
from services.kernel.impartiality import OwnFamily
from services.kernel.policies import ADULT_AGE


def prepare(context: Context, request: dict[str, Any]) -> RegisteredPerson | None:
    """An adult who is not tied to the child yet is named by number: ask the register before the transaction, for
    whoever may."""
    with context.read() as reading:
        access.of(reading, request["case_id"]).require(Act.KEEP_FAMILY)
    if (request["person_id"] is None) == (request["adult_number"] is None):
        raise InvalidInput(fields={"person_id": "person_or_number"}, rule="GU-3")
    if request["adult_number"] is None:
        return None
    registered = ask_register(context, request["adult_number"], "adult_number")
    if age_on(registered.birth_date, local_date(context.now)) < ADULT_AGE:
        raise InvalidInput(fields={"adult_number": "not_an_adult"}, rule="GU-3")
    return registered


def record(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Keep what the paper says; the id is the paper's. Until it is verified its claim lets nobody sign."""
    facts = require_open(to_change(uow, request["case_id"]), Act.KEEP_FAMILY)
    child_id = facts.case.subject_person
    care.lock_child(uow.tx, uow.municipality, child_id)
    before = as_told(uow, child_id)
    if request["valid_to"] is not None and request["valid_to"] <= request["valid_from"]:
        raise InvalidInput(fields={"valid_to": "before_start"}, rule="GU-3")
    tie = Tie(
        _adult(uow, child_id, request),
        request["relation"],
        request["has_responsibility"],
        verified=False,
        valid_from=request["valid_from"],
        valid_to=request["valid_to"],
        source="paper",
    )
    paper = Paper(new_id(), child_id, request["kind"], tie, uow.actor.person_id or "", uow.now)
    _save(uow, paper, before)
    return {"id": paper.paper_id}


def decide(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Verify or refuse a paper; the id is the paper's. A verified one holds from its own first day."""
    facts = require_open(to_change(uow, request["case_id"]), Act.KEEP_FAMILY)
    child_id = facts.case.subject_person
    care.lock_child(uow.tx, uow.municipality, child_id)
    before = as_told(uow, child_id)
    known = ties.papers_of(uow.conn, uow.municipality, child_id)
    paper = next((each for each in known if each.paper_id == request["paper_id"]), None)
    if paper is None:
        raise NotFound
    reason = request["same_person_reason"]
    _save(uow, paper.decide(request["decision"], uow.actor.person_id or "", uow.now, reason), before)
    return {"id": paper.paper_id}


def _adult(uow: UnitOfWork, child_id: str, request: dict[str, Any]) -> str:
    """Whom the paper is about: somebody tied to the child, or named by number. Never the child, and never who registers
    it: from then on they would keep the papers of their own family (SE-3)."""
    registered: RegisteredPerson | None = uow.prepared
    if registered is not None:
        named = people.put_adult(uow.tx, uow.keys, uow.municipality, registered)
        if named == uow.actor.person_id:
            raise OwnFamily("adult_number")
        return named
    adult = str(request["person_id"])
    if adult not in {tie.guardian_id for tie in people.ties_of(uow.tx, uow.municipality, child_id)}:
        raise InvalidInput(fields={"person_id": "not_of_the_family"}, rule="GU-3")
    return adult


def _save(uow: UnitOfWork, paper: Paper, before: dict[str, Any]) -> None:
    ties.save_paper(uow.tx, uow.keys, uow.municipality, paper)
    ties.rebuild(uow.tx, uow.municipality, paper.child_id)
    uow.access("GU-3", f"paper_{paper.state}", None, paper.child_id)
    tell_if_changed(uow, paper.child_id, before)
    uow.versions.pop(f"{PEOPLE}:{paper.child_id}", None)

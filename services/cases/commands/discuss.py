"""A worry is talked over with other services or child protection: without a name, or with the family's word (LV-12)."""

from typing import Any

from services.cases.commands.people import ask_register
from services.cases.commands.raise_concern import acting_post
from services.cases.domain.anonymity import Whom, telling
from services.cases.domain.errors import InvalidInput, NotFound
from services.cases.domain.people import RegisteredPerson, is_protected
from services.cases.storage import discussions, people, staff
from services.cases.storage.discussions import Question, Reply
from services.chassis import access
from services.chassis.unit_of_work import Reading, UnitOfWork
from services.chassis.work import Context
from services.kernel.calendar import local_date
from services.kernel.facts import Act
from services.kernel.signers import required_signers


def prepare(context: Context, request: dict[str, Any]) -> Whom:
    """Whom the text must not tell, from the case at hand or by the child's number: one of them is needed. The register
    is asked, since it knows all their names and where they live; nothing of its answer is kept. PR-6: where anybody's
    address is protected, none of the family's is held against it, or a refusal would tell whoever guessed at it."""
    if request["case_id"] is None and not request["child_number"]:
        raise InvalidInput(fields={"child_number": "required"}, rule="LV-12")
    with context.read() as reading:
        acting_post(reading, reading.conn, reading.actor.unit_id or "")
        number = _number_in_case(reading, request["case_id"]) if request["case_id"] else None
    if number is None and request["child_number"]:
        registered: RegisteredPerson | None = ask_register(context, request["child_number"], "child_number")
    else:
        registered = context.services.registers.population.find(number) if number else None
    if registered is None:
        return Whom()
    adults = [context.services.registers.population.find(adult.number) for adult in registered.guardians]
    family: list[RegisteredPerson] = [registered, *(adult for adult in adults if adult is not None)]
    grades = {each.address_grade for each in family} | {each.address_grade for each in registered.guardians}
    hidden = any(is_protected(grade) for grade in grades)
    return Whom(
        names=(*(each.name for each in family), *(adult.name for adult in registered.guardians)),
        numbers=(*(each.number for each in family), *(adult.number for adult in registered.guardians)),
        addresses=() if hidden else tuple(each.address for each in family if each.address),
    )


def ask(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Put the question; the id is the discussion's. A text that tells whom it is about is refused, with the word."""
    post = acting_post(uow, uow.tx, uow.actor.unit_id or "")
    to = tuple(dict.fromkeys(request["to_unit_ids"]))
    unknown = [unit for unit in to if access.service_of_unit(uow.tx, uow.municipality, unit) is None]
    if unknown or post.unit_id in to:
        raise InvalidInput(fields={"to_unit_ids": "unknown_unit" if unknown else "own_unit"}, rule="LV-12")
    agreed: dict[str, Any] = {}
    if request["named"]:
        agreed = _family_word(uow, request)
    else:
        found = telling(request["text"], request["_prepared"])
        if found is not None:
            fault = {"text": f"tells_{found.what}"}
            raise InvalidInput(fields=fault, code="text_tells", rule="LV-12", params={"word": found.word})
    question = Question(post.person_id, post.unit_id, to, request["text"], uow.now, **agreed)
    uow.access("LV-12", "ask_discussion")
    return {"id": discussions.add(uow.tx, uow.keys, uow.municipality, question)}


def answer(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Answer what was put to one's unit; who asked may answer too. The id is the answer's."""
    decision = staff.demand_at_work(uow)
    discussion_id, unit_id = request["discussion_id"], uow.actor.unit_id or ""
    if not discussions.is_read_by(uow.conn, uow.municipality, discussion_id, unit_id):
        uow.access(decision.rule, "answer_discussion", allowed=False)
        raise NotFound
    uow.access(decision.rule, "answer_discussion")
    reply = Reply(discussion_id, uow.actor.person_id or "", unit_id, request["text"], uow.now)
    return {"id": discussions.answer(uow.tx, uow.keys, uow.municipality, reply)}


def _number_in_case(reading: Reading, case_id: str) -> str | None:
    asked = access.of(reading, case_id)
    asked.require(Act.SEE_CASE)
    assert asked.facts is not None
    return people.number_of(reading.conn, reading.keys, reading.municipality, asked.facts.case.subject_person)


def _family_word(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """With the name known, everybody who would sign for the topic has said yes, on a day that is not to come."""
    for name in ("case_id", "topic", "agreed_on"):
        if request[name] is None:
            raise InvalidInput(fields={name: "required"}, rule="LV-12")
    asked = access.of(uow, request["case_id"])
    asked.require(Act.SEE_CASE)
    facts = asked.facts
    assert facts is not None
    needed = required_signers(facts, request["topic"], facts.policy, uow.now)
    if not needed or needed - set(request["agreed_ids"]):
        raise InvalidInput(fields={"agreed_ids": "family_word_needed"}, rule="LV-12")
    if request["agreed_on"] > local_date(uow.now):
        raise InvalidInput(fields={"agreed_on": "date_in_future"}, rule="LV-12")
    return {"named": True, "agreed_ids": tuple(sorted(needed)), "agreed_on": request["agreed_on"]}

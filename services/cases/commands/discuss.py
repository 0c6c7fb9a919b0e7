"""A worry is talked over with other services or child protection: without a name, or with the family's word (LV-12)."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from services.cases.commands.people import ask_register
from services.cases.commands.raise_concern import acting_post
from services.cases.domain.anonymity import (
    Telling,
    Whom,
    identity_number_in,
    name_in,
    parts_of,
    telling,
)
from services.cases.domain.discussions import to_be_told
from services.cases.domain.errors import InvalidInput, NotFound, TooManyTexts
from services.cases.domain.people import RegisteredPerson, is_protected
from services.cases.storage import discussions, grounds, people, staff
from services.cases.storage.attempts import attempts_without_case
from services.cases.storage.discussions import Question, Reply
from services.chassis import access
from services.chassis.unit_of_work import Reading, UnitOfWork
from services.chassis.work import Context
from services.contracts.base import EventType
from services.contracts.cases import DiscussionAnswered, DiscussionAsked
from services.kernel.calendar import local_date
from services.kernel.facts import Act
from services.kernel.impartiality import OwnFamily
from services.kernel.legal_basis import Basis
from services.kernel.signers import required_signers

ACT = "ask_discussion"
REFUSED_AT_MOST = 10
WITHIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Known:
    """What the text must not tell, and the identity numbers of those whom it is about, the child's first."""

    whom: Whom = field(default_factory=Whom)
    numbers: tuple[str, ...] = ()


def prepare(context: Context, request: dict[str, Any]) -> Known:
    """Whom the text must not tell, from the case at hand or by the child's number: one of them is needed. The register
    is asked, since it knows where they live, and names that nobody here does; nothing of its answer is kept. PR-6:
    where anybody's address is protected, none of the family's is held against it, or a refusal would tell whoever
    guessed at it."""
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
        return Known(numbers=(number,) if number else ())
    adults = [context.services.registers.population.find(adult.number) for adult in registered.guardians]
    family: list[RegisteredPerson] = [registered, *(adult for adult in adults if adult is not None)]
    grades = {each.address_grade for each in family} | {each.address_grade for each in registered.guardians}
    hidden = any(is_protected(grade) for grade in grades)
    numbers = (*(each.number for each in family), *(adult.number for adult in registered.guardians))
    whom = Whom(
        names=(*(each.name for each in family), *(adult.name for adult in registered.guardians)),
        numbers=numbers,
        addresses=() if hidden else tuple(each.address for each in family if each.address),
    )
    return Known(whom, numbers)


def ask(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Put the question, and tell those who answer for the units; the id is the discussion's. A text that tells whom it
    is about is refused, with the word."""
    post = acting_post(uow, uow.tx, uow.actor.unit_id or "")
    to = tuple(dict.fromkeys(request["to_unit_ids"]))
    unknown = [unit for unit in to if access.service_of_unit(uow.tx, uow.municipality, unit) is None]
    if unknown or post.unit_id in to:
        raise InvalidInput(fields={"to_unit_ids": "unknown_unit" if unknown else "own_unit"}, rule="LV-12")
    family, not_to = _family(uow, uow.prepared.numbers)
    if post.person_id in family:
        raise OwnFamily("child_number")
    whom = _with_kept_names(uow, uow.prepared.whom, family)
    kept: dict[str, Any] = {"parts": parts_of(whom.names)}
    if request["named"]:
        kept = _family_word(uow, request)
    else:
        _demand_anonymous(uow, request["text"], whom)
    question = Question(post.person_id, post.unit_id, to, request["text"], uow.now, not_to=not_to, **kept)
    uow.access("LV-12", ACT)
    discussion_id = discussions.add(uow.tx, uow.keys, uow.municipality, question)
    if question.named:
        grounds.keep(uow, grounds.DISCUSSION, discussion_id, Basis.FAMILY_WORD)
    told = to_be_told(staff.roles_in(uow.tx, uow.municipality, to), to, uow.now, family)
    _tell(uow, DiscussionAsked, discussion_id, told)
    return {"id": discussion_id}


def answer(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Answer what was put to one's unit, and tell who asked, who may answer too. The id is the answer's.

    LV-12: whoever asked knows the names and may not write them here either. One who was asked and writes a name that is
    right is not told so, since a refusal would say whom it is about."""
    decision = staff.demand_at_work(uow)
    discussion_id, unit_id, me = request["discussion_id"], uow.actor.unit_id or "", uow.actor.person_id or ""
    reader = people.index_of(uow.conn, uow.municipality, me)
    asked_by = discussions.asked_by(uow.conn, uow.keys, uow.municipality, discussion_id, unit_id, reader)
    if asked_by is None:
        uow.access(decision.rule, "answer_discussion", allowed=False)
        raise NotFound
    text = request["text"]
    found = identity_number_in(text)
    if found is None and discussions.is_from(uow.conn, uow.municipality, discussion_id, unit_id):
        found = name_in(text, discussions.names(uow.conn, uow.keys, uow.municipality, discussion_id))
    if found is not None:
        uow.access("LV-12", "answer_discussion", allowed=False, reason=f"tells_{found.what}")
        raise _tells(found)
    uow.access(decision.rule, "answer_discussion")
    reply = Reply(discussion_id, me, unit_id, text, uow.now)
    answer_id = discussions.answer(uow.tx, uow.keys, uow.municipality, reply)
    _tell(uow, DiscussionAnswered, discussion_id, [asked_by])
    return {"id": answer_id}


def _demand_anonymous(uow: UnitOfWork, text: str, whom: Whom) -> None:
    """LV-12: refuse a text that tells whom it is about. Each refusal is noted, and whoever has had many within an hour
    gets no further answer: else one could try out which names belong to a number."""
    me, since = uow.actor.person_id or "", uow.now - WITHIN
    before = attempts_without_case(uow.conn, uow.keys, uow.municipality, me, ACT, since, refused=True)
    if before >= REFUSED_AT_MOST:
        uow.access("LV-12", ACT, allowed=False, reason="too_many_texts")
        raise TooManyTexts
    if not whom.names:
        raise InvalidInput(fields={"child_number": "family_not_known"}, rule="LV-12")
    found = telling(text, whom)
    if found is not None:
        uow.access("LV-12", ACT, allowed=False, reason=f"tells_{found.what}")
        raise _tells(found)


def _with_kept_names(uow: UnitOfWork, whom: Whom, family: frozenset[str]) -> Whom:
    """LV-12: the family is also whom the register no longer knows, or whom a paper alone ties to the child (GU-3)."""
    return replace(
        whom, names=(*whom.names, *people.names_to_hide(uow.conn, uow.keys, uow.municipality, family))
    )


def _tells(found: Telling) -> InvalidInput:
    fault = {"text": f"tells_{found.what}"}
    return InvalidInput(fields=fault, code="text_tells", rule="LV-12", params={"word": found.word})


def _family(uow: UnitOfWork, numbers: Sequence[str]) -> tuple[frozenset[str], frozenset[str]]:
    """Those whom a discussion is about: by person id, as far as they are known here, and all by their numbers' look-up
    values. They are the child (first among `numbers`), whom the register ties to it, and who is or was tied to it here
    (SE-3)."""
    if not numbers:
        return frozenset(), frozenset()
    conn, keys, place = uow.conn, uow.keys, uow.municipality
    ids = [people.id_by_number(conn, keys, place, each) for each in numbers]
    known = {each for each in ids if each} | (people.family_of(conn, place, ids[0]) if ids[0] else set())
    indexes = {people.number_index(keys, place, each) for each in numbers}
    indexes |= {index for each in known if (index := people.index_of(conn, place, each))}
    return frozenset(known), frozenset(indexes)


def _tell(uow: UnitOfWork, event: EventType, discussion_id: str, person_ids: list[str]) -> None:
    me = uow.actor.person_id or ""
    told = {"discussion_id": discussion_id, "told_ids": person_ids, "by_person_id": me, "at": uow.now}
    uow.record(event, discussion_id, told)


def _number_in_case(reading: Reading, case_id: str) -> str | None:
    asked = access.of(reading, case_id)
    asked.require(Act.SEE_CASE)
    return people.number_of(
        reading.conn, reading.keys, reading.municipality, asked.known_facts.case.subject_person
    )


def _family_word(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """With the name known, everybody who would sign for the topic has said yes, on a day that is not to come."""
    for name in ("case_id", "topic", "agreed_on"):
        if request[name] is None:
            raise InvalidInput(fields={name: "required"}, rule="LV-12")
    asked = access.of(uow, request["case_id"])
    asked.require(Act.SEE_CASE)
    facts = asked.known_facts
    needed = required_signers(facts, request["topic"], facts.policy, uow.now)
    if not needed or needed - set(request["agreed_ids"]):
        raise InvalidInput(fields={"agreed_ids": "family_word_needed"}, rule="LV-12")
    if request["agreed_on"] > local_date(uow.now):
        raise InvalidInput(fields={"agreed_on": "date_in_future"}, rule="LV-12")
    return {"named": True, "agreed_ids": tuple(sorted(needed)), "agreed_on": request["agreed_on"]}

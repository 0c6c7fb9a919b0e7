"""NO-6: whether a person may see a message now. Asked when it is shown and when it is sent, never when it is queued."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.chassis import access
from services.chassis.access import Asker, CaseAccess
from services.chassis.unit_of_work import Reading, UnitOfWork
from services.kernel.facts import Act, Capacity, Decision, in_force
from services.kernel.parties import OWN_FAMILY, Party, of_family
from services.notifications.domain.answer import Answer
from services.notifications.domain.kinds import KINDS, QUIET_KINDS, Post
from services.notifications.domain.message import Message, Told
from services.notifications.domain.telling import OF_ITEMS, OF_WORK
from services.notifications.storage import lost_by, marks_of, roles_of

_PRIVATE = frozenset(
    f"allowed_as_{party}" for party in (Party.GUARDIAN, Party.LIMITED_GUARDIAN, Party.NAMED, Party.CHILD)
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, the rule that gave it, whether the reader is told as a private person (family) and not as an
    employee, whom the case is about, and whether the reader is told by name who did it (PR-6)."""

    answer: Answer
    rule: str
    private: bool = False
    subject_person_id: str | None = None
    by_name: bool = True


def verdicts(context: Reading | UnitOfWork, person_id: str, messages: Sequence[Message]) -> list[Verdict]:
    """Whether the person may see each of these messages now, in any capacity of theirs (NO-6): the facts of all their
    cases are loaded at once, and each question is asked once."""
    case_ids = list(dict.fromkeys(each.told.case_id for each in messages if each.told.case_id))
    guest = Asker(person_id, Capacity.GUARDIAN)
    found = access.of_many(context, case_ids, guest) if case_ids else []
    cases = {case.case_id: case for case in found}
    roles: set[str] | None = None
    lane = any(each.told.kind in QUIET_KINDS for each in messages)
    lost = lost_by(context.conn, context.municipality, person_id) if lane else frozenset()
    of_items = [each.told.item_id for each in messages if each.told.item_id and _of_item(each.told)]
    marks = marks_of(context.conn, context.municipality, of_items)
    known: dict[object, Verdict] = {}
    answers = []
    for told in (each.told for each in messages):
        rests_on = KINDS[told.kind].rests_on
        if told.kind in QUIET_KINDS and told.item_id in lost:
            answers.append(Verdict(Answer.NO, "PR-5"))
            continue
        of_work = told.kind in OF_WORK
        if told.item_id in marks and _of_item(told):  # GU-6: as it is now
            told = replace(told, third_person=marks[told.item_id])
        at, third = told.at if told.topics else None, told.third_person
        question = (rests_on, of_work, told.case_id, told.topics, at, third, told.by_person_id)
        if question not in known:
            if isinstance(rests_on, Post):
                if roles is None:
                    roles = roles_of(context.conn, context.municipality, person_id, context.now)
                known[question] = _by_work(rests_on, roles)
            else:
                known[question] = by_case(context, cases.get(told.case_id or ""), rests_on, told)
        answers.append(known[question])
    return answers


def _of_item(told: Told) -> bool:
    return KINDS[told.kind].rests_on in OF_ITEMS


def _by_work(post: Post, roles: set[str]) -> Verdict:
    if post is Post.CHILD_PROTECTION:
        return Verdict(Answer.YES if "child_protection" in roles else Answer.NO, "PR-5")
    if post is Post.COORDINATOR:
        return Verdict(Answer.YES if "coordinator" in roles else Answer.NO, "SE-3")
    if post is Post.OVERSIGHT:
        return Verdict(Answer.YES if roles & {"leader", "coordinator"} else Answer.NO, "PR-6")
    if post is Post.CONFIRMER:
        return Verdict(Answer.YES if roles & {"leader", "child_protection"} else Answer.NO, "GU-4")
    if post is Post.ADMIN:
        return Verdict(Answer.YES if "admin" in roles else Answer.NO, "HO-6")
    return Verdict(Answer.YES if roles else Answer.NO, "CO-10")


def by_case(context: Reading | UnitOfWork, case: CaseAccess | None, act: Act, told: Told) -> Verdict:
    """As family first, then in each unit of theirs: a parent who also works here is told at home, and of nothing that
    is their work's (SE-3)."""
    if case is None or case.facts is None:
        return Verdict(Answer.NO, "SE-3")
    if told.kind in OF_WORK and of_family(case.asker.person_id, case.facts):
        return Verdict(Answer.NO, OWN_FAMILY.rule)
    units = {role.unit_id for role in case.facts.roles if in_force(role, context.now)}
    refused: list[Decision] = []
    for asker in (
        case.asker,
        *(Asker(case.asker.person_id, Capacity.EMPLOYEE, unit) for unit in sorted(units)),
    ):
        asking = CaseAccess(context, case.case_id, case.facts, asker)
        for topic in told.topics or (None,):
            decision = asking.decide_in_any_capacity(
                act, topic, told.at if topic else None, told.third_person
            )
            if decision.allowed:
                private = decision.reason_code in _PRIVATE
                subject, by_name = case.facts.case.subject_person, asking.tells_name(told.by_person_id)
                return Verdict(Answer.YES, decision.rule, private, subject, by_name)
            refused.append(decision)
    later = any(each.waits for each in refused)
    return Verdict(Answer.LATER if later else Answer.NO, refused[0].rule)

"""What notifications makes of others' events: access facts, a message for each whom the event concerns, and a row for
each outside system that is granted it.

Messages and rows come first, so that they are weighed against the case as it was before the event. A handler only
writes rows: what goes outside is the senders'.
"""

from __future__ import annotations

from services.chassis.access import HANDLERS as ACCESS_HANDLERS
from services.chassis.access import load_facts, together
from services.chassis.unit_of_work import Handler, UnitOfWork
from services.contracts import cases, relay_log
from services.contracts.envelope import Event
from services.kernel.facts import Facts, Role
from services.kernel.parties import acting_holder, of_family
from services.kernel.signers import care_order
from services.notifications.domain.recipients import Scene
from services.notifications.domain.telling import TABLE, told_by
from services.notifications.egress.offering import HANDLERS as OUTSIDE_HANDLERS
from services.notifications.storage import Messages, leaders_of, lose, mark, people_with_role, regain

_OF_CARE_ORDERS = frozenset(
    kind.type for kind in (cases.ProtectedOrderRegistered, cases.CareOrderAwaits, cases.CareOrderDecided)
)
"""Told without a case: they name whom to tell, and of whom they are is told to nobody."""


def tell(uow: UnitOfWork, event: Event) -> None:
    """Put what the event tells into each one's inbox, once whatever is redelivered (NO-2).

    Raises LookupError when its case is not known here yet: the event is then parked, not lost.
    """
    repository = Messages(uow.tx, uow.municipality)
    for told in told_by(event.type, event.data, event.time, _scene(uow, event, repository)):
        repository.add(event.id, told, uow.now, uow.traceparent)


def readers_lost(uow: UnitOfWork, event: Event) -> None:
    """PR-5: what these had been told of a report in the lane is neither shown nor sent any more (NO-6)."""
    lose(uow.tx, uow.municipality, event.data["report_id"], event.data["person_ids"])


def reader_named(uow: UnitOfWork, event: Event) -> None:
    """PR-5: somebody may read the report, who may have lost it before."""
    regain(uow.tx, uow.municipality, event.data["report_id"], event.data["person_id"])


def marked(uow: UnitOfWork, event: Event) -> None:
    """GU-6: what was told of these is decided by their mark as it is from now on, here and on the way outside."""
    for item in event.data["items"]:
        waits_for = None if item["agrees"] else item["third_person"]
        mark(uow.tx, uow.municipality, item["item_id"], waits_for)


def _scene(uow: UnitOfWork, event: Event, repository: Messages) -> Scene:
    if event.stream == cases.LANE:
        workers = people_with_role(uow.tx, uow.municipality, Role.CHILD_PROTECTION, uow.now)
        return Scene(uow.now, child_protection=workers)
    if event.stream == cases.DISCUSSIONS or event.type in _OF_CARE_ORDERS:
        return Scene(uow.now)
    facts = load_facts(uow.tx, uow.municipality, event.data["case_id"], None, uow.now, uow.settings.service)
    if facts is None:
        raise LookupError(f"{event.type}: no such case is known here")
    request_id, vacant = event.data.get("request_id"), _vacant(facts)
    return Scene(
        uow.now,
        facts,
        child_protection=people_with_role(uow.tx, uow.municipality, Role.CHILD_PROTECTION, uow.now)
        if care_order(facts, uow.now)
        else frozenset(),
        coordinators=people_with_role(uow.tx, uow.municipality, Role.COORDINATOR, uow.now)
        if vacant or event.type == cases.EmergencyOpened.type
        else frozenset(),
        administrators=people_with_role(uow.tx, uow.municipality, Role.ADMIN, uow.now)
        if vacant
        else frozenset(),
        leaders=leaders_of(uow.tx, uow.municipality, facts.case.owner_unit, uow.now)
        if vacant
        else frozenset(),
        requested_by=repository.who_asked(request_id) if request_id else None,
    )


def _vacant(facts: Facts) -> bool:
    """HO-6: whether a post of the case, the owner's or the holder's, is one whose employee can't act."""
    held = facts.case.holder is not None
    return of_family(facts.case.owner_person, facts) or (held and acting_holder(facts) is None)


HANDLERS: dict[str, Handler] = together(
    {line.event: tell for line in TABLE},
    {cases.LaneReadersLost.type: readers_lost, cases.LaneReaderNamed.type: reader_named},
    {relay_log.ThirdPersonMarked.type: marked},
    OUTSIDE_HANDLERS,
    ACCESS_HANDLERS,
)

"""What consent remembers of others: the access facts; and what of theirs makes it weigh a case anew."""

from __future__ import annotations

from datetime import date, timedelta

import sqlalchemy as sa

from services.chassis.access import HANDLERS as ACCESS_HANDLERS
from services.chassis.access import together
from services.chassis.access.projections import T
from services.chassis.unit_of_work import Handler, UnitOfWork
from services.consent.commands import evaluate
from services.consent.domain.request import READING_DAYS
from services.consent.storage.requests import Requests
from services.consent.storage.weighings import Weighings
from services.contracts import cases, directory
from services.contracts.envelope import Event
from services.kernel.calendar import midnight


def on_person_changed(uow: UnitOfWork, event: Event) -> None:
    """Guardians, responsibility or age facts changed: every consent of the child is weighed anew (GU-3)."""
    found = sa.select(T.case.c.case_id).where(
        T.case.c.municipality == uow.municipality, T.case.c.subject_person_id == event.subject
    )
    for case_id in uow.tx.scalars(found).all():
        evaluate.run(uow, case_id, "people_changed")


def on_case_closed(uow: UnitOfWork, event: Event) -> None:
    """The cooperation is over: its consents end when there has been time to fetch the final report (CO-2, LG-10)."""
    ends = uow.now + timedelta(days=READING_DAYS)
    Requests(uow.tx, uow.municipality, uow.keys).end_all(event.subject, ends)
    evaluate.run(uow, event.subject, "closed")


def on_policy_published(uow: UnitOfWork, event: Event) -> None:
    """Who must sign may be another from its first day on: every consent is weighed then, by the timer."""
    first = midnight(date.fromisoformat(event.data["valid_from"]))
    Weighings(uow.tx, uow.municipality).weigh_all_at(first)


HANDLERS: dict[str, Handler] = together(
    ACCESS_HANDLERS,
    {
        cases.PersonChanged.type: on_person_changed,
        cases.CaseClosed.type: on_case_closed,
        directory.PolicyPublished.type: on_policy_published,
    },
)

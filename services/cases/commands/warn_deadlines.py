"""The timer's work: the owner is told once that a concern's time limit is near, and once that it has passed (LV-7)."""

from services.cases.storage import cases
from services.chassis.unit_of_work import UnitOfWork
from services.chassis.work import Work
from services.contracts.cases import DeadlineNear, DeadlinePassed


def run(work: Work) -> None:
    """One round: each case in a transaction of its own, so that none holds up another."""
    with work.db.read() as conn:
        known = cases.municipalities(conn)
    for municipality in known:
        with work.read(municipality) as reading:
            due = cases.near_or_past_limit(reading.conn, municipality, reading.now)
        work.each([(municipality, case_id) for case_id in due], tell)


def tell(uow: UnitOfWork, case_id: str) -> None:
    """Tell what is due, under the case's lock: whoever comes second finds it told."""
    case = cases.for_change(uow.tx, uow.municipality, case_id)
    what = case.note_deadlines(uow.now)
    if what is None:
        return
    cases.save_deadlines(uow.tx, case)
    uow.record(
        DeadlineNear if what == "near" else DeadlinePassed,
        case_id,
        {
            "case_id": case_id,
            "kind": "decide_concern",
            "due": case.limit.decide_by,
            "owner_person_id": case.owner.person_id,
        },
    )

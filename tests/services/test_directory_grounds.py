"""Each municipality's own reference for each ground of sharing: versions with a first day, never changed (CO-11)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.actor import Actor
from services.chassis.app import App
from services.chassis.clock import SettableClock
from services.contracts import directory
from services.kernel.calendar import local_date
from services.kernel.errors import Forbidden, InvalidInput, NotFound, StaleEdit
from services.kernel.legal_basis import Basis
from tests.services.test_directory_policies import COORDINATOR, SEED, UNIT, app

__all__ = ["app"]

DUTY = "duty_to_report"


def grounds(app: App, municipality: str = "granli") -> list[dict[str, Any]]:
    request = {"municipality": municipality}
    found: list[dict[str, Any]] = app.call(directory.GetCatalogue, SEED, request, municipality=municipality)[
        "grounds"
    ]
    return found


def save(app: App, actor: Actor = COORDINATOR, **more: Any) -> dict[str, Any]:
    told = {
        "ground": DUTY,
        "reference": "Den nye loven om barnevern",
        "valid_from": "2027-01-01",
        "expected_version": 1,
    }
    return app.call(directory.SaveGround, actor, {**told, **more})


def told(app: App) -> list[dict[str, Any]]:
    outbox = app.db.chassis.outbox
    with app.db.read() as conn:
        rows = conn.execute(sa.select(outbox).order_by(outbox.c.row)).all()
    return [
        row.data
        for row in rows
        if row.type == directory.GroundPublished.type and row.municipality == "granli"
    ]


def test_CO_11_every_ground_has_each_municipalitys_own_reference(app: App) -> None:
    granli, storvik = grounds(app), grounds(app, "storvik")
    for found in (granli, storvik):
        assert {each["ground"] for each in found} == {each.value for each in Basis}
        assert all(each["reference"] and set(each["text"]) == {"nb", "nn", "en"} for each in found)
    assert [each["reference"] for each in granli] != [each["reference"] for each in storvik]
    assert {each["ground"] for each in told(app)} == {each.value for each in Basis}


def test_CO_11_no_reference_that_comes_with_the_set_up_hard_codes_a_paragraph(app: App) -> None:
    assert not [each for each in grounds(app) if "§" in each["reference"]]


def test_CO_11_a_new_reference_stands_beside_the_old_one_from_its_day(app: App) -> None:
    before = next(each for each in grounds(app) if each["ground"] == DUTY)
    assert save(app)["version"] == 2
    mine = [each for each in grounds(app) if each["ground"] == DUTY]
    assert [(each["version"], each["valid_from"]) for each in mine] == [(2, "2027-01-01"), (1, "2026-01-01")]
    assert mine[0]["reference"] == "Den nye loven om barnevern" and mine[0]["text"] == before["text"]
    assert mine[1] == before
    assert told(app)[-1] == {"ground": DUTY, "version": 2, "valid_from": "2027-01-01"}
    assert [each["version"] for each in grounds(app, "storvik") if each["ground"] == DUTY] == [1]


@pytest.mark.parametrize("days", [-1, 0])
def test_CO_11_the_past_is_never_changed(app: App, days: int) -> None:
    """Nor what was shared earlier on the same day."""
    day = local_date(app.clock.now()) + timedelta(days=days)
    with pytest.raises(InvalidInput) as refused:
        save(app, valid_from=day.isoformat())
    assert refused.value.fields == {"valid_from": "in_the_past"}
    assert [each["version"] for each in grounds(app) if each["ground"] == DUTY] == [1]


def test_CO_11_a_set_up_that_is_done_again_takes_nothing_back(app: App) -> None:
    save(app)
    before = grounds(app), told(app)
    app.call(directory.ImportCatalogue, SEED, {"municipality": "granli"}, municipality="granli")
    assert (grounds(app), told(app)) == before


def test_of_two_who_save_at_once_the_second_is_told(app: App) -> None:
    """LG-8."""
    save(app)
    with pytest.raises(StaleEdit):
        save(app, reference="En annen")


@pytest.mark.parametrize("person", ["p-leader", "p-admin"])
def test_only_the_coordinator_saves(app: App, person: str) -> None:
    with pytest.raises(Forbidden):
        save(app, Actor("granli", "employee", person, UNIT, "high"))
    with pytest.raises(Forbidden):
        save(app, Actor("storvik", "employee", "p-coordinator", UNIT, "high"))
    assert len(told(app)) == len(Basis)


def test_a_ground_that_was_never_set_up_is_not_there(app: App) -> None:
    clock = app.clock
    assert isinstance(clock, SettableClock)
    clock.set(datetime(2026, 11, 22, 10, tzinfo=UTC))
    with app.db.write() as tx:
        documents = sa.table("documents", sa.column("document_id"))
        tx.execute(documents.delete().where(documents.c.document_id == DUTY))
    with pytest.raises(NotFound):
        save(app)

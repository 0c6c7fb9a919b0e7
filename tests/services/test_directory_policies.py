"""The municipality's coordinator saves versions of its policy; everybody judges by the one in force on the day."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.actor import Actor, service_actor
from services.chassis.app import App
from services.chassis.clock import SettableClock
from services.chassis.keys import ensure_key_material
from services.chassis.settings import Settings
from services.contracts import directory
from services.directory.service import DirectoryService
from services.kernel.errors import Conflict, Forbidden, InvalidInput, StaleEdit

NOW = datetime(2026, 11, 21, 22, 30, tzinfo=UTC)
"""Half past eleven in the evening, in Norway."""
SEED = service_actor("seed")
UNIT = "unit-granli-koordinering"
COORDINATOR = Actor("granli", "employee", "p-coordinator", UNIT, "high")
STAFF = {"p-coordinator": (UNIT, "coordinator"), "p-leader": (UNIT, "leader"), "p-admin": (UNIT, "admin")}


@pytest.fixture
def app(directory_url: str, tmp_path: Path) -> Iterator[App]:
    ensure_key_material(tmp_path)
    settings = Settings("directory", tmp_path, "amqp://127.0.0.1:1//", directory_url)
    made = App(DirectoryService, settings, clock=SettableClock(NOW))
    made.setup()
    for municipality in ("granli", "storvik"):
        made.call(directory.ImportCatalogue, SEED, {"municipality": municipality}, municipality=municipality)
    for person_id, (unit, role) in STAFF.items():
        roles = [{"unit_id": unit, "service_id": "service-granli-koordinering", "role": role,
                  "valid_from": "2020-01-01"}]  # fmt: skip
        made.call(
            directory.PutStaff, SEED, {"person_id": person_id, "name": "Unni Solvang", "roles": roles},
            municipality="granli",
        )  # fmt: skip
    yield made
    made.db.close()


def check(app: App, valid_from: str = "2026-12-01", **values: Any) -> dict[str, Any]:
    return app.call(directory.CheckPolicy, COORDINATOR, {"valid_from": valid_from, "values": values})


def save(
    app: App, valid_from: str = "2026-12-01", actor: Actor = COORDINATOR, **values: Any
) -> dict[str, Any]:
    shown = check(app, valid_from, **values)
    return app.call(
        directory.SavePolicy, actor,
        {"valid_from": valid_from, "values": values, "draft_hash": shown["draft_hash"],
         "expected_version": shown["version"] - 1},
    )  # fmt: skip


def versions(app: App) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = app.call(directory.Policies, COORDINATOR)["items"]
    return items


def today(app: App, municipality: str = "granli") -> dict[str, Any]:
    request = {"municipality": municipality}
    answer = app.call(directory.GetCatalogue, SEED, request, municipality=municipality)
    policy: dict[str, Any] = answer["policy"]
    return policy


def told(app: App) -> list[dict[str, Any]]:
    outbox = app.db.chassis.outbox
    with app.db.read() as conn:
        rows = conn.execute(sa.select(outbox).order_by(outbox.c.row)).all()
    return [
        row.data
        for row in rows
        if row.type == directory.PolicyPublished.type and row.municipality == "granli"
    ]


def test_a_version_begins_at_the_midnight_of_its_day(app: App) -> None:
    """AG-8: at Norwegian midnight, an hour and a half from now, and not at the midnight of UTC."""
    save(app, "2026-11-22", concern_days=21)
    assert today(app)["concern_days"] == 14
    clock = app.clock
    assert isinstance(clock, SettableClock)
    clock.set(datetime(2026, 11, 21, 23, 0, tzinfo=UTC))
    assert today(app)["concern_days"] == 21 and today(app, "storvik")["concern_days"] == 21
    assert [each["state"] for each in versions(app)] == ["in_force", "past"]


def test_what_was_saved_is_told_whole_with_its_day(app: App) -> None:
    answer = save(app, concern_days=21)
    assert answer["version"] == 2 and answer["versions"]["directory.catalogue:granli.policy"] == 2
    event = told(app)[-1]
    assert (event["version"], event["valid_from"]) == (2, "2026-12-01")
    assert event["values"]["concern_days"] == 21 and event["values"]["consent_months"] == 12
    newest = versions(app)[0]
    assert (newest["saved_by"], newest["state"]) == ("p-coordinator", "coming")


def test_checking_a_draft_keeps_nothing(app: App) -> None:
    before = (versions(app), told(app))
    shown = check(app, concern_days=21)
    assert shown["changes"] == [{"field": "concern_days", "before": 14, "after": 21}]
    assert (versions(app), told(app)) == before


def test_only_the_draft_that_was_shown_is_saved(app: App) -> None:
    shown = check(app, concern_days=21)
    request = {"valid_from": "2026-12-01", "expected_version": 1, "draft_hash": shown["draft_hash"]}
    with pytest.raises(Conflict) as refused:
        app.call(directory.SavePolicy, COORDINATOR, {**request, "values": {"concern_days": 30}})
    assert refused.value.code == "draft_changed"
    assert len(versions(app)) == 1 and len(told(app)) == 1


def test_of_two_who_save_at_once_the_second_is_told(app: App) -> None:
    """LG-8: two versions never overwrite each other."""
    first, second = check(app, concern_days=21), check(app, concern_days=30)
    request = {"valid_from": "2026-12-01", "expected_version": 1}
    app.call(
        directory.SavePolicy, COORDINATOR,
        {**request, "values": {"concern_days": 21}, "draft_hash": first["draft_hash"]},
    )  # fmt: skip
    with pytest.raises(StaleEdit):
        app.call(
            directory.SavePolicy, COORDINATOR,
            {**request, "values": {"concern_days": 30}, "draft_hash": second["draft_hash"]},
        )  # fmt: skip
    assert [each["values"]["concern_days"] for each in versions(app)] == [21, 14]


@pytest.mark.parametrize(
    "actor",
    [
        Actor("granli", "employee", "p-leader", UNIT, "high"),
        Actor("granli", "employee", "p-admin", UNIT, "high"),
        Actor("granli", "employee", "p-coordinator", "unit-granli-bjorkelia", "high"),
        Actor("granli", "guardian", "p-coordinator", None, "high"),
        Actor("granli", "anonymous", None, None, "low"),
    ],
)
def test_only_the_coordinator_reads_and_saves(app: App, actor: Actor) -> None:
    shown = check(app, concern_days=21)
    draft = {"valid_from": "2026-12-01", "values": {"concern_days": 21}}
    saved = {**draft, "expected_version": 1, "draft_hash": shown["draft_hash"]}
    for procedure, request in (
        (directory.Policies, {}), (directory.CheckPolicy, draft), (directory.SavePolicy, saved),
    ):  # fmt: skip
        with pytest.raises(Forbidden) as refused:
            app.call(procedure, actor, request)
        assert refused.value.code == "coordinator_only"
    assert len(versions(app)) == 1


def test_another_municipalitys_coordinator_saves_nothing_here(app: App) -> None:
    """SE-7: the role counts in the municipality that gave it."""
    with pytest.raises(Forbidden):
        app.call(directory.Policies, Actor("storvik", "employee", "p-coordinator", UNIT, "high"))


def _deep(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return {"topics": value}


@pytest.mark.parametrize(
    "values",
    [
        "home",
        ["home"],
        7,
        None,
        {"topics": [1]},
        {"topics": [{"colour": 1}]},
        {"count_services": "all\n"},
        _deep(800),
    ],
)
def test_what_is_no_policy_is_refused_by_field(app: App, values: Any) -> None:
    with pytest.raises(InvalidInput) as refused:
        app.call(directory.CheckPolicy, COORDINATOR, {"valid_from": "2026-12-01", "values": values})
    assert refused.value.fields


def test_an_import_after_that_leaves_the_policy_to_the_coordinator(app: App) -> None:
    save(app, "2026-11-21", concern_days=21)
    app.call(directory.ImportCatalogue, SEED, {"municipality": "granli"}, municipality="granli")
    assert today(app)["concern_days"] == 21 and len(told(app)) == 2

"""Directory as a running service, on both engines: what it publishes, what anyone may read, what it tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from services.chassis.actor import Actor, NotForThisCaller, service_actor
from services.chassis.app import App
from services.chassis.clock import SettableClock
from services.chassis.keys import ensure_key_material
from services.chassis.settings import Settings
from services.contracts import directory
from services.directory.service import DirectoryService
from services.kernel.errors import Forbidden, InvalidInput, NotFound, Refusal

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
SEED, GATEWAY = service_actor("seed"), service_actor("gateway")
TEACHER = {
    "person_id": "p-teacher",
    "name": "Solveig Brekkmo",
    "title": "Barnehagelærer",
    "email": "solveig.brekkmo@granli.example",
    "roles": [
        {"unit_id": "unit-granli-bjorkelia", "service_id": "service-granli-barnehage", "role": "employee",
         "valid_from": "2018-08-01"},
        {"unit_id": "unit-granli-old", "service_id": "service-granli-barnehage", "role": "leader",
         "valid_from": "2015-08-01", "valid_to": "2018-08-01"},
    ],
}  # fmt: skip


@pytest.fixture
def app(directory_url: str, tmp_path: Path) -> Iterator[App]:
    ensure_key_material(tmp_path)
    settings = Settings("directory", tmp_path, "amqp://127.0.0.1:1//", directory_url)
    made = App(DirectoryService, settings, clock=SettableClock(NOW))
    made.setup()
    for municipality in ("granli", "storvik"):
        made.call(directory.ImportCatalogue, SEED, {"municipality": municipality}, municipality=municipality)
    yield made
    made.db.close()


def told(app: App) -> list[Any]:
    with app.db.read() as conn:
        return list(conn.execute(sa.select(app.db.chassis.outbox).order_by(app.db.chassis.outbox.c.row)))


def catalogue(app: App, municipality: str = "granli") -> dict[str, Any]:
    return app.call(
        directory.GetCatalogue, GATEWAY, {"municipality": municipality}, municipality=municipality
    )


def test_anyone_reads_services_guide_and_tools_of_a_municipality(app: App) -> None:
    """DI-1: all of it in one answer, and nothing of the neighbour's (SE-7)."""
    granli = catalogue(app)
    assert len(granli["services"]) >= 12 and len(granli["tools"]) >= 11
    assert {service["municipality"] for service in granli["services"]} == {"granli"}
    assert [level["level"] for level in granli["guide"]["levels"]] == [0, 1, 2, 3]
    assert all(len(level["steps"]) == 5 for level in granli["guide"]["levels"])
    forms = [tool["code"] for tool in granli["tools"] if tool["form_version"]]
    assert {"concern_zones", "concern_talk_preparation", "observation", "meeting_template"} <= set(forms)


def test_importing_again_changes_and_tells_nothing(app: App) -> None:
    """DI-5: what stands already is not told a second time."""
    before = len(told(app))
    app.call(directory.ImportCatalogue, SEED, {"municipality": "granli"}, municipality="granli")
    assert len(told(app)) == before


def test_a_form_is_had_in_its_version(app: App) -> None:
    """DI-5: a case shows the version that it used."""
    asked = {"municipality": "granli", "tool": "observation", "version": 1}
    assert app.call(directory.GetTool, GATEWAY, asked, municipality="granli")["form"]["version"] == 1
    with pytest.raises(NotFound):
        app.call(directory.GetTool, GATEWAY, {**asked, "version": 7}, municipality="granli")


def test_roles_are_those_of_today_and_are_told_whole(app: App) -> None:
    app.call(directory.PutStaff, SEED, TEACHER, municipality="granli")
    mine = app.call(
        directory.RolesOf, Actor("granli", "employee", "p-teacher", "u"), {"person_id": "p-teacher"}
    )
    assert [role["unit_id"] for role in mine["roles"]] == ["unit-granli-bjorkelia"]
    last = told(app)[-1]
    assert last.type == directory.StaffChanged.type and last.subject == "p-teacher"
    before = len(told(app))
    app.call(directory.PutStaff, SEED, TEACHER, municipality="granli")
    assert len(told(app)) == before


def test_an_employee_of_one_municipality_is_unknown_in_the_other(app: App) -> None:
    """SE-7."""
    app.call(directory.PutStaff, SEED, TEACHER, municipality="granli")
    asker = Actor("storvik", "employee", "p-other", "u")
    assert app.call(directory.StaffNames, asker, {"person_ids": ["p-teacher"]})["items"] == []


@pytest.mark.parametrize(
    ("actor", "procedure", "request_", "refusal"),
    [
        (
            Actor("granli", "guardian", "p-mother"),
            directory.RolesOf,
            {"person_id": "p-teacher"},
            NotForThisCaller,
        ),
        (Actor("granli", "guardian", "p-mother"), directory.StaffOf, {"unit_ids": ["u"]}, Forbidden),
        (
            Actor("granli", "employee", "p-x", "u"),
            directory.ContactOfStaff,
            {"person_id": "p-teacher"},
            NotForThisCaller,
        ),
        (Actor("granli", "employee", "p-x", "u"), directory.PutStaff, TEACHER, NotForThisCaller),
        (
            Actor("granli", "employee", "p-x", "u"),
            directory.ImportCatalogue,
            {"municipality": "granli"},
            NotForThisCaller,
        ),
    ],
)
def test_what_is_not_for_everyone_is_refused(
    app: App, actor: Actor, procedure: Any, request_: dict[str, Any], refusal: type[Refusal]
) -> None:
    with pytest.raises(refusal):
        app.call(procedure, actor, request_)


def test_CO_10_employees_are_listed_for_those_alone_who_work_here_today(app: App) -> None:
    """CO-10: for as long as the role lasts, and in its unit, whatever the token says."""
    app.call(directory.PutStaff, SEED, TEACHER, municipality="granli")
    unit = TEACHER["roles"][0]["unit_id"]
    asked = {"unit_ids": [unit]}
    me = Actor("granli", "employee", "p-teacher", unit)
    assert [each["person_id"] for each in app.call(directory.StaffOf, me, asked)["items"]] == ["p-teacher"]
    never, elsewhere = replace(me, person_id="p-left"), replace(me, unit_id="unit-elsewhere")
    app.call(directory.PutStaff, SEED, TEACHER | {"roles": []}, municipality="granli")
    for nobody in (never, elsewhere, me):
        with pytest.raises(Forbidden):
            app.call(directory.StaffOf, nobody, asked)


def test_an_unknown_municipality_is_named_as_the_fault(app: App) -> None:
    with pytest.raises(InvalidInput) as refused:
        app.call(directory.ImportCatalogue, SEED, {"municipality": "atlantis"}, municipality="atlantis")
    assert refused.value.fields == {"municipality": "unknown"}

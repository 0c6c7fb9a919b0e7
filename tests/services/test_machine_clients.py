"""Machine clients as directory keeps them, on both engines: made, looked up, rotated, removed (SE-7)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from services.chassis.actor import service_actor
from services.chassis.app import App
from services.chassis.clock import SettableClock
from services.chassis.keys import ensure_key_material
from services.chassis.settings import Settings
from services.contracts import directory
from services.contracts.base import Procedure
from services.directory.domain.machine_client import ClientNotValid, ClientTaken
from services.directory.service import DirectoryService
from services.kernel.errors import Forbidden, InvalidInput, NotFound

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
OPERATOR, GATEWAY = service_actor("ops"), service_actor("gateway")
FIRST, SECOND = "first-" + "s" * 40, "second-" + "s" * 40


class Desk:
    """The service, asked by the operator and by the gateway."""

    def __init__(self, app: App, clock: SettableClock) -> None:
        self.app, self.clock = app, clock

    def ask(
        self, procedure: Procedure, place: str = "granli", actor: Any = OPERATOR, **request: Any
    ) -> dict[str, Any]:
        return self.app.call(procedure, actor, request, municipality=place)

    def check(self, secret: str | None = None, place: str = "granli") -> dict[str, Any]:
        given = {"secret": secret} if secret else {}
        return self.ask(directory.CheckMachineClient, place, GATEWAY, name="reader", **given)

    def add(self, **changes: Any) -> dict[str, Any]:
        request = {"name": "reader", "scopes": ["catalogue.read"], "secret": FIRST, **changes}
        return self.ask(directory.AddMachineClient, **request)


@pytest.fixture
def desk(directory_url: str, tmp_path: Path) -> Iterator[Desk]:
    ensure_key_material(tmp_path)
    clock = SettableClock(NOW)
    settings = Settings("directory", tmp_path, "amqp://127.0.0.1:1//", directory_url)
    app = App(DirectoryService, settings, clock=clock)
    app.setup()
    yield Desk(app, clock)
    app.db.close()


def test_SE_7_a_client_is_known_by_its_secret_in_its_own_municipality(desk: Desk) -> None:
    assert desk.add()["id"] == "granli.reader"
    first = desk.check(FIRST)
    assert first == {"scopes": ["catalogue.read"], "recipient": None, "subscription_id": None,
                     "generation": first["oldest_generation"], "oldest_generation": first["generation"]}  # fmt: skip
    for wrong in (
        lambda: desk.check(SECOND),
        lambda: desk.check(FIRST, "storvik"),
        lambda: desk.check(None, "storvik"),
    ):
        with pytest.raises(ClientNotValid):
            wrong()
    with pytest.raises(ClientTaken):
        desk.add(secret=SECOND)


def test_an_old_secret_is_good_for_a_day_and_only_the_one_before(desk: Desk) -> None:
    desk.add()
    first = desk.check(FIRST)["generation"]
    desk.ask(directory.RotateMachineClient, name="reader", secret=SECOND)
    assert desk.check(FIRST)["generation"] == first and desk.check(SECOND)["generation"] == first + 1
    assert desk.check()["oldest_generation"] == first
    desk.clock.set(NOW + timedelta(days=1))
    with pytest.raises(ClientNotValid):
        desk.check(FIRST)
    assert desk.check(SECOND)["oldest_generation"] == first + 1, "tokens of the old secret are void with it"
    desk.ask(directory.RotateMachineClient, name="reader", secret=FIRST, at_once=True)
    with pytest.raises(ClientNotValid):
        desk.check(SECOND)


def test_a_removed_client_is_not_there(desk: Desk) -> None:
    desk.add()
    desk.ask(directory.RemoveMachineClient, name="reader")
    with pytest.raises(ClientNotValid):
        desk.check(FIRST)
    with pytest.raises(NotFound):
        desk.ask(directory.RemoveMachineClient, name="reader")
    with pytest.raises(NotFound):
        desk.ask(directory.RotateMachineClient, name="reader", secret=SECOND)
    assert desk.ask(directory.MachineClients)["items"] == []


def test_SE_7_a_token_of_a_removed_client_is_void_when_its_name_is_given_anew(desk: Desk) -> None:
    """SE-7: whoever stole the secret of the first has nothing of the second, whatever was rotated before."""
    desk.add()
    for number in range(3):
        desk.ask(directory.RotateMachineClient, name="reader", secret=(SECOND, FIRST)[number % 2])
    stolen = desk.check()["generation"]
    desk.ask(directory.RemoveMachineClient, name="reader")
    desk.clock.set(NOW + timedelta(seconds=1))
    desk.add()
    assert desk.check()["oldest_generation"] > stolen


def test_only_the_operator_makes_clients_and_only_the_gateway_checks_them(desk: Desk) -> None:
    with pytest.raises(Forbidden):
        desk.ask(
            directory.AddMachineClient, actor=GATEWAY, name="reader", scopes=["catalogue.read"], secret=FIRST
        )
    desk.add()
    with pytest.raises(Forbidden):
        desk.ask(directory.CheckMachineClient, name="reader")
    with pytest.raises(Forbidden):
        desk.ask(directory.MachineClients, actor=GATEWAY)


@pytest.mark.parametrize(
    "changes",
    [
        {"scopes": []},
        {"scopes": ["cases.read"]},
        {"scopes": ["feed.read"]},
        {"scopes": ["feed.read"], "recipient": "skolesystem"},
        {"name": "A.b"},
    ],
)
def test_a_client_that_can_not_be_is_refused(desk: Desk, changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput):
        desk.add(**changes)

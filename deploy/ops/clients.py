"""Letting programs log in as themselves: clients, add-client, rotate-client, remove-client (docs/adr/0045).

The directory service keeps the clients, and is asked by RPC: it must be running. Secrets are made here, shown once, and
kept nowhere in clear.
"""

from __future__ import annotations

import argparse
import secrets
from collections.abc import Mapping
from contextlib import AbstractContextManager
from typing import Any

from deploy.ops.asking import asking
from deploy.ops.desk import Command, Desk, Fault
from deploy.ops.subscribers import a_name, a_place
from deploy.ops.text import table, word
from services.contracts import directory, notifications
from services.contracts.envelope import EVERY_MUNICIPALITY
from services.kernel.errors import NotFound, Refusal, Unavailable


class Clients:
    """The machine clients of one suite."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def all(self, municipality: str | None) -> list[dict[str, Any]]:
        """One row a client, of one municipality or of all."""
        with self._asking() as ask:
            known = ask(directory.ListMunicipalities, EVERY_MUNICIPALITY)["items"]
            places = [municipality] if municipality else [each["municipality"] for each in known]
            return [
                {"client_id": f"{where}.{item['name']}", **item}
                for where in places
                for item in ask(directory.MachineClients, where)["items"]
            ]

    def add(self, asked: argparse.Namespace) -> list[dict[str, Any]]:
        """Let a program in. The row holds its secret, once."""
        where, secret = asked.municipality, secrets.token_urlsafe(32)
        request = {"name": asked.name, "scopes": asked.scopes, "secret": secret}
        request |= {"recipient": asked.recipient} if asked.recipient else {}
        with self._asking() as ask:
            if asked.recipient:
                found = ask(notifications.Subscriptions, where)["items"]
                feeds = {
                    each["recipient"]: each["subscription_id"] for each in found if each["way"] == "feed"
                }
                if asked.recipient not in feeds:
                    raise Fault(f"{where} has no subscription called {asked.recipient} whose way is a feed")
                request |= {"subscription_id": feeds[asked.recipient]}
            made = ask(directory.AddMachineClient, where, request)
        self._note("add-client", where, asked.name)
        return [{"client_id": made["id"], "scopes": asked.scopes, "client_secret": secret}]

    def rotate(self, where: str, client: str, at_once: bool) -> list[dict[str, Any]]:
        """A new secret, shown once; the old one is good for a day, or void at once."""
        secret = secrets.token_urlsafe(32)
        with self._asking() as ask:
            made = ask(
                directory.RotateMachineClient, where, {"name": client, "secret": secret, "at_once": at_once}
            )
        self._note("rotate-client", where, client)
        return [{"client_id": made["id"], "client_secret": secret}]

    def remove(self, where: str, client: str) -> list[dict[str, Any]]:
        """Let it in no more; its tokens are void with it."""
        with self._asking() as ask:
            made = ask(directory.RemoveMachineClient, where, {"name": client})
        self._note("remove-client", where, client)
        return [{"client_id": made["id"], "ended": True}]

    def _asking(self) -> AbstractContextManager[Any]:
        return asking(self._desk, _said)

    def _note(self, act: str, where: str, client: str) -> None:
        self._desk.note(act, {"municipality": where, "client": client})


def _said(refusal: Refusal, request: Mapping[str, Any]) -> str:
    if isinstance(refusal, NotFound) and "name" in request:
        return f"there is no machine client called {request['name']}"
    if isinstance(refusal, Unavailable):
        return (
            "the suite does not answer, and this command needs one that runs; --var or STAFETT_VAR says which"
        )
    return (
        "; ".join(f"{field}: {code}" for field, code in refusal.fields.items())
        or refusal.detail
        or refusal.code
    )


def _which(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--municipality", type=a_place, required=True)
    parser.add_argument(
        "--name", type=a_name, required=True, help="name of the client within the municipality"
    )


def _clients_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--municipality", type=a_place, help="this one alone")


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    _which(parser)
    parser.add_argument(
        "--scopes", required=True, type=lambda text: [each for each in text.split(",") if each],
        help="with commas between: " + ", ".join(directory.SCOPES),
    )  # fmt: skip
    parser.add_argument("--recipient", type=a_name, help="the outside system whose feed it reads (feed.read)")


def _rotate_arguments(parser: argparse.ArgumentParser) -> None:
    _which(parser)
    parser.add_argument("--at-once", action="store_true", help="the old secret is void now, not after a day")


_SHORT = ("client_id", "scopes", "recipient", "secret_made_at", "old_secret_until")


def _clients_text(rows: list[dict[str, Any]]) -> str:
    return table([{column: word(row.get(column)) for column in _SHORT} for row in rows]) if rows else "nobody"


def _once_text(rows: list[dict[str, Any]]) -> str:
    [row] = rows
    lines = [f"{column:<13} {word(value)}" for column, value in row.items()]
    if "client_secret" in row:
        lines.append("\nThis is shown once. Give it to the system's people on a safe way.")
    return "\n".join(lines)


COMMANDS = (
    Command(
        "clients",
        "Programs that may log in as themselves: their scopes, and how old their secrets are.",
        _clients_arguments,
        lambda desk, asked: Clients(desk).all(asked.municipality),
        _clients_text,
    ),
    Command(
        "add-client",
        "Let a program log in as itself, with a secret and scopes.",
        _add_arguments,
        lambda desk, asked: Clients(desk).add(asked),
        _once_text,
    ),
    Command(
        "rotate-client",
        "A new secret. The old one is good for a day more, or void at once.",
        _rotate_arguments,
        lambda desk, asked: Clients(desk).rotate(asked.municipality, asked.name, asked.at_once),
        _once_text,
    ),
    Command(
        "remove-client",
        "Let the program in no more; its tokens are void at once.",
        _which,
        lambda desk, asked: Clients(desk).remove(asked.municipality, asked.name),
        _once_text,
    ),
)

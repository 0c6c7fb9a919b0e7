"""Letting other systems in, and out again: subscribers, subscribe, unsubscribe, rotate, catch-up, resume.

The notifications service keeps the subscriptions, and is asked by RPC: it must be running. Secrets are made here, shown
once, and kept nowhere in clear.
"""

from __future__ import annotations

import argparse
import base64
import json
import re
import secrets
from collections.abc import Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

from deploy.ops.asking import asking
from deploy.ops.broker_users import BrokerUsers
from deploy.ops.desk import Command, Desk, Fault
from deploy.ops.text import table, word
from services.contracts import directory, notifications, outside
from services.contracts.catalogue import EVENTS
from services.contracts.envelope import EVERY_MUNICIPALITY
from services.kernel.calendar import midnight
from services.kernel.errors import NotFound, Refusal, Unavailable

_PLACE = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_HINTS = {
    "not_known_here": "the municipality's catalogue has no such service",
    "not_of_the_service": "no unit of that service",
    "not_an_event": "/api/docs has the types",
    "never_leaves": "told to nobody outside; docs/integrators/events.md has what can be told",
    "not_https": "--allow-private permits http",
    "not_public": "--allow-private permits such an address",
}
_SHORT = (
    "municipality", "recipient", "service_id", "unit_id", "way", "state", "last_number", "waiting", "oldest_waiting",
    "failing_since", "dropped", "catching_up",
)  # fmt: skip


class Subscribers:
    """The outside systems of one suite."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def all(self, municipality: str | None) -> list[dict[str, Any]]:
        """One row a subscription, of one municipality or of all."""
        with self._asking() as ask:
            places = [municipality] if municipality else _municipalities(ask)
            return [
                {"municipality": place, **item}
                for place in places
                for item in ask(notifications.Subscriptions, place)["items"]
            ]

    def subscribe(self, asked: argparse.Namespace) -> list[dict[str, Any]]:
        """Let a system in: the subscription, and for a queue its place on the broker. The row holds what its people are
        to be given, once."""
        place, name, way = asked.municipality, asked.recipient, asked.way
        request = {
            "recipient": name, "service_id": asked.service, "unit_id": asked.unit, "events": asked.events, "way": way,
            "allow_private": asked.allow_private, "queue_most": asked.queue_most,
        }  # fmt: skip
        key = _key(way, place)
        request |= {"key": key} if key else {}
        request |= {"url": asked.url} if asked.url else {}
        request |= {"since": asked.since} if asked.since else {}
        with self._asking() as ask:
            if way == "queue" and name not in _ways(ask, place):
                self._clear_place(place, name)
            made = ask(notifications.Subscribe, place, request)
            row = {"municipality": place, "recipient": name, "way": way, "id": made["id"]}
            if way == "queue":
                try:
                    row |= self._make_place(place, name, asked.queue_most)
                except BaseException as error:
                    self._take_back(ask, place, name, error)
                    raise
        self._note("subscribe", place, name)
        return [row | self._secret(way, key)]

    def unsubscribe(self, place: str, name: str) -> list[dict[str, Any]]:
        """Let it out: nothing more is told, and its queue and user go. Goes on where an earlier try broke off."""
        with self._asking() as ask:
            ways = _ways(ask, place)
            if name in ways:
                ask(notifications.Unsubscribe, place, {"recipient": name})
            found, lines = name in ways, list[str]()
            if ways.get(name, "queue") == "queue":
                users = BrokerUsers(self._desk)
                users.enter()
                left, lines = users.remove(place, name)
                found = found or left
        if not found:
            raise Fault(f"{place} has no subscription called {name}")
        self._note("unsubscribe", place, name)
        return [{"municipality": place, "recipient": name, "ended": True, "run": lines}]

    def rotate(self, place: str, name: str) -> list[dict[str, Any]]:
        """A new secret, token or password, shown once."""
        with self._asking() as ask:
            found = {item["recipient"]: item for item in ask(notifications.Subscriptions, place)["items"]}
            if name not in found:
                raise Fault(f"{place} has no subscription called {name}")
            way, row = (
                found[name]["way"],
                {"municipality": place, "recipient": name, "way": found[name]["way"]},
            )
            key = _key(way, place)
            if way == "queue":
                row |= BrokerUsers(self._desk).make_user(place, name)
            else:
                ask(notifications.RotateSubscription, place, {"recipient": name, "key": key})
        self._note("rotate", place, name)
        return [row | self._secret(way, key)]

    def catch_up(self, place: str, name: str, since: str) -> list[dict[str, Any]]:
        """Have it offered anew what has happened since a day."""
        with self._asking() as ask:
            ask(notifications.CatchUp, place, {"recipient": name, "since": since})
        self._note("catch_up", place, name)
        return [{"municipality": place, "recipient": name, "since": since}]

    def resume(self, place: str, name: str) -> list[dict[str, Any]]:
        """Begin again with a webhook that was disabled."""
        with self._asking() as ask:
            ask(notifications.ResumeSubscription, place, {"recipient": name})
        self._note("resume", place, name)
        return [{"municipality": place, "recipient": name, "state": "active"}]

    def _clear_place(self, place: str, name: str) -> None:
        """What an earlier system of that name has left in its queue is not for the new one."""
        users = BrokerUsers(self._desk)
        users.enter()
        users.remove_queue(place, name)

    def _make_place(self, place: str, name: str, most: int) -> dict[str, Any]:
        users = BrokerUsers(self._desk)
        users.make_queue(place, name, most)
        return users.make_user(place, name)

    def _take_back(self, ask: Any, place: str, name: str, error: BaseException) -> None:
        """All or nothing: what was made goes again. Raises Fault where that can't be done either."""
        try:
            ask(notifications.Unsubscribe, place, {"recipient": name})
            BrokerUsers(self._desk).remove(place, name)
        except Fault as fault:
            raise Fault(
                f"{error or type(error).__name__}; and what was made could not be taken back ({fault}): "
                "run unsubscribe, then try again"
            ) from None

    def _secret(self, way: str, key: str | None) -> dict[str, Any]:
        if way == "webhook":
            return {"secret": key}
        return {"address": self._gateway() + outside.FEED, "token": key} if way == "feed" else {}

    def _gateway(self) -> str:
        try:
            url: str = json.loads((self._desk.var / "run" / "suite.json").read_text())["public_url"]
        except (OSError, ValueError, KeyError):
            return "https://<gateway>"
        return url

    def _note(self, act: str, place: str, name: str) -> None:
        self._desk.note(act, {"municipality": place, "recipient": name})

    def _asking(self) -> AbstractContextManager[Any]:
        return asking(self._desk, _said)


def _said(refusal: Refusal, request: Mapping[str, Any]) -> str:
    """What was refused, in words for whoever typed it: fields with their fault, and what is wrong with them."""
    if isinstance(refusal, NotFound) and "recipient" in request:
        return f"there is no subscription called {request['recipient']}"
    if isinstance(refusal, Unavailable):
        return (
            "the suite does not answer, and this command needs one that runs; --var or STAFETT_VAR says which"
        )
    told = []
    for name, code in refusal.fields.items():
        given = request.get(name)
        if code in _HINTS:
            wrong = filter(_can_not_be_told, given) if isinstance(given, list) else [str(given)]
            told.append(f"{name}: {code} ({', '.join(wrong)}: {_HINTS[code]})")
        else:
            told.append(f"{name}: {code}")
    return "; ".join(told) or refusal.detail or refusal.code


def _can_not_be_told(event_type: str) -> bool:
    return event_type not in EVENTS or not outside.may_leave(EVENTS[event_type])


def _ways(ask: Any, place: str) -> dict[str, str]:
    return {item["recipient"]: item["way"] for item in ask(notifications.Subscriptions, place)["items"]}


def _municipalities(ask: Any) -> list[str]:
    found = ask(directory.ListMunicipalities, EVERY_MUNICIPALITY)["items"]
    return [each["municipality"] for each in found]


def _key(way: str, municipality: str) -> str | None:
    """A new secret: of a webhook as Standard Webhooks has it; of a feed with the municipality that it opens."""
    if way == "webhook":
        return "whsec_" + base64.b64encode(secrets.token_bytes(32)).decode()
    return f"{municipality}.{secrets.token_urlsafe(32)}" if way == "feed" else None


# ---------------------------------------------------------------- the commands


def _since(text: str) -> str:
    """A day (from its Norwegian midnight), or an instant with an offset."""
    found = datetime.fromisoformat(text)
    if not 1900 <= found.year <= 2200:
        raise ValueError("no day of ours")
    if len(text) == 10:
        return midnight(found.date()).isoformat()
    if found.tzinfo is None:
        raise ValueError("an instant needs an offset")
    return found.astimezone(UTC).isoformat()


def a_name(text: str) -> str:
    """A name that can stand in a queue's name, in a user's, and on a line to run."""
    if not notifications.NAME.fullmatch(text):
        raise ValueError("not a name")
    return text


def a_place(text: str) -> str:
    """A municipality's code, of which the same is true."""
    if not _PLACE.fullmatch(text):
        raise ValueError("not a code")
    return text


# as argparse names what was wrong
_since.__name__, a_name.__name__, a_place.__name__ = "day", "name", "code"


def _which(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--municipality", type=a_place, required=True)
    parser.add_argument("--recipient", type=a_name, required=True, help="name of the outside system")


def _subscribers_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--municipality", type=a_place, help="this one alone")


def _subscribe_arguments(parser: argparse.ArgumentParser) -> None:
    _which(parser)
    parser.add_argument("--service", required=True, help="id of the service that it acts for")
    parser.add_argument("--unit", help="id of one unit of it: only then is it told as the owning unit is")
    parser.add_argument(
        "--events", required=True, type=lambda text: [each for each in text.split(",") if each],
        help="event types, with commas between; /api/docs has them",
    )  # fmt: skip
    parser.add_argument("--way", required=True, choices=notifications.WAYS)
    parser.add_argument("--url", help="where a webhook is posted to")
    parser.add_argument(
        "--allow-private", action="store_true", help="a webhook's address may be private, and http"
    )
    parser.add_argument(
        "--queue-most",
        type=int,
        default=outside.QUEUE_MOST,
        help="how many events its queue keeps (%(default)s)",
    )
    parser.add_argument(
        "--from", dest="since", type=_since, metavar="DAY", help="offer what has happened since then, too"
    )


def _catch_up_arguments(parser: argparse.ArgumentParser) -> None:
    _which(parser)
    parser.add_argument("--from", dest="since", type=_since, metavar="DAY", required=True)


def _check_subscribe(asked: argparse.Namespace) -> str | None:
    if (asked.way == "webhook") != bool(asked.url):
        return "--url is where a webhook is posted to: needed for that way, and for no other"
    return None


def _subscribers_text(rows: list[dict[str, Any]]) -> str:
    return table([{name: word(row.get(name)) for name in _SHORT} for row in rows]) if rows else "nobody"


def _once_text(rows: list[dict[str, Any]]) -> str:
    [row] = rows
    lines = [f"{name:<13} {word(value)}" for name, value in row.items() if name != "run"]
    if {"url", "secret", "token"} & row.keys():
        lines.append("\nThis is shown once. Give it to the system's people on a safe way.")
    if row.get("run"):
        lines += ["\nThe broker is not ours. Its administrator must run:", *row["run"]]
    return "\n".join(lines)


COMMANDS = (
    Command(
        "subscribers",
        "Outside systems: what they are granted, what waits, what failed, what a full queue dropped.",
        _subscribers_arguments,
        lambda desk, asked: Subscribers(desk).all(asked.municipality),
        _subscribers_text,
    ),
    Command(
        "subscribe",
        "Let an outside system be told of events, for one service.",
        _subscribe_arguments,
        lambda desk, asked: Subscribers(desk).subscribe(asked),
        _once_text,
        _check_subscribe,
    ),
    Command(
        "unsubscribe",
        "End it: nothing more is told; queue, user, token go.",
        _which,
        lambda desk, asked: Subscribers(desk).unsubscribe(asked.municipality, asked.recipient),
        _once_text,
    ),
    Command(
        "rotate",
        "A new password, signing secret or token. A webhook's old one signs for a day more.",
        _which,
        lambda desk, asked: Subscribers(desk).rotate(asked.municipality, asked.recipient),
        _once_text,
    ),
    Command(
        "catch-up",
        "Offer anew what has happened since a day, as far as its service may know of it today.",
        _catch_up_arguments,
        lambda desk, asked: Subscribers(desk).catch_up(asked.municipality, asked.recipient, asked.since),
        _once_text,
    ),
    Command(
        "resume",
        "Begin again with a webhook that was disabled, from the first event that it did not get.",
        _which,
        lambda desk, asked: Subscribers(desk).resume(asked.municipality, asked.recipient),
        _once_text,
    ),
)

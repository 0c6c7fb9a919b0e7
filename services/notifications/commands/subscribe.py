"""An operator lets an outside system be told of events."""

from __future__ import annotations

import ipaddress
import re
from typing import Any
from urllib.parse import urlsplit

from services.chassis.access import service_of_unit
from services.chassis.actor import demand_service
from services.chassis.ids import new_id
from services.chassis.unit_of_work import UnitOfWork
from services.contracts import outside
from services.contracts.catalogue import EVENTS
from services.kernel.errors import Conflict, InvalidInput
from services.notifications.egress import secrets
from services.notifications.egress.operators import OPERATOR
from services.notifications.egress.posting import is_public
from services.notifications.egress.subscriptions import Subscription, Subscriptions
from services.notifications.storage import is_service

QUEUE_MOST = 10_000_000
"""No queue keeps more events than this."""
_PRINTED = re.compile(r"[\x21-\x7e]+")


class RecipientTaken(Conflict):
    """Each outside system has one subscription in a municipality."""

    code, detail = "recipient_taken", "There is a subscription of that name in the municipality."


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Begin a subscription; raises InvalidInput naming each fault, RecipientTaken, or Forbidden."""
    demand_service(uow.actor, OPERATOR)
    faults = _faults(uow, request)
    if faults:
        raise InvalidInput(fields=faults)
    found = Subscriptions(uow.tx, uow.municipality)
    if found.named(request["recipient"]) is not None:
        raise RecipientTaken
    id, key, way = new_id(), request["key"], request["way"]
    new = Subscription(
        municipality=uow.municipality,
        subscription_id=id,
        recipient=request["recipient"],
        service_id=request["service_id"],
        unit_id=request["unit_id"],
        events=frozenset(request["events"]),
        way=way,
        allow_private=request["allow_private"],
        state="active",
        tries=0,
        catching_up=False,
        url=secrets.seal_url(uow.keys, request["url"], id) if way == "webhook" else None,
        secrets=secrets.seal_secrets(uow.keys, key, id) if way == "webhook" else None,
    )
    token = secrets.token_hash(uow.keys, uow.municipality, key) if way == "feed" else None
    found.add(new, uow.now, token_hash=token, queue_most=request["queue_most"])
    if request["since"] is not None:
        found.change(id, catch_up_since=request["since"], catch_up_at={})
    uow.access("CO-8", f"subscribe:{new.recipient}")
    return {"id": id}


def _faults(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, str]:
    faults = _key_faults(request["way"], request["key"], uow.municipality)
    if request["way"] == "webhook":
        faults |= _url_faults(request["url"], request["allow_private"])
    if request["queue_most"] > QUEUE_MOST:
        faults["queue_most"] = "out_of_range"
    if not is_service(uow.tx, uow.municipality, request["service_id"]):
        faults["service_id"] = "not_known_here"
    unit = request["unit_id"]
    if unit is not None and service_of_unit(uow.tx, uow.municipality, unit) != request["service_id"]:
        faults["unit_id"] = "not_of_the_service"
    for event_type in request["events"]:
        kind = EVENTS.get(event_type)
        if kind is None or not outside.may_leave(kind):
            faults["events"] = "never_leaves" if kind else "not_an_event"
    return faults


def _key_faults(way: str, key: str | None, municipality: str) -> dict[str, str]:
    if way == "queue":
        return {} if key is None else {"key": "not_for_this_way"}
    if key is None:
        return {"key": "required"}
    good = secrets.is_signing_secret(key) if way == "webhook" else secrets.is_token(key, municipality)
    return {} if good else {"key": "invalid"}


def _url_faults(url: str | None, allow_private: bool) -> dict[str, str]:
    if not url:
        return {"url": "required"}
    try:
        parts = urlsplit(url)
        host = parts.hostname
        _ = parts.port
    except ValueError:
        return {"url": "invalid"}
    if not host or parts.username or parts.password or parts.fragment or not _PRINTED.fullmatch(url):
        return {"url": "invalid"}
    if parts.scheme not in (("https", "http") if allow_private else ("https",)):
        return {"url": "not_https"}
    return {} if allow_private or not _is_private_address(host) else {"url": "not_public"}


def _is_private_address(host: str) -> bool:
    """Whether a host is written as an address that no post would go to. What a name stands for is looked up at each
    post."""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return not is_public(host)

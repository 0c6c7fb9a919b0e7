"""An outside system asks for its events. Reading is telling: each is decided, numbered and recorded in this answer."""

from __future__ import annotations

from typing import Any

from services.chassis.actor import demand_service
from services.chassis.unit_of_work import UnitOfWork
from services.kernel.errors import Forbidden, InvalidInput, NotFound
from services.notifications.egress import secrets
from services.notifications.egress.feed import page
from services.notifications.egress.subscriptions import Subscription, Subscriptions

DOOR = "gateway"


class TokenNotValid(Forbidden):
    """The same for what never was, what is another municipality's, and what was ended (SE-7)."""

    code, detail = "token_not_valid", "The token is none that is in force here."


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """A page for whoever bears the feed's token, and the cursor for the next. Raises TokenNotValid, Forbidden, or
    InvalidInput for a cursor that is not of this feed."""
    demand_service(uow.actor, DOOR)
    hashed = secrets.token_hash(uow.keys, uow.municipality, request["token"])
    subscription = Subscriptions(uow.tx, uow.municipality).of_token(hashed)
    if subscription is None:
        raise TokenNotValid
    return _page(uow, subscription, request)


def of_client(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """As `run`, for a machine client: it has logged in, and its feed is named by the operator. Raises NotFound when
    there is no such feed (any more), also where another system, perhaps of another service, bears its name now."""
    demand_service(uow.actor, DOOR)
    subscription = Subscriptions(uow.tx, uow.municipality).named(request["recipient"])
    if subscription is None or subscription.way != "feed":
        raise NotFound
    if subscription.subscription_id != request["subscription_id"]:
        raise NotFound
    return _page(uow, subscription, request)


def _page(uow: UnitOfWork, subscription: Subscription, request: dict[str, Any]) -> dict[str, Any]:
    if subscription.state != "active":
        raise Forbidden("The subscription is disabled. Ask the operator.", code="subscription_disabled")
    place: int | None = None
    if request["after"] is not None:
        try:
            place = secrets.open_cursor(uow.keys, request["after"], subscription.subscription_id)
        except ValueError:
            raise InvalidInput(fields={"after": "not_a_cursor"}) from None
    found = page(uow, subscription, place, request["limit"])
    unmoved = request["after"] if found.place == place else None
    return {
        "items": [each.body for each in found.told],
        "next": unmoved or secrets.seal_cursor(uow.keys, found.place, subscription.subscription_id),
        "more": found.more,
    }

"""Secrets of subscriptions: a webhook's address and signing secrets as ciphertext, a feed's token as a keyed hash."""

from __future__ import annotations

import base64
import binascii
import json
from datetime import datetime, timedelta

from services.chassis.keys import Keys

OLD_SECRET_STAYS = timedelta(days=1)
"""After a rotation a webhook is signed with the old secret too, for so long."""

_URL, _SECRETS, _TOKEN, _CURSOR = "egress.url", "egress.secrets", "egress.token", "egress.cursor"
PREFIX = "whsec_"


def is_signing_secret(text: str) -> bool:
    """Whether it is a secret as Standard Webhooks has it: `whsec_` and 24 to 64 bytes in base64."""
    if not text.startswith(PREFIX):
        return False
    try:
        return 24 <= len(base64.b64decode(text.removeprefix(PREFIX), validate=True)) <= 64
    except (binascii.Error, ValueError):
        return False


def is_token(text: str, municipality: str) -> bool:
    """Whether it is a feed's token: the municipality, a dot, and at least 32 characters that nobody guesses."""
    place, _, rest = text.partition(".")
    return place == municipality and len(rest) >= 32


def seal_url(keys: Keys, url: str, subscription_id: str) -> bytes:
    return keys.seal_bytes(_URL, url.encode(), subscription_id)


def open_url(keys: Keys, sealed: bytes, subscription_id: str) -> str:
    return keys.open_bytes(_URL, sealed, subscription_id).decode()


def seal_secrets(
    keys: Keys, secret: str, subscription_id: str, *, before: bytes | None = None, now: datetime | None = None
) -> bytes:
    """A webhook's secret, and the one before, if any, until it is void."""
    found = [{"secret": secret, "until": None}]
    if before is not None and now is not None:
        until = (now + OLD_SECRET_STAYS).isoformat()
        found += [
            {"secret": each, "until": until} for each in open_secrets(keys, before, subscription_id, now)[:1]
        ]
    return keys.seal_bytes(_SECRETS, json.dumps(found).encode(), subscription_id)


def open_secrets(keys: Keys, sealed: bytes, subscription_id: str, now: datetime) -> list[str]:
    """The secrets in force, the newest first."""
    found = json.loads(keys.open_bytes(_SECRETS, sealed, subscription_id))
    return [
        each["secret"]
        for each in found
        if each["until"] is None or now < datetime.fromisoformat(each["until"])
    ]


def token_hash(keys: Keys, municipality: str, token: str) -> str:
    """What is kept of a feed's token; without the index key it tells nothing, and in another municipality it is
    another (SE-7)."""
    return keys.blind_index(municipality, _TOKEN, token)


def seal_cursor(keys: Keys, place: int, subscription_id: str) -> str:
    """A place in a feed, so that nobody can count what they were not told of."""
    sealed = keys.seal_bytes(_CURSOR, place.to_bytes(8, "big"), subscription_id)
    return "c" + base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def open_cursor(keys: Keys, cursor: str, subscription_id: str) -> int:
    """The place; raises ValueError for what is no cursor of this feed."""
    text = cursor.removeprefix("c")
    sealed = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    return int.from_bytes(keys.open_bytes(_CURSOR, sealed, subscription_id), "big")

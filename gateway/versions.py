"""What a person was told of how far their own acts have come, to be sent back with the next request (`Stafett-Seen`).

It is ciphertext for the one who was given it. In clear its numbers would tell whoever may read a part of a case how
much has happened in the rest of it (CO-1, CO-8); and were numbers taken from anybody, they would tell how much has
happened in a case, a report or another municipality, before any decision (SE-1, SE-3, SE-7), and whoever asked for more
than there is would keep a service waiting.
"""

import base64
import json
from collections.abc import Mapping

from services.chassis.actor import Actor
from services.chassis.keys import Keys, Undecipherable
from services.contracts.cases import LANE

HEADER = "Stafett-Seen"
_MOST = 50
_PURPOSE = "gateway.seen"
_BLOCK = 128
"""Texts are filled up to so many bytes, so that no length tells how many digits a number has."""


def given(keys: Keys, actor: Actor, versions: Mapping[str, int]) -> str:
    """The header for these versions of `stream:subject`. None of the lane's: a client keeps what it is given (PR-3)."""
    told = {key: sequence for key, sequence in versions.items() if key.partition(":")[0] != LANE}
    if not told:
        return ""
    text = json.dumps(told, separators=(",", ":")).encode()
    filled = text.ljust(-(-len(text) // _BLOCK) * _BLOCK)
    return base64.urlsafe_b64encode(keys.seal_bytes(_PURPOSE, filled, _whose(actor))).decode()


def taken(keys: Keys, actor: Actor | None, header: str) -> dict[str, int]:
    """The versions in a header, of one answer or of several joined by commas, that were given to this person. What
    was not is as if it were not there, and so is what can't be read."""
    found: dict[str, int] = {}
    if actor is None or not header:
        return found
    for part in header.split(",")[:_MOST]:
        for key, sequence in _opened(keys, _whose(actor), part.strip()).items():
            found[key] = max(sequence, found.get(key, 0))
    return found


def _opened(keys: Keys, whose: str, part: str) -> dict[str, int]:
    try:
        told: dict[str, int] = json.loads(keys.open_bytes(_PURPOSE, base64.urlsafe_b64decode(part), whose))
    except (Undecipherable, ValueError):
        return {}
    return told


def _whose(actor: Actor) -> str:
    return f"{actor.municipality}\x1f{actor.person_id}"

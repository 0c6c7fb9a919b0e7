"""What a person was told of how far their own acts have come, to be sent back with the next request (`Stafett-Seen`).

Each pair bears a seal for the one who was given it. Else the header would tell anybody who makes up numbers how much
has happened in a case, a report or another municipality, before any decision (SE-1, SE-3, SE-7), and whoever asked for
more than there is would keep a service waiting.
"""

import hmac
import re
from collections.abc import Mapping

from services.chassis.actor import Actor
from services.chassis.keys import Keys
from services.contracts.cases import LANE

HEADER = "Stafett-Seen"
_MOST = 50
_SEALED = re.compile(r"([0-9]{1,15})\.([0-9a-f]{64})")


def given(keys: Keys, actor: Actor, versions: Mapping[str, int]) -> str:
    """The header for these versions of `stream:subject`. None of the lane's: a client keeps what it is given (PR-3)."""
    told = {key: sequence for key, sequence in versions.items() if key.partition(":")[0] != LANE}
    return ",".join(f"{key}={sequence}.{_seal(keys, actor, key, sequence)}" for key, sequence in told.items())


def taken(keys: Keys, actor: Actor | None, header: str) -> dict[str, int]:
    """The versions in a header, of one answer or of several joined by commas, that were given to this person. What
    was not is as if it were not there, and so is what can't be read."""
    found: dict[str, int] = {}
    for part in header.split(",")[:_MOST] if actor is not None and header else ():
        key, _, rest = part.strip().rpartition("=")
        sealed = _SEALED.fullmatch(rest)
        if actor is None or not key or sealed is None:
            continue
        sequence = int(sealed[1])
        if hmac.compare_digest(sealed[2], _seal(keys, actor, key, sequence)):
            found[key] = max(sequence, found.get(key, 0))
    return found


def _seal(keys: Keys, actor: Actor, key: str, sequence: int) -> str:
    return keys.blind_index(actor.municipality, "gateway.seen", f"{actor.person_id}\x1f{key}\x1f{sequence}")

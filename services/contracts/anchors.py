"""How a service has the heads of its access records kept by another (SE-1): see services/chassis/access_record/."""

from functools import cache

from services.contracts.base import Message, Procedure, code, command, instant, nested, query, secret

KEEP_ANCHORS, ANCHORS = "keep_anchors", "anchors"
PAGE = 500

KEEPERS = ("directory", "notifications")


def keeper_of(service: str) -> str:
    """The service that keeps the heads of `service`: never itself."""
    return "notifications" if service == "directory" else "directory"


class Anchor(Message):
    """The head of one record at one instant."""

    record = code(description="Which of the service's records")
    sealed = secret(description="Position and hash, as ciphertext of one length that only its owner opens")


class ToKeep(Message):
    """Heads to keep for the service that asks, in the municipality for which it does."""

    anchors = nested(Anchor, many=True, max_items=20, description="One of each record")


class WantedAnchors(Message):
    """What was kept of one record of the service that asks."""

    record = code(description="Which of the service's records")
    after = code(required=False, description="The last answer's `next`, to go on from there")


class Kept(Message):
    """One kept head."""

    sealed = secret(description="As it was told")
    kept_at = instant(description="When it came")


class FoundAnchors(Message):
    """The kept heads, oldest first."""

    items = nested(Kept, many=True, max_items=PAGE, description="At most 500")
    next = code(required=False, description="Where the next page begins; none: this is the last")


@cache
def keep_anchors(keeper: str) -> Procedure:
    """The procedure with which `keeper` keeps other services' heads."""
    return command(
        f"{keeper}.{KEEP_ANCHORS}",
        ToKeep,
        "Keeps the heads of the asking service's access records. Only services are answered; nothing is ever changed.",
    )


@cache
def anchors(keeper: str) -> Procedure:
    """The procedure with which `keeper` answers what it has kept of the asking service."""
    return query(
        f"{keeper}.{ANCHORS}",
        WantedAnchors,
        FoundAnchors,
        "The heads of one of the asking service's access records, as they were kept.",
    )


PROCEDURES: tuple[Procedure, ...] = tuple(
    kind(keeper) for keeper in KEEPERS for kind in (keep_anchors, anchors)
)

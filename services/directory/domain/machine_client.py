"""A program that logs in as itself: its scopes, and its secrets as hashes (docs/adr/0045)."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.kernel.errors import Conflict, Forbidden

OLD_SECRET_STAYS = timedelta(days=1)
"""After a rotation the old secret is good for so long, unless it is to be void at once."""


class ClientTaken(Conflict):
    """Each program has one client of its name in a municipality."""

    code, detail = "client_taken", "There is a machine client of that name in the municipality."


class ClientNotValid(Forbidden):
    """The same for what never was, what is another municipality's, what was removed, and for a wrong secret (SE-7)."""

    code, detail = "client_not_valid", "The client is none that is in force here, or its secret is another."


@dataclass(frozen=True, slots=True)
class MachineClient:
    """One program. `subscription_id` is its recipient's, for names are given anew. `generation` counts its secrets
    from the millisecond at which the client was made, so that a token of one that was removed is older than all."""

    name: str
    scopes: frozenset[str]
    recipient: str | None
    subscription_id: str | None
    generation: int
    secret_hash: str
    old_secret_hash: str | None
    old_secret_until: datetime | None
    made_at: datetime
    secret_made_at: datetime

    @classmethod
    def begin(
        cls,
        name: str,
        scopes: frozenset[str],
        feed: tuple[str | None, str | None],
        secret_hash: str,
        now: datetime,
    ) -> MachineClient:
        """A new one; `feed` is the recipient that it reads for, and that one's subscription."""
        first = int(now.timestamp() * 1000)
        return cls(name, scopes, *feed, first, secret_hash, None, None, now, now)

    def rotate(self, secret_hash: str, now: datetime, *, at_once: bool) -> MachineClient:
        """With a new secret; the one before stays good for a day, and only that one."""
        return replace(
            self,
            generation=self.generation + 1,
            secret_hash=secret_hash,
            old_secret_hash=None if at_once else self.secret_hash,
            old_secret_until=None if at_once else now + OLD_SECRET_STAYS,
            secret_made_at=now,
        )

    def oldest_generation(self, now: datetime) -> int:
        """The generation of the oldest secret that is still good."""
        return self.generation - 1 if self._old_is_good(now) else self.generation

    def generation_of(self, secret_hash: str, now: datetime) -> int | None:
        """The generation of the secret that was given; None for one that is not good."""
        if _same(secret_hash, self.secret_hash):
            return self.generation
        old = self.old_secret_hash or ""
        return self.generation - 1 if _same(secret_hash, old) and self._old_is_good(now) else None

    def _old_is_good(self, now: datetime) -> bool:
        return self.old_secret_until is not None and now < self.old_secret_until


def _same(given: str, kept: str) -> bool:
    return hmac.compare_digest(given.encode(), kept.encode())

"""What proves an answer that was given on paper or by word of mouth (CO-6): ciphertext under the case's key."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa

from services.chassis.keys import Keys, owner_of
from services.chassis.prepared import Prepared
from services.chassis.sealed import About, SealBroken, Sealed
from services.chassis.storage import AnyConnection
from services.consent.storage.tables import registered
from services.kernel.facts import Act

_ALL_BUT_SCAN = [column for column in registered.c if column.name != "scan"]
_OF_SIGNATURES = Prepared(
    sa.select(*_ALL_BUT_SCAN).where(
        registered.c.municipality == sa.bindparam("municipality"),
        registered.c.signature_id.in_(sa.bindparam("signature_ids", expanding=True)),
    )
)


@dataclass(frozen=True, slots=True)
class Scan:
    """A paper, as it was sent and looked into."""

    content: bytes
    media_type: str
    pages: int


@dataclass(frozen=True, slots=True)
class Proof:
    """What proves one answer, read and deciphered."""

    journal_ref: str | None
    scan: bytes | None


class Evidence:
    """The evidence of one municipality (SE-7)."""

    def __init__(self, conn: AnyConnection, municipality: str, keys: Keys) -> None:
        if not municipality:
            raise ValueError("no query without a municipality (SE-7)")
        self._conn, self._municipality, self._keys = conn, municipality, keys

    def add(
        self,
        signature_id: str,
        case_id: str,
        *,
        signer_id: str,
        registered_by: str,
        given_on: date,
        journal_ref: str | None,
        scan: Scan | None,
    ) -> None:
        """Keep what proves a signature, and who says so."""
        owner, place = owner_of("case", case_id), self._municipality
        row: dict[str, Any] = {
            "municipality": place, "signature_id": signature_id, "case_id": case_id, "signer_id": signer_id,
            "registered_by": registered_by, "given_on": given_on,
        }  # fmt: skip
        if journal_ref:
            row["journal_ref"] = self._keys.encrypt(
                owner, place, _field("journal", signature_id), journal_ref
            )
        if scan is not None:
            row |= {
                "media_type": scan.media_type,
                "pages": scan.pages,
                "sha256": hashlib.sha256(scan.content).hexdigest(),
                "scan": self._keys.encrypt_bytes(owner, place, _field("scan", signature_id), scan.content),
            }
        self._conn.execute(sa.insert(registered).values(**row))

    def of_signatures(self, signature_ids: Sequence[str]) -> dict[str, Any]:
        """signature id -> who registered it and when it was given, of those that were registered; no scan is read."""
        if not signature_ids:
            return {}
        asked = {"municipality": self._municipality, "signature_ids": signature_ids}
        return {row.signature_id: row for row in _OF_SIGNATURES.rows(self._conn, asked)}

    def proof(self, row: Any) -> Sealed[Proof]:
        """What proves the answer of a row, for whoever may see it."""
        return Sealed(about_proof(self._municipality, row), lambda: self._read(row))

    def journal_as_signed(self, row: Any, person_id: str | None) -> str | None:
        """The place in the journal, for the one whose answer it is: their own receipt stays theirs (CO-7).

        Raises SealBroken for anybody else."""
        if row.signer_id != person_id:
            raise SealBroken("a receipt is its signer's own")
        return self._journal_ref(row)

    def _journal_ref(self, row: Any) -> str | None:
        if row.journal_ref is None:
            return None
        owner, field = owner_of("case", row.case_id), _field("journal", row.signature_id)
        return self._keys.decrypt(owner, self._municipality, field, row.journal_ref)

    def _read(self, row: Any) -> Proof:
        scan = self._conn.scalar(
            sa.select(registered.c.scan).where(
                registered.c.municipality == self._municipality,
                registered.c.signature_id == row.signature_id,
            )
        )
        if scan is None:
            return Proof(self._journal_ref(row), None)
        owner, field = owner_of("case", row.case_id), _field("scan", row.signature_id)
        return Proof(self._journal_ref(row), self._keys.decrypt_bytes(owner, self._municipality, field, scan))


def about_proof(municipality: str, row: Any) -> About:
    """The question that must be answered yes before the proof of a row is read (CO-6, GU-5)."""
    return About(municipality, row.case_id, Act.READ_EVIDENCE, signed_by=row.signer_id)


def _field(what: str, signature_id: str) -> str:
    """The field's name as it is authenticated with the ciphertext: no paper passes for that of another answer."""
    return f"consent.{what}.{signature_id}"

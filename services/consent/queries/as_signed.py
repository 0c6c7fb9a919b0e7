"""Whether what is kept of an answer is still what was signed (CO-7): asked by each receipt, and of all by operators."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from services.chassis.keys import KeyMissing, Keys
from services.chassis.storage import AnyConnection
from services.consent.domain.errors import NotAsSigned
from services.consent.storage.requests import Requests, all_signatures
from services.consent.storage.texts import signed_text


def wording_as_signed(conn: AnyConnection, repository: Requests, row: Any, signature: Any) -> dict[str, str]:
    """The sentences that the signer read. Raises NotAsSigned where any of what the signature's hash is of (wording,
    purpose, receivers, topics, days) is another now, or gone."""
    wording = signed_text(conn, signature.text_version, signature.language)
    if row is None or wording is None or not repository.is_as_signed(row, signature, wording):
        raise NotAsSigned
    return wording


def look_into_all(conn: AnyConnection, keys: Keys) -> Iterator[dict[str, Any]]:
    """One row a municipality, with how many signatures are as they were signed and how many can't be compared any more,
    their case's key being destroyed (SE-6); and one a signature that is not, with its `fault`."""
    counts: dict[str, dict[str, int]] = {}
    for signature in all_signatures(conn):
        count = counts.setdefault(signature.municipality, {"as_signed": 0, "keys_destroyed": 0})
        repository = Requests(conn, signature.municipality, keys)
        try:
            wording_as_signed(conn, repository, repository.row(signature.request_id), signature)
        except KeyMissing:
            count["keys_destroyed"] += 1
        except NotAsSigned as refused:
            yield {
                "municipality": signature.municipality,
                "signature_id": signature.signature_id,
                "request_id": signature.request_id,
                "fault": refused.code,
            }
        else:
            count["as_signed"] += 1
    for municipality, count in sorted(counts.items()):
        yield {"municipality": municipality, **count, "fault": None}

"""The standing sentences of the consent text, by version and language, and the hash that a signature must bear.

A version is never changed once somebody may have read it: a better wording is a new version (CO-7).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from datetime import datetime

from services.consent.domain.request import Line

CURRENT = "v2"


def text_hash(
    version: str,
    language: str,
    sentences: dict[str, str],
    purpose: str,
    lines: Sequence[Line],
    valid_from: datetime,
    valid_to: datetime,
) -> str:
    """SHA-256 (hex) over everything that the signer reads: wording, purpose, services, topics, period (CO-7)."""
    read = {
        "version": version,
        "language": language,
        "sentences": sentences,
        "purpose": purpose,
        "lines": [[line.service_id, line.topic] for line in sorted(lines) if not line.person_id],
        "persons": [[line.person_id, line.topic] for line in sorted(lines) if line.person_id],
        "from": valid_from.isoformat(),
        "to": valid_to.isoformat(),
    }
    canonical = json.dumps(read, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("utf-8")).hexdigest()

"""Entries: only added, never changed; who may add which kind, and who may correct what."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from services.kernel.errors import InvalidInput
from services.kernel.facts import SOMEBODY, Act, Capacity
from services.relay_log.domain.errors import AlreadyCorrected, NotYourEntry, NotYourKind

FAMILY = frozenset({Capacity.GUARDIAN, Capacity.SELF})
EMPLOYEES = frozenset({Capacity.EMPLOYEE})

ACTS: dict[str, Act] = {
    "note": Act.WRITE_LOG,
    "release_notice": Act.WRITE_LOG,
    "comment": Act.COMMENT,
    "proposal": Act.COMMENT,
    "hindrance": Act.COMMENT,
    "feedback": Act.GIVE_FEEDBACK,
}
"""LG-7: the act that each kind of entry is; the one access decision says who may do it."""

KINDS_OF: dict[str, frozenset[Capacity]] = {
    "note": EMPLOYEES,
    "release_notice": EMPLOYEES,
    "comment": FAMILY | EMPLOYEES,
    "proposal": FAMILY,
    "hindrance": EMPLOYEES,
    "feedback": FAMILY | EMPLOYEES,
}
"""LG-7: in which capacity each kind can be added. GU-4: feedback is the family's, or child protection's in the
guardians' place; which employee that is, the one access decision says."""

TO_THE_HOLDER = frozenset({"comment", "proposal", "hindrance", "feedback"})
"""LG-7: what reaches the holder."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry as far as rules go. `root`: the kind of what it is, or corrects in the end."""

    entry_id: str
    topic: str
    root: str
    by_person_id: str
    corrected_by: str | None = None


def act_for(kind: str, capacity: Capacity) -> Act:
    """LG-7: holder and writers write notes; the family proposes, comments and gives feedback; participants report
    hindrances. Raises NotYourKind where the capacity does not go with the kind."""
    if capacity not in KINDS_OF[kind]:
        raise NotYourKind(kind=kind)
    return ACTS[kind]


def demand_third_person(whom: str | None, guardian_ids: Collection[str], field: str = "third_person") -> None:
    """GU-6: besides of the child something tells of one of its guardians, or of somebody who has no id here."""
    if whom not in (None, SOMEBODY, *guardian_ids):
        raise InvalidInput(fields={field: "not_of_the_family"}, rule="GU-6")


def demand_pointer(kind: str, corrects: str | None) -> None:
    """LG-6: a correction points at what it corrects, and nothing else points."""
    if (kind == "correction") != (corrects is not None):
        fault = "required" if kind == "correction" else "only_for_correction"
        raise InvalidInput(fields={"corrects": fault}, rule="LG-6")


def demand_correctable(entry: Entry, topic: str, by_person_id: str) -> None:
    """LG-6: a correction keeps the topic of what it corrects, so that it shows to the same readers; there is one to
    an entry. What is a note is corrected by whoever may write; all else by the one who said it."""
    if entry.corrected_by is not None:
        raise AlreadyCorrected(entry_id=entry.corrected_by)
    if topic != entry.topic:
        raise InvalidInput(fields={"topic": "other_topic_than_corrected"}, rule="LG-6")
    if ACTS[entry.root] is not Act.WRITE_LOG and entry.by_person_id != by_person_id:
        raise NotYourEntry


def demand_view(text: str | None, missing: str | None) -> None:
    """LG-5: the child's view, or the reason why it is missing: one of them, and not both."""
    has_text = bool((text or "").strip())
    if not has_text and missing is None:
        raise InvalidInput(fields={"text": "text_or_reason_needed"}, rule="LG-5")
    if has_text and missing is not None:
        raise InvalidInput(fields={"missing": "text_or_reason"}, rule="LG-5")

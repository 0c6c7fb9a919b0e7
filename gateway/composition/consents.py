"""What a case's consents come to, put together for pages: the state of each service, and who has answered what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

OVER = frozenset({"withdrawn", "expired"})
_WORST_FIRST = ("conflicting", "refused", "withdrawn", "expired")


def open_services(consents: Mapping[str, Any] | None, now: datetime) -> dict[str, list[str]]:
    """Service id -> topics that consent opens to it now (contracts.consent.CaseConsents)."""
    found: dict[str, list[str]] = {}
    for window in consents["windows"] if consents else ():
        if _instant(window["valid_from"]) <= now < _instant(window["valid_to"]):
            found.setdefault(window["service_id"], []).append(window["topic"])
    return found


def service_states(consents: Mapping[str, Any] | None) -> dict[str, str]:
    """Service id -> the state of its latest request (a key of consent_state.*)."""
    states: dict[str, str] = {}
    for request in sorted(
        consents["requests"] if consents else (), key=lambda each: str(each["requested_at"])
    ):
        for service_id, state in states_of(request).items():
            if states.get(service_id) != "active" or state not in ("pending", "refused"):
                states[service_id] = state
    return states


def states_of(request: Mapping[str, Any]) -> dict[str, str]:
    """Service id -> the state of one request for it, its lines taken together; "talk_first" where someone said so."""
    states: dict[str, str] = {}
    for share in request["shares"]:
        service_id = share["service_id"]
        lines = [line["state"] for line in request["lines"] if line["service_id"] == service_id]
        states[service_id] = _together(lines, answers_for(request, service_id))
    return states


def _together(lines: list[str], answers: Iterable[str]) -> str:
    said = list(answers)
    if "active" in lines and "pending" not in lines:
        return "active"
    if "pending" in lines:
        return "talk_first" if "talk_first" in said else "partly" if "yes" in said else "pending"
    return next((state for state in _WORST_FIRST if state in lines), "pending")


def answers_for(request: Mapping[str, Any], service_id: str) -> list[str]:
    """One word for each signer on one service: yes, no, talk_first, some (yes to some topics), none."""
    return [answer_of(signer, service_id) for signer in request["signers"]]


def answer_of(signer: Mapping[str, Any], service_id: str) -> str:
    """One word for what a signer has said on one service."""
    said = {answer["answer"] for answer in signer["answers"] if answer["service_id"] == service_id}
    if not said:
        return "none"
    if len(said) == 1:
        return str(next(iter(said)))
    return "talk_first" if "talk_first" in said else "some"


def talk_first(request: Mapping[str, Any]) -> list[str]:
    """The person ids of those who want to talk before they answer."""
    return [
        signer["person_id"]
        for signer in request["signers"]
        if any(answer["answer"] == "talk_first" for answer in signer["answers"])
    ]


def is_current(request: Mapping[str, Any]) -> bool:
    """Whether the request still means something: it waits, or is in force, or was refused and not asked again."""
    return request["state"] not in OVER


def last_day(valid_to: str | datetime) -> datetime:
    """An instant within the last day of a consent, whose end is the midnight after it."""
    return _instant(valid_to) - timedelta(seconds=1)


def _instant(value: str | datetime) -> datetime:
    return datetime.fromisoformat(value) if isinstance(value, str) else value

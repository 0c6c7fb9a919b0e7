"""What a case's consents come to, put together for pages: the state of each service, and who has answered what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from gateway.times import instant

OVER = frozenset({"withdrawn", "expired"})
_WORST_FIRST = ("conflicting", "refused", "withdrawn", "lapsed", "expired")


def open_services(consents: Mapping[str, Any] | None, now: datetime) -> dict[str, list[str]]:
    """Service id -> topics that consent opens to it now (contracts.consent.CaseConsents)."""
    found: dict[str, list[str]] = {}
    for window in consents["windows"] if consents else ():
        if instant(window["valid_from"]) <= now < instant(window["valid_to"]):
            found.setdefault(window["service_id"], []).append(window["topic"])
    return found


def service_states(consents: Mapping[str, Any] | None) -> dict[str, str]:
    """Service id -> the state of its latest request (a key of consent_state.*)."""
    states: dict[str, str] = {}
    for request in sorted(
        consents["requests"] if consents else (), key=lambda each: str(each["requested_at"])
    ):
        for service_id, state in states_of(request).items():
            if states.get(service_id) not in ("active", "partly") or state not in ("pending", "refused"):
                states[service_id] = state
    return states


def states_of(request: Mapping[str, Any]) -> dict[str, str]:
    """Service id -> the state of one request for it, its lines taken together; "talk_first" where someone said so."""
    return {each["id"]: each["state"] for each in receivers_of(request) if not each["is_person"]}


def receivers_of(request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Those who would get to read by a request, services first, then persons by name: {id, is_person, topics, state,
    open, waiting: topics that are read now, and that lack an answer, earlier: what was recorded before the youth had
    the say is still read (AG-4), unanswered: [person id]}."""
    found = []
    for kind, name in _KINDS:
        for share in request[f"{kind}shares"]:
            lines = [line for line in request[f"{kind}lines"] if line[name] == share[name]]
            states = [line["state"] for line in lines]
            said = {signer["person_id"]: answer_of(signer, share[name]) for signer in request["signers"]}
            asked = {
                signer["person_id"]
                for signer in request["signers"]
                if set(signer["required_for"]) & set(share["topics"])
            }
            found.append(
                {
                    "id": share[name],
                    "is_person": name == "person_id",
                    "topics": share["topics"],
                    "state": _together(states, said.values()),
                    "open": [line["topic"] for line in lines if line["state"] == "active"],
                    "waiting": [line["topic"] for line in lines if line["state"] in ("pending", "lapsed")],
                    "earlier": any(line["reads"] == "earlier" for line in lines),
                    "unanswered": sorted(each for each in asked if said[each] in ("none", "talk_first")),
                }
            )
    return found


_KINDS = (("", "service_id"), ("person_", "person_id"))


def _together(lines: list[str], answers: Iterable[str]) -> str:
    said = list(answers)
    if "lapsed" in lines:
        return "talk_first" if "talk_first" in said else "lapsed"
    if "active" in lines:
        return "active" if set(lines) == {"active"} else "partly"
    if "pending" in lines:
        return "talk_first" if "talk_first" in said else "waits_for_more" if "yes" in said else "pending"
    return next((state for state in _WORST_FIRST if state in lines), "pending")


def answer_of(signer: Mapping[str, Any], receiver_id: str) -> str:
    """One word for what a signer has said on one receiver: yes, no, talk_first, some (yes to some topics), none."""
    said = {answer["answer"] for answer in answers_of(signer) if answer["receiver_id"] == receiver_id}
    if not said:
        return "none"
    if len(said) == 1:
        return str(next(iter(said)))
    return "talk_first" if "talk_first" in said else "some"


def answers_of(signer: Mapping[str, Any]) -> list[dict[str, str]]:
    """All that a signer has said (or what a receipt bears): {receiver_id, topic, answer}, persons last."""
    return [
        {"receiver_id": each[name], "topic": each["topic"], "answer": each["answer"]}
        for kind, name in _KINDS
        for each in signer[f"{kind}answers"]
    ]


def talk_first(request: Mapping[str, Any]) -> list[str]:
    """The person ids of those who want to talk before they answer."""
    return [
        signer["person_id"]
        for signer in request["signers"]
        if any(answer["answer"] == "talk_first" for answer in answers_of(signer))
    ]


def is_current(request: Mapping[str, Any]) -> bool:
    """Whether the request still means something: it waits, or is in force, or was refused and not asked again."""
    return request["state"] not in OVER

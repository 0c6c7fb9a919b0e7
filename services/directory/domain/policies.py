"""A new version of a municipality's policy: what it may be, what it changes, and the hash by which it is confirmed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import fields
from datetime import date
from typing import Any

from services.kernel.errors import Conflict, InvalidInput
from services.kernel.policies import InvalidPolicy, Policy, drafted, policy_on

_OF_THE_VERSION = ("version", "valid_from")


class NothingChanged(Conflict):
    """The draft says what stands already on its first day."""

    code = "nothing_changed"
    detail = "The policy in force on that day says the same."


class DraftChanged(Conflict):
    """What would be saved is not what was shown."""

    code = "draft_changed"
    detail = "This is not the draft whose effects were shown. Look at them again, then save."


def draft(values: Mapping[str, Any], valid_from: date, known: Collection[Policy], today: date) -> Policy:
    """The next version, as it would be saved. What is left out keeps the value of the version in force on that day.

    The past is never changed: it begins today or later. Its topics are those that the municipality has, since what
    was written bears them. Raises InvalidInput naming the field, and NothingChanged."""
    if valid_from < today:
        raise InvalidInput(fields={"valid_from": "in_the_past"})
    before = policy_on(known, valid_from)
    version = max((policy.version for policy in known), default=0) + 1
    try:
        after = drafted(before, values, version, valid_from)
    except InvalidPolicy as fault:
        raise InvalidInput(fields={fault.field: fault.fault}) from None
    if sorted(after.topic_codes) != sorted(before.topic_codes):
        raise InvalidInput(fields={"topics": "topics_are_fixed"})
    if not changes(before, after):
        raise NothingChanged
    return after


def changes(before: Policy, after: Policy) -> list[dict[str, Any]]:
    """What one version says other than another: field (a topic's as `topics.<code>.<field>`), before, after."""
    old, new = before.to_dict(), after.to_dict()
    found = [
        {"field": name, "before": old[name], "after": new[name]}
        for name in old
        if name not in (*_OF_THE_VERSION, "topics") and old[name] != new[name]
    ]
    for topic in after.topics:
        known = before.topic(topic.code)
        if known is None:
            continue
        for each in fields(topic):
            was, becomes = getattr(known, each.name), getattr(topic, each.name)
            if was != becomes:
                found.append({"field": f"topics.{topic.code}.{each.name}", "before": was, "after": becomes})
    return found


def draft_hash(policy: Policy) -> str:
    """SHA-256 (hex) of a draft with its number and first day: who confirms it has seen this one, on top of those that
    were there then."""
    canonical = json.dumps(policy.to_dict(), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def in_force(known: Collection[Policy], today: date) -> dict[int, str]:
    """By version: "in_force" today, "coming", or "past" (begun and replaced, or replaced before it began)."""
    now = policy_on(known, today)
    states: dict[int, str] = {}
    for policy in known:
        if policy == now:
            states[policy.version] = "in_force"
        elif policy.valid_from > today and policy_on(known, policy.valid_from) == policy:
            states[policy.version] = "coming"
        else:
            states[policy.version] = "past"
    return states

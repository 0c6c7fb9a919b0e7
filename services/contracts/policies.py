"""What a draft of the policy would do to running cases: asked by the coordinator before it is saved."""

from typing import Any

from services.contracts.base import Message, code_map, date, instant, nested, number, opaque


class PreviewPolicyRequest(Message):
    """A draft, as directory checked it. Nothing is kept of it."""

    valid_from = date(description="The first day, today or later")
    values = code_map(description="Fields of the kernel's Policy; what is left out keeps its value")


def _count(what: str) -> Any:
    return number(required=False, description=f"{what}; null: none, or fewer than may be shown (SE-4)")


class PolicyEffects(Message):
    """How much would change. Of the family: a person and a topic counts as one."""

    cases = _count("Cases in which something changes")
    windows_closing = _count("Services (or persons by name) and topics that would be shut")
    windows_narrowing = _count("Those that would read only what was recorded before the youth had the say")
    windows_opening = _count("Those that would read more")
    signatures_needed = _count("Answers that would be missing")
    renewals_moving = _count("Consents that would be asked for again on another day")
    family_losing = _count("What someone of the family would no longer read")
    family_gaining = _count("What someone of the family would come to read")
    holders_needed = _count("Cases that would need a relay holder")


class PolicyEffectOnCase(Message):
    """The effects on one case that the asker may see."""

    case_id = opaque()
    effects = nested(PolicyEffects)


class PolicyPreview(Message):
    """The effects at the draft's first instant. `others`: of the cases that are not listed, all together."""

    at = instant()
    running = number(
        required=False, description="Running cases; null: none, or fewer than may be shown (SE-4)"
    )
    concerns_keeping = number(
        required=False,
        description="Concerns under way, which keep the limit of the day they were raised (LV-7)",
    )
    listed = nested(PolicyEffectOnCase, many=True)
    others = nested(PolicyEffects)

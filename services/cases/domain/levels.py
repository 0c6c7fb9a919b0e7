"""Levels and steps: which moves there are, which steps a level has, and which level a number of services suggests."""

from collections.abc import Collection

from services.kernel.policies import CountServices, Policy

MOVES = frozenset({(0, 1), (0, 2), (1, 2), (2, 3), (3, 2), (3, 1), (2, 1)})
"""The moves between levels (LV-1); closing is possible from each of them, reopening is not built yet."""

_COOPERATION = ("contact", "plan", "carry_out", "evaluate", "decide")

STEPS: dict[int, tuple[str, ...]] = {
    0: ("concern_arises", "make_concrete", "share", "reason_to_go_on", "end"),
    1: ("make_concrete", "plan", "carry_out", "evaluate", "decide"),
    2: _COOPERATION,
    3: _COOPERATION,
}
"""The steps of each level in their order, which no municipality changes (LV-2, LV-3, LV-5, LV-6)."""


def may_move(from_level: int, to_level: int) -> bool:
    """Whether a case may go from one level to another (LV-1)."""
    return (from_level, to_level) in MOVES


def suggest_level(other_services: Collection[str], policy: Policy) -> int:
    """The level that the number of services suggests (LV-4); `other_services` are those beside the owning one.

    The policy counts the others (1-2 gives 2, 3 or more gives 3), or all (2 gives 2, 3 or more gives 3)."""
    others = len(set(other_services))
    if others == 0:
        return 1
    counted = others + 1 if policy.count_services == CountServices.ALL else others
    return 3 if counted >= 3 else 2


def current_step(level: int, done: Collection[str]) -> str | None:
    """The first step of the level that is not done; None when all are (LV-6)."""
    return next((step for step in STEPS[level] if step not in done), None)

"""The kinds of message: which of them are of the protected lane."""

from services.contracts.notifications import KINDS
from services.notifications.domain.kinds import QUIET_KINDS


def test_PR_3_every_kind_of_the_lane_is_quiet_and_no_other() -> None:
    """PR-3: a kind that is added to the lane is quiet from the first day."""
    of_the_lane = {kind for kind in KINDS if kind.startswith("lane_")}
    assert of_the_lane and of_the_lane == QUIET_KINDS

"""Each id of each request, changed to another family's, to another municipality's, and to one of nothing (SE-3, SE-7).

Whatever is not the asker's is as if it were not there: the answer is that for an id of nothing, byte for byte but for
the trace; it is a refusal; and the try stands in an access record (SE-1)."""

from __future__ import annotations

import pytest

from tests.security.matrix import table
from tests.security.matrix.play import Matrix
from tests.security.matrix.players import OTHER, SAME
from tests.security.matrix.swapping import Swapping, Tried, named_in, places_known


@pytest.fixture(scope="session")
def swapping(matrix: Matrix) -> Swapping:
    return Swapping(matrix)


@pytest.fixture(scope="session")
def tried(swapping: Swapping, part: str) -> list[Tried]:
    """What came of all the changed requests of one state; a route that was tried in one before is not tried again."""
    return swapping.all_of(part)


def test_SE_7_no_id_of_any_route_is_left_out() -> None:
    """Whatever a route takes for an id, in its path, its query or its body, is changed by some request that routes.yaml
    has for it; else this is red."""
    for route in table.how_called():
        missing = named_in(route) - places_known(route)
        assert not missing, f"{route}: no request of routes.yaml bears {sorted(missing)} (see `swap` there)"


def test_SE_7_another_familys_id_is_answered_as_an_id_of_nothing(tried: list[Tried]) -> None:
    """Of the lane too (PR-5)."""
    leaks = [each.line() for each in tried if each.leaks()]
    assert not leaks, f"{len(leaks)} answers tell that there is something:\n" + "\n".join(leaks)


def test_SE_3_whatever_is_not_the_askers_is_refused(tried: list[Tried]) -> None:
    wrong = [each.line() for each in tried if not each.refused()]
    assert not wrong, f"{len(wrong)} are not refused as they should be:\n" + "\n".join(wrong)


def test_SE_1_each_try_on_anothers_case_stands_in_the_access_record(tried: list[Tried]) -> None:
    """And so does each try of an id of nothing: whoever tries ids is seen by it, in the lane's record too (PR-5)."""
    unseen = [each.line() for each in tried if not each.stands_in_the_record()]
    assert not unseen, f"{len(unseen)} tries left no line:\n" + "\n".join(unseen)


def test_SE_7_every_route_with_an_id_was_tried(swapping: Swapping, part: str) -> None:
    """By the end: with another family's and with another municipality's. The net is no good if nothing was caught."""
    swapping.all_of(part)
    if part == table.WITHOUT:
        assert swapping.routes() - set(swapping.done) == set()
        assert {whose for each in swapping.done.values() for whose in each} == {SAME, OTHER}

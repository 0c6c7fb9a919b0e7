"""The main job, with each id of each request changed to another family's and another municipality's (SE-3, SE-7).

Whatever is not the asker's is as if it were not there: the answer is that for an id of nothing, byte for byte but for
the trace; it is a refusal; and the try stands in the access record of the service that was asked (SE-1)."""

from __future__ import annotations

from collections import Counter
from contextlib import closing

import pytest

from tests.journeys.main_job import MainJob
from tests.journeys.people import Demo, Person
from tests.security.matrix.neighbours import OTHER, SAME
from tests.security.matrix.swapping import Swapping, Tried, harvest
from tests.support.stored import connect
from tests.support.suite import Suite

_OTHERS = {
    SAME: ("sindre-aspevollen", "unit-granli-ungdomsskole", "oda-kvernmoen"),
    OTHER: ("synne-torskangerli", "unit-storvik-helsehuset", "inga-maret-vuoddonarga"),
}


def others(url: str) -> dict[str, dict[str, list[str]]]:
    """Whose -> kind of id -> ids that are theirs."""
    demo, pool = Demo(), {}
    for whose, (owner, unit, child) in _OTHERS.items():
        person = Person(url, demo, owner).log_in("employee", unit)
        cases = person.get("/cases", limit=100, include_closed="true")["items"]
        case = next(
            each["case_id"] for each in cases if each["child"]["name"] == demo.name(child) and each["level"]
        )
        of = f"/cases/{case}"
        pool[whose] = harvest(person, of, f"{of}/log", f"{of}/consents", f"{of}/notes") | {"case": [case]}
        detail = person.get(of)
        pool[whose]["person"] = [detail["child"]["person_id"]]
    return pool


class Job(MainJob):
    """The main job, played by people whose requests are tried with others' ids first."""

    def __init__(self, url: str, standins_url: str, swapping: Swapping) -> None:
        super().__init__(url, standins_url, lambda what, seconds: None)
        self._swapping = swapping

    def person(
        self, key: str, capacity: str, unit_id: str | None = None, level: str = "substantial"
    ) -> Person:
        return self._swapping.watch(super().person(key, capacity, unit_id, level))


@pytest.fixture(scope="module")
def tried(suite: Suite) -> list[Tried]:
    """What came of all the changed requests of one job."""
    swapping = Swapping(others(suite.url))
    Job(suite.url, suite.standins_url, swapping).play()
    return swapping.tried


def test_SE_7_many_requests_were_tried(tried: list[Tried]) -> None:
    """The net is no good if nothing was caught in it."""
    places = Counter((each.place.where, each.place.name) for each in tried)
    assert len(tried) > 100, places
    assert {each.whose for each in tried} == {SAME, OTHER}
    for place in (("path", "case_id"), ("path", "goal_id"), ("path", "request_id"), ("body", "goal_id"),
                  ("body", "person_id"), ("body", "invited_ids"), ("body", "with_person_ids")):  # fmt: skip
        assert places[place], f"no {place} was tried: {places}"


def test_SE_7_another_familys_id_is_answered_as_an_id_of_nothing(tried: list[Tried]) -> None:
    leaks = [each.line() for each in tried if each.leaks()]
    assert not leaks, f"{len(leaks)} answers tell that there is something:\n" + "\n".join(leaks)


def test_SE_3_whatever_is_not_the_askers_is_refused(tried: list[Tried]) -> None:
    """In the path and the query by 404. In a body too where it names a thing; a person who is not of this case is a
    fault of the field (422), with the same words for whoever is nobody."""
    wrong = [each.line() for each in tried if each.answer.status_code not in _refusals(each)]
    assert not wrong, f"{len(wrong)} are not refused as they should be:\n" + "\n".join(wrong)


def _refusals(each: Tried) -> tuple[int, ...]:
    of_a_person = (
        each.place.where == "body" and "goal" not in each.place.name and "measure" not in each.place.name
    )
    return (404, 409, 422) if of_a_person else (404,)


def test_SE_1_each_try_on_anothers_case_stands_in_the_access_record(suite: Suite, tried: list[Tried]) -> None:
    """Of the service that was asked: one of the three that keep cases has the line, refused."""
    lines: Counter[str] = Counter()
    for service in ("cases", "consent", "relay_log"):
        with closing(connect(suite.var, service)) as conn:
            lines.update(
                row[0] for row in conn.execute("SELECT case_id FROM access_record WHERE allowed = 0")
            )
    asked = Counter(
        each.foreign for each in tried if (each.place.where, each.place.name) == ("path", "case_id")
    )
    missing = {case: (count, lines[case]) for case, count in asked.items() if lines[case] < count}
    assert asked and not missing, f"(tries, lines) of each case: {missing}"

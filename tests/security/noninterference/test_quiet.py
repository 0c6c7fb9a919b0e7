"""PR-3 at single places: what the gateway remembers, and what it tells anybody of itself."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import closing
from typing import Any, cast

import requests

from gateway.asking import Asking
from gateway.composition.names import Remembered
from services.chassis import tracing
from services.contracts.base import Procedure
from services.contracts.catalogue import SERVICES
from tests.journeys.people import Demo, Person
from tests.security.noninterference.asked import NOBODYS, rules
from tests.support.stored import connect
from tests.support.suite import Suite

TEACHER = "live-rognbakken"


class Directory:
    """Answers for directory, and counts how often it is asked for names, and for what anyone may read."""

    municipality = "granli"

    def __init__(self) -> None:
        self.asked = 0
        self.catalogues = 0

    def as_service(self, *_: object) -> dict[str, Any]:
        self.catalogues += 1
        return {"services": [], "units": []}

    def __call__(self, procedure: Procedure, request: Mapping[str, Any]) -> dict[str, Any]:
        self.asked += 1
        return {"items": [{"person_id": each, "name": f"Name of {each}"} for each in request["person_ids"]]}


def test_PR_3_what_a_page_of_the_lane_looks_up_is_not_remembered() -> None:
    """PR-3: else the next reader of an ordinary page would be answered without a question, sooner and uncounted."""
    remembered, directory = Remembered(), Directory()
    asking = cast(Asking, directory)
    with tracing.span("request", quiet=True):
        assert remembered.staff(asking, ["reporter"])["reporter"]["name"] == "Name of reporter"
        remembered.catalogue(asking, "granli")
    for asked in (2, 2):
        assert remembered.staff(asking, ["reporter"])["reporter"]["name"] == "Name of reporter"
        remembered.catalogue(asking, "granli")
        assert (directory.asked, directory.catalogues) == (asked, asked), (
            "an ordinary page asks once, and then remembers"
        )


def test_PR_3_no_request_for_a_page_of_the_lane_is_counted(suite: Suite) -> None:
    """PR-3: not even where nothing of the lane is asked for to make it, as for the receipt; the inbox beside it is."""
    teacher = Person(suite.url, Demo(), TEACHER).log_in("employee")
    of_the_lane = [rule for rule in rules() if rule.endpoint.startswith("lane.")]
    for rule in of_the_lane:
        address = re.sub(r"<\w+>", NOBODYS, rule.rule)
        for method in {"GET", "POST"} & (rule.methods or set()):
            answer = teacher.http.request(
                method, f"{suite.url}{address}", headers={"Stafett-CSRF": teacher.csrf}, timeout=20
            )
            assert answer.status_code < 500, f"{method} {address}"
    teacher.page("/innboks")
    told = requests.get(f"{suite.told_at('gateway')}/metrics", timeout=20).text
    assert 'route="/innboks"' in told and len(of_the_lane) > 10
    assert not [line for line in told.splitlines() if "/melding" in line]


def test_SE_4_what_people_do_is_counted_for_nobody_but_the_operator(suite: Suite) -> None:
    """SE-4: whoever could read the gateway's counts would see, as it happens, that a consent was withdrawn."""
    assert requests.get(f"{suite.url}/metrics", timeout=20).status_code == 404
    told = requests.get(f"{suite.told_at('gateway')}/metrics", timeout=20).text
    assert "stafett_request_seconds_count" in told


def test_PR_3_opening_the_form_from_a_case_leaves_no_line_in_any_record(suite: Suite) -> None:
    """PR-3: the family reads who has looked at the case (SE-2), and would see that somebody came to report; opening the
    case itself leaves such a line."""
    teacher = Person(suite.url, Demo(), TEACHER).log_in("employee")
    case = str(teacher.get("/cases", limit=1)["items"][0]["case_id"])
    teacher.page("/melding")  # what every page of the reader's looks up is there by now
    before = _lines_about(suite, case)
    teacher.page(f"/melding?case_id={case}")
    assert _lines_about(suite, case) == before
    teacher.page(f"/sak/{case}")
    assert _lines_about(suite, case) > before


def _lines_about(suite: Suite, case: str) -> int:
    """How many lines stand in the records of all services about a case, by what people do."""
    count = 0
    for service in SERVICES:
        with closing(connect(suite.var, service)) as conn:
            count += conn.execute(
                "SELECT count(*) FROM access_record WHERE case_id = ? AND capacity != 'service'", (case,)
            ).fetchone()[0]
    return count

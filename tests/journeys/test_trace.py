"""One act in a browser, followed through the running suite to its last effect; and an act of the lane, of which nothing
is told."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
import requests

from deploy.broker import PrivateBroker
from tests.journeys.people import Demo, Person, until
from tests.support.collector import Collector, Told
from tests.support.suite import Suite

TEACHER = "amund-kvitneslia"
THEIRS = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}", re.IGNORECASE)
HANDLED = "cases.handover_proposed.v1"


@dataclass
class Seen:
    """A suite whose spans go to `collector`, and an employee who uses it."""

    suite: Suite
    collector: Collector
    teacher: Person

    def act(self, path: str, body: dict[str, Any], **headers: str) -> requests.Response:
        """One POST of the API, as a browser would send it."""
        given = {"Stafett-CSRF": self.teacher.csrf, **headers}
        answer = self.teacher.http.post(f"{self.suite.url}/api{path}", json=body, headers=given, timeout=20)
        assert answer.status_code == 201, answer.text
        return answer

    def handover(self, **headers: str) -> requests.Response:
        """Ask a participant of one of the teacher's cases to take the relay: an act that all services hear of."""
        for case in self.teacher.get("/cases", limit=100)["items"]:
            free = case["level"] >= 2 and not self.teacher.get(f"/cases/{case['case_id']}")["handover"]
            log = self.teacher.get(f"/cases/{case['case_id']}/log") if free else {}
            for one in log.get("participants", []):
                asked = {
                    "to_person_id": one["person_id"],
                    "to_unit_id": one["unit_id"],
                    "reason": "Ny skole.",
                }
                path = f"/cases/{case['case_id']}/handovers"
                return self.act(path, {**asked, "family_answer": "agreed"}, **headers)
        raise AssertionError("the teacher has no free case with participants")

    def trace(self, trace_id: str, whole: Callable[[list[Told]], object]) -> list[Told]:
        """The spans of a trace, when it is whole."""
        until(lambda: whole(self.collector.of(trace_id)), 15, f"the trace {trace_id}")
        return self.collector.of(trace_id)

    def logs(self) -> dict[str, str]:
        """What stands in the log of each process."""
        return {file.stem: file.read_text() for file in (self.suite.var / "log").glob("*.log")}

    def all_mail_is_out(self) -> bool:
        """Whether no e-mail waits."""
        with closing(
            sqlite3.connect(f"file:{self.suite.var}/db/notifications.sqlite3?mode=ro", uri=True)
        ) as db:
            waiting = db.execute("SELECT count(*) FROM attempts WHERE outcome IN ('waiting', 'unknown')")
            return bool(waiting.fetchone()[0] == 0)

    def metrics(self) -> str:
        """All metrics of all processes."""
        ready = [child.ready_url for child in self.suite.running.plan.children if child.name != "standins"]
        return "".join(
            requests.get(url.replace("/health/ready", "/metrics"), timeout=5).text for url in ready
        )


@pytest.fixture(scope="module")
def seen(broker: PrivateBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seen]:
    var = tmp_path_factory.mktemp("traced") / "var"
    with Collector() as collector:
        told_to = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_BSP_SCHEDULE_DELAY": "100"}
        with Suite(var, broker, **told_to) as suite:
            yield Seen(suite, collector, Person(suite.url, Demo(), TEACHER).log_in("employee"))


def test_one_act_is_one_trace_from_the_browser_to_the_last_effect(seen: Seen) -> None:
    answer = seen.handover(traceparent=THEIRS)
    trace_id = answer.headers["Stafett-Trace"]
    effects = {("stafett.notifications", "mail"), ("stafett.relay_log", HANDLED), ("stafett.cases", HANDLED)}
    spans = seen.trace(
        trace_id,
        lambda spans: (
            effects <= {(span.service, span.name) for span in spans}
            and any(not span.parent_id for span in spans)
        ),
    )
    by_id = {span.span_id: span for span in spans}

    def way(span: Told) -> list[tuple[str, str]]:
        """What begot a span, the first cause last."""
        above = by_id.get(span.parent_id)
        return [(span.service.removeprefix("stafett."), span.name), *(way(above) if above else [])]

    command = [
        ("cases", "transaction"),
        ("cases", "cases.propose_handover"),
        ("gateway", "cases.propose_handover"),
        ("gateway", "POST /api/cases/<case_id>/handovers"),
    ]
    assert way(next(span for span in spans if span.name == "mail")) == [
        ("notifications", "mail"), ("notifications", HANDLED), *command,
    ]  # fmt: skip
    for service in ("relay_log", "cases"):  # taken in by the one, sent by the other
        told = next(span for span in spans if (span.service, span.name) == (f"stafett.{service}", HANDLED))
        assert way(told)[1:] == command
    assert trace_id in answer.headers["Server-Timing"], "a page's script may know its trace"
    [first] = [span for span in spans if not span.parent_id]
    assert trace_id != THEIRS[3:35] and first.links == (THEIRS[3:35],), (
        "a stranger's trace is only pointed at"
    )
    lines = seen.logs()
    for service in ("gateway", "cases", "relay_log", "notifications"):
        assert f'"trace_id": "{trace_id}"' in lines[service], f"{service} wrote no line of it"


def test_a_problem_tells_its_trace(seen: Seen) -> None:
    answer = seen.teacher.http.get(f"{seen.suite.url}/api/cases/unknown", timeout=20)
    assert answer.status_code == 404 and answer.json()["trace_id"] == answer.headers["Stafett-Trace"]
    spans = seen.trace(answer.headers["Stafett-Trace"], lambda spans: any(not s.parent_id for s in spans))
    assert {span.attributes.get("stafett.outcome") for span in spans} == {None, "not_found"}
    assert not any(span.failed for span in spans), "that somebody is refused is no fault"


def test_PR_3_of_a_report_in_the_lane_no_span_no_line_and_no_number_tells(seen: Seen) -> None:
    """PR-3: neither of the act, nor of the e-mail to child protection that it leads to."""
    until(seen.all_mail_is_out, 30, "the mail of the demo's seeding is out")
    before = seen.metrics(), len(seen.suite.mail())
    answer = seen.act("/lane-reports", {
        "child_description": "Et barn på bussen", "kind": "protected", "suspicion": "violence",
        "text": "Det jeg så.", "guardians_informed": "no", "guardians_informed_reason": "Fare.",
        "police_contacted": False,
    })  # fmt: skip
    seen.teacher.page("/melding")
    until(lambda: len(seen.suite.mail()) > before[1], 15, "child protection is told")
    count = len(seen.suite.mail())
    after = seen.metrics()
    marker = seen.handover().headers["Stafett-Trace"]
    seen.trace(marker, lambda spans: "mail" in {span.name for span in spans})

    lane = answer.headers["Stafett-Trace"]
    assert not seen.collector.of(lane) and not any(lane in lines for lines in seen.logs().values())
    whole = b"".join(seen.collector.bodies).decode("utf-8", "replace")
    for word in ("lane", "/melding", "contact_of_staff"):
        assert word not in whole and word not in after
    counted = re.compile(
        r"stafett_(?:mail_attempts_total|(?:rpc_handled|rpc_called|request)_seconds_count)\{.*"
    )
    assert counted.findall(before[0]) == counted.findall(after) and count > before[1]


def test_no_span_tells_of_anybody(seen: Seen) -> None:
    """No id, no name, no number, no address of a page, whatever was done; only names that are known."""
    whole = b"".join(seen.collector.bodies).decode("utf-8", "replace")
    demo = Demo()
    for person in demo.by_key.values():
        assert str(person["number"]) not in whole and str(person["name"]) not in whole
    assert "granli" not in whole and "Ny skole" not in whole
    told = " ".join(f"{span.name} {span.attributes}" for span in seen.collector.spans)
    assert not UUID.search(told), "the only id that is told is the process's own"
    assert {key for span in seen.collector.spans for key in span.attributes} <= {
        "http.request.method", "http.route", "http.response.status_code", "rpc.method", "error.type",
        "messaging.destination.name", "stafett.stream", "stafett.outcome", "stafett.component", "stafett.channel",
    }  # fmt: skip


def test_a_page_that_fails_tells_the_number_that_finds_it_in_the_log(seen: Seen) -> None:
    case = seen.teacher.get("/cases", limit=1)["items"][0]["case_id"]
    seen.suite.kill("cases")
    try:
        answer = seen.teacher.http.get(f"{seen.suite.url}/sak/{case}", timeout=20)
    finally:
        seen.suite.start_one("cases")
    assert answer.status_code == 503 and answer.headers["Stafett-Trace"] in answer.text
    spans = seen.trace(answer.headers["Stafett-Trace"], lambda spans: any(not s.parent_id for s in spans))
    told = {value for span in spans if span.failed for value in span.attributes.values()}
    assert 503 in told and {"unavailable", "deadline_exceeded"} & told

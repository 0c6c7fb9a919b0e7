"""Traces: who begets whom, what may be told, what it costs when nothing is told, and nothing of the lane."""

from __future__ import annotations

import subprocess
import sys
import time
import timeit
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.chassis import tracing
from services.chassis.keys import ensure_key_material
from services.chassis.rpc.client import RpcClient
from services.chassis.settings import Settings
from services.chassis.span_export import exporting, only_codes
from services.contracts import bus, cases
from services.kernel.errors import NotFound, Unavailable
from tests.support.collector import Collector

ROOT = Path(__file__).parents[2]
THEIRS = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


@pytest.fixture
def told() -> Iterator[list[tracing.Span]]:
    spans: list[tracing.Span] = []
    tracing.tell_to(spans.append)
    yield spans
    tracing.tell_to(None)


def names(told: list[tracing.Span]) -> list[str]:
    return [span.name for span in told]


def test_a_span_stands_in_the_one_around_it_and_ends_with_its_block() -> None:
    assert tracing.current() is None and tracing.trace_id() == ""
    with tracing.span("outer") as outer:
        with tracing.span("inner") as inner:
            assert tracing.current() == inner.traceparent
        assert (inner.trace_id, inner.parent_id) == (outer.trace_id, outer.span_id)
        assert tracing.current() == outer.traceparent
    assert outer.parent_id is None and tracing.current() is None


def test_a_trace_goes_on_from_what_came_with_a_call_and_a_malformed_one_is_not_believed() -> None:
    with tracing.span("other"), tracing.span("handled", parent=THEIRS) as span:
        assert (span.trace_id, span.parent_id) == (THEIRS[3:35], THEIRS[36:52])
        assert not span.is_inner
    wrong = ("", "x", THEIRS[:-1], THEIRS.upper(), f"00-{'0' * 32}-{'1' * 16}-01", f"ff{THEIRS[2:]}")
    for each in wrong:
        assert tracing.span("handled", parent=each).parent_id is None


def test_a_fault_is_told_by_its_type_and_a_refusal_by_its_code(told: list[tracing.Span]) -> None:
    for error in (KeyError("Kari"), NotFound("Kari"), Unavailable()):
        with pytest.raises(type(error)), tracing.span("work"):
            raise error
    assert [(span.failed, span.error_type, span.attributes.get("outcome")) for span in told] == [
        (True, "builtins.KeyError", None), (False, None, "not_found"), (True, None, "unavailable"),
    ]  # fmt: skip


def test_a_round_that_did_nothing_is_not_told(told: list[tracing.Span]) -> None:
    with tracing.span("round", when_used=True):
        pass
    with tracing.span("round", when_used=True), tracing.span("work"):
        pass
    with tracing.span("round", when_used=True), tracing.span("work", quiet=True):
        pass
    assert names(told) == ["work", "round"]


def test_PR_3_what_is_quiet_is_not_told_nor_what_follows_from_it(told: list[tracing.Span]) -> None:
    """PR-3: here, in what it stands in, and in the services that it calls."""
    with tracing.span("request"), tracing.span("page"):
        tracing.hush()
        with tracing.span("call") as call:
            pass
        with tracing.span("handled", parent=call.traceparent) as handled, tracing.span("transaction"):
            assert tracing.is_quiet() and handled.trace_id == call.trace_id
    assert call.traceparent.endswith("-00") and told == []
    with tracing.span("lane", quiet=True, parent=THEIRS):
        assert str(tracing.current()).endswith("-00")
    assert told == []


def test_PR_3_a_call_of_the_lane_hushes_what_it_is_made_in(tmp_path: Path, told: list[tracing.Span]) -> None:
    """PR-3: also where nothing is around it, as when a lost event of the lane is fetched."""
    ensure_key_material(tmp_path)
    client = RpcClient("amqp://127.0.0.1:1//", tmp_path, "test")
    for procedure in (cases.GetCase, cases.LaneReports, bus.events_between("cases")):
        with pytest.raises(Unavailable):
            client.call(procedure, "token", timeout=0.01)
        with pytest.raises(Unavailable), tracing.span("work"):
            client.call(procedure, "token", timeout=0.01)
    assert names(told) == ["cases.get_case", "cases.get_case", "work"]


def test_only_named_codes_leave() -> None:
    """No id, number, name or address, whatever somebody puts there."""
    kept = only_codes({"procedure": "cases.get_case", "status": 200, "route": "/sak/<case_id>", "attempt": 2})
    assert kept == {
        "rpc.method": "cases.get_case", "http.response.status_code": 200, "http.route": "/sak/<case_id>",
        "stafett.attempt": 2,
    }  # fmt: skip
    assert not only_codes(
        {
            "subject": "x", "procedure": "Kari Nordmann", "route": "/sak/01991b7e-7e0c-7cc0-a9d2-0123456789ab",
            "outcome": "kari@granli.example", "component": "12057912345", "channel": None, "stream": "a?b=c",
        }
    )  # fmt: skip


def test_spans_reach_a_collector_and_a_strangers_trace_is_only_pointed_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Collector() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.url)
        settings = Settings.load("cases")
        with exporting(settings), tracing.span("request", kind="server", status=200) as span:
            span.link = tracing.link_of(THEIRS)
            with pytest.raises(KeyError), tracing.span("transaction"):
                raise KeyError("Kari")
        assert not tracing.told()
    inner, outer = collector.spans
    assert (outer.service, outer.name, outer.kind, outer.failed) == ("stafett.cases", "request", 2, False)
    assert outer.attributes == {"http.response.status_code": 200} and outer.links == (THEIRS[3:35],)
    assert (inner.trace_id, inner.parent_id, inner.failed) == (outer.trace_id, outer.span_id, True)
    assert inner.attributes == {"error.type": "builtins.KeyError"}
    assert b"Kari" not in b"".join(collector.bodies)


def test_without_a_collector_a_span_costs_next_to_nothing() -> None:
    """Under 5 microseconds of the processor, at the best of many short tries: others may be using the machine."""

    def work() -> None:
        with tracing.span("rpc", parent=THEIRS, kind="server", procedure="cases.get_case") as span:
            span.attributes["outcome"] = "ok"

    assert min(timeit.repeat(work, number=100, repeat=500, timer=time.thread_time)) / 100 < 5e-6


def test_without_a_collector_nothing_of_the_sdk_is_imported() -> None:
    """Its memory would be paid by all processes of all who want none of it."""
    code = """
import sys
from services.chassis import app, run, span_export, settings
with span_export.exporting(settings.Settings.load("cases")):
    assert not [name for name in sys.modules if name.startswith("opentelemetry")]
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, timeout=60)

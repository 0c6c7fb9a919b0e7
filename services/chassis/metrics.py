"""Prometheus metrics of a process. Labels are procedures, outcomes and components: never a person, case or value."""

from prometheus_client import REGISTRY, Counter, Gauge, Histogram, generate_latest

from services.contracts import bus, cases, directory

BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)

RPC_HANDLED = Histogram(
    "stafett_rpc_handled_seconds", "Time to answer a call", ["procedure", "outcome"], buckets=BUCKETS
)
RPC_CALLED = Histogram(
    "stafett_rpc_called_seconds", "Time until a call was answered", ["procedure", "outcome"], buckets=BUCKETS
)
TIMER_FAILURES = Counter("stafett_timer_failures_total", "Rounds of timers that failed", ["timer"])
UP = Gauge("stafett_component_up", "1 if a component of this process is well", ["component"])

QUIET_PROCEDURES = frozenset(each.name for each in (*cases.LANE_PROCEDURES, directory.ContactOfStaff)) | {
    kind("cases").name for kind in bus.ALL
}
"""Of these nothing is counted, traced or logged: a number that grew would tell that somebody has just reported (PR-3).
They are the lane's own, and those that the lane uses beside others (its lost events, the address of its e-mails)."""

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def observe_call(histogram: Histogram, procedure: str, outcome: str, seconds: float) -> None:
    """Count one call and its time, unless it is one of the protected lane's."""
    if procedure not in QUIET_PROCEDURES:
        histogram.labels(procedure, outcome).observe(seconds)


def exposition() -> bytes:
    """All metrics of this process in Prometheus' text format."""
    return bytes(generate_latest(REGISTRY))

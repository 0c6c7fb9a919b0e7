"""PR-3 at single places: what the gateway remembers, and what it tells anybody of itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from gateway.asking import Asking
from gateway.composition.names import Remembered
from services.chassis import metrics, tracing
from services.contracts.base import Procedure


class Directory:
    """Answers for directory, and counts how often it is asked."""

    municipality = "granli"

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, procedure: Procedure, request: Mapping[str, Any]) -> dict[str, Any]:
        self.asked += 1
        return {"items": [{"person_id": each, "name": f"Name of {each}"} for each in request["person_ids"]]}


def test_PR_3_what_a_page_of_the_lane_looks_up_is_not_remembered() -> None:
    """PR-3: else the next reader of an ordinary page would be answered without a question, sooner and uncounted."""
    remembered, directory = Remembered(), Directory()
    asking = cast(Asking, directory)
    with tracing.span("request", quiet=True):
        assert remembered.staff(asking, ["reporter"])["reporter"]["name"] == "Name of reporter"
    for asked in (2, 2):
        assert remembered.staff(asking, ["reporter"])["reporter"]["name"] == "Name of reporter"
        assert directory.asked == asked, "an ordinary page asks once, and then remembers"


def test_PR_3_what_the_process_has_used_is_not_told_to_anybody() -> None:
    """PR-3: processor time and memory grow with what is quiet, too."""
    metrics.UP.labels("quiet_test").set(1)
    told = metrics.own_exposition().decode()
    names = {line.split("{")[0].split(" ")[0] for line in told.splitlines() if not line.startswith("#")}
    assert names and all(name.startswith("stafett_") for name in names)
    assert "process_cpu_seconds_total" in metrics.exposition().decode(), "the services tell the operator"


def test_PR_3_the_order_of_the_series_does_not_say_what_came_first() -> None:
    """PR-3: series stand by their labels."""
    for procedure in ("z.last", "a.first", "m.middle"):
        metrics.observe_call(metrics.RPC_CALLED, f"quiet_test.{procedure}", "ok", 0.001)
    told = metrics.own_exposition().decode()
    places = [told.index(f"quiet_test.{procedure}") for procedure in ("a.first", "m.middle", "z.last")]
    assert places == sorted(places)

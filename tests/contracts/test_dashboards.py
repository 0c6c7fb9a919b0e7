"""Dashboard and alerts are a language too: what they ask for is told, and all that is told is asked for."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from deploy.dashboards.__main__ import FILE, text
from deploy.dashboards.board import ROWS, board
from deploy.steps import ROOT

ALERTS: list[dict[str, Any]] = yaml.safe_load(
    (Path(FILE).with_name("alerts.yml")).read_text("utf-8")
)["groups"][0]["rules"]  # fmt: skip
NAME = re.compile(r"\bstafett_\w+")
LIBRARYS = {"up", "process_resident_memory_bytes", "process_cpu_seconds_total"}
DECLARED = re.compile(r'\b(Counter|Gauge|Histogram)\(\s*"(stafett_\w+?)(?:_total)?"')
SUFFIXES = {"Counter": ("_total",), "Histogram": ("_bucket", "_count", "_sum"), "Gauge": ("",)}


def told() -> set[str]:
    """The names of all metrics that the code declares, as PromQL asks for them."""
    return {
        name + suffix
        for folder in ("services", "gateway")
        for file in (ROOT / folder).rglob("*.py")
        if "node_modules" not in file.parts
        for kind, name in DECLARED.findall(file.read_text("utf-8"))
        for suffix in SUFFIXES[kind]
    }


def drawn() -> Iterator[str]:
    """Every question of the dashboard."""
    for row in ROWS:
        for panel in row.panels:
            yield from panel.asks.values()


def test_the_dashboard_is_what_its_code_makes() -> None:
    assert FILE.read_text("utf-8") == text(), "run `python -m deploy.dashboards`"


def test_what_dashboard_and_alerts_ask_for_is_told() -> None:
    for ask in (*drawn(), *(alert["expr"] for alert in ALERTS)):
        assert set(NAME.findall(ask)) <= told(), ask
        assert NAME.search(ask) or LIBRARYS & set(re.findall(r"\w+", ask)), ask


def test_all_that_is_told_is_drawn() -> None:
    """A number that nobody looks at costs, and says nothing. A histogram is drawn by any of its parts."""
    asked = {name for ask in drawn() for name in NAME.findall(ask)}
    parts = re.compile("_(bucket|count|sum)$")
    missing = {parts.sub("", name) for name in told()} - {parts.sub("", name) for name in asked}
    assert not missing


def test_what_must_wake_somebody_does() -> None:
    found = {alert["expr"] for alert in ALERTS if alert["labels"]["severity"] == "page"}
    assert {
        "stafett_bus_oldest_unsent_seconds > 60", "stafett_bus_dead > 0",
        "stafett_bus_knowledge_age_seconds > 30", 'stafett_component_up{component!~"outside|access_record"} == 0',
        'stafett_component_up{component="access_record"} == 0',
    } <= found  # fmt: skip
    assert all(alert["annotations"]["summary"] and alert["annotations"]["todo"] for alert in ALERTS)


def test_questions_are_well_formed_and_panels_do_not_overlap() -> None:
    for ask in (*drawn(), *(alert["expr"] for alert in ALERTS)):
        for opening, closing in ("()", "{}", "[]"):
            assert ask.count(opening) == ask.count(closing), ask
        for function in re.findall(r"(\w+)\s*\(", ask):
            assert function in {"sum", "max", "by", "rate", "increase", "topk", "histogram_quantile"}, ask
    taken: set[tuple[int, int]] = set()
    for panel in board()["panels"]:
        place = panel["gridPos"]
        assert place["x"] + place["w"] <= 24
        cells = {
            (place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])
        }  # fmt: skip
        assert not cells & taken, panel["title"]
        taken |= cells
    assert json.loads(FILE.read_text("utf-8"))["uid"] == "stafett"

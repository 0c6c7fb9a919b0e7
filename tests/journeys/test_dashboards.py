"""What Prometheus finds at the running suite is what dashboard and alerts ask for, label by label."""

from __future__ import annotations

import json
import re

import requests
from prometheus_client.parser import text_string_to_metric_families

from tests.contracts.test_dashboards import ALERTS, NAME, drawn
from tests.support.suite import Suite

BY = re.compile(r"by \(([^)]*)\)")
WHERE = re.compile(r"(\w+)=~?\"")


def scraped(suite: Suite) -> dict[str, set[str]]:
    """The labels of each metric, as all processes tell them at the addresses that Prometheus is given; `process` is
    put on by Prometheus."""
    found: dict[str, set[str]] = {}
    for target in json.loads((suite.var / "run" / "scrape.json").read_text()):
        text = requests.get(f"http://{target['targets'][0]}/metrics", timeout=10).text
        for family in text_string_to_metric_families(text):
            name = family.name + ("_total" if family.type == "counter" else "")
            labels = found.setdefault(name, set())
            for sample in family.samples:
                labels |= {*sample.labels, "process", "job"}
    return found


def test_each_question_names_metrics_and_labels_that_are_told(suite: Suite) -> None:
    told = scraped(suite)
    assert {"stafett_component_up", "stafett_bus_knowledge_age_seconds"} <= told.keys()
    for ask in (*drawn(), *(alert["expr"] for alert in ALERTS)):
        for metric in NAME.findall(ask):
            name = re.sub("_(bucket|count|sum)$", "", metric)
            assert name in told, f"{name} is told by no process"
            wanted = {label.strip() for by in BY.findall(ask) for label in by.split(",")} | set(
                WHERE.findall(ask)
            )
            assert not told[name] or wanted - {"le"} <= told[name], ask


def test_every_process_says_how_it_is(suite: Suite) -> None:
    for target in json.loads((suite.var / "run" / "scrape.json").read_text()):
        text = requests.get(f"http://{target['targets'][0]}/metrics", timeout=10).text
        assert 'stafett_component_up{component="database"} 1.0' in text, target
        assert 'stafett_component_up{component="broker"} 1.0' in text, target

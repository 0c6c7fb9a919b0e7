"""The dashboard as code: rows of panels, each some questions in PromQL. `python -m deploy.dashboards` writes the JSON.

Metrics are told by services, procedures, routes, streams and components: never by persons, cases or anything of theirs,
and nothing of the protected lane is among them (PR-3).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

Unit = Literal["s", "reqps", "ops", "short", "bytes", "percentunit", "bool"]
_SOURCE = {"type": "prometheus", "uid": "${datasource}"}
_WIDE = 24
_HIGH = 8
FAULTS = "internal_error|unavailable|deadline_exceeded"


@dataclass(frozen=True)
class Panel:
    """One graph. `asks` maps a line's legend to its PromQL; `red` is the value from which it is drawn as bad."""

    title: str
    unit: Unit
    asks: dict[str, str]
    tells: str = ""
    red: float | None = None
    width: int = 8


@dataclass(frozen=True)
class Row:
    """Panels under one heading."""

    title: str
    panels: tuple[Panel, ...] = field(default=())


def _quantile(of: float, histogram: str, by: str, where: str = "") -> str:
    return f"histogram_quantile({of}, sum by (le, {by}) (rate({histogram}_bucket{where}[$__rate_interval])))"


def _rate(counter: str, by: str, where: str = "") -> str:
    return f"sum by ({by}) (rate({counter}{where}[$__rate_interval]))"


ROWS = (
    Row("Is all well?", (
        Panel("Parts that are not well", "short", {
            "{{process}} {{component}}": "stafett_component_up == 0",
            "{{process}} does not answer": 'up{job="stafett"} == 0',
        }, "Empty when all is well. outbox and inbox stand here too when an event waits long or is dead.", red=0),
        Panel("Oldest event not yet sent", "s", {"{{service}}": "stafett_bus_oldest_unsent_seconds"},
              "Over a minute: the broker is away, or blocks its publishers.", red=60),
        Panel("Age of knowledge", "s", {
            "{{service}} of {{stream}}": "stafett_bus_knowledge_age_seconds",
        }, "Over 30 s third parties are refused: consent status not known (CO-9).", red=30),
    )),
    Row("What people notice", (
        Panel("Requests", "reqps", {"{{status}}": _rate("stafett_request_seconds_count", "status")}),
        Panel("Time to answer a request", "s", {
            "p50 {{method}}": _quantile(0.5, "stafett_request_seconds", "method"),
            "p99 {{method}}": _quantile(0.99, "stafett_request_seconds", "method"),
        }),
        Panel("Slowest routes (p99)", "s", {
            "{{method}} {{route}}": f"topk(8, {_quantile(0.99, 'stafett_request_seconds', 'route, method')})",
        }),
    )),
    Row("Calls between the parts", (
        Panel("Calls handled", "ops", {
            "{{procedure}}": f"topk(12, {_rate('stafett_rpc_handled_seconds_count', 'procedure')})",
        }),
        Panel("Time to handle a call (p99)", "s", {
            "{{procedure}}": f"topk(12, {_quantile(0.99, 'stafett_rpc_handled_seconds', 'procedure')})",
        }),
        Panel("Time until a call is answered (p99)", "s", {
            "{{procedure}}": f"topk(12, {_quantile(0.99, 'stafett_rpc_called_seconds', 'procedure')})",
        }, "With the way there and back: what it has more than the panel before it is waiting."),
        Panel("Calls that failed", "ops", {
            "{{procedure}} {{outcome}}": _rate("stafett_rpc_called_seconds_count", "procedure, outcome",
                                               f'{{outcome=~"{FAULTS}"}}'),
        }, "Refusals are no faults, and are not among them.", red=0.01, width=12),
        Panel("Rounds of timers that failed", "ops", {
            "{{timer}}": _rate("stafett_timer_failures_total", "timer"),
        }, red=0.01, width=12),
    )),
    Row("The bus", (
        Panel("Events sent", "ops", {"{{service}}": _rate("stafett_bus_events_sent_total", "service")}),
        Panel("Events taken in", "ops", {
            "{{service}} {{outcome}}": _rate("stafett_bus_events_handled_total", "service, outcome"),
        }),
        Panel("From commit to handled", "s", {
            "p50 {{service}}": _quantile(0.5, "stafett_bus_commit_to_handled_seconds", "service"),
            "p99 {{service}}": _quantile(0.99, "stafett_bus_commit_to_handled_seconds", "service"),
        }),
        Panel("Events that wait", "short", {"{{service}}": "stafett_bus_parked"},
              "For one before them, or for their next try; the dead are among them.", red=1),
        Panel("Events that are dead", "short", {"{{service}}": "stafett_bus_dead"},
              "`python -m deploy.ops list --state dead` tells which.", red=1),
        Panel("Messages that nobody could read or take", "short", {
            "{{service}} could not read": "stafett_bus_undecodable",
            "{{queue}}": "max by (queue) (stafett_bus_stray)",
        }, red=1),
        Panel("Publishes not confirmed", "ops", {
            "{{service}}": _rate("stafett_bus_unconfirmed_total", "service"),
        }, "They go again."),
        Panel("Fetched from their source", "ops", {
            "{{service}}": _rate("stafett_bus_repaired_total", "service"),
        }, "Each is an event that was lost on its way."),
        Panel("Connections to the broker", "bool", {
            "{{service}} {{loop}}": "stafett_bus_connected",
            "{{service}} {{loop}} began again": _rate("stafett_bus_interruptions_total", "service, loop"),
        }, "The relay of one process of a service is connected; others wait for its end."),
    )),
    Row("Outside", (
        Panel("E-mails", "ops", {"{{outcome}}": _rate("stafett_mail_attempts_total", "outcome")}, width=12),
        Panel("Told to outside systems", "ops", {
            "{{way}} {{outcome}}": _rate("stafett_outside_total", "way, outcome"),
        }, width=12),
        Panel("Outside systems", "short", {"{{state}}": "stafett_outside_subscriptions"},
              "`python -m deploy.ops subscribers` tells which fail, are disabled or have lost events.", width=12),
        Panel("Events that wait for outside systems", "short", {"waiting": "stafett_outside_waiting"}, width=12),
    )),
    Row("Processes", (
        Panel("Memory", "bytes", {"{{process}}": 'process_resident_memory_bytes{job="stafett"}'}, width=12),
        Panel("Processor", "percentunit", {
            "{{process}}": 'rate(process_cpu_seconds_total{job="stafett"}[$__rate_interval])',
        }, "1 is one processor; a process can use no more than one.", width=12),
    )),
)  # fmt: skip


def board() -> dict[str, Any]:
    """The dashboard as Grafana (10 or later) imports it."""
    panels: list[dict[str, Any]] = []
    y = 0
    for row in ROWS:
        place = {"h": 1, "w": _WIDE, "x": 0, "y": y}
        panels.append(
            {"id": len(panels) + 1, "type": "row", "title": row.title, "gridPos": place, "panels": []}
        )
        x, y = 0, y + 1
        for panel in row.panels:
            if x + panel.width > _WIDE:
                x, y = 0, y + _HIGH
            place = {"h": _HIGH, "w": panel.width, "x": x, "y": y}
            panels.append({"id": len(panels) + 1, "gridPos": place, **_graph(panel)})
            x += panel.width
        y += _HIGH
    chosen = {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}
    return {
        "uid": "stafett",
        "title": "Stafett",
        "tags": ["stafett"],
        "timezone": "browser",
        "schemaVersion": 39,
        "editable": False,
        "refresh": "10s",
        "time": {"from": "now-1h", "to": "now"},
        "templating": {"list": [chosen]},
        "panels": panels,
    }


def _graph(panel: Panel) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.red is not None:
        steps.append({"color": "red", "value": panel.red})
    look = {"lineWidth": 1, "fillOpacity": 5, "showPoints": "never", "spanNulls": False}
    if panel.red is not None:
        look |= {"thresholdsStyle": {"mode": "line"}}
    return {
        "type": "timeseries",
        "title": panel.title,
        "description": panel.tells,
        "datasource": _SOURCE,
        "fieldConfig": {
            "defaults": {
                "unit": panel.unit,
                "min": 0,
                "custom": look,
                "thresholds": {"mode": "absolute", "steps": steps},
            },
            "overrides": [],
        },
        "options": {
            "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
            "tooltip": {"mode": "multi", "sort": "desc"},
        },
        "targets": [
            {"refId": chr(65 + number), "expr": ask, "legendFormat": legend, "datasource": _SOURCE}
            for number, (legend, ask) in enumerate(panel.asks.items())
        ],
    }

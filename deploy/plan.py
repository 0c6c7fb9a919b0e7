"""What the suite consists of: its processes, their ports, their environment; for `make run` and the tests alike."""

from __future__ import annotations

import json
import os
import secrets
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from deploy import engines
from deploy.demo.make_data import OWN_FAMILIES, OWN_PEOPLE
from deploy.processes import free_ports, port_is_taken
from deploy.steps import ROOT

SERVICES = ("directory", "cases", "consent", "relay_log", "notifications")


@dataclass(frozen=True)
class Child:
    """One process of the suite: how to start it, and where it says that it is ready."""

    name: str
    argv: tuple[str, ...]
    env: dict[str, str] = field(repr=False)
    ready_url: str
    log: Path


@dataclass(frozen=True)
class Plan:
    """All children and the addresses that others need. `env` is what a tool beside the suite (seeding) runs with."""

    var: Path
    port: int
    standins_url: str
    smtp_url: str
    env: dict[str, str] = field(repr=False)
    children: tuple[Child, ...]

    @property
    def public_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def write(self, pids: dict[str, int]) -> None:
        """Tell tools in another terminal (`make journey`, `make bench`) where this suite is: var/run/suite.json."""
        told = {
            "public_url": self.public_url,
            "standins_url": self.standins_url,
            "smtp_url": self.smtp_url,
            "var": str(self.var),
            "pids": pids,
            "ready": {child.name: child.ready_url for child in self.children},
        }
        file = self.var / "run" / "suite.json"
        file.write_text(json.dumps(told, indent=1) + "\n")
        file.chmod(0o600)
        (self.var / "run" / "scrape.json").write_text(json.dumps(self.scraped(), indent=1) + "\n")
        engines.keep(self.var, self.env)

    def scraped(self) -> list[dict[str, Any]]:
        """Where each process tells its metrics, as Prometheus' file_sd_configs read it."""
        return [
            {"targets": [urlsplit(child.ready_url).netloc], "labels": {"process": child.name}}
            for child in self.children
            if child.name != "standins"
        ]


def make_plan(var: Path, port: int, amqp_url: str, outside_amqp_url: str = "") -> Plan:
    """Plan the whole suite on `var`, the gateway on `port`, and everything else on free loopback ports."""
    names = ["standins", "smtp", *SERVICES, "gateway"]
    ports = _ports(var, names, port)
    standins = f"http://127.0.0.1:{ports['standins']}"
    smtp = f"smtp://127.0.0.1:{ports['smtp']}"
    common = os.environ | {
        "STAFETT_VAR": str(var),
        "STAFETT_AMQP_URL": amqp_url,
        "STAFETT_OUTSIDE_AMQP_URL": outside_amqp_url,
        "STAFETT_PUBLIC_URL": os.environ.get("STAFETT_PUBLIC_URL", f"http://127.0.0.1:{port}"),
        "STAFETT_SANDBOX": os.environ.get("STAFETT_SANDBOX", "1"),
        "STAFETT_OIDC_ISSUER": os.environ.get("STAFETT_OIDC_ISSUER", standins),
        "STAFETT_OIDC_CLIENT_ID": os.environ.get("STAFETT_OIDC_CLIENT_ID", "stafett"),
        "STAFETT_OIDC_CLIENT_SECRET": os.environ.get("STAFETT_OIDC_CLIENT_SECRET", "") or _client_secret(var),
        "STAFETT_SMTP_URL": os.environ.get("STAFETT_SMTP_URL", smtp),
        "STAFETT_CONTACT_REGISTER_URL": os.environ.get("STAFETT_CONTACT_REGISTER_URL", standins),
        "STAFETT_REGISTER_FILE": os.environ.get("STAFETT_REGISTER_FILE", str(var / OWN_FAMILIES)),
        "STAFETT_DEMO_PEOPLE": os.environ.get("STAFETT_DEMO_PEOPLE", str(var / OWN_PEOPLE)),
        "STAFETT_STANDINS_PORT": str(ports["standins"]),
        "STAFETT_STANDINS_SMTP_PORT": str(ports["smtp"]),
        "PORT": str(port),
        "PSYCOPG_WAIT_FUNC": "wait_selector",
        "PYTHONPATH": str(ROOT),
        "PYTHONUNBUFFERED": "1",
        "MALLOC_ARENA_MAX": "2",
        "TZ": "UTC",
    }

    def child(name: str, argv: tuple[str, ...], health: int, path: str = "/health/ready") -> Child:
        env = common | {"STAFETT_HEALTH_PORT": str(health)}
        url = f"http://127.0.0.1:{health}{path}"
        return Child(name, (sys.executable, *argv), env, url, var / "log" / f"{name}.log")

    run = ("-m", "services.chassis.run")
    children = [child("standins", ("-m", "deploy.standins"), ports["standins"])]
    children += [child(name, (*run, name), ports[name]) for name in SERVICES]
    children += [child("gateway", (*run, "gateway"), ports["gateway"])]
    return Plan(var, port, standins, smtp, common, tuple(children))


def _ports(var: Path, names: list[str], gateways: int) -> dict[str, int]:
    """The ports of the last run while they are free, so that addresses in an open browser stay true; else free ones.
    The gateway's is none of them, though it listens last of all."""
    file = var / "run" / "ports.json"
    try:
        ports = {str(name): int(port) for name, port in json.loads(file.read_text()).items()}
    except (OSError, ValueError):
        ports = {}
    if set(ports) != set(names) or any(port == gateways or port_is_taken(port) for port in ports.values()):
        ports = dict(zip(names, free_ports(len(names), but=gateways), strict=True))
        file.write_text(json.dumps(ports))
    return ports


def _client_secret(var: Path) -> str:
    file = var / "run" / "oidc-client-secret"
    if not file.exists():
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT, 0o600), "w") as handle:
            handle.write(secrets.token_urlsafe(32))
    return file.read_text().strip()

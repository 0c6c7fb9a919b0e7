"""What the suite's processes and its broker listen on."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

from deploy.broker import PrivateBroker
from deploy.plan import make_plan
from deploy.processes import free_port, free_ports


def test_no_other_process_is_given_the_gateways_port(tmp_path: Path) -> None:
    """It listens last, so its port looks free when the others' are chosen; kept ports are no exception."""
    (tmp_path / "run").mkdir()
    make_plan(tmp_path, free_port(), "amqp://127.0.0.1:1//")
    kept = json.loads((tmp_path / "run" / "ports.json").read_text())
    plan = make_plan(tmp_path, kept["cases"], "amqp://127.0.0.1:1//")
    ports = [urlsplit(child.ready_url).port for child in plan.children]
    assert len({*ports, plan.port}) == len(plan.children) + 1 and plan.port == kept["cases"]


def test_a_promised_port_is_not_drawn() -> None:
    promised = free_port()
    assert all(promised not in free_ports(500, but=promised) for _ in range(20))
    assert len(set(free_ports(500, but=promised))) == 500


def test_a_broker_is_where_it_was_before(tmp_path: Path) -> None:
    """Outside systems have its address."""
    addresses = []
    for _ in range(2):
        with PrivateBroker(tmp_path) as broker:
            addresses.append(broker.amqp_url)
    assert addresses[0] == addresses[1]

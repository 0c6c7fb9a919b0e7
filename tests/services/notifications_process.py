"""Notifications and directory as processes of their own, and a caller who plays the services that tell."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from kombu import Connection

from deploy.processes import free_port
from services.chassis.actor import Actor, Signer, service_actor
from services.chassis.bus import topology
from services.chassis.bus.publisher import Outgoing, Publisher
from services.chassis.ids import new_id
from services.chassis.keys import ensure_key_material
from services.chassis.rpc.client import RpcClient
from services.contracts import directory, notifications
from services.contracts.base import EventType
from services.contracts.envelope import CONTENT_TYPE, Event

ROOT = Path(__file__).parents[2]


class Running:
    """`with Running(...) as running:` both are ready; they end with the block."""

    def __init__(
        self,
        folder: Path,
        amqp_url: str,
        database_url: str,
        directory_url: str,
        smtp_port: int,
        outside_amqp_url: str = "",
    ) -> None:
        self.var, self.amqp_url, self.folder = folder / "var", amqp_url, folder
        self._env = os.environ | {
            "STAFETT_VAR": str(self.var),
            "STAFETT_AMQP_URL": amqp_url,
            "STAFETT_OUTSIDE_AMQP_URL": outside_amqp_url,
            "STAFETT_NOTIFICATIONS_DATABASE_URL": database_url,
            "STAFETT_DIRECTORY_DATABASE_URL": directory_url,
            "STAFETT_SMTP_URL": f"smtp://127.0.0.1:{smtp_port}",
        }
        self._processes: list[subprocess.Popen[bytes]] = []
        self._sequences: dict[tuple[str, str], int] = {}

    def __enter__(self) -> Running:
        ensure_key_material(self.var)
        ports = {name: self._spawn(name) for name in ("directory", "notifications")}
        try:
            for name, port in ports.items():
                self._wait_ready(name, port)
        except BaseException:
            self.__exit__()
            raise
        self.client = RpcClient(self.amqp_url, self.var, "test")
        self.client.start()
        return self

    def __exit__(self, *_: object) -> None:
        if hasattr(self, "client"):
            self.client.stop()
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.wait(10)

    def staff(self, person_id: str, email: str, role: str) -> None:
        """An employee starts: directory keeps the address, and tells of the role."""
        roles = [{"unit_id": "unit-1", "service_id": "service-1", "role": role, "valid_from": "2020-01-01"}]
        put = {"person_id": person_id, "name": "Invented Name", "email": email, "roles": roles}
        token = Signer(self.var, "seed").mint(service_actor("seed", "granli"))
        done = self.client.call(directory.PutStaff, token, put)
        self.client.call(
            notifications.UnreadCount, self._token(person_id), {}, at_least=done["versions"], timeout=10
        )

    def inbox(self, person_id: str) -> dict[str, Any]:
        """Their inbox, over RPC."""
        return self.client.call(notifications.GetInbox, self._token(person_id), {})

    def publish_twice(self, kind: EventType, subject: str, /, **data: Any) -> None:
        """An event comes over the broker, and again, as when its service fell before it had marked it as sent."""
        number = self._sequences[kind.stream, subject] = self._sequences.get((kind.stream, subject), 0) + 1
        event = Event(
            new_id(), kind.type, f"/granli/{kind.service}", subject, datetime.now(UTC), "granli", kind.stream, number,
            None, data,
        )  # fmt: skip
        with Connection(self.amqp_url) as connection:
            channel = connection.channel()
            topology.declare(channel, topology.Catalogue.published())
            publisher = Publisher(channel, 5)
            for _ in range(2):
                publisher.publish([Outgoing(event.type, event.id, event.to_json(), CONTENT_TYPE)])

    def _token(self, person_id: str) -> str:
        return Signer(self.var, "gateway").mint(Actor("granli", "employee", person_id, "unit-1", "high"))

    def _spawn(self, name: str) -> int:
        port = free_port()
        with (self.folder / f"{name}.log").open("ab") as output:
            self._processes.append(
                subprocess.Popen(
                    [sys.executable, "-m", "services.chassis.run", name],
                    cwd=ROOT, env=self._env | {"STAFETT_HEALTH_PORT": str(port)}, stdout=output, stderr=output,
                )
            )  # fmt: skip
        return port

    def _wait_ready(self, name: str, port: int) -> None:
        limit = time.monotonic() + 30
        while True:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2).close()
                return
            except (urllib.error.URLError, OSError):
                log = (self.folder / f"{name}.log").read_text()[-3000:]
                assert time.monotonic() < limit, log
                threading.Event().wait(0.05)

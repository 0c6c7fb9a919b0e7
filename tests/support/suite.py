"""The whole suite for tests: the processes of `make run`, on a folder of its own and free ports.

Tests use deploy.run's own machinery, so what they start is what an operator starts.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import requests

from deploy.broker import PrivateBroker
from deploy.processes import free_port
from deploy.run import Suite as RunningSuite
from deploy.supervisor import is_ready


class Suite:
    """All services, gateway and stand-ins under `var`, on a fresh virtual host of `broker`, or with a node of its own.

    `with Suite(tmp_path / "var", broker) as suite: requests.get(suite.url)`; only from the main thread.
    `port` is the gateway's, a free one unless given.
    `suite.kill("cases")` crashes a process, `suite.start_one("cases")` brings it back, ready again.
    Further words are environment variables for all processes.
    """

    def __init__(
        self,
        var: Path,
        broker: PrivateBroker | None = None,
        *,
        seed: bool = True,
        port: int | None = None,
        **env: str,
    ) -> None:
        self.var = var
        self._port = port
        self._broker = broker
        self._seed = seed
        self._env = env
        self._amqp_url: str | None = None
        self._running: RunningSuite | None = None

    @property
    def running(self) -> RunningSuite:
        if self._running is None:
            raise RuntimeError("the suite is not started")
        return self._running

    @property
    def url(self) -> str:
        """Address of the gateway."""
        return self.running.url

    @property
    def amqp_url(self) -> str:
        """Where the suite's own messages go; only when it was given a broker."""
        assert self._amqp_url is not None, "the suite has a node of its own"
        return self._amqp_url

    @property
    def standins_url(self) -> str:
        """Address of login, mail catcher and contact register."""
        return self.running.plan.standins_url

    @property
    def broker(self) -> PrivateBroker:
        """The node that this suite's messages go through."""
        node = self._broker or self.running.broker
        assert node is not None, "the broker is not started"
        return node

    @property
    def pids(self) -> dict[str, int]:
        """Process ids by name, the broker's among them when it is the suite's own."""
        return self.running._all_pids()

    def start(self) -> Suite:
        """Start all and return when ready; raises StartFailed with the end of the failing process's log."""
        self._amqp_url = self._broker.fresh_vhost("suite") if self._broker else None
        before = {key: os.environ.get(key) for key in self._env}
        os.environ.update(self._env)
        try:
            self._running = RunningSuite(self.var, self._port or free_port(), amqp_url=self._amqp_url)
            self._running.start(seed=self._seed)
        except BaseException:
            self.stop()
            raise
        finally:
            for key, value in before.items():
                if value is None:
                    os.environ.pop(key, None)
                else:
                    os.environ[key] = value
        return self

    def stop(self) -> None:
        """Stop all that was started and drop the virtual host."""
        if self._running is not None:
            self._running.stop()
            self._running = None
        if self._broker is not None and self._amqp_url is not None and self._broker.running:
            self._broker.drop_vhost(self._amqp_url)
            self._amqp_url = None

    def kill(self, name: str) -> None:
        """Crash one process (kill -9)."""
        self.running.processes.kill(name)

    def start_one(self, name: str) -> None:
        """Start one process again and wait until it is ready."""
        self.running.processes.start([name])
        self.running.processes.wait_ready([name])

    def stop_one(self, name: str) -> None:
        """Stop one process in good order."""
        self.running.processes.stop_one(name)

    def restart_as(self, module: str, names: Sequence[str]) -> None:
        """Stop these processes, and start each as `python -m <module> <name>`, which is to run the same."""
        supervisor = self.running.processes
        for name in names:
            supervisor.stop_one(name)
            child = supervisor._children[name]
            supervisor._children[name] = replace(child, argv=(child.argv[0], "-m", module, name))
        supervisor.start(names)
        supervisor.wait_ready(names)
        self.running.plan.write(self.pids)

    def is_ready(self, name: str) -> bool:
        """Whether one process answers ready now."""
        return is_ready(f"{self.told_at(name)}/health/ready")

    def told_at(self, name: str) -> str:
        """Where one process tells its health and its metrics."""
        child = next(child for child in self.running.plan.children if child.name == name)
        return child.ready_url.removesuffix("/health/ready")

    def mail(self, to: str = "", after: int = 0) -> list[dict[str, Any]]:
        """What the mail catcher holds, the oldest first, in the shape of Letter.as_dict (deploy/standins/mail.py)."""
        answer = requests.get(
            f"{self.standins_url}/mail/api/messages", params={"to": to, "after": str(after)}, timeout=5
        )
        answer.raise_for_status()
        found: list[dict[str, Any]] = answer.json()["messages"]
        return found

    def __enter__(self) -> Suite:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

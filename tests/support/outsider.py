"""Runs the examples of docs/integrators as an outside system would: as processes of their own, with what an operator
hands over and nothing else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from deploy.steps import ROOT, node_and_npm

EXAMPLES = ROOT / "docs" / "integrators" / "examples"
QUEUE_READERS = ("pika", "aio-pika", "node")


class Outsider:
    """One example that runs. `events` are the events it has handled, `warnings` what it said about gaps."""

    def __init__(self, command: Sequence[str], folder: Path, **env: str) -> None:
        self.events: list[dict[str, Any]] = []
        self.warnings: list[str] = []
        self._process = subprocess.Popen(
            list(command),
            cwd=folder,
            env={"PATH": os.environ["PATH"], **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._threads = [
            threading.Thread(target=self._read, args=(stream,), daemon=True)
            for stream in ("stdout", "stderr")
        ]
        for thread in self._threads:
            thread.start()

    @property
    def numbers(self) -> list[int]:
        """The numbers of the events it has handled, in order."""
        return [event["recipientseq"] for event in self.events]

    @property
    def running(self) -> bool:
        return self._process.poll() is None

    def wait(self, seconds: float = 30.0) -> int:
        """Wait for its own end; its exit code."""
        code = self._process.wait(timeout=seconds)
        for thread in self._threads:
            thread.join()
        return code

    def stop(self) -> None:
        """Kill it, as a machine that loses its power would."""
        self._process.kill()
        self.wait()

    def __enter__(self) -> Outsider:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _read(self, name: str) -> None:
        for line in getattr(self._process, name):
            if name == "stdout":
                self.events.append(json.loads(line))
            else:
                self.warnings.append(line.strip())


def queue_reader(kind: str, folder: Path, url: str, queue: str, node_home: Path) -> Outsider:
    """A reader of a queue that keeps in `folder` what it has handled."""
    env = {"STAFETT_URL": url, "STAFETT_QUEUE": queue, "HANDLED": str(folder / f"handled-{kind}")}
    if kind == "node":
        node, _ = node_and_npm(lambda *_: None)
        return Outsider([str(node), "reader.mjs"], node_home, **env)
    script = EXAMPLES / f"{kind.replace('-', '_')}_reader.py"
    return Outsider([sys.executable, str(script)], folder, **env)


def webhook_receiver(folder: Path, port: int, secret: str) -> Outsider:
    """The receiver of webhooks, listening on `port`."""
    env = {"STAFETT_SECRET": secret, "HANDLED": str(folder / "handled-webhook")}
    return Outsider([sys.executable, str(EXAMPLES / "webhook_receiver.py"), str(port)], folder, **env)


def feed_pages(folder: Path, address: str, token: str) -> tuple[int, list[Mapping[str, Any]], str]:
    """Run the feed's example once: its exit code, the pages it printed, and what it complained of."""
    done = subprocess.run(
        ["sh", str(EXAMPLES / "feed.sh")],
        cwd=folder,
        env={"PATH": os.environ["PATH"], "STAFETT_FEED": address, "STAFETT_TOKEN": token},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, [json.loads(line) for line in done.stdout.splitlines()], done.stderr


def install_node_reader(folder: Path) -> Path:
    """A copy of the Node.js example with its parts installed from its lock file; gives the copy."""
    home = Path(shutil.copytree(EXAMPLES / "node", folder / "node"))
    node, npm = node_and_npm(lambda *_: None)
    env = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ['PATH']}"}
    command = [*npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(command, cwd=home, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return home

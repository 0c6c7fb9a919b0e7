"""A private RabbitMQ node under var/: Debian's engine, run as the current user, on loopback and free ports only.

The distribution's own scripts are used instead of the wrapper in PATH, which switches to another user. The port mapper
of Erlang (epmd) outlives its nodes, so the node gets one of its own, which is stopped with it.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO
from urllib.parse import quote

from deploy.processes import StartFailed, free_ports, kill, port_is_taken, spawn, stop, wait_until

SCRIPTS = Path(os.environ.get("STAFETT_RABBITMQ_BIN", "/usr/lib/rabbitmq/bin"))
START_LIMIT = 90.0
STOP_LIMIT = 20.0
MEMORY_LIMIT, DISK_LIMIT = "512MiB", "50MB"
READER_LIMITS = '{"max-connections": 10, "max-channels": 50}'
"""What the user of one outside system may hold at a time."""

# Small and quiet: two schedulers that do not spin, small tables, memory given back early.
ERLANG_ARGUMENTS = (
    "+S 2:2 +SDcpu 1:1 +SDio 2 +A 1 +P 65536 +t 1048576 +Q 4096 +stbt u +sbwt none +sbwtdcpu none +sbwtdio none "
    "+MMmcs 2 -start_epmd false"
)


def is_installed() -> bool:
    """Whether the system has RabbitMQ's own scripts and Erlang's port mapper."""
    return (SCRIPTS / "rabbitmq-server").exists() and shutil.which("epmd") is not None


@dataclass(frozen=True)
class Ports:
    """The three ports of a node; all listen on 127.0.0.1 only."""

    amqp: int
    distribution: int
    epmd: int


class PrivateBroker:
    """One RabbitMQ node whose whole state is under `base_dir`; it can be stopped, killed and started again.

    `amqp_url` is the URL of the node's own virtual host; it is the same for the life of this object, also over
    restarts. User and password are random, made once per `base_dir`, and kept in a file that only its owner reads.
    """

    vhost = "stafett"

    def __init__(
        self, base_dir: Path | str, name: str | None = None, progress: Callable[[str], None] | None = None
    ) -> None:
        self.base = Path(base_dir).resolve()
        self.node = f"{name or 'stafett'}@localhost"
        self.log = self.base / "log" / "broker.log"
        self._output = self.base / "log" / "start.log"
        self._progress = progress or (lambda line: None)
        self._server: subprocess.Popen[bytes] | None = None
        self._epmd: subprocess.Popen[bytes] | None = None
        self._ports: Ports | None = None
        self._credentials: dict[str, str] | None = None

    # -- what callers need to know ---------------------------------------------------------------------------

    @property
    def pid(self) -> int:
        """Process id of the running Erlang machine (for memory and for fault tests)."""
        if self._server is None:
            raise RuntimeError("the broker is not started")
        return self._server.pid

    @property
    def pids(self) -> list[int]:
        """Process ids of all that belongs to the node: the Erlang machine and its port mapper."""
        return [process.pid for process in (self._server, self._epmd) if process is not None]

    @property
    def ports(self) -> Ports:
        if self._ports is None:
            raise RuntimeError("the broker is not started")
        return self._ports

    @property
    def running(self) -> bool:
        return self._server is not None and self._server.poll() is None

    @property
    def amqp_url(self) -> str:
        """URL of the node's own virtual host, with user and password."""
        return self.url_of(self.vhost)

    @property
    def outside_url(self) -> str:
        """URL of the virtual host where outside systems have their queues; `put_vhost` makes it."""
        return self.url_of(f"{self.vhost}-outside")

    def url_of(self, vhost: str) -> str:
        """URL of another virtual host on this node."""
        who = self._secrets()
        return f"amqp://{who['user']}:{who['password']}@127.0.0.1:{self.ports.amqp}/{quote(vhost, safe='')}"

    # -- life ------------------------------------------------------------------------------------------------

    def start(self) -> PrivateBroker:
        """Start the node and return when it speaks AMQP. Raises StartFailed with the end of the log."""
        if self.running:
            return self
        if not is_installed():
            raise StartFailed("RabbitMQ is not installed. Run: sudo apt-get install rabbitmq-server")
        self._prepare()
        with self._output.open("ab") as output:
            self._start_epmd(output)
            self._server = spawn(
                [str(SCRIPTS / "rabbitmq-server")], env=self._environment(), cwd=self.base, output=output
            )
        (self.base / "broker.pid").write_text(f"{self._server.pid} {self._epmd.pid if self._epmd else 0}\n")
        try:
            wait_until(
                self._speaks_amqp,
                seconds=START_LIMIT,
                what="RabbitMQ",
                process=self._server,
                log=self._output,
            )
        except BaseException:
            self.kill()
            raise
        self._progress(f"broker ready on 127.0.0.1:{self.ports.amqp}")
        return self

    def stop(self) -> None:
        """Stop the node in good order, then its port mapper. Safe to call twice."""
        stop(self._server, seconds=STOP_LIMIT)
        self._after_end()

    def kill(self) -> None:
        """Kill the node as a power cut would; `start()` brings it back with what was on disk.

        Not within a second of a quorum queue's first declaration: RabbitMQ 3.10 writes the names of its Raft members
        half a second late, and such a queue then comes back empty and without a leader.
        """
        kill(self._server)
        self._after_end()

    def restart(self) -> None:
        """Stop and start again on the same ports."""
        self.stop()
        self.start()

    # -- alarms: every connection that publishes is blocked while one stands -----------------------------------

    def block_by_memory(self) -> None:
        """Raise the memory alarm: the node counts as full."""
        self.ctl("set_vm_memory_high_watermark", "absolute", "1")

    def block_by_disk(self) -> None:
        """Raise the disk alarm: the node wants more free disk than there is."""
        self.ctl("set_disk_free_limit", str(10**15))

    def unblock(self) -> None:
        """End both alarms. A node that was restarted has none: they are not kept."""
        if self.running:
            self.ctl("set_vm_memory_high_watermark", "absolute", MEMORY_LIMIT)
            self.ctl("set_disk_free_limit", DISK_LIMIT)

    def __enter__(self) -> PrivateBroker:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    # -- virtual hosts and the command line ------------------------------------------------------------------

    def fresh_vhost(self, prefix: str = "test") -> str:
        """Make a new empty virtual host on the running node and return its URL."""
        vhost = f"{prefix}-{secrets.token_hex(4)}"
        self.put_vhost(vhost)
        return self.url_of(vhost)

    def put_vhost(self, vhost: str) -> None:
        """Make a virtual host of the node's own user, unless it is there."""
        user = self._secrets()["user"]
        # One evaluation instead of two commands: each start of rabbitmqctl takes about a second.
        self.ctl(
            "eval",
            f'case rabbit_vhost:exists(<<"{vhost}">>) of true -> ok; '
            f'false -> ok = rabbit_vhost:add(<<"{vhost}">>, <<"{user}">>) end, '
            f'ok = rabbit_auth_backend_internal:set_permissions(<<"{user}">>, <<"{vhost}">>, '
            '<<".*">>, <<".*">>, <<".*">>, <<"stafett">>).',
        )

    # -- users of others --------------------------------------------------------------------------------------

    @classmethod
    def attached(cls, base_dir: Path | str, amqp_url: str) -> PrivateBroker | None:
        """The node that runs in `base_dir`, started by another process, if `amqp_url` is on it; else None."""
        node = cls(base_dir)
        ports = node._kept_ports()
        try:
            who = json.loads((node.base / "credentials.json").read_text())
        except (OSError, ValueError):
            return None
        if ports is None or not amqp_url.startswith(
            f"amqp://{who['user']}:{who['password']}@127.0.0.1:{ports.amqp}/"
        ):
            return None
        node._ports = ports
        return node

    def put_reader(self, user: str, password: str, vhost: str, queue: str) -> None:
        """Make a user, or give it a new password, that may read one queue of a virtual host and do nothing else:
        neither declare, bind nor publish, and hold but a few connections. Those that it has are closed. The password is
        on no command line."""
        salt = secrets.token_bytes(4)
        digest = base64.b64encode(salt + hashlib.sha256(salt + password.encode()).digest()).decode()
        queue_alone = "^" + queue.replace(".", "[.]") + "$"
        limits = READER_LIMITS.replace('"', '\\"')
        self.ctl(
            "eval",
            f'U = <<"{user}">>, A = <<"stafett">>, '
            "case rabbit_auth_backend_internal:exists(U) of true -> "
            "rabbit_auth_backend_internal:delete_user(U, A); false -> ok end, "
            f'rabbit_auth_backend_internal:put_user(#{{name => U, password_hash => <<"{digest}">>, '
            'hashing_algorithm => <<"rabbit_password_hashing_sha256">>, tags => <<"">>}, A), '
            f'ok = rabbit_auth_backend_internal:set_permissions(U, <<"{vhost}">>, '
            f'<<"^$">>, <<"^$">>, <<"{queue_alone}">>, A), '
            f'ok = rabbit_auth_backend_internal:set_user_limits(U, <<"{limits}">>, A).',
        )

    def drop_user(self, user: str) -> bool:
        """Delete a user, and close its connections; whether it was there."""
        said = self.ctl(
            "eval",
            f'U = <<"{user}">>, case rabbit_auth_backend_internal:exists(U) of true -> '
            'rabbit_auth_backend_internal:delete_user(U, <<"stafett">>), gone; false -> nobody end.',
        )
        return "gone" in said

    def drop_vhost(self, url: str) -> None:
        """Delete a virtual host that `fresh_vhost` made, with all its queues."""
        self.ctl("delete_vhost", url.rsplit("/", 1)[1])

    def ctl(self, *arguments: str, seconds: float = 60.0) -> str:
        """Run `rabbitmqctl` against this node and return what it printed. Raises StartFailed when it fails."""
        return self.tool("rabbitmqctl", "-q", *arguments, seconds=seconds)

    def tool(self, script: str, *arguments: str, seconds: float = 60.0) -> str:
        """Run one of RabbitMQ's command-line tools (rabbitmqctl, rabbitmq-queues, …) against this node."""
        try:
            done = subprocess.run(
                [str(SCRIPTS / script), "-n", self.node, *arguments],
                env=self._environment(),
                capture_output=True,
                text=True,
                timeout=seconds,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise StartFailed(f"{script} {arguments[0]} did not end within {seconds:.0f} s") from None
        if done.returncode != 0:
            raise StartFailed(
                f"{script} {arguments[0]} failed: {(done.stderr or done.stdout).strip()[-800:]}"
            )
        return done.stdout

    # -- inside ----------------------------------------------------------------------------------------------

    def _kept_ports(self) -> Ports | None:
        """The ports of the last start: outside systems were given an address with one of them."""
        try:
            return Ports(**json.loads((self.base / "ports.json").read_text()))
        except (OSError, ValueError, TypeError):
            return None

    def _prepare(self) -> None:
        for part in ("", "home", "log", "data"):
            (self.base / part).mkdir(parents=True, exist_ok=True)
            (self.base / part).chmod(0o700)
        self._end_left_over()
        wanted = self._ports = self._ports or self._kept_ports()
        if wanted is None or any(
            port_is_taken(port) for port in (wanted.amqp, wanted.distribution, wanted.epmd)
        ):
            self._ports = Ports(*free_ports(3))
        _write_private(self.base / "ports.json", json.dumps(asdict(self.ports)))
        cookie = self.base / "home" / ".erlang.cookie"
        if not cookie.exists():
            _write_private(cookie, secrets.token_hex(24))
            cookie.chmod(0o400)
        who = self._secrets()
        _write_private(
            self.base / "rabbitmq.conf",
            "\n".join(
                [
                    f"listeners.tcp.1 = 127.0.0.1:{self.ports.amqp}",
                    f"default_vhost = {self.vhost}",
                    f"default_user = {who['user']}",
                    f"default_pass = {who['password']}",
                    f"vm_memory_high_watermark.absolute = {MEMORY_LIMIT}",
                    "vm_memory_calculation_strategy = rss",
                    f"disk_free_limit.absolute = {DISK_LIMIT}",
                    "raft.wal_max_size_bytes = 33554432",
                    "num_acceptors.tcp = 2",
                    "background_gc_enabled = true",
                    "background_gc_target_interval = 30000",
                    "collect_statistics_interval = 30000",
                    "log.console = false",
                    f"log.file = {self.log.name}",
                    "log.file.level = warning",
                    "log.file.rotation.size = 10485760",
                    "",
                ]
            ),
        )
        _write_private(self.base / "enabled_plugins", "[].\n")

    def _environment(self) -> dict[str, str]:
        loopback = "-kernel inet_dist_use_interface {127,0,0,1}"
        home = str(self.base / "home")
        keep = {key: os.environ[key] for key in ("PATH", "LANG", "LC_ALL", "TZ") if key in os.environ}
        return keep | {
            "HOME": home,
            "LANG": "C.UTF-8",
            "ERL_EPMD_PORT": str(self.ports.epmd),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "RABBITMQ_NODENAME": self.node,
            "RABBITMQ_CONF_ENV_FILE": str(self.base / "none"),
            "RABBITMQ_CONFIG_FILE": str(self.base / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(self.base / "none.config"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(self.base / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self.base / "data"),
            "RABBITMQ_LOG_BASE": str(self.log.parent),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(self.base / "data" / "config"),
            "RABBITMQ_DIST_PORT": str(self.ports.distribution),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": f"{ERLANG_ARGUMENTS} {loopback}",
            "RABBITMQ_CTL_ERL_ARGS": f"+S 1:1 {loopback}",
            "RABBITMQ_CTL_DIST_PORT_MIN": "0",
            "RABBITMQ_CTL_DIST_PORT_MAX": "0",
            # The start script then becomes the Erlang machine instead of waiting beside it: one process, one id.
            "RUNNING_UNDER_SYSTEMD": "true",
        }

    def _start_epmd(self, output: IO[bytes]) -> None:
        stop(self._epmd, seconds=2)
        self._epmd = spawn(
            ["epmd", "-port", str(self.ports.epmd), "-address", "127.0.0.1"],
            env=self._environment(),
            cwd=self.base,
            output=output,
        )
        wait_until(
            lambda: _answers(self.ports.epmd), seconds=10, what="epmd", process=self._epmd, log=self._output
        )

    def _speaks_amqp(self) -> bool:
        try:
            with socket.create_connection(("127.0.0.1", self.ports.amqp), timeout=1) as probe:
                probe.settimeout(2)
                probe.sendall(b"AMQP\x00\x00\x09\x01")
                return probe.recv(1) == b"\x01"
        except OSError:
            return False

    def _after_end(self) -> None:
        stop(self._epmd, seconds=2)
        self._server = self._epmd = None
        (self.base / "broker.pid").unlink(missing_ok=True)

    def _end_left_over(self) -> None:
        """End a node of this very directory that a killed supervisor left behind; two on one database would clash."""
        try:
            pids = [int(pid) for pid in (self.base / "broker.pid").read_text().split()]
        except (OSError, ValueError):
            return
        for pid in pids:
            if pid <= 0 or not _belongs_to(pid, self.base):
                continue
            self._progress("ending a broker that an earlier run left behind")
            try:
                os.kill(pid, signal.SIGTERM)
                self._wait_gone(pid)
            except StartFailed:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue

    def _wait_gone(self, pid: int) -> None:
        wait_until(lambda: not _belongs_to(pid, self.base), seconds=STOP_LIMIT, what="an earlier broker")

    def _secrets(self) -> dict[str, str]:
        if self._credentials is None:
            file = self.base / "credentials.json"
            if not file.exists():
                made = {"user": f"stafett-{secrets.token_hex(3)}", "password": secrets.token_urlsafe(24)}
                _write_private(file, json.dumps(made))
            self._credentials = {str(key): str(value) for key, value in json.loads(file.read_text()).items()}
        return self._credentials


def _write_private(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        handle.write(text)


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def _belongs_to(pid: int, base: Path) -> bool:
    """Whether process `pid` lives and was started in `base`."""
    try:
        return (
            Path(f"/proc/{pid}/cwd").resolve() == base
            and "Z" not in Path(f"/proc/{pid}/stat").read_text().split()[2]
        )
    except OSError:
        return False

"""A private PostgreSQL cluster for the tests: the system's programs, a folder of its own, loopback only.

PostgreSQL refuses to run as root, so a root run hands the cluster to an unprivileged user.
"""

from __future__ import annotations

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

import psycopg
from psycopg import sql

from deploy.packages import SETS, ensure, postgresql_bin
from deploy.processes import StartFailed, free_port, spawn, stop, tail, wait_until

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "48MB",
    "log_min_messages": "warning",
    "autovacuum_naptime": "60s",
}


class PrivatePostgres:
    """One cluster in a temporary folder; `fresh_database()` gives the URL of a new empty database.

    `durable` False: nothing waits for the disk. What was committed outlives a crash of the cluster still, and only not
    one of the machine, of which no test is; what is measured, or plays with faults, waits as an installation does."""

    def __init__(self, *, durable: bool = True) -> None:
        self._durable = durable
        self._base: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._password = secrets.token_urlsafe(16)
        self._port = 0
        self._lock = threading.Lock()

    @property
    def pid(self) -> int:
        """Process id of the running server; its sessions are its children."""
        if self._process is None:
            raise RuntimeError("PostgreSQL is not started")
        return self._process.pid

    def start(self) -> PrivatePostgres:
        """Make and start the cluster. Raises StartFailed with what to do; there is no silent way round."""
        ensure(*SETS["postgresql"], progress=print)
        programs = postgresql_bin()
        if programs is None:
            raise StartFailed("PostgreSQL is missing. Run: sudo apt-get install postgresql")
        # Not under pytest's own folder: that one may be closed to the user that runs the cluster.
        self._base = Path(tempfile.mkdtemp(prefix="stafett-pg-"))
        user = self._owner()
        data, log, password = self._base / "data", self._base / "log", self._base / "password"
        password.write_text(self._password)
        if user:
            for path in (self._base, password):
                shutil.chown(path, user)
        done = subprocess.run(
            [
                *(str(programs / "initdb"), "-D", str(data), "-U", "stafett", "-A", "scram-sha-256"),
                *(f"--pwfile={password}", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"),
            ],
            capture_output=True,
            text=True,
            check=False,
            cwd=self._base,
            user=user,
            extra_groups=[] if user else None,
        )
        if done.returncode != 0:
            raise StartFailed(f"initdb failed: {done.stderr[-800:]}")
        for _ in range(3):
            self._port = free_port()
            try:
                self._run(programs)
                return self
            except StartFailed:
                if "Address already in use" not in tail(log):
                    self.stop()
                    raise
        raise StartFailed("PostgreSQL found no free port")

    def restart(self, *, crash: bool = False) -> None:
        """Stop and start on the same port: by the fast shutdown, or (`crash`) as after a power cut of the cluster."""
        programs = postgresql_bin()
        assert programs is not None
        stop(self._process, seconds=10, first=signal.SIGQUIT if crash else signal.SIGINT)
        self._run(programs)

    def _run(self, programs: Path) -> None:
        assert self._base is not None
        log = self._base / "log"
        words = [f"-c{key}={value}" for key, value in SETTINGS.items()]
        words += [f"-cfsync={'on' if self._durable else 'off'}"]
        words += [f"-cunix_socket_directories={self._base}", f"-cport={self._port}"]
        with log.open("ab") as output:
            self._process = spawn(
                [str(programs / "postgres"), "-D", str(self._base / "data"), *words],
                cwd=self._base,
                output=output,
                user=self._owner(),
            )
        wait_until(self._answers, seconds=30, what="PostgreSQL", process=self._process, log=log)

    def stop(self) -> None:
        """Stop the cluster and remove its folder."""
        stop(self._process, seconds=10, first=signal.SIGINT)  # PostgreSQL's fast shutdown
        self._process = None
        if self._base is not None:
            shutil.rmtree(self._base, ignore_errors=True)

    def fresh_database(self, prefix: str = "test", *, like: str = "template1") -> str:
        """Make an empty database, or a copy of the one at URL `like`, to which nobody may be connected; return its
        SQLAlchemy URL (psycopg 3)."""
        name, original = f"{prefix}_{secrets.token_hex(4)}", like.rsplit("/", 1)[-1]
        words = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY wal_log")
        with self._lock, psycopg.connect(self._dsn("postgres"), autocommit=True) as conn:
            conn.execute(words.format(sql.Identifier(name), sql.Identifier(original)))
        return f"postgresql+psycopg://stafett:{self._password}@127.0.0.1:{self._port}/{name}"

    def drop_database(self, url: str) -> None:
        """Remove a database that `fresh_database` made; open connections are closed."""
        name = url.rsplit("/", 1)[1]
        with self._lock, psycopg.connect(self._dsn("postgres"), autocommit=True) as conn:
            conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    def _dsn(self, database: str) -> str:
        return f"host=127.0.0.1 port={self._port} user=stafett password={self._password} dbname={database}"

    def _answers(self) -> bool:
        try:
            psycopg.connect(self._dsn("postgres"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    @staticmethod
    def _owner() -> str | None:
        if os.geteuid() != 0:
            return None
        known = {entry.pw_name for entry in pwd.getpwall()}
        return "postgres" if "postgres" in known else "nobody"

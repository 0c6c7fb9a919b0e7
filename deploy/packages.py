"""System packages that Stafett needs: looked for, installed as root or through sudo, or named in one line to run.

Installing a server package must not start a system server: dpkg is told so through a policy file that exists only for
the time of the installation, and whatever policy was there before is put back.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from deploy.processes import StartFailed

POLICY = Path("/usr/sbin/policy-rc.d")
_DENY = (
    "#!/bin/sh\n# Stafett installs packages for private servers only: no system server starts.\nexit 101\n"
)


def postgresql_bin() -> Path | None:
    """The folder with the newest installed PostgreSQL server's programs."""
    found = sorted(
        (path for path in Path("/usr/lib/postgresql").glob("*/bin") if (path / "initdb").exists()),
        key=lambda path: int(path.parent.name) if path.parent.name.isdigit() else 0,
    )
    return found[-1] if found else None


def ensure(
    packages: Sequence[str], present: Callable[[], bool], progress: Callable[[str], None] = lambda line: None
) -> None:
    """Install `packages` with apt when `present()` is false. Raises StartFailed with the one line to run."""
    if present():
        return
    names = " ".join(packages)
    by_hand = f"sudo apt-get update && sudo apt-get install -y {names}"
    prefix = _privilege()
    if shutil.which("apt-get") is None or prefix is None:
        why = (
            "this system has no apt-get"
            if shutil.which("apt-get") is None
            else "this user is not root and has no sudo"
        )
        raise StartFailed(f"Missing: {names}, and {why}. Let an administrator run this once:\n  {by_hand}")
    progress(f"installing {names} (apt-get)")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    keep = ["env", "DEBIAN_FRONTEND=noninteractive"] if prefix else []
    with _no_server_starts(prefix):
        for command in (
            ["apt-get", "-qq", "update"],
            ["apt-get", "-qq", "install", "-y", "--no-install-recommends", *packages],
        ):
            done = subprocess.run(
                [*prefix, *keep, *command],
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
            )
            if done.returncode != 0 and command[2] == "install":
                raise StartFailed(
                    f"Installing {names} failed: {done.stderr.strip()[-600:]}\nTry by hand:\n  {by_hand}"
                )
    if not present():
        raise StartFailed(
            f"{names} was installed, but what Stafett needs is still not there. Try by hand:\n  {by_hand}"
        )


def _privilege() -> list[str] | None:
    """The words to put before a command that needs root: none for root, sudo when it can be used, else None."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    if subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False).returncode == 0:
        return ["sudo", "-n"]
    return (
        ["sudo"]
        if sys.stdin.isatty() and subprocess.run(["sudo", "-v"], check=False).returncode == 0
        else None
    )


@contextmanager
def _no_server_starts(prefix: list[str]) -> Iterator[None]:
    """While inside, package scripts start no servers; afterwards the policy file is as it was."""
    before = POLICY.with_name("policy-rc.d.before-stafett")

    def run(*words: str, text: str | None = None) -> None:
        subprocess.run([*prefix, *words], input=text, text=True, capture_output=True, check=True)

    had_one = POLICY.exists()
    if had_one:
        run("mv", str(POLICY), str(before))
    try:
        run("tee", str(POLICY), text=_DENY)
        run("chmod", "755", str(POLICY))
        yield
    finally:
        run("rm", "-f", str(POLICY))
        if had_one:
            run("mv", str(before), str(POLICY))


# Sets that have a name on the command line: `python -m deploy.packages broker postgresql browser`.
SETS: dict[str, tuple[tuple[str, ...], Callable[[], bool]]] = {
    "broker": (("rabbitmq-server",), lambda: Path("/usr/lib/rabbitmq/bin/rabbitmq-server").exists()),
    "postgresql": (("postgresql",), lambda: postgresql_bin() is not None),
    "curl": (("curl",), lambda: shutil.which("curl") is not None),
    "browser": (("chromium", "fonts-dejavu-core"), lambda: shutil.which("chromium") is not None),
}


def main(names: Sequence[str]) -> int:
    """Make sure the named sets are installed; print what to do and return 1 when that is not possible."""
    try:
        for name in names:
            ensure(*SETS[name], progress=print)
    except StartFailed as problem:
        print(problem, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

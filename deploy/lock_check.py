"""Whether requirements.lock pins everything that pyproject.toml asks for, in versions that it allows."""

from __future__ import annotations

import sys
import tomllib

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from deploy.steps import ROOT


def problems() -> list[str]:
    """One sentence for each dependency that the lock lacks or pins to a version outside its range."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = [
        *project["dependencies"],
        *(one for group in project["optional-dependencies"].values() for one in group),
    ]
    pins: dict[str, str] = {}
    found: list[str] = []
    for line in (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        name, separator, version = line.partition("==")
        if not separator or "/" in line or "@" in line:
            found.append(f"requirements.lock: {line!r} is no plain pin")
        pins[canonicalize_name(name)] = version
    for text in wanted:
        requirement = Requirement(text)
        pin = pins.get(canonicalize_name(requirement.name))
        if pin is None:
            found.append(f"{requirement.name} is not in requirements.lock; run `make lock`")
        elif not requirement.specifier.contains(pin, prereleases=True):
            found.append(
                f"{requirement.name} is pinned to {pin}, but pyproject.toml wants {requirement.specifier}"
            )
    return found


if __name__ == "__main__":
    told = problems()
    print("\n".join(told))
    sys.exit(1 if told else 0)

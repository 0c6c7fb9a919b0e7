"""Publishes what the data files hold for a municipality; what stands already is not told again (DI-5)."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from services.chassis.unit_of_work import UnitOfWork
from services.contracts import directory as contracts
from services.directory.domain.catalogue import Document, UnknownMunicipality, documents_of
from services.directory.storage import Documents, Grounds, Policies
from services.kernel.errors import InvalidInput

_DATA = Path(__file__).parents[1] / "data"


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Keep every document of the municipality, and tell of each service, unit and tool that has changed; the policy
    and the references for the grounds of sharing are taken once, when there are none."""
    municipality = request["municipality"]
    if municipality != uow.municipality:
        raise InvalidInput(fields={"municipality": "another_than_the_call"}, rule="SE-7")
    kept = Documents(uow.tx, municipality)
    try:
        found = list(documents_of(_files(), municipality))
    except UnknownMunicipality:
        raise InvalidInput(fields={"municipality": "unknown"}) from None
    has_policy = bool(Policies(uow.tx, municipality).versions())
    grounds = {each.ground for each in Grounds(uow.tx, municipality).all()}
    for place, document in enumerate(found):
        if (document.kind == "policy" and has_policy) or (
            document.kind == "ground" and document.id in grounds
        ):
            continue  # from then on it is the coordinator's to change
        changed = kept.put(
            document.kind, document.id, document.version, document.valid_from, place, document.content
        )
        if changed:
            _tell(uow, document)
    return {"id": municipality}


def _tell(uow: UnitOfWork, document: Document) -> None:
    content = document.content
    if document.kind == "service":
        data: dict[str, Any] = {"service_id": document.id, "kind": content["kind"], "active": True}
        if content.get("shared_id"):
            data["shared_id"] = content["shared_id"]
        uow.record(contracts.ServiceChanged, document.id, data)
    elif document.kind == "unit":
        uow.record(
            contracts.UnitChanged,
            document.id,
            {"unit_id": document.id, "service_id": content["service_id"], "active": True},
        )
    elif document.kind == "tool":
        data = {
            "tool": document.id,
            "version": document.version,
            "valid_from": document.valid_from.isoformat(),
        }
        uow.record(contracts.ToolPublished, f"{uow.municipality}.tool.{document.id}", data)
    elif document.kind == "policy":
        data = {
            "version": document.version, "valid_from": document.valid_from.isoformat(), "values": content,
        }  # fmt: skip
        uow.record(contracts.PolicyPublished, f"{uow.municipality}.policy", data)
    elif document.kind == "ground":
        tell_ground(uow, document.id, document.version, document.valid_from)


def tell_ground(uow: UnitOfWork, ground: str, version: int, valid_from: date) -> None:
    """Tell of a version of a ground's reference (CO-11)."""
    uow.record(
        contracts.GroundPublished,
        f"{uow.municipality}.ground.{ground}",
        {"ground": ground, "version": version, "valid_from": valid_from.isoformat()},
    )


@cache
def _files() -> dict[str, Any]:
    files: dict[str, Any] = {path.stem: _read(path) for path in _DATA.glob("*.yaml")}
    files["forms"] = [_read(path) for path in sorted((_DATA / "forms").glob("*.yaml"))]
    return files


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text("utf-8"))

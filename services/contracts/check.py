"""Holds the published language against its snapshots: `python -m services.contracts.check [--write]`.

A snapshot is the JSON Schema of one event or RPC message as it was last published. A message that no longer equals
its snapshot is reported with what changed; `--write` publishes additions and refuses to publish a breaking change
(evolution.py). No message is ever taken out of the language: what was told stands in the services' history.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from services.contracts import outside
from services.contracts.asyncapi import envelopes
from services.contracts.base import EVENT_CLASSES, RPC_CLASSES, Message
from services.contracts.catalogue import EVENTS, PROCEDURES, STREAMS
from services.contracts.evolution import OUTSIDE, TO_OTHERS, Kind, breaking
from services.contracts.jsonschema import schema_of

SNAPSHOTS = Path(__file__).parent / "snapshots"


def published() -> dict[str, tuple[Kind, type[Message]]]:
    """Every published message: snapshot name -> (event | request | response, class)."""
    found: dict[str, tuple[Kind, type[Message]]] = {
        each.type: ("event", each.schema) for each in EVENTS.values()
    }
    for procedure in PROCEDURES.values():
        found[f"{procedure.name}.request"] = ("request", procedure.request)
        found[f"{procedure.name}.response"] = ("response", procedure.response)
    return found


def snapshot_of(name: str) -> dict[str, Any]:
    """What is published of a message: its JSON Schema, and what it promises besides (evolution.OWN)."""
    _, message = published()[name]
    own: dict[str, Any] = {}
    if name in EVENTS:
        event = EVENTS[name]
        own = {"x-stream": event.stream, "x-subject": event.subject, OUTSIDE: event.outside}
        others = outside.TO_OTHERS.get(name)
        if others is not None:
            own[TO_OTHERS] = sorted([*others.fields, *others.narrowed])
    elif name.endswith(".request"):
        own = {"x-kind": PROCEDURES[name.removesuffix(".request")].kind}
    return {**schema_of(message), **own}


def snapshots() -> dict[str, tuple[Kind, dict[str, Any]]]:
    """All that is published, as it is now: each message, and the envelope of every event on either side."""
    found: dict[str, tuple[Kind, dict[str, Any]]] = {
        name: (kind, snapshot_of(name)) for name, (kind, _) in published().items()
    }
    found[outside.DROPPED] = ("event", schema_of(outside.DroppedData))
    return found | {f"envelope.{side}": ("event", schema) for side, schema in envelopes().items()}


def privacy_faults() -> list[str]:
    """Fields without a privacy class, or with one that an event may not carry (NO-1's ground: DESIGN, "The bus")."""
    faults: list[str] = []
    for name, (kind, message) in published().items():
        allowed = EVENT_CLASSES if kind == "event" else RPC_CLASSES
        for path, privacy in _classes(message, name):
            if privacy not in allowed:
                faults.append(f"{path}: privacy class {privacy} may not travel here")
    faults += [f"{e.type}: unknown stream {e.stream}" for e in EVENTS.values() if e.stream not in STREAMS]
    return faults


def _classes(message: type[Message], path: str) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    for name, field in message().fields.items():
        found.append((f"{path}.{name}", field.metadata.get("privacy")))
        inner = getattr(field, "inner", field)
        nested = getattr(inner, "schema", None)
        if nested is not None:
            found += _classes(type(nested), f"{path}.{name}")
    return found


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="publish additions")
    write = parser.parse_args(argv).write
    SNAPSHOTS.mkdir(exist_ok=True)
    faults = privacy_faults()
    current = snapshots()
    for name, (kind, new) in sorted(current.items()):
        path = SNAPSHOTS / f"{name}.json"
        old = json.loads(path.read_text()) if path.exists() else None
        if old == new:
            continue
        broken = breaking(kind, old, new) if old else []
        faults += [f"{name}: breaking: {fault}" for fault in broken]
        if write and not broken:
            path.write_text(json.dumps(new, indent=1, sort_keys=True) + "\n")
        elif not broken:
            faults.append(f"{name}: differs from its snapshot by additions; publish it with --write")
    for path in SNAPSHOTS.glob("*.json"):
        if path.stem not in current:
            faults.append(f"{path.stem}: was published, and is gone")
    for fault in faults:
        print(fault, file=sys.stderr)
    print(f"{len(current)} messages, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

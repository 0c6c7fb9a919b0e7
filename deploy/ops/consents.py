"""Consents as an operator looks after them: verify-consents. It reads the database and the keys alone, and works beside
a suite that runs or is stopped."""

from __future__ import annotations

import argparse
import importlib

from deploy.ops.desk import Command, Desk, Fault, Rows
from deploy.ops.text import table, word
from services.chassis.keys import Keys


def verify_consents(desk: Desk) -> Rows:
    """One row a municipality, and one a signature that is not kept as it was signed, with its `fault` (CO-7). Raises
    Fault."""
    try:
        keys = Keys.embedded(desk.var)
    except OSError:
        raise Fault(f"no keys under {desk.var}: what was signed can't be opened without them") from None
    service = importlib.import_module("services.consent.service").SERVICE
    with desk.database(service.name) as db, db.read() as conn:
        return list(service.verify_signatures(conn, keys))


def _no_arguments(parser: argparse.ArgumentParser) -> None:
    """It looks into all."""


def _text(rows: Rows) -> str:
    return table([{name: word(value) for name, value in row.items()} for row in rows]) if rows else "nothing"


COMMANDS = (
    Command(
        "verify-consents",
        "Verify that every consent is kept as it was signed: its words, its purpose, whom it names, from when to when; "
        "exit code 1 when one is not.",
        _no_arguments,
        lambda desk, asked: verify_consents(desk),
        _text,
    ),
)

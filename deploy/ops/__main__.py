"""`python -m deploy.ops COMMAND`: reads the call, runs one command, prints its rows as text or JSON."""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.engines import find
from deploy.ops import bus, clients, consents, generations, lane_faults, record, subscribers
from deploy.ops.desk import Command, Desk, Fault
from services.chassis import logging

COMMANDS: tuple[Command, ...] = (
    *bus.COMMANDS,
    *generations.COMMANDS,
    *record.COMMANDS,
    *consents.COMMANDS,
    *lane_faults.COMMANDS,
    *subscribers.COMMANDS,
    *clients.COMMANDS,
)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.ops", description="The operator's command.")
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="JSON on standard output")
    common.add_argument(
        "--var",
        type=Path,
        default=Path(os.environ.get("STAFETT_VAR", "var")),
        help="the suite's state folder",
    )
    commands = parser.add_subparsers(dest="act", required=True, metavar="COMMAND")
    for command in COMMANDS:
        command.arguments(
            commands.add_parser(command.name, help=command.help, description=command.help, parents=[common])
        )
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it was done, 1 when it could not be, 2 for a call that is not understood."""
    parser = _parser()
    asked = parser.parse_args(argv)
    command = next(each for each in COMMANDS if each.name == asked.act)
    wrong = command.check(asked)
    if wrong is not None:
        parser.error(wrong)
    var = asked.var.absolute()
    try:
        rows = command.run(Desk(var, find(var)), asked)
    except Fault as fault:
        print(json.dumps({"fault": str(fault)}) if asked.json else fault, file=sys.stderr)
        return 1
    print(json.dumps(rows, indent=1) if asked.json else command.text(rows))
    return 1 if command.wrong(rows) else 0


if __name__ == "__main__":
    logging.configure("ops", "error", to=sys.stderr)  # what goes wrong is told in words
    sys.exit(main())

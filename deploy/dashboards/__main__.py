"""Writes the dashboard: `python -m deploy.dashboards`, after a change of board.py."""

import json
from pathlib import Path

from deploy.dashboards.board import board

FILE = Path(__file__).with_name("stafett.json")


def text() -> str:
    """What stands in the file."""
    return json.dumps(board(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
    print(FILE)

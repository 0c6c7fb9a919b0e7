"""How the operator's command prints rows for a person to read."""

from __future__ import annotations

from typing import Any


def word(value: Any) -> str:
    """A value in a cell: `-` for nothing, one decimal for a measure, commas for a list."""
    if value is None or value == []:
        return "-"
    if isinstance(value, float):
        return f"{value:.1f}"
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def table(rows: list[dict[str, str]]) -> str:
    """Rows under their names, in columns as wide as they need."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [dict(zip(names, names, strict=True)), *rows]
    widths = {name: max(len(line.get(name, "")) for line in lines) for name in names}
    return "\n".join(
        "  ".join(line.get(name, "").ljust(widths[name]) for name in names).rstrip() for line in lines
    )


def words(rows: list[dict[str, Any]], none: str = "nothing") -> str:
    """Rows of values as a table; `none`: what is said where there are none."""
    return table([{name: word(value) for name, value in row.items()} for row in rows]) if rows else none

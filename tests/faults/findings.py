"""What must be zero after faults, as rows of one table, each with the differences that it counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

SHOWN = 8


@dataclass
class Finding:
    """One row: what was looked for, what was found, and how much was looked at."""

    what: str
    differences: list[str] = field(default_factory=list)
    looked_at: int = 0

    @property
    def count(self) -> int:
        return len(self.differences)


def table(findings: Iterable[Finding]) -> str:
    """The rows as text; below them, of each that is not zero, the first differences."""
    rows = list(findings)
    width = max(len(row.what) for row in rows)
    lines = [f"  {'':<{width}}  {'found':>7}  {'of':>7}"]
    lines += [f"  {row.what:<{width}}  {row.count:>7}  {row.looked_at:>7}" for row in rows]
    for row in rows:
        if row.count:
            lines.append(f"\n  {row.what}: {row.count}")
            lines += [f"    {each}" for each in row.differences[:SHOWN]]
            if row.count > SHOWN:
                lines.append(f"    ... and {row.count - SHOWN} more")
    return "\n".join(lines)

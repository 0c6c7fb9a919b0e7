"""`python -m tests.security.matrix.draft URL VAR`: where a running suite answers something else than the table.

To be read against the rulebook, one by one: the table says what ought to be, and is never copied from what is."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.security.matrix import table
from tests.security.matrix.play import Matrix
from tests.security.matrix.players import OTHER, SAME
from tests.security.matrix.stage import STATES


def main() -> int:
    url, var = sys.argv[1:]
    matrix = Matrix(url, Path(var))
    for part in (SAME, OTHER, *STATES, table.WITHOUT):
        if part not in (SAME, OTHER):
            matrix.stage.reach(part)
        cells = matrix.others_case(part) if part in (SAME, OTHER) else matrix.cells(part)
        print(f"{part}: {len(cells)} cells")
        print("\n".join(line for cell in cells if (line := cell.against())), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

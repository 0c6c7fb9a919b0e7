"""The bench of the bus in its small form: it measures all systems, prints and writes, and no event is missing."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from tests.bench.bus.systems import OURS, OURS_SQLITE, ROOT, SYSTEMS


def test_the_bench_measures_the_bus_beside_others(tmp_path: Path) -> None:
    begun, out = time.monotonic(), tmp_path / "bench" / "bus.json"
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.bus.run", "--small", "--out", str(out)],
        cwd=ROOT, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    print(done.stdout)

    result = json.loads(out.read_text())
    assert result["medians"].keys() == {system.name for system in SYSTEMS}
    for name, of in result["medians"].items():
        assert 0 < of["p50"] <= of["p99"] <= of["slowest"], name
        assert of["published"] > 10 and of["handled"] > 10 and of["cpu_broker"] > 0, name
    assert all(result["medians"][system.name]["missing"] == 0 for system in (OURS, OURS_SQLITE))
    assert result["history"]["events"] == 1000 and result["history"]["rows"] == 333
    assert "of the limit" in done.stdout and "durable handled events" in done.stdout
    assert time.monotonic() - begun < 60

"""The bench in its small form: it measures, prints and writes, and no figure is out of all proportion."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from tests.bench.run import ROOT
from tests.support.suite import Suite

LENIENT_RATIO = 15  # the target is 6; other work on the machine must not turn a test red


def test_the_bench_measures_the_pages_beside_the_echo(suite: Suite, tmp_path: Path) -> None:
    begun, out = time.monotonic(), tmp_path / "bench" / "latest.json"
    words = [
        "-m",
        "tests.bench.run",
        "--small",
        "--suite",
        str(suite.var / "run" / "suite.json"),
        "--out",
        str(out),
    ]
    done = subprocess.run(
        [sys.executable, *words], cwd=ROOT, capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr[-2000:]
    print(done.stdout)

    result = json.loads(out.read_text())
    lines = {(line["page"], line["clients"]): line for line in result["lines"]}
    assert lines.keys() == {(page, clients) for page in ("ping", "case", "log") for clients in (1, 16)}
    assert all(0 < line["p50"] <= line["p99"] and line["per_second"] > 1 for line in lines.values())
    assert lines["ping", 1]["ratio"] == lines["ping", 16]["ratio"] == 1
    assert 1 < result["case_page_ratio"] < LENIENT_RATIO
    assert result["memory_mb_idle"]["sum"] > 100 and "cases" in result["memory_mb_idle"]
    assert "times the echo" in done.stdout and "whole suite idle" in done.stdout
    assert time.monotonic() - begun < 60

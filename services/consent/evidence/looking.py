"""Looks into a scan in a process of its own, with little memory, little time, no environment and no files.

What reads formats made by others has faults that others find first. Here they can cost one refused upload: not the
service, not its keys, not the time of anybody else."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from services.consent.domain.evidence import MAX_PAGES, MAX_PIXELS
from services.kernel.errors import InvalidInput

SECONDS = 8.0
"""After so long, by the clock on the wall, the look is given up: a scan takes a fraction of a second."""

_READER = Path(__file__).with_name("reader.py")
_CODES = frozenset(
    {"damaged", "encrypted", "active_content", "too_many_pages", "too_many_pixels", "too_complex"}
)


def look_into(content: bytes, media_type: str) -> int:
    """The number of pages of a scan that is what it seems to be; raises InvalidInput with the code of what is wrong."""
    verdict = _verdict(content, media_type)
    pages = verdict.get("pages")
    if isinstance(pages, int):
        return pages
    found = verdict.get("refused")
    code = found if found in _CODES else "too_complex"
    raise InvalidInput(fields={"scan": str(code)}, params={"pages": MAX_PAGES}, rule="CO-6")


def _verdict(content: bytes, media_type: str) -> dict[str, object]:
    """What the reader says; nothing when it was stopped, or died."""
    with _memory(content) as given, _memory() as told:
        process = subprocess.Popen(
            [sys.executable, "-I", str(_READER), media_type, str(MAX_PAGES), str(MAX_PIXELS)],
            stdin=given, stdout=told, stderr=subprocess.DEVNULL, env={}, cwd="/",
        )  # fmt: skip
        try:
            process.wait(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return {}
        os.lseek(told, 0, os.SEEK_SET)
        with suppress(ValueError):
            answer = json.loads(os.read(told, 4096) or b"{}")
            return answer if isinstance(answer, dict) else {}
        return {}


@contextmanager
def _memory(content: bytes = b"") -> Iterator[int]:
    """A file that is nowhere but in memory: what is looked into never lies on a disk."""
    descriptor = os.memfd_create("scan")
    try:
        view = memoryview(content)
        while view:
            view = view[os.write(descriptor, view) :]
        os.lseek(descriptor, 0, os.SEEK_SET)
        yield descriptor
    finally:
        os.close(descriptor)

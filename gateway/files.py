"""Files that come and go: how large one may be, that none touches the disk on its way, and how one is handed out."""

from __future__ import annotations

import re
from io import BytesIO
from typing import IO, Any

from flask import Flask, Request, Response, request

from gateway.login import people
from services.contracts.consent import SCAN_BYTES

UPLOADS = {
    "consent_register.registered": SCAN_BYTES,
    "api_consent.post_register_answer": 4 * -(-SCAN_BYTES // 3),
}
"""The endpoints that take a file -> the most bytes of it; an employee's alone. All others keep to the app's limit."""
_BESIDE = 64 * 1024
"""What a form or a JSON body has besides the file."""
_NAME = re.compile(r"[^a-z0-9.-]+")


class InMemory(Request):
    """A request whose files are kept in memory: what somebody uploads never lies in clear on a disk."""

    def _get_file_stream(self, *_args: Any, **_more: Any) -> IO[bytes]:
        return BytesIO()


def register(app: Flask) -> None:
    """Take files where files are taken. Must come before whatever first reads a body."""
    app.request_class = InMemory

    @app.before_request
    def _room_for_a_file() -> None:
        most = UPLOADS.get(request.endpoint or "")
        chosen = people.chosen() if most else None
        if most and chosen and chosen["capacity"] == "employee":
            request.max_content_length = most + _BESIDE


def sent(name: str) -> bytes | None:
    """The content of the file that the form sent under `name`; None when none was chosen. Its name is not looked at."""
    file = request.files.get(name)
    content = file.stream.read() if file is not None else b""
    return content if content or (file is not None and file.filename) else None


def attachment(content: bytes, media_type: str, name: str) -> Response:
    """A file to be kept, never to be run or shown as a part of the site: saved under `name`, which names nobody."""
    answer = Response(content, mimetype=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{_NAME.sub("-", name.lower())}"'
    answer.headers["X-Content-Type-Options"] = "nosniff"
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'; frame-ancestors 'none'"
    answer.headers["Cross-Origin-Resource-Policy"] = "same-origin"
    return answer

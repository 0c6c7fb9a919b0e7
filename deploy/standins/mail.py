"""A mail catcher: speaks real SMTP, delivers nothing, and shows what it took to people and to tests."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from flask import Blueprint, Response, abort, jsonify, render_template, request

KEEP = 2000
SIZE_LIMIT = 10 * 1024 * 1024


@dataclass(frozen=True)
class Letter:
    """One message as it came over SMTP."""

    number: int
    at: datetime
    sender: str
    recipients: tuple[str, ...]
    raw: bytes = field(repr=False)

    @property
    def message(self) -> EmailMessage:
        return BytesParser(policy=policy.default).parsebytes(self.raw)  # type: ignore[return-value]

    def text(self) -> str:
        """The readable part, plain text before HTML."""
        body = self.message.get_body(("plain", "html"))
        return str(body.get_content()) if body is not None else ""

    def attachments(self) -> list[dict[str, str]]:
        """All parts that are not the readable text: name, content type and content as text."""
        message, found = self.message, []
        body = message.get_body(("plain", "html"))
        for part in message.walk():
            if part.is_multipart() or part is body or part.get_content_type() == "text/html":
                continue
            content = part.get_content()
            text = content.decode("utf-8", "replace") if isinstance(content, bytes) else str(content)
            kind = part.get_content_type()
            method = part.get_param("method")
            found.append(
                {
                    "name": part.get_filename() or "",
                    "type": kind,
                    "method": str(method or ""),
                    "content": text,
                }
            )
        return found

    def as_dict(self) -> dict[str, Any]:
        """The shape of the JSON view."""
        message = self.message
        return {
            "number": self.number,
            "at": self.at.isoformat(),
            "envelope_from": self.sender,
            "envelope_to": list(self.recipients),
            "from": str(message.get("From", "")),
            "to": str(message.get("To", "")),
            "subject": str(message.get("Subject", "")),
            "message_id": str(message.get("Message-ID", "")),
            "headers": {name: str(value) for name, value in message.items()},
            "text": self.text(),
            "attachments": self.attachments(),
            "raw": self.raw.decode("utf-8", "replace"),
        }


class MailCatcher:
    """Takes all mail on loopback; keeps the last ones in memory and each as a file in `folder`."""

    def __init__(self, folder: Path, port: int) -> None:
        self.folder = folder
        self.port = port
        self._letters: list[Letter] = []
        self._lock = threading.Lock()
        self._last = 0
        self._controller = Controller(
            _Handler(self.take), hostname="127.0.0.1", port=port, data_size_limit=SIZE_LIMIT
        )
        self._running = False

    @property
    def running(self) -> bool:
        return self._running

    def start(self) -> None:
        """Read what an earlier run kept, and listen."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.folder.chmod(0o700)
        for file in sorted(self.folder.glob("*.eml"))[-KEEP:]:
            self._read(file)
        self._controller.start()
        self._running = True

    def stop(self) -> None:
        self._running = False
        self._controller.stop()

    def take(self, sender: str, recipients: list[str], raw: bytes) -> Letter:
        """Keep one message."""
        with self._lock:
            self._last += 1
            letter = Letter(self._last, datetime.now(UTC), sender, tuple(recipients), raw)
            envelope = f"X-Envelope-From: {sender}\r\nX-Envelope-To: {', '.join(recipients)}\r\n".encode()
            (self.folder / f"{letter.number:06d}.eml").write_bytes(envelope + raw)
            self._letters = [*self._letters[-KEEP + 1 :], letter]
        return letter

    def messages(self) -> list[Letter]:
        """All kept messages, the oldest first."""
        with self._lock:
            return list(self._letters)

    def get(self, number: int) -> Letter | None:
        return next((letter for letter in self.messages() if letter.number == number), None)

    def clear(self) -> None:
        """Forget all messages, also on disk; numbers go on."""
        with self._lock:
            self._letters = []
            for file in self.folder.glob("*.eml"):
                file.unlink(missing_ok=True)

    def _read(self, file: Path) -> None:
        raw, at = file.read_bytes(), datetime.fromtimestamp(file.stat().st_mtime, UTC)
        first, second, rest = [*raw.split(b"\r\n", 2), b"", b""][:3]
        if not file.stem.isdigit() or not first.startswith(b"X-Envelope-From: "):
            return
        sender = first.decode().removeprefix("X-Envelope-From: ")
        recipients = second.decode().removeprefix("X-Envelope-To: ").split(", ")
        self._last = int(file.stem)
        self._letters.append(Letter(self._last, at, sender, tuple(recipients), rest))


class _Handler:
    def __init__(self, take: Callable[[str, list[str], bytes], Letter]) -> None:
        self._take = take

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        letter = self._take(envelope.mail_from or "", list(envelope.rcpt_tos), bytes(envelope.content))
        return f"250 OK kept as {letter.number}"


def mail_pages(mail: MailCatcher) -> Blueprint:
    """Web pages /mail and /mail/<n>; for tests /mail/api/messages (GET with ?to= and ?after=, DELETE)."""
    pages = Blueprint("mail", __name__, url_prefix="/mail")

    @pages.get("")
    @pages.get("/")
    def listing() -> str:
        return render_template(
            "mail_list.html", letters=[(one, one.message) for one in reversed(mail.messages())]
        )

    @pages.get("/<int:number>")
    def one(number: int) -> str:
        letter = mail.get(number)
        if letter is None:
            abort(404)
        return render_template("mail_one.html", letter=letter, message=letter.message)

    @pages.get("/<int:number>/raw")
    def raw(number: int) -> Response:
        letter = mail.get(number)
        if letter is None:
            abort(404)
        return Response(letter.raw, mimetype="text/plain; charset=utf-8")

    @pages.get("/api/messages")
    def messages() -> Response:
        to, after = request.args.get("to", "").lower(), request.args.get("after", 0, type=int)
        found = [
            one.as_dict()
            for one in mail.messages()
            if one.number > after and (not to or to in (address.lower() for address in one.recipients))
        ]
        return jsonify(messages=found)

    @pages.delete("/api/messages")
    def forget() -> tuple[str, int]:
        mail.clear()
        return "", 204

    return pages

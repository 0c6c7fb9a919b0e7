"""What lies on the wire: JSON encrypted by a kombu serializer, so that nothing of a family is readable at the broker.

A body is: format (1 byte), length of key id (1), key id, nonce (12), AES-256-GCM ciphertext and tag; the head is
authenticated with it. Request and reply both name what they belong to, so that a body moved elsewhere is refused.
"""

import json
import os
import time
from base64 import b64decode
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

import kombu.serialization
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from kombu.entity import Exchange, Queue

SERIALIZER = "stafett-rpc"
CONTENT_TYPE = "application/x-stafett-rpc"
EXCHANGE = "stafett.rpc"
DEFAULT_TIMEOUT = 5.0
TRANSIENT = 1

_FORMAT = b"\x01"
_NONCE = 12
_REREAD_SECONDS = 5.0
_UNUSED_QUEUE_MS = 60_000


class Unreadable(ValueError):
    """A body that is not ours, is damaged, or was encrypted with a key that is gone."""


class Cipher:
    """Encrypts with the current key of rpc.json and decrypts with any key that stands there.

    The file is looked at again every few seconds, and when a body names an unknown key.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._changed = 0.0
        self._looked = 0.0
        self._current: bytes = b""
        self._keys: dict[bytes, AESGCM] = {}
        self._read()

    def encrypt(self, content: bytes) -> bytes:
        """The body that travels."""
        if time.monotonic() - self._looked > _REREAD_SECONDS:
            self._read()
        kid, nonce = self._current, os.urandom(_NONCE)
        head = _FORMAT + bytes([len(kid)]) + kid
        return head + nonce + self._keys[kid].encrypt(nonce, content, head)

    def decrypt(self, body: bytes) -> bytes:
        """What was encrypted; raises Unreadable."""
        start = 2 + body[1] if len(body) > 1 else 0
        if body[:1] != _FORMAT or len(body) < start + _NONCE + 16:
            raise Unreadable("not an RPC body")
        kid = bytes(body[2:start])
        if kid not in self._keys:
            self._read()
        key = self._keys.get(kid)
        if key is None:
            raise Unreadable("encrypted with an unknown key")
        try:
            return key.decrypt(body[start : start + _NONCE], body[start + _NONCE :], body[:start])
        except InvalidTag:
            raise Unreadable("damaged") from None

    def _read(self) -> None:
        self._looked = time.monotonic()
        changed = self._path.stat().st_mtime
        if changed == self._changed:
            return
        content = json.loads(self._path.read_text())
        self._keys = {kid.encode(): AESGCM(b64decode(key)) for kid, key in content["keys"].items()}
        self._current = content["current"].encode()
        self._changed = changed


def install(var: Path | str) -> str:
    """Register the serializer with kombu for this process, with the keys under `var`; answer its name."""
    cipher = Cipher(Path(var) / "keys" / "rpc.json")

    def encode(value: Any) -> bytes:
        return cipher.encrypt(
            json.dumps(value, default=_json, separators=(",", ":"), ensure_ascii=False).encode()
        )

    def decode(body: Any) -> Any:
        return json.loads(cipher.decrypt(bytes(body)))

    kombu.serialization.register(
        SERIALIZER, encode, decode, content_type=CONTENT_TYPE, content_encoding="binary"
    )
    return SERIALIZER


def exchange() -> Exchange:
    """Where requests go; the routing key is the procedure's name."""
    return Exchange(EXCHANGE, type="topic", durable=True, delivery_mode=TRANSIENT)


def request_queue(service: str) -> Queue:
    """The queue of a service's instances. It goes with the last of them, so that calls to a service that is down are
    returned at once and do not wait."""
    return Queue(
        f"{service}.rpc",
        exchange=exchange(),
        routing_key=f"{service}.*",
        durable=True,
        auto_delete=True,
        expires=_UNUSED_QUEUE_MS / 1000,
    )


def _json(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, UUID | Decimal | Path):
        return str(value)
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")

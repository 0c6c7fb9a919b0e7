"""Ciphertext in columns: what names a person, or tells of them, is written, read and looked up only so."""

import hashlib
import hmac
import os
from pathlib import Path
from typing import Self

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.chassis.keys.material import keys_dir
from services.chassis.keys.store import (
    KEY_ID_BYTES,
    NONCE_BYTES,
    DataKey,
    EmbeddedKeyStore,
    KeyMissing,
    KeyStore,
)

FORMAT = b"\x01"
_NONCE_AT = len(FORMAT) + KEY_ID_BYTES
_TEXT_AT = _NONCE_AT + NONCE_BYTES


class Undecipherable(ValueError):
    """Ciphertext that is damaged, or was written for another owner, municipality, field or key."""


class OwnersKey:
    """One owner's key, found once, for whoever opens many fields of theirs in one piece of work. Not to be kept longer:
    a key that was destroyed must not live on in it (SE-6)."""

    __slots__ = ("_key", "_of")

    def __init__(self, key: DataKey, municipality: str, owner: str) -> None:
        self._key = key
        self._of = f"{municipality}|{owner}|"

    def decrypt(self, field: str, ciphertext: bytes) -> str:
        """As Keys.decrypt."""
        return self.decrypt_bytes(field, ciphertext).decode("utf-8")

    def decrypt_bytes(self, field: str, ciphertext: bytes) -> bytes:
        """As Keys.decrypt_bytes."""
        key = self._key
        if ciphertext[:_NONCE_AT] != FORMAT + key.id:
            raise Undecipherable(f"{field}: not written with the key of its owner")
        try:
            return key.cipher.decrypt(
                ciphertext[_NONCE_AT:_TEXT_AT], ciphertext[_TEXT_AT:], (self._of + field).encode()
            )
        except InvalidTag:
            raise Undecipherable(f"{field}: damaged, or written for another field") from None


class Keys:
    """What a service does with keys; one object a process (`uow.keys`, `reading.keys`).

    Field ciphertext is format (1 byte), key id (8), nonce (12), AES-256-GCM text and tag. Municipality, owner
    and field are authenticated with it, so that a value moved to another row or column does not open.
    """

    def __init__(self, store: KeyStore, master_key: bytes, index_key: bytes) -> None:
        self._store = store
        self._master_key = master_key
        self._index_key = index_key
        self._seals: dict[str, AESGCM] = {}

    @classmethod
    def embedded(cls, var: Path | str) -> Self:
        """Keys over the embedded store under `var`; `ensure_key_material(var)` has made the files."""
        master_key = (keys_dir(var) / "master.key").read_bytes()
        store = EmbeddedKeyStore(Path(var) / "keystore" / "keystore.sqlite3", master_key)
        return cls(store, master_key, (keys_dir(var) / "index.key").read_bytes())

    def encrypt(self, owner: str, municipality: str, field: str, text: str) -> bytes:
        """Ciphertext under the key of "person:<id>", "case:<id>" or "lane:<id>", made at first use."""
        return self.encrypt_bytes(owner, municipality, field, text.encode("utf-8"))

    def decrypt(self, owner: str, municipality: str, field: str, ciphertext: bytes) -> str:
        """The text; raises KeyMissing when the key is gone, Undecipherable when it is not that text's."""
        return self.decrypt_bytes(owner, municipality, field, ciphertext).decode("utf-8")

    def encrypt_bytes(self, owner: str, municipality: str, field: str, content: bytes) -> bytes:
        """As `encrypt`, for what is not text (a scanned paper)."""
        key = self._store.create_key(owner, municipality)
        nonce = os.urandom(NONCE_BYTES)
        head = FORMAT + key.id + nonce
        return head + key.cipher.encrypt(nonce, content, _field_of(municipality, owner, field))

    def decrypt_bytes(self, owner: str, municipality: str, field: str, ciphertext: bytes) -> bytes:
        """As `decrypt`, for what is not text."""
        return self.of(owner, municipality).decrypt_bytes(field, ciphertext)

    def destroy(self, owner: str, municipality: str) -> None:
        """Make all that was written under the owner's key unreadable for good, wherever it lies (SE-6)."""
        self._store.destroy_key(owner, municipality)

    def of(self, owner: str, municipality: str) -> OwnersKey:
        """The owner's key, to open several fields with; raises KeyMissing when it is gone."""
        return OwnersKey(self._store.data_key(owner, municipality), municipality, owner)

    def knows(self, owner: str, municipality: str) -> bool:
        """Whether the owner has a key; asking makes none."""
        try:
            self._store.data_key(owner, municipality)
        except KeyMissing:
            return False
        return True

    def blind_index(self, municipality: str, kind: str, value: str) -> str:
        """A look-up value (64 hex digits), equal for equals only; without index.key it tells nothing."""
        if not municipality or not kind:
            raise ValueError("an index belongs to a municipality and a kind (SE-7)")
        named = f"{municipality}\x1f{kind}\x1f{value}".encode()
        return hmac.new(self._index_key, named, hashlib.sha256).hexdigest()

    def seal_bytes(self, purpose: str, content: bytes, bound_to: str = "") -> bytes:
        """Ciphertext for what has no owner: gateway sessions, messages that can't be decoded.

        `purpose` ("gateway.session") has its own key, derived from the master key; `bound_to` (a row's id) is
        authenticated with it.
        """
        nonce = os.urandom(NONCE_BYTES)
        return FORMAT + nonce + self._seal(purpose).encrypt(nonce, content, bound_to.encode("utf-8"))

    def open_bytes(self, purpose: str, sealed: bytes, bound_to: str = "") -> bytes:
        """The content of `seal_bytes`; raises Undecipherable."""
        nonce, content = sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        if sealed[:1] != FORMAT:
            raise Undecipherable(f"{purpose}: unknown format")
        try:
            return self._seal(purpose).decrypt(nonce, content, bound_to.encode("utf-8"))
        except (InvalidTag, ValueError):
            raise Undecipherable(f"{purpose}: damaged, or sealed for another purpose") from None

    def _seal(self, purpose: str) -> AESGCM:
        cipher = self._seals.get(purpose)
        if cipher is None:
            derived = HKDF(hashes.SHA256(), 32, salt=None, info=b"stafett seal 1|" + purpose.encode("utf-8"))
            cipher = self._seals[purpose] = AESGCM(derived.derive(self._master_key))
        return cipher


def _field_of(municipality: str, owner: str, field: str) -> bytes:
    return f"{municipality}|{owner}|{field}".encode()

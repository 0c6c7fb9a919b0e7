"""Where data keys rest: one per person, case or lane of a municipality, wrapped by the master key.

The embedded store is one SQLite file that all services share, apart from their databases. A transit service
(Vault's shape) can stand behind the same three calls.
"""

import fcntl
import os
import secrets
import sqlite3
import threading
from collections import OrderedDict
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

KEY_ID_BYTES = 8
NONCE_BYTES = 12
OWNER_KINDS = frozenset({"person", "case", "lane", "discussion"})

_TABLE = """
create table if not exists data_keys (
    municipality text not null,
    owner text not null,
    key_id blob not null unique,
    wrapped blob not null,
    created_at text not null default current_timestamp,
    primary key (municipality, owner)
) without rowid
"""


class KeyMissing(LookupError):
    """The owner has no key (yet, or any more): what is under it can't be read."""

    def __init__(self, municipality: str, owner: str) -> None:
        super().__init__(f"no data key for {owner} in {municipality}")


@dataclass(frozen=True, slots=True)
class DataKey:
    """An unwrapped data key, ready for use. Its `id` stands in every ciphertext made with it."""

    id: bytes
    cipher: AESGCM

    def __repr__(self) -> str:
        return f"DataKey({self.id.hex()})"


class KeyStore(Protocol):
    """What the services ask of a key store, embedded or elsewhere."""

    def create_key(self, owner: str, municipality: str) -> DataKey:
        """The owner's key, made now if there is none. Safe to call from several processes at once."""
        ...

    def data_key(self, owner: str, municipality: str) -> DataKey:
        """The owner's key; raises KeyMissing."""
        ...

    def destroy_key(self, owner: str, municipality: str) -> None:
        """Make what is under the owner's key unreadable for good (SE-6); nothing where there is none."""
        ...


def owner_of(kind: str, id: str) -> str:
    """The name of a key's owner: kind is person, case, lane or discussion."""
    if kind not in OWNER_KINDS or not id or "|" in id:
        raise ValueError(f"not an owner of keys: {kind}:{id}")
    return f"{kind}:{id}"


class EmbeddedKeyStore:
    """Data keys in one SQLite file, wrapped with AES-256-GCM under the master key.

    Its writes are durable before they return; the transaction of the data commits later. A crash between the two
    leaves at worst a key that nothing uses.
    """

    def __init__(self, path: Path | str, master_key: bytes, cached: int = 5000) -> None:
        self._path = Path(path)
        self._master = AESGCM(master_key)
        self._cached = cached
        self._cache: OrderedDict[tuple[str, str], DataKey] = OrderedDict()
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._opened_by = 0

    def create_key(self, owner: str, municipality: str) -> DataKey:
        """The owner's key, made now if there is none: whoever comes first, all get the same key."""
        _check(owner, municipality)
        with self._lock:
            found = self._find(owner, municipality)
            if found is not None:
                return found
            key_id, nonce = secrets.token_bytes(KEY_ID_BYTES), secrets.token_bytes(NONCE_BYTES)
            bound_to = _bound_to(municipality, owner, key_id)
            wrapped = nonce + self._master.encrypt(nonce, AESGCM.generate_key(256), bound_to)
            self._open().execute(
                "insert into data_keys (municipality, owner, key_id, wrapped) values (?, ?, ?, ?)"
                " on conflict (municipality, owner) do nothing",
                (municipality, owner, key_id, wrapped),
            )
            return self.data_key(owner, municipality)

    def data_key(self, owner: str, municipality: str) -> DataKey:
        """The owner's key; raises KeyMissing, or ValueError when another master key wrapped it."""
        _check(owner, municipality)
        with self._lock:
            found = self._find(owner, municipality)
        if found is None:
            raise KeyMissing(municipality, owner)
        return found

    def destroy_key(self, owner: str, municipality: str) -> None:
        """Take the key out of the file, its log and this process. Another process that has unwrapped it forgets it when
        it ends, or has used enough others since."""
        _check(owner, municipality)
        with self._lock:
            self._cache.pop((municipality, owner), None)
            self._open().execute(
                "delete from data_keys where municipality = ? and owner = ?", (municipality, owner)
            )
            self._open().execute("pragma wal_checkpoint(truncate)").fetchall()

    def close(self) -> None:
        """Close the file and forget the unwrapped keys."""
        with self._lock:
            self._cache.clear()
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _find(self, owner: str, municipality: str) -> DataKey | None:
        name = (municipality, owner)
        cached = self._cache.get(name)
        if cached is not None:
            self._cache.move_to_end(name)
            return cached
        row = (
            self._open()
            .execute("select key_id, wrapped from data_keys where municipality = ? and owner = ?", name)
            .fetchone()
        )
        if row is None:
            return None
        key_id, wrapped = row
        try:
            secret = self._master.decrypt(
                wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], _bound_to(municipality, owner, key_id)
            )
        except InvalidTag as wrong:
            raise ValueError(
                "the master key does not open this key store: is master.key the one it was made with?"
            ) from wrong
        key = self._cache[name] = DataKey(key_id, AESGCM(secret))
        if len(self._cache) > self._cached:
            self._cache.popitem(last=False)
        return key

    def _open(self) -> sqlite3.Connection:
        """The process's own connection, in autocommit: a forked child opens its own."""
        if self._connection is None or self._opened_by != os.getpid():
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            connection = self._make()
            self._connection, self._opened_by = connection, os.getpid()
        return self._connection

    def _make(self) -> sqlite3.Connection:
        """Open (and make) the file, one process at a time: SQLite does not wait for the switch to WAL."""
        with open(self._path.with_name(f".{self._path.name}.lock"), "w", opener=_for_this_user) as gate:
            fcntl.flock(gate, fcntl.LOCK_EX)
            if not self._path.exists():
                open(self._path, "xb", opener=_for_this_user).close()
            connection = sqlite3.connect(
                self._path, timeout=10, isolation_level=None, check_same_thread=False
            )
            connection.execute("pragma journal_mode = wal")
            connection.execute("pragma synchronous = full")
            connection.execute("pragma secure_delete = on")
            connection.execute(_TABLE)
            return connection


def _for_this_user(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _check(owner: str, municipality: str) -> None:
    kind, _, id = owner.partition(":")
    owner_of(kind, id)
    if not municipality or "|" in municipality:
        raise ValueError("a key belongs to a municipality (SE-7)")


def _bound_to(municipality: str, owner: str, key_id: bytes) -> bytes:
    return f"stafett data key 1|{municipality}|{owner}|".encode() + key_id

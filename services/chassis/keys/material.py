"""The key files under var/keys: made when missing, never replaced, readable by their user only.

Every process may call `ensure_key_material` at start; a file lock lets one of them make what is missing while
the others wait, and each file appears whole or not at all.
"""

import base64
import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

ISSUERS = ("gateway", "cases", "consent", "relay_log", "directory", "notifications", "seed", "ops")
"""Who signs tokens: the gateway for people, a service for its timers and senders, seed for the demo data, ops for the
operator's command."""

KEY_BYTES = 32
RPC_KEYS_KEPT = 3


def keys_dir(var: Path | str) -> Path:
    """The folder of key files."""
    return Path(var) / "keys"


def private_key_path(var: Path | str, issuer: str) -> Path:
    """The issuer's Ed25519 signing key (PEM, PKCS 8); only that issuer's own process reads it."""
    return keys_dir(var) / f"{issuer}.private.pem"


def public_key_path(var: Path | str, issuer: str) -> Path:
    """The issuer's verification key (PEM, SubjectPublicKeyInfo)."""
    return keys_dir(var) / f"{issuer}.public.pem"


def rpc_keys_path(var: Path | str) -> Path:
    """The keys of RPC bodies: {"current": key id, "keys": {key id: base64 of 32 bytes}}."""
    return keys_dir(var) / "rpc.json"


def ensure_key_material(var: Path | str) -> Path:
    """Make the key files that are missing under `var`; answer their folder.

    Idempotent and safe when several processes start at once. Raises OSError when the folder can't be written.
    """
    folder = keys_dir(var)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    with _locked(folder):
        for issuer in ISSUERS:
            _ensure_pair(private_key_path(var, issuer), public_key_path(var, issuer))
        if not rpc_keys_path(var).exists():
            _write_rpc_keys(rpc_keys_path(var), {})
        for name in ("master.key", "index.key"):
            if not (folder / name).exists():
                _write_whole(folder / name, secrets.token_bytes(KEY_BYTES))
        for file in folder.iterdir():
            file.chmod(0o600)
    return folder


def rotate_rpc_key(var: Path | str) -> str:
    """Put a new RPC key first and keep the latest few, so that messages under way can be read; answer its id.

    A reader that meets a key id it does not know reads the file again.
    """
    path = rpc_keys_path(var)
    with _locked(keys_dir(var)):
        known: dict[str, str] = json.loads(path.read_text())["keys"]
        return _write_rpc_keys(path, dict(list(known.items())[-(RPC_KEYS_KEPT - 1) :]))


def _write_rpc_keys(path: Path, earlier: dict[str, str]) -> str:
    kid = secrets.token_hex(4)
    fresh = base64.b64encode(secrets.token_bytes(KEY_BYTES)).decode("ascii")
    _write_whole(
        path, json.dumps({"current": kid, "keys": {**earlier, kid: fresh}}, indent=1).encode("ascii")
    )
    return kid


def _ensure_pair(private: Path, public: Path) -> None:
    if not private.exists():
        pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        _write_whole(private, pem)
        public.unlink(missing_ok=True)
    if not public.exists():
        key = load_pem_private_key(private.read_bytes(), password=None)
        _write_whole(public, key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def _write_whole(path: Path, content: bytes) -> None:
    """Write beside and rename: a crash leaves the old file or the new one, never half a key."""
    beside = path.with_name(f".{path.name}.new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    descriptor = os.open(folder / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)

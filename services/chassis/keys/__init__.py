"""Keys and what is done with them: the files under var/keys, the store of data keys, ciphertext in columns.

A key belongs to one person, case or lane of one municipality, and rests outside the services' databases, so
that a stolen database (or its backup) tells nothing, and a key can be destroyed when retention ends.
"""

from services.chassis.keys.cipher import Keys, OwnersKey, Undecipherable
from services.chassis.keys.material import (
    ISSUERS,
    ensure_key_material,
    keys_dir,
    private_key_path,
    public_key_path,
    rotate_rpc_key,
    rpc_keys_path,
)
from services.chassis.keys.store import DataKey, EmbeddedKeyStore, KeyMissing, KeyStore, owner_of

__all__ = [
    "ISSUERS",
    "DataKey",
    "EmbeddedKeyStore",
    "KeyMissing",
    "KeyStore",
    "Keys",
    "OwnersKey",
    "Undecipherable",
    "ensure_key_material",
    "keys_dir",
    "owner_of",
    "private_key_path",
    "public_key_path",
    "rotate_rpc_key",
    "rpc_keys_path",
]

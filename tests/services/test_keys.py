"""Keys: files are made once, a key has one owner, and ciphertext opens only where it was written."""

import json
import multiprocessing
import sqlite3
import stat
from contextlib import closing
from pathlib import Path

import pytest

from services.chassis.keys import (
    ISSUERS,
    EmbeddedKeyStore,
    KeyMissing,
    Keys,
    Undecipherable,
    ensure_key_material,
    keys_dir,
    private_key_path,
    public_key_path,
    rotate_rpc_key,
    rpc_keys_path,
)

MASTER = bytes(range(32))
TEXT = "Barnet sier lite på samlingsstund."


@pytest.fixture
def store(tmp_path: Path) -> EmbeddedKeyStore:
    return EmbeddedKeyStore(tmp_path / "keystore" / "keystore.sqlite3", MASTER)


@pytest.fixture
def keys(store: EmbeddedKeyStore) -> Keys:
    return Keys(store, MASTER, b"i" * 32)


def test_key_files_are_made_once_and_only_for_their_user(tmp_path: Path) -> None:
    folder = ensure_key_material(tmp_path)
    before = {file.name: file.read_bytes() for file in folder.iterdir()}
    ensure_key_material(tmp_path)
    assert {file.name: file.read_bytes() for file in folder.iterdir()} == before
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    assert all(f"{issuer}.{half}.pem" in before for issuer in ISSUERS for half in ("private", "public"))
    assert len(before["master.key"]) == len(before["index.key"]) == 32


def test_a_missing_public_half_is_made_again_from_the_private_one(tmp_path: Path) -> None:
    ensure_key_material(tmp_path)
    public, private = public_key_path(tmp_path, "cases"), private_key_path(tmp_path, "cases").read_bytes()
    before = public.read_bytes()
    public.unlink()
    ensure_key_material(tmp_path)
    assert public.read_bytes() == before
    assert private_key_path(tmp_path, "cases").read_bytes() == private


def test_a_new_rpc_key_comes_first_and_the_earlier_ones_still_read(tmp_path: Path) -> None:
    ensure_key_material(tmp_path)
    first = json.loads(rpc_keys_path(tmp_path).read_text())
    rotate_rpc_key(tmp_path)
    second = json.loads(rpc_keys_path(tmp_path).read_text())
    assert second["current"] != first["current"]
    assert first["current"] in second["keys"]
    for _ in range(5):
        rotate_rpc_key(tmp_path)
    assert len(json.loads(rpc_keys_path(tmp_path).read_text())["keys"]) == 3


def _make_material(var: str) -> str:
    ensure_key_material(var)
    return (keys_dir(var) / "master.key").read_bytes().hex() + public_key_path(var, "gateway").read_text()


def _make_key(path: str) -> str:
    return EmbeddedKeyStore(Path(path), MASTER).create_key("case:c1", "granli").id.hex()


def test_processes_that_start_together_agree_on_the_keys(tmp_path: Path) -> None:
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        assert len(set(pool.map(_make_material, [str(tmp_path)] * 8))) == 1
        assert len(set(pool.map(_make_key, [str(tmp_path / "store.sqlite3")] * 8))) == 1


def test_a_text_comes_back_for_its_owner_and_field(keys: Keys) -> None:
    ciphertext = keys.encrypt("case:c1", "granli", "note", TEXT)
    assert keys.decrypt("case:c1", "granli", "note", ciphertext) == TEXT
    assert b"Barnet" not in ciphertext
    assert keys.encrypt("case:c1", "granli", "note", TEXT) != ciphertext


def test_ciphertext_moved_to_another_place_does_not_open(keys: Keys) -> None:
    """SE-7 and DESIGN (Keys): municipality, owner and field are bound to the text."""
    ciphertext = keys.encrypt("case:c1", "granli", "note", TEXT)
    keys.encrypt("case:c2", "granli", "note", TEXT)
    keys.encrypt("case:c1", "storvik", "note", TEXT)
    for owner, municipality, field in (
        ("case:c2", "granli", "note"),
        ("case:c1", "storvik", "note"),
        ("case:c1", "granli", "goal"),
    ):
        with pytest.raises(Undecipherable):
            keys.decrypt(owner, municipality, field, ciphertext)


def test_a_key_found_once_opens_all_fields_of_its_owner_and_no_others(keys: Keys) -> None:
    note, goal = (keys.encrypt("case:c1", "granli", field, f"{TEXT} {field}") for field in ("note", "goal"))
    found = keys.of("case:c1", "granli")
    assert [found.decrypt("note", note), found.decrypt("goal", goal)] == [f"{TEXT} note", f"{TEXT} goal"]
    for field, ciphertext in (
        ("goal", note),
        ("note", note[:-1]),
        ("note", keys.encrypt("case:c2", "granli", "note", TEXT)),
        ("note", keys.encrypt("case:c1", "storvik", "note", TEXT)),
    ):
        with pytest.raises(Undecipherable):
            found.decrypt(field, ciphertext)
    with pytest.raises(KeyMissing):
        keys.of("case:c3", "granli")


@pytest.mark.parametrize("at", [0, 3, 12, 25, -1])
def test_damaged_ciphertext_does_not_open(keys: Keys, at: int) -> None:
    damaged = bytearray(keys.encrypt("case:c1", "granli", "note", TEXT))
    damaged[at] ^= 1
    with pytest.raises(Undecipherable):
        keys.decrypt("case:c1", "granli", "note", bytes(damaged))
    with pytest.raises(Undecipherable):
        keys.decrypt("case:c1", "granli", "note", b"")


def test_another_process_reads_with_the_same_master_key_only(store: EmbeddedKeyStore, tmp_path: Path) -> None:
    ciphertext = Keys(store, MASTER, b"i" * 32).encrypt("person:p1", "granli", "name", TEXT)
    path = tmp_path / "keystore" / "keystore.sqlite3"
    assert (
        Keys(EmbeddedKeyStore(path, MASTER), MASTER, b"").decrypt("person:p1", "granli", "name", ciphertext)
        == TEXT
    )
    with pytest.raises(ValueError, match=r"master\.key"):
        EmbeddedKeyStore(path, b"m" * 32).data_key("person:p1", "granli")


def test_without_its_key_a_text_is_lost(store: EmbeddedKeyStore, keys: Keys, tmp_path: Path) -> None:
    ciphertext = keys.encrypt("person:p1", "granli", "name", TEXT)
    store.close()
    with sqlite3.connect(tmp_path / "keystore" / "keystore.sqlite3") as direct:
        direct.execute("delete from data_keys")
    with pytest.raises(KeyMissing):
        keys.decrypt("person:p1", "granli", "name", ciphertext)


def test_SE_6_a_key_that_is_destroyed_is_in_no_file(
    store: EmbeddedKeyStore, keys: Keys, tmp_path: Path
) -> None:
    """SE-6: neither in the store nor in its log, nor in a process that begins now; others' keys stay."""
    ciphertext = keys.encrypt("lane:d1", "granli", "draft", TEXT)
    kept = keys.encrypt("lane:d1", "storvik", "draft", TEXT)
    path = tmp_path / "keystore" / "keystore.sqlite3"
    with closing(sqlite3.connect(path)) as direct:
        [wrapped] = direct.execute("select wrapped from data_keys where municipality = 'granli'").fetchone()
    keys.destroy("lane:d1", "granli")
    keys.destroy("lane:never-made", "granli")
    assert all(wrapped not in file.read_bytes() for file in path.parent.iterdir())
    for each in (keys, Keys(EmbeddedKeyStore(path, MASTER), MASTER, b"")):
        with pytest.raises(KeyMissing):
            each.decrypt("lane:d1", "granli", "draft", ciphertext)
        assert each.decrypt("lane:d1", "storvik", "draft", kept) == TEXT


def test_the_store_holds_wrapped_keys_only(store: EmbeddedKeyStore, tmp_path: Path) -> None:
    store.create_key("person:p1", "granli")
    with sqlite3.connect(tmp_path / "keystore" / "keystore.sqlite3") as direct:
        [(key_id, wrapped)] = direct.execute("select key_id, wrapped from data_keys").fetchall()
    assert (len(key_id), len(wrapped)) == (8, 12 + 32 + 16)
    assert stat.S_IMODE((tmp_path / "keystore" / "keystore.sqlite3").stat().st_mode) == 0o600


def test_the_cache_forgets_but_the_store_remembers(tmp_path: Path) -> None:
    store = EmbeddedKeyStore(tmp_path / "k.sqlite3", MASTER, cached=2)
    ids = [store.create_key(f"case:{n}", "granli").id for n in range(5)]
    assert [store.data_key(f"case:{n}", "granli").id for n in range(5)] == ids


@pytest.mark.parametrize(
    ("owner", "municipality"),
    [("case:", "granli"), ("family:1", "granli"), ("case:a|b", "granli"), ("case:1", "")],
)
def test_a_key_names_its_owner_and_municipality(
    store: EmbeddedKeyStore, owner: str, municipality: str
) -> None:
    with pytest.raises(ValueError):
        store.create_key(owner, municipality)


def test_a_blind_index_is_equal_for_equals_only(keys: Keys, store: EmbeddedKeyStore) -> None:
    index = keys.blind_index("granli", "pid", "15899012345")
    assert index == keys.blind_index("granli", "pid", "15899012345")
    assert (
        len(
            {
                index,
                keys.blind_index("storvik", "pid", "15899012345"),
                keys.blind_index("granli", "phone", "15899012345"),
                Keys(store, MASTER, b"j" * 32).blind_index("granli", "pid", "15899012345"),
            }
        )
        == 4
    )


def test_sealed_bytes_open_for_their_purpose_and_row(keys: Keys) -> None:
    sealed = keys.seal_bytes("gateway.session", b"secret", bound_to="s1")
    assert keys.open_bytes("gateway.session", sealed, bound_to="s1") == b"secret"
    for purpose, row in (("inbox.undecodable", "s1"), ("gateway.session", "s2")):
        with pytest.raises(Undecipherable):
            keys.open_bytes(purpose, sealed, bound_to=row)
    with pytest.raises(Undecipherable):
        keys.open_bytes("gateway.session", b"\x01short")

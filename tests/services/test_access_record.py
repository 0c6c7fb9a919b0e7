"""The access record's chain and its anchors (SE-1), on both engines: whoever changes a line is found, and where."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from deploy import engines
from deploy.ops.__main__ import main as ops
from services.cases.lane.storage import record as lane
from services.cases.service import CasesService
from services.chassis import access_record
from services.chassis.access_record import chain_of, lines_of, read_line, watching
from services.chassis.access_record.verify import verify
from services.chassis.actor import Actor, service_actor
from services.chassis.app import App
from services.chassis.ids import new_id
from services.chassis.keys import Keys
from services.chassis.settings import Settings
from services.chassis.storage import Database
from services.chassis.unit_of_work import Access
from services.chassis.work import Work
from services.contracts import cases
from services.contracts.anchors import anchors as kept_of
from services.contracts.anchors import keep_anchors
from services.contracts.base import Procedure
from services.contracts.directory import UnitChanged
from services.directory.service import DirectoryService
from services.kernel.errors import NotFound, Unavailable
from tests.services.cases_house import KINDERGARTEN, SERVICES, TEACHER, TUVA, House, house
from tests.support.databases import Databases

STORY = {
    "child_number": TUVA, "kind": "protected", "suspicion": "violence", "text": "Merker på armene",
    "guardians_informed": "no", "guardians_informed_reason": "Det kan sette barnet i fare", "police_contacted": False,
}  # fmt: skip


class Keeper:
    """Directory, as cases reaches it by RPC: the same calls, answered in this process."""

    def __init__(self, app: App, source: str = "cases") -> None:
        self.app, self.source, self.down = app, source, False

    def of(self, municipality: str) -> Keeper:
        return Keeper.__new__(Keeper)._for(self, municipality)

    def _for(self, keeper: Keeper, municipality: str) -> Keeper:
        self.app, self.source, self.down, self.municipality = (
            keeper.app,
            keeper.source,
            keeper.down,
            municipality,
        )
        return self

    def call(self, procedure: Procedure, request: Mapping[str, Any]) -> dict[str, Any]:
        if self.down:
            raise Unavailable
        actor = service_actor(self.source, self.municipality)
        return self.app.call(procedure, actor, request)


class Town:
    """Cases with something in its record, and the service that keeps its heads."""

    def __init__(self, the: House, directory: App) -> None:
        self.the, self.app, self.clock = the, the.app, the.clock
        self.keeper = Keeper(directory)
        self.chain = chain_of("cases", the.app.db.metadata)
        self.work = Work(the.app)
        self.work.rpc = self.keeper.of  # type: ignore[method-assign, assignment]

    def read(self, times: int = 1) -> None:
        """Somebody looks at cases that are not theirs, or theirs: each look is a line."""
        self.app.record.write_now("granli", self.clock.now(), TEACHER, [
            Access("SE-3", f"look_{number}", "c1", None, True) for number in range(times)
        ])  # fmt: skip

    def anchor(self) -> None:
        watching.anchor(self.work, "cases", CasesService.chains())

    def verify(self) -> tuple[str | None, int | None]:
        found = watching.verify_against(self.work, "cases", self.chain, "granli")
        return found.fault, found.position

    def tamper(self, *statements: sa.Executable) -> None:
        with self.app.db.write() as tx:
            for statement in statements:
                tx.execute(statement)

    def kept(self) -> list[sa.Row[Any]]:
        table = self.keeper.app.db.chassis.access_anchors
        with self.keeper.app.db.read() as conn:
            return list(conn.execute(sa.select(table).order_by(table.c.row)))


@pytest.fixture
def town(databases: Databases, var_dir: Path) -> Iterator[Town]:
    with house(databases.migrated("cases"), var_dir) as the:
        settings = Settings("directory", var_dir, "amqp://127.0.0.1:1//", databases.migrated("directory"))
        directory = App(DirectoryService, settings, clock=the.clock, keys=the.app.keys)
        directory.setup()
        the.hear(UnitChanged, KINDERGARTEN, {
            "unit_id": KINDERGARTEN, "service_id": SERVICES[KINDERGARTEN], "active": True,
        })  # fmt: skip
        town = Town(the, directory)
        town.read(6)
        yield town
        directory.db.close()


LINE = "access_record"


def line_table(town: Town) -> sa.Table:
    return town.app.db.chassis.access_record


def at(town: Town, position: int) -> Any:
    table = line_table(town).c
    return (table.municipality == "granli") & (table.position == position)


def test_SE_1_a_whole_record_is_found_whole_before_and_after_its_anchors(town: Town) -> None:
    assert town.verify() == (None, None)
    town.anchor()
    town.read(3)
    town.clock.advance(minutes=6)
    town.anchor()
    town.read()
    assert town.verify() == (None, None)


@pytest.mark.parametrize(
    "change",
    [{"allowed": False}, {"rule": "CO-1"}, {"who": b"x"}, {"case_id": None}, {"reader": "f" * 64}],
    ids=lambda change: next(iter(change)),
)
def test_SE_1_a_changed_line_is_found_in_its_place(town: Town, change: dict[str, Any]) -> None:
    """SE-1: whatever is changed in it, ciphertext too."""
    town.tamper(line_table(town).update().where(at(town, 3)).values(**change))
    assert town.verify() == ("changed", 3)


def test_SE_1_a_line_that_is_gone_is_missed_in_its_place(town: Town) -> None:
    """SE-1."""
    town.tamper(line_table(town).delete().where(at(town, 4)))
    assert town.verify() == ("missing", 4)


def test_SE_1_a_line_put_in_between_is_found_in_its_place(town: Town) -> None:
    """SE-1: also when those after it make room."""
    table = line_table(town)
    with town.app.db.read() as conn:
        copy = dict(conn.execute(sa.select(table).where(at(town, 2))).one()._mapping)
    for position in range(6, 3, -1):
        town.tamper(table.update().where(at(town, position)).values(position=position + 1))
    town.tamper(table.insert().values(**{**copy, "id": "put-in", "position": 4}))
    assert town.verify() == ("changed", 4)


def test_SE_1_two_lines_that_changed_places_are_found_at_the_first(town: Town) -> None:
    """SE-1."""
    table = line_table(town)
    for was, now in ((2, 100), (5, 2), (100, 5)):
        town.tamper(table.update().where(at(town, was)).values(position=now))
    assert town.verify() == ("changed", 2)


def test_SE_1_an_end_that_is_cut_off_is_missed_by_the_head(town: Town) -> None:
    """SE-1."""
    town.tamper(line_table(town).delete().where(line_table(town).c.position > 4))
    assert town.verify() == ("missing", 5)


def test_SE_1_an_end_cut_off_with_its_head_is_missed_by_the_anchor(town: Town) -> None:
    """SE-1: whoever sets the head back too can't set back what another service keeps."""
    town.anchor()
    cut_off(town, 4)
    assert town.verify() == ("cut_off", 5)
    town.read(5)
    assert town.verify()[0] in ("rewritten", "changed"), "lines written after it do not hide it"


def test_SE_1_a_chain_linked_anew_after_a_change_does_not_meet_its_anchor(town: Town) -> None:
    """SE-1: the change lies after the last anchor that still fits."""
    town.anchor()
    town.read(4)
    town.clock.advance(minutes=6)
    town.anchor()
    relink(town, 8, allowed=False)
    assert town.verify() == ("rewritten", 7)


def test_SE_1_lines_after_the_head_are_none_of_it(town: Town) -> None:
    """SE-1."""
    table = line_table(town)
    with town.app.db.read() as conn:
        copy = dict(conn.execute(sa.select(table).where(at(town, 2))).one()._mapping)
    town.tamper(table.insert().values(**{**copy, "id": "put-at-the-end", "position": 7}))
    assert town.verify() == ("beyond_the_head", 7)


def test_SE_1_an_anchor_that_its_keeper_lost_or_made_up_is_found(town: Town) -> None:
    """SE-1: the owner remembers what it told last; and only the owner can seal one."""
    town.anchor()
    table = town.keeper.app.db.chassis.access_anchors
    with town.keeper.app.db.write() as tx:
        tx.execute(table.update().values(sealed=b"made up"))
    assert town.verify() == ("anchor_damaged", 0)
    with town.keeper.app.db.write() as tx:
        tx.execute(table.delete())
    assert town.verify() == ("anchor_missing", 6)


def test_SE_1_a_key_that_is_destroyed_breaks_no_chain(town: Town, make_keys: Callable[[], Keys]) -> None:
    """SE-1, SE-6: the chain is over ciphertext. Without the case's key the line no longer tells who read."""
    others = make_keys()
    with town.app.db.read() as conn:
        rows = conn.execute(sa.select(line_table(town)).where(at(town, 1))).all()
    assert read_line(town.app.keys, rows[0]).person_id == TEACHER.person_id
    assert read_line(others, rows[0]).person_id is None
    assert b"p-teacher" not in b"".join(bytes(row.who) for row in rows)
    assert town.verify() == (None, None)


def test_SE_6_whoever_tries_ids_makes_no_keys(town: Town) -> None:
    """SE-6, SE-1: a refusal for an id that is nobody's is kept, and says who tried, without a key that no retention
    ends; also once something has come to bear that id."""
    tried = new_id()
    with pytest.raises(NotFound):
        town.the.ask(cases.GetCase, TEACHER, case_id=tried)
    assert not town.app.keys.knows(f"case:{tried}", "granli")
    table = line_table(town)
    with town.app.db.read() as conn:
        [row] = conn.execute(sa.select(table).where(table.c.case_id == tried)).all()
    assert (read_line(town.app.keys, row).person_id, row.allowed) == (TEACHER.person_id, False)
    town.app.keys.encrypt(f"case:{tried}", "granli", "purpose", "noe")
    assert read_line(town.app.keys, row).person_id == TEACHER.person_id
    assert town.verify() == (None, None)


def test_each_municipality_has_its_own_chain(town: Town) -> None:
    """SE-7: a line of one fits into no other's, nor does its number tell of others."""
    stranger = Actor("storvik", "employee", "p9", "u9")
    town.app.record.write_now(
        "storvik", town.clock.now(), stranger, [Access("SE-3", "look", "c9", None, True)]
    )
    table = line_table(town)
    with town.app.db.read() as conn:
        assert conn.scalar(sa.select(table.c.position).where(table.c.municipality == "storvik")) == 1
    town.tamper(table.update().where(table.c.municipality == "storvik").values(municipality="nordvik"))
    town.tamper(town.app.db.chassis.access_heads.update().where(
        town.app.db.chassis.access_heads.c.municipality == "storvik").values(municipality="nordvik"))  # fmt: skip
    assert verify(town.app.db, town.app.keys, town.chain, "nordvik", []).fault == "changed"


def test_SE_1_writers_of_two_processes_make_one_chain(town: Town) -> None:
    """SE-1: commands and reads of two processes at once; every line has its own place, and the chain is whole."""
    second = Database(town.app.settings.database_url, town.app.db.metadata, "cases")
    records = [town.app.record, access_record.AccessRecord(second, town.app.keys, "cases")]
    databases = [town.app.db, second]

    def act(worker: int) -> None:
        record, db = records[worker % 2], databases[worker % 2]
        for number in range(10):
            accesses = [Access("SE-3", f"act_{worker}_{number}", "c1", None, True)]
            if worker < 4:
                record.write_now("granli", town.clock.now(), TEACHER, accesses)
            else:
                with db.write() as tx:
                    record.write(tx, "granli", town.clock.now(), TEACHER, accesses)

    threads = [threading.Thread(target=act, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    found = verify(town.app.db, town.app.keys, town.chain, "granli", [])
    second.close()
    assert (found.lines, found.fault) == (86, None)


def test_what_is_rolled_back_takes_no_place(town: Town) -> None:
    rows = lines_of(
        town.app.keys, "granli", town.clock.now(), TEACHER, [Access("SE-3", "look", "c1", None, True)]
    )
    with pytest.raises(RuntimeError), town.app.db.write() as tx:
        town.app.record.chain.append(tx, rows)
        raise RuntimeError
    town.read()
    assert town.verify() == (None, None)


def test_SE_1_each_night_every_record_is_verified_and_a_fault_stays_told(town: Town) -> None:
    """SE-1: once a day, from two o'clock; what is wrong shows as long as nobody has mended it."""
    verify_tonight(town)
    assert checked(town, "access") == (None, None) and watching.all_well(town.app.db)
    town.tamper(line_table(town).delete().where(at(town, 4)))
    verify_tonight(town)
    assert watching.all_well(town.app.db), "not again the same day"
    town.clock.advance(days=1)
    verify_tonight(town)
    assert checked(town, "access") == ("missing", 4)
    assert not watching.all_well(town.app.db)


def test_SE_1_nothing_is_verified_while_the_keeper_does_not_answer(town: Town) -> None:
    """SE-1: a verification without anchors would miss what was cut off."""
    town.keeper.down = True
    with pytest.raises(Unavailable):
        verify_tonight(town)
    town.keeper.down = False
    verify_tonight(town)
    assert checked(town, "access") == (None, None)


def test_heads_are_kept_for_services_alone_each_its_own(town: Town) -> None:
    """SE-7, SE-1."""
    town.anchor()
    for actor in (TEACHER, Actor("granli", "anonymous")):
        with pytest.raises(NotFound):
            town.keeper.app.call(keep_anchors("directory"), actor, {"anchors": []})
    others = Keeper(town.keeper.app, "consent").of("granli")
    assert others.call(kept_of("directory"), {"record": "access"})["items"] == []


def test_an_ordinary_record_is_anchored_when_it_has_moved(town: Town) -> None:
    town.anchor()
    before = [row.record for row in town.kept()]
    town.clock.advance(minutes=6)
    town.anchor()
    assert [row.record for row in town.kept()][len(before) :] == ["lane"]
    town.read()
    town.clock.advance(minutes=6)
    town.anchor()
    assert sorted(row.record for row in town.kept())[: -len(before)].count("access") >= 1


def test_PR_3_the_keeper_can_not_tell_that_the_lane_moved(town: Town) -> None:
    """PR-3: with and without reports the lane's head is told at the same times, in the same lengths."""

    def told(reports: int) -> list[tuple[str, int]]:
        before = len(town.kept())
        for _ in range(3):
            for _ in range(reports):
                town.the.ask(cases.FileLaneReport, TEACHER, **STORY)
            town.clock.advance(minutes=6)
            town.anchor()
        return [(row.record, len(row.sealed)) for row in town.kept()[before:] if row.record == "lane"]

    town.anchor()
    assert told(0) == told(2) != []
    assert len({bytes(row.sealed) for row in town.kept()}) == len(town.kept()), "nor by comparing them"


def test_SE_1_the_lanes_record_has_its_own_chain(town: Town) -> None:
    """SE-1, PR-5: found like any other, in tables of its own."""
    town.the.ask(cases.FileLaneReport, TEACHER, **STORY)
    town.the.ask(cases.FileLaneReport, TEACHER, **STORY)
    town.anchor()
    assert watching.verify_against(town.work, "cases", lane.CHAIN, "granli").fault is None
    town.tamper(lane.access_record.delete().where(lane.access_record.c.position == 1))
    found = watching.verify_against(town.work, "cases", lane.CHAIN, "granli")
    assert (found.fault, found.position) == ("missing", 1)


def test_SE_1_the_operator_verifies_all_records_with_one_command(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    """SE-1: beside the running suite or without it; exit code 1, and where, when a record is not whole."""
    town.anchor()
    urls = {
        "STAFETT_CASES_DATABASE_URL": town.app.settings.database_url,
        "STAFETT_DIRECTORY_DATABASE_URL": town.keeper.app.settings.database_url,
    }
    (town.app.settings.var / "run").mkdir()
    engines.keep(town.app.settings.var, {"STAFETT_AMQP_URL": "amqp://127.0.0.1:1//", **urls})

    def run() -> tuple[int, list[dict[str, Any]]]:
        code = ops(["verify-access", "--service", "cases", "--json", "--var", str(town.app.settings.var)])
        return code, json.loads(capsys.readouterr().out)

    code, rows = run()
    assert (code, {row["record"]: row["fault"] for row in rows}) == (0, {"access": None, "lane": None})
    assert [row["lines"] for row in rows] == [6, None], "how often the lane was used is not said"
    cut_off(town, 4)
    code, rows = run()
    assert (code, rows[0]["fault"], rows[0]["position"]) == (1, "cut_off", 5)


def test_the_operator_counts_who_was_refused_without_names(
    town: Town, capsys: pytest.CaptureFixture[str]
) -> None:
    """SE-1, SE-3: refused attempts stand in the record and are found as counts."""
    for case_id in ("c1", "c1", "c2"):
        town.app.record.write_now("granli", town.clock.now(), TEACHER, [
            Access("SE-3", "see_case", case_id, None, False)
        ])  # fmt: skip
    (town.app.settings.var / "run").mkdir()
    engines.keep(town.app.settings.var, {
        "STAFETT_AMQP_URL": "amqp://127.0.0.1:1//", "STAFETT_CASES_DATABASE_URL": town.app.settings.database_url,
    })  # fmt: skip
    asked = ["refused-access", "--service", "cases", "--days", "36500", "--json"]
    assert ops([*asked, "--var", str(town.app.settings.var)]) == 0
    [row] = json.loads(capsys.readouterr().out)
    assert (row["act"], row["rule"], row["refused"]) == ("see_case", "SE-3", 3)
    assert "p-teacher" not in str(row)


# ------------------------------------------------------------ words


def verify_tonight(town: Town) -> None:
    watching.verify_nightly(town.work, "cases", CasesService.chains())


def checked(town: Town, record: str) -> tuple[str | None, int | None]:
    check = town.app.db.chassis.access_checks.c
    with town.app.db.read() as conn:
        row = conn.execute(
            sa.select(check.fault, check.fault_position).where(
                check.record == record, check.municipality == "granli"
            )
        ).one()
    return row.fault, row.fault_position


def cut_off(town: Town, last: int) -> None:
    """Take the end away, and set the head back to what is left, as one who knows the chain would."""
    table, heads = line_table(town), town.app.db.chassis.access_heads
    with town.app.db.read() as conn:
        end = conn.scalar(sa.select(table.c.hash).where(at(town, last)))
    town.tamper(
        table.delete().where(table.c.position > last),
        heads.update().where(heads.c.municipality == "granli").values(position=last, hash=end),
    )


def relink(town: Town, position: int, **change: Any) -> None:
    """Change a line and write all hashes after it anew, the head's too."""
    table, heads = line_table(town), town.app.db.chassis.access_heads
    town.tamper(table.update().where(at(town, position)).values(**change))
    with town.app.db.read() as conn:
        rows = conn.execute(
            sa.select(table).where(table.c.municipality == "granli").order_by(table.c.position)
        ).all()
    previous = town.chain.genesis("granli")
    for row in rows:
        previous = town.chain.link(previous, row._mapping)
        town.tamper(table.update().where(at(town, row.position)).values(hash=previous))
    town.tamper(heads.update().where(heads.c.municipality == "granli").values(hash=previous))


@pytest.fixture
def make_keys(tmp_path: Path) -> Callable[[], Keys]:
    """The keys of a house in which the case's key is gone: the same master and index keys, an empty store."""

    def make() -> Keys:
        from shutil import copytree

        copytree(tmp_path / "var" / "keys", tmp_path / "bare" / "keys")
        return Keys.embedded(tmp_path / "bare")

    return make

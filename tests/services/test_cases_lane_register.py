"""Reports to child protection while the population register is silent, or no longer knows a number, on both engines."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
import yaml
from structlog.testing import capture_logs

from services.cases.lane.storage import tables
from services.cases.registers import DEMO_FILE
from services.cases.service import CasesService
from services.chassis import quiet_faults
from services.chassis.actor import Actor, service_actor
from services.contracts import cases, directory
from services.kernel.errors import InvalidInput, NotFound
from tests.services.cases_house import (
    CHILD_PROTECTION,
    EMIL,
    MARIT,
    PROTECTION,
    RAYMOND,
    SERVICES,
    TEACHER,
    TUVA,
    House,
    house,
)

UNKNOWN = "12851890287"


class Register:
    """The file that the embedded register reads: it can be taken away, and put back with a number replaced. Of two
    families alone, so that reading it again takes no part of a call's time."""

    def __init__(self, path: Path) -> None:
        everybody = yaml.load(DEMO_FILE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)["families"]
        few = [
            family for family in everybody if {child["number"] for child in family["children"]} & {TUVA, EMIL}
        ]
        self.path, self._text, self._changes = path, yaml.safe_dump({"families": few}), 0
        self.answers()

    def is_silent(self) -> None:
        self.path.unlink()

    def answers(self) -> None:
        self._write(self._text)

    def replaces(self, number: str, new: str) -> None:
        assert number in self._text
        self._write(self._text.replace(number, new))

    def _write(self, text: str) -> None:
        self.path.write_text(text, encoding="utf-8")
        self._changes += 1
        os.utime(self.path, (self._changes, self._changes))  # never that of the file before, on any clock


@pytest.fixture
def register(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Register:
    made = Register(tmp_path / "families.yaml")
    monkeypatch.setenv("STAFETT_REGISTER_FILE", str(made.path))
    return made


@pytest.fixture
def the(cases_url: str, var_dir: Path, register: Register) -> Iterator[House]:
    with house(cases_url, var_dir) as made:
        yield made


def file(the: House, **more: Any) -> str:
    told = {
        "kind": "protected", "suspicion": "violence", "text": "Merker på armene", "guardians_informed": "no",
        "guardians_informed_reason": "Det kan sette barnet i fare", "police_contacted": False, **more,
    }  # fmt: skip
    return str(the.ask(cases.FileLaneReport, TEACHER, **told)["id"])


def read(the: House, report: str, actor: Actor = CHILD_PROTECTION) -> dict[str, Any]:
    return the.ask(cases.GetLaneReport, actor, report_id=report)


def ask_again(the: House) -> None:
    the.app.tick("ask_again", CasesService.ask_again.timer)  # type: ignore[attr-defined]


def parent_in_child_protection(the: House, number: str) -> Actor:
    registered = the.ask(
        cases.RegisterEmployee, service_actor("directory"), number=number, name="En Forelder"
    )
    role = {"unit_id": PROTECTION, "service_id": SERVICES[PROTECTION], "role": "child_protection"}
    the.hear(directory.StaffChanged, registered["id"], {
        "person_id": registered["id"], "roles": [role | {"valid_from": "2020-01-01"}],
    })  # fmt: skip
    return Actor("granli", "employee", registered["id"], PROTECTION, "high")


def test_PR_1_a_report_from_a_case_goes_in_while_the_register_is_silent(
    the: House, register: Register
) -> None:
    """PR-1, LV-9, PR-5: about the child by name, as the case has it; and kept from the parents of the case."""
    case_id = the.at_level_1()
    parent = parent_in_child_protection(the, MARIT)
    register.is_silent()
    report = file(the, case_id=case_id)
    found = read(the, report)
    assert (found["child_name"], str(found["child_birth_date"]), found["child_number"]) == (
        "Tuva Elvestrand Fagerdalen",
        "2022-05-17",
        None,
    )
    with pytest.raises(NotFound):
        read(the, report, parent)
    [told] = the.told(cases.LaneReportFiled, "lane_outbox")
    assert told["not_to"] == [parent.person_id]


def test_PR_1_a_report_from_a_case_goes_in_where_the_childs_number_was_replaced(
    the: House, register: Register
) -> None:
    """PR-1: the reporter has no field in which to mend a number that the register no longer knows."""
    case_id = the.at_level_1()
    register.replaces(TUVA, UNKNOWN)
    assert read(the, file(the, case_id=case_id))["child_name"] == "Tuva Elvestrand Fagerdalen"
    with pytest.raises(InvalidInput) as refused:
        file(the, child_number=TUVA)
    assert refused.value.fields == {"child_number": "unknown_number"}


def test_PR_1_a_report_by_number_goes_in_while_the_register_is_silent_and_is_filled_in_later(
    the: House, register: Register
) -> None:
    """PR-1, PR-5: child protection, and nobody else, is told the number until the name is known; a father who is linked
    nowhere and works there reads no more once the register has named him. It is noted in the lane."""
    father = parent_in_child_protection(the, RAYMOND)
    register.is_silent()
    report = file(the, child_number=EMIL)
    found = read(the, report)
    assert (found["child_name"], found["child_number"]) == (None, EMIL)
    assert read(the, report, TEACHER)["child_number"] is None
    the.ask(cases.AssessLaneReport, father, report_id=report)
    ask_again(the)
    assert read(the, report)["child_number"] == EMIL
    register.answers()
    ask_again(the)
    found = read(the, report)
    assert found["child_name"] and found["child_number"] is None
    assert (found["state"], found["taken_by"]) == ("received", None)
    with pytest.raises(NotFound):
        read(the, report, father)
    lines = the.ask(cases.LaneAccess, CHILD_PROTECTION, report_id=report)["items"]
    assert [each["act"] for each in lines].count("ask_register") == 1
    ask_again(the)
    assert the.ask(cases.LaneAccess, CHILD_PROTECTION, report_id=report)["items"][1:] == lines


def test_PR_1_a_number_that_nobody_has_is_child_protections_to_mend(the: House, register: Register) -> None:
    """PR-1, PR-5: the register was silent when it was filed, and then knew nobody by it."""
    register.is_silent()
    report = file(the, child_number=UNKNOWN)
    register.answers()
    ask_again(the)
    assert read(the, report)["child_number"] == UNKNOWN
    the.ask(cases.IdentifyLaneChild, CHILD_PROTECTION, report_id=report, child_number=TUVA)
    found = read(the, report)
    assert (found["child_name"], found["child_number"]) == ("Tuva Elvestrand Fagerdalen", None)


def test_PR_1_a_report_that_cannot_be_opened_holds_up_no_other(the: House, register: Register) -> None:
    """PR-1, PR-3: each stands alone. The one that fails comes again in an hour, and is told where operators alone look;
    no line in the log tells that there is a report."""
    register.is_silent()
    broken, whole = file(the, child_number=EMIL), file(the, child_number=TUVA)
    register.answers()
    of_broken = sa.update(tables.reports).where(tables.reports.c.report_id == broken)
    with the.app.db.write() as tx:
        kept = tx.scalar(sa.select(tables.reports.c.content).where(tables.reports.c.report_id == broken))
        tx.execute(of_broken.values(content=kept[:-1]))
    with capture_logs() as lines:
        ask_again(the)
        ask_again(the)
    assert lines == []
    assert read(the, whole)["child_name"] == "Tuva Elvestrand Fagerdalen"
    [fault] = faults(the)
    assert (fault.municipality, fault.what, fault.times) == ("granli", "ask_again", 1)
    assert fault.error_type.endswith("Undecipherable")
    with the.app.db.write() as tx:
        tx.execute(of_broken.values(content=kept))
    the.advance(hours=1)
    ask_again(the)
    assert read(the, broken)["child_name"]


def faults(the: House) -> list[Any]:
    with the.app.db.read() as conn:
        return quiet_faults.since(conn, the.app.db.metadata, the.clock.now() - timedelta(days=1))

"""A filled-in tool is kept with the concern, in the version of the tool that was used (DI-5)."""

from typing import Any

from services.cases.commands.common import require_open, to_change
from services.cases.domain.errors import InvalidInput
from services.cases.storage import cases, notes
from services.chassis.unit_of_work import UnitOfWork
from services.chassis.work import Context
from services.contracts.directory import GetTool
from services.kernel import forms
from services.kernel.errors import NotFound, Unavailable
from services.kernel.facts import Act

_ANSWERS_TAKE = 1.5
"""Seconds to wait for the form's definition."""


def prepare(context: Context, request: dict[str, Any]) -> dict[str, Any]:
    """The answers, cleaned and checked against the form's own definition.

    While directory does not answer they are kept as they came: what somebody wrote is not lost for its sake."""
    tool = {"municipality": context.municipality, "tool": request["tool"], "version": request["tool_version"]}
    try:
        definition = context.rpc.call(GetTool, tool, timeout=_ANSWERS_TAKE)["form"]
    except Unavailable:
        return dict(request["answers"])
    except NotFound:
        raise InvalidInput(fields={"tool": "unknown_tool"}) from None
    if definition is None:
        raise InvalidInput(fields={"tool": "not_a_form"})
    kept, faults = forms.validate(definition, request["answers"])
    if faults:
        raise InvalidInput(fields={f"answers.{name}": fault for name, fault in faults.items()})
    return kept


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Keep the form; the id is the note's."""
    require_open(to_change(uow, request["case_id"]), Act.WRITE_NOTES)
    case = cases.for_change(uow.tx, uow.municipality, request["case_id"])
    by = uow.actor.person_id or ""
    case.record_form(request["tool"], by, uow.now)
    note_id = notes.add(
        uow.tx, uow.keys, uow.municipality, case.case_id, "form", by, uow.now,
        answers=uow.prepared, tool=request["tool"], tool_version=request["tool_version"],
        topic=request["topic"],
    )  # fmt: skip
    return {"id": note_id, "version": cases.save(uow.tx, uow.keys, case)}

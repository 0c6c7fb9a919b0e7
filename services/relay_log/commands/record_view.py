"""The child's own view is recorded, or the reason why it is missing (LG-5)."""

from __future__ import annotations

from typing import Any

from services.chassis.ids import new_id
from services.chassis.unit_of_work import UnitOfWork
from services.kernel.facts import Act
from services.relay_log.commands.common import me, open_log
from services.relay_log.domain.entries import demand_view
from services.relay_log.storage.entries import Entries


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Keep the view. What was said with the guardians in the room is theirs to see; what was said apart is so only
    when the child agrees."""
    open_log(uow, request["case_id"], Act.WRITE_LOG, [request["topic"]])
    demand_view(request["text"], request["missing"])
    view = {
        "view_id": new_id(), "topic": request["topic"], "occasion": request["occasion"],
        "missing": request["missing"], "given": request["given"],
        "guardians_may_see": request["guardians_may_see"] or request["given"] == "together",
        "by_person_id": me(uow),
    }  # fmt: skip
    text = request["text"] if request["missing"] is None else None
    Entries.of(uow).add_view(request["case_id"], view, text, uow.now)
    return {"id": view["view_id"]}

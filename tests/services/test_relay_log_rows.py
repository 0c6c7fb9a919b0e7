"""Ciphertext of the log opens in its own row alone: whoever writes in the database without keys moves no words."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from services.chassis.keys import Undecipherable
from services.contracts import relay_log
from tests.services.relay_log_world import IN_A_MONTH, World
from tests.services.test_relay_log_service import app, world

__all__ = ["app", "world"]


@pytest.mark.parametrize(
    ("table", "column"),
    [
        ("goals", "text"),
        ("measures", "what"),
        ("entries", "text"),
        ("views", "text"),
        ("meetings", "place"),
        ("meeting_items", "text"),
        ("outcomes", "content"),
    ],
)
def test_LG_6_words_that_are_moved_to_another_row_of_the_case_do_not_open(
    world: World, table: str, column: str
) -> None:
    """LG-6: the same case, column and key; what was said of one thing is not read as said of another."""
    world.level_1()
    for number in range(2):
        measure = world.measure(world.goal("learning", f"goal {number}"))
        world.say("teacher", "note", f"note {number}", topic="learning")
        world.meeting("teacher", "mother")
        world.do(relay_log.RecordView, "teacher", topic="learning", occasion="planning", text=f"view {number}",
                 given="together")  # fmt: skip
        world.evaluate({"measure_id": measure, "effect": "some", "outcome": "continue", "comment": f"so {number}"},
                       next_evaluation_on=IN_A_MONTH)  # fmt: skip
    assert world.log()["goals"]
    first, second, *_ = (row._mapping for row in world.rows(table))
    kept = world.app.db.metadata.tables[table]
    with world.app.db.write() as tx:
        which = (each == second[each.name] for each in kept.primary_key.columns)
        tx.execute(sa.update(kept).where(*which).values({column: first[column]}))
    with pytest.raises(Undecipherable):
        world.log()

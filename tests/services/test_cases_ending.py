"""One of the family ends the relay log, as a running service on both engines (LG-11)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from services.cases.domain.errors import CaseNotOpen, StaleEdit
from services.chassis.actor import Actor
from services.chassis.ids import new_id
from services.contracts import cases, consent
from services.kernel.errors import Forbidden, InvalidInput, NotFound, Refusal
from tests.services.cases_house import HEALTH, LEADER, NURSE, TEACHER, House, house


@pytest.fixture
def the(cases_url: str, var_dir: Path) -> Iterator[House]:
    with house(cases_url, var_dir) as made:
        yield made


def answered(the: House, case_id: str, person_id: str, answer: str = "yes", **more: Any) -> None:
    the.hear(consent.Answered, case_id, {
        "case_id": case_id, "request_id": "r-1", "signer_id": person_id, "answer": answer,
        "at": the.clock.now().isoformat(), **more,
    })  # fmt: skip


def cooperating(the: House) -> tuple[str, Actor, Actor]:
    """A case at level 2 to which both guardians have agreed."""
    case_id = the.at_level_1()
    the.consent(case_id, HEALTH)
    the.move(case_id, 2, HEALTH)
    mother, father = the.guardian(case_id), the.guardian(case_id, 1)
    for each in (mother, father):
        answered(the, case_id, each.person_id or "")
    return case_id, mother, father


def end(the: House, case_id: str, actor: Actor, **more: Any) -> dict[str, Any]:
    return the.ask(cases.EndLog, actor, case_id=case_id, **{"confirmed": True, **more})


def test_LG_11_one_guardian_ends_the_log_and_all_is_read_only(the: House) -> None:
    """LG-10, CO-3: nothing is deleted, and nobody writes any more; the family reads on."""
    case_id, mother, father = cooperating(the)
    assert "end_log" in the.case(case_id, mother)["permitted"]
    end(the, case_id, mother, reason="Vi vil klare oss selv nå")
    for who in (mother, father, TEACHER):
        shown = the.case(case_id, who)
        assert shown["state"] == "closed" and "end_log" not in shown["permitted"]
        last = shown["happenings"][-1]
        assert (last["what"], last["by_person_id"]) == ("log_ended", mother.person_id)
        assert last["values"]["reason"] == "Vi vil klare oss selv nå"
    (told,) = the.told(cases.CaseClosed)
    assert (told["outcome"], told["from_level"], told["ended_by"]) == ("family_wish", 2, "guardian")
    with pytest.raises(CaseNotOpen):
        the.ask(cases.CompleteStep, TEACHER, case_id=case_id, step="contact")
    assert "klare oss selv" not in repr(the.dump())


def test_LG_11_whoever_did_not_consent_ends_nothing(the: House) -> None:
    case_id = the.at_level_1()
    mother, father = the.guardian(case_id), the.guardian(case_id, 1)
    answered(the, case_id, mother.person_id or "", "no")
    answered(the, case_id, father.person_id or "", "talk_first", granted=True)
    for who in (mother, TEACHER, LEADER):
        with pytest.raises(Forbidden):
            end(the, case_id, who)
    with pytest.raises(NotFound):
        end(the, case_id, NURSE)
    assert the.case(case_id)["state"] == "open"
    end(the, case_id, father)
    assert the.case(case_id)["state"] == "closed"


def test_LG_11_a_consent_that_was_taken_back_is_one_that_was_given(the: House) -> None:
    """CO-3: what was said is never forgotten: who has withdrawn all may end what is left."""
    case_id, mother, _ = cooperating(the)
    answered(the, case_id, mother.person_id or "", "no", granted=False)
    end(the, case_id, mother)
    assert the.case(case_id)["state"] == "closed"


def test_LG_11_it_is_ended_by_who_says_that_they_mean_it_and_saw_the_case_as_it_is(the: House) -> None:
    """LG-8: by every way in. What has changed is named, and whoever still wants to ends the case as it is now;
    to whoever may not it says no more than before."""
    case_id, mother, _ = cooperating(the)
    seen = the.case(case_id, mother)["version"]
    the.ask(cases.CompleteStep, TEACHER, case_id=case_id, step="contact")
    for said in ({"confirmed": False}, {"confirmed": False, "expected_version": seen}):
        with pytest.raises(InvalidInput) as unsaid:
            end(the, case_id, mother, **said)
        assert unsaid.value.fields == {"confirmed": "required"}
    with pytest.raises(StaleEdit) as stale:
        end(the, case_id, mother, expected_version=seen)
    assert stale.value.params == {"changed": ["steps"]}
    with pytest.raises(Forbidden):
        end(the, case_id, LEADER, confirmed=False)
    with pytest.raises(NotFound):
        end(the, new_id(), mother, confirmed=False)
    assert the.case(case_id, mother)["state"] == "open"
    end(the, case_id, mother, expected_version=the.case(case_id, mother)["version"])
    assert the.case(case_id, mother)["state"] == "closed"


def test_LG_11_of_two_who_end_it_at_once_one_does(the: House) -> None:
    """And the other is told that it is ended: one event, one line of history."""
    case_id, mother, father = cooperating(the)

    def attempt(actor: Actor) -> str:
        try:
            return str(end(the, case_id, actor)["id"])
        except Refusal as refusal:
            return refusal.code

    with ThreadPoolExecutor(2) as pool:
        found = sorted(pool.map(attempt, (mother, father)))
    assert found == sorted([case_id, "case_not_open"])
    assert len(the.told(cases.CaseClosed)) == 1
    ended = [each for each in the.case(case_id)["happenings"] if each["what"] == "log_ended"]
    assert len(ended) == 1


def test_LG_11_help_inside_the_service_goes_on_and_a_new_log_can_begin(the: House) -> None:
    """CO-4, LG-1: the unit raises a concern as before, and the way to a log goes over the family again."""
    case_id, mother, _ = cooperating(the)
    end(the, case_id, mother)
    again = the.at_level_1()
    assert again != case_id and the.case(again)["level"] == 1
    with pytest.raises(Forbidden):
        end(the, again, mother)

"""A page says that there is none of something only when whoever knows has answered."""

import ast
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gateway.composition.next_step import next_step
from gateway.pages.case.told import TOLD
from services.cases.domain import case as domain
from tests.support.preview import SAMPLES, environment

NONE = {
    "access": ({"services": [], "youths_own": []}, "Ingen andre tjenester kan lese noe"),
    "consent-status-family": ({"requests": []}, "Ingen samtykker gjelder"),
    "consent-withdraw": ({"choices": []}, "Du har ikke sagt ja til noe"),
    "access-history": ({"days": []}, "Ingen har lest i saken"),
    "family-case": ({"now": None, "consents": [], "readers": []}, "Ingenting venter på deg"),
    "case-0": ({"consents": [], "readers": []}, "Andre tjenester ser ingenting"),
}


@pytest.mark.parametrize("name", NONE)
def test_what_could_not_be_had_is_not_said_to_be_none(name: str) -> None:
    """CO-8: a family that reads "nobody can read" while consent does not answer would be told what nobody knows."""
    sample = next(each for each in SAMPLES if each.name == name)
    empty, claim = NONE[name]
    template = environment().get_template(sample.template)
    model = {**sample.model, **empty}
    assert claim in template.render(**model)
    model["page"] = {**model["page"], "missing": ["samtykkene"]}
    told = template.render(**model)
    assert claim not in told and "Noe mangler på siden akkurat nå" in told


def test_AG_6_parents_are_not_told_that_nobody_reads_where_the_youth_decides() -> None:
    """AG-6: the same words, whether the youth has shared it with somebody or not."""
    sample = next(each for each in SAMPLES if each.name == "access")
    model = {**sample.model, "services": [], "youths_own": ["health"]}
    told = environment().get_template(sample.template).render(**model)
    assert "Ingen andre tjenester kan lese noe" not in told
    assert "Om «Helse» bestemmer" in told and "står ikke her" in told


@pytest.mark.parametrize(("missing", "code"), [((), "plan"), (("log",), None)])
def test_a_holder_is_not_sent_to_make_a_goal_because_the_log_could_not_be_had(
    missing: tuple[str, ...], code: str | None
) -> None:
    case = {"state": "open", "handover": None, "level": 2, "holder_person_id": "me", "permitted": [],
            "next": {"act": "step_contact", "due": None}}  # fmt: skip
    page: dict[str, Any] = {"case": case, "consents": None, "log": None, "names": {}, "missing": missing}
    step = next_step(page, "me", datetime(2026, 3, 10, tzinfo=UTC))
    assert (step.code if step else None) == code


def test_all_that_happens_in_a_case_has_a_text_and_no_text_is_left_over() -> None:
    source = ast.parse(Path(domain.__file__).read_text("utf-8"))
    happens = {
        call.args[1].value
        for call in ast.walk(source)
        if isinstance(call, ast.Call)
        and isinstance(call.func, ast.Attribute)
        and call.func.attr == "_happens"
        if isinstance(call.args[1], ast.Constant)
    }
    assert happens == set(TOLD)

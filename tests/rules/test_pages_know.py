"""A page says that there is none of something only when whoever knows has answered."""

import pytest

from tests.support.preview import SAMPLES, environment

NONE = {
    "access": ({"services": []}, "Ingen andre tjenester kan lese noe"),
    "consent-status-family": ({"requests": []}, "Ingen samtykker gjelder"),
    "consent-withdraw": ({"choices": []}, "Du har ikke sagt ja til noe"),
    "access-history": ({"days": []}, "Ingen har lest i saken"),
    "family-case": ({"now": None}, "Ingenting venter på deg"),
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

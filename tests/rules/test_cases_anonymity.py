"""A text that is shared without a name tells no name (LV-12)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.cases.domain.anonymity import Whom, telling

TUVA = "17852258500"
WHOM = Whom(
    names=("Tuva Elvestrand Fagerdalen", "Jonas Fagerdalen", "Ráŧŧo Inga Vuođđoŋárga", "Anne-Kåre af Sørlie"),
    numbers=(TUVA,),
    addresses=("Solbærveien 7, 0099 Granli",),
)


def word(text: str) -> tuple[str, str] | None:
    found = telling(text, WHOM)
    return (found.word, found.what) if found else None


@pytest.mark.parametrize(
    "text",
    [
        "Et barn på fire år sitter mye alene ved vinduet.",
        "Foreldrene er slitne. Hva kan vi prøve først?",
        "Vi møttes 20.11.2026 kl. 09.00-10.30, og i 2025 også.",
        "Hun har telt til 100 og kan 26 bokstaver.",
        "Mor sier at af og til er det verre. Rom 204.",
        "",
    ],
)
def test_LV_12_a_text_without_names_may_be_shared(text: str) -> None:
    """LV-12"""
    assert word(text) is None


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("I dag var Tuva trist", "Tuva"),
        ("i dag var TUVA trist", "TUVA"),
        ("Tuvas mor ringte", "Tuvas"),
        ("Tuva's mor ringte", "Tuva's"),
        ("familien Elvestrand-Fagerdalen", "Elvestrand-Fagerdalen"),
        ("TuvaFagerdalen", "TuvaFagerdalen"),
        ("fagerdalens hus", "fagerdalens"),
        ("Hun heter Túvà", "Túvà"),
        ("Ratto kom for sent", "Ratto"),
        ("hos vuoddonarga", "vuoddonarga"),
        ("Anne var der", "Anne"),
        ("Kaare var der", "Kaare"),
        ("Kåres bil", "Kåres"),
        ("Sorlie", "Sorlie"),
        ("Soerlie", "Soerlie"),
        ("T\u00adu\u00adv\u00ada", "T\u00adu\u00adv\u00ada"),
        ("Ｔｕｖａ kom", "Tuva"),
        ("tuva\nkom", "tuva"),
    ],
)
def test_LV_12_a_name_is_refused_in_whatever_way_it_is_written(text: str, told: str) -> None:
    """LV-12: of child and guardians, every part, inflected, folded, run together or broken."""
    assert word(text) == (told, "name")


@pytest.mark.parametrize(
    "text",
    [
        TUVA, f"{TUVA[:6]} {TUVA[6:]}", f"{TUVA[:6]}-{TUVA[6:]}", " ".join(TUVA), ".".join(TUVA),
        f"nr.{TUVA}!", f"{TUVA[:6]}\n{TUVA[6:]}", f"1{TUVA}", "Faren har 05898737413",
    ],
)  # fmt: skip
def test_LV_12_an_identity_number_is_refused_however_it_is_spelt(text: str) -> None:
    """LV-12: the child's, and any other that is one."""
    found = telling(text, WHOM)
    assert found is not None and found.what == "identity_number"


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("Ring mor på 412 34 567", "phone"),
        ("Ring mor på +47 41234567", "phone"),
        ("ola@epost.example", "email"),
        ("ola (at) epost.example", "email"),
        ("De bor i Solbærveien", "address"),
        ("De bor i solbaerveien 7", "address"),
        ("De bor i Kornblomstveien 45", "address"),
        ("De bor i 0099 Granli", "address"),
    ],
)
def test_LV_12_nor_how_or_where_somebody_is_reached(text: str, what: str) -> None:
    """LV-12"""
    found = telling(text, WHOM)
    assert found is not None and found.what == what


@given(
    st.sampled_from(["Tuva", "Elvestrand", "Fagerdalen", "Jonas", "Inga"]),
    st.text(alphabet=' .,!?\n-()«»"', max_size=5),
    st.text(alphabet=' .,!?\n-()«»"', max_size=5),
    st.sampled_from([str.upper, str.lower, str.title, lambda name: name + "s"]),
)
def test_LV_12_whatever_stands_around_a_name(name: str, before: str, after: str, spelt: object) -> None:
    """LV-12: signs and line breaks hide nothing."""
    assert callable(spelt)
    assert telling(f"Barnet{before} {spelt(name)}{after} sa det", WHOM) is not None

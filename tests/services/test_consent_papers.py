"""The papers of consent, made of what the consent service answers: sheet, receipts, and the ISO/IEC TS 27560 record."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
from pypdf import PdfReader

from gateway.papers import control_code, languages, record, sheets, words
from gateway.papers.naming import Naming
from services.chassis.clock import SettableClock
from services.chassis.documents import pdf
from services.consent.domain.wording import CURRENT
from services.consent.storage.texts import languages as written_in
from services.contracts import cases, consent, directory
from tests.services.test_consent_service import (
    AS_FATHER,
    AS_MOTHER,
    AS_TEACHER,
    CASE,
    HEALTH,
    PPT,
    World,
    world,
)
from tests.services.test_consent_ways import register

__all__ = ["world"]

SCHEMA = json.loads(Path(record.__file__).with_name("record.schema.json").read_text("utf-8"))
NAMING = Naming(
    {"child": "Tuva Ødegård", "mother": "Marit Ødegård", "father": "Per Øst", "teacher": "Kari Lærer"},
    {PPT: "PPT i Granli", HEALTH: "Helsestasjonen", "service-kindergarten": "Bjørkelia barnehage"},
    {"municipality": "granli", "name": "Granli kommune", "web": "https://granli.example"},
    [
        {"ground": "consent", "version": version, "text": {"nb": "Samtykke", "nn": "Samtykke", "en": "Consent"},
         "reference": f"Loven, utgave {version}"}
        for version in (2, 1)
    ],
)  # fmt: skip
WHERE = "https://stafett.example/sak/c1/samtykke/trekk"


def text_of(body: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages).split())


def receipt_of(world: World, signature_id: str) -> dict[str, Any]:
    return world.app.call(consent.GetReceipt, AS_MOTHER, {"signature_id": signature_id})


def valid(found: dict[str, Any]) -> dict[str, Any]:
    jsonschema_rs.validate(SCHEMA, found)
    return found


def test_every_language_of_the_wording_has_its_words() -> None:
    """CO-7: who signs in a language reads all of the question in it."""
    assert set(languages()) == written_in(CURRENT)
    keys = {language: set(words(language).texts) for language in languages()}
    assert keys["nb"] == keys["nn"] == keys["en"]


@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_CO_6_the_sheet_says_word_for_word_what_the_page_says(world: World, language: str) -> None:
    request_id = world.request()
    shown = world.app.call(consent.GetRequest, AS_TEACHER, {"request_id": request_id, "language": language})
    sheet = sheets.signing_sheet(shown, "mother", NAMING)
    text = text_of(pdf(sheet))
    for sentence in shown["wording"].values():
        assert sentence in text
    assert shown["purpose"] in text and control_code(shown["text_hash"]) in text
    assert "PPT i Granli" in text and "Helsestasjonen" in text and "Marit Ødegård" in text
    assert text.count(words(language)("yes")) >= 3
    assert pdf(sheet) == pdf(sheets.signing_sheet(shown, "mother", NAMING))


def test_CO_7_a_receipt_says_what_was_answered_and_what_was_read(world: World) -> None:
    request_id = world.request()
    receipt = receipt_of(world, world.sign(request_id, AS_MOTHER)["id"])
    text = text_of(pdf(sheets.receipt_sheet(receipt, NAMING)))
    for part in (*receipt["wording"].values(), receipt["purpose"], "PPT i Granli: Læring og språk: Ja",
                 "21. november 2026 kl. 11.00", "Elektronisk", "20. mai 2027", receipt["text_hash"]):  # fmt: skip
        assert part in text, part


def test_CO_6_a_receipt_of_a_paper_says_who_wrote_it_in(world: World) -> None:
    request_id = world.request()
    receipt = receipt_of(world, register(world, request_id, journal_ref="26/77")["id"])
    text = text_of(pdf(sheets.receipt_sheet(receipt, NAMING)))
    assert "På papir" in text and "Kari Lærer" in text and "26/77" in text and "21. november 2026" in text
    event = valid(record.receipt_record(receipt, NAMING, 10, WHERE))["consent_records"][0]["events"][0]
    assert (event["x_way"], event["x_registered_by"], event["x_given_on"]) == (
        "paper",
        "teacher",
        "2026-11-21",
    )
    assert event["x_journal_ref"] == "26/77"


@pytest.mark.parametrize(
    ("answer", "state"), [("yes", "given"), ("no", "refused"), ("talk_first", "requested")]
)
def test_CO_7_a_receipt_is_a_record_in_the_shape_of_the_standard(
    world: World, answer: str, state: str
) -> None:
    receipt = receipt_of(world, world.sign(world.request(), AS_MOTHER, answer)["id"])
    found = valid(record.receipt_record(receipt, NAMING, 10, WHERE))
    one = found["consent_records"][0]
    purpose = one["pii_processing"]["purposes"][0]
    assert one["pii_principal_id"] == "child" and one["events"][0]["entity_id"] == "mother"
    assert one["events"][0]["event_state"] == state and one["events"][0]["event_time"] == receipt["signed_at"]
    assert {each["pii_type"] for each in purpose["pii_information"]} == {"learning", "wellbeing", "health"}
    assert [each["pii_type"] for each in purpose["pii_information"] if each["special_pii_category"]] == [
        "health"
    ]
    assert purpose["recipient_third_parties"] == [HEALTH, PPT]
    assert purpose["retention_period"] == "P10Y" and purpose["withdrawal_method"] == WHERE
    roles = {each["party_id"]: each["party_role"] for each in one["party_identification"]}
    assert roles == {
        "municipality:granli": "controller", "service-kindergarten": "sharing_service", PPT: "receiving_service",
        HEALTH: "receiving_service", "mother": "signer", "teacher": "requester",
    }  # fmt: skip


def test_CO_11_a_receipt_says_on_which_ground_and_no_other_is_a_consent(world: World) -> None:
    receipt = receipt_of(world, world.sign(world.request(), AS_MOTHER)["id"])
    assert receipt["legal_basis"] == "consent"
    found = valid(record.receipt_record(receipt, NAMING, 10, WHERE))
    purpose = found["consent_records"][0]["pii_processing"]["purposes"][0]
    assert purpose["lawful_basis"] == "consent" and "Samtykke" in purpose["x_lawful_basis_text"]
    with pytest.raises(jsonschema_rs.ValidationError):
        valid(record.receipt_record({**receipt, "legal_basis": "duty_to_report"}, NAMING, 10, WHERE))


def test_CO_11_a_receipt_bears_the_reference_that_held_when_it_was_signed(world: World) -> None:
    """The municipality's own, in the version of that day; so does the receipt of a withdrawal that came later."""
    for version, day in ((1, "2026-01-01"), (2, "2026-12-01")):
        world.hear(directory.GroundPublished, ground="consent", version=version, valid_from=day)
    receipt = receipt_of(world, world.sign(world.request(), AS_MOTHER)["id"])
    assert receipt["legal_basis_version"] == 1
    assert "Samtykke Loven, utgave 1." in text_of(pdf(sheets.receipt_sheet(receipt, NAMING)))
    clock = world.app.clock
    assert isinstance(clock, SettableClock)
    clock.advance(days=20)
    world.heartbeat()
    withdrawal_id = world.app.call(consent.Withdraw, AS_MOTHER, {"case_id": CASE})["id"]
    found = world.app.call(consent.GetWithdrawal, AS_MOTHER, {"withdrawal_id": withdrawal_id})
    shown = valid(record.withdrawal_record(found, NAMING, 10, WHERE))
    purpose = shown["consent_records"][0]["pii_processing"]["purposes"][0]
    assert purpose["x_lawful_basis_text"] == "Samtykke Loven, utgave 1."


def test_CO_7_a_withdrawal_has_a_paper_and_a_record(world: World) -> None:
    """CO-3: in the words that were taken back, over two requests."""
    first, second = world.request(), world.request(shares=[{"service_id": PPT, "topics": ["home"]}])
    world.sign(first, AS_MOTHER)
    world.sign(second, AS_MOTHER)
    withdrawal_id = world.app.call(consent.Withdraw, AS_MOTHER, {"case_id": CASE, "service_id": PPT})["id"]
    receipt = world.app.call(consent.GetWithdrawal, AS_MOTHER, {"withdrawal_id": withdrawal_id})
    text = text_of(pdf(sheets.withdrawal_sheet(receipt, NAMING)))
    assert "PPT i Granli: Hjemme" in text and "Marit Ødegård" in text and withdrawal_id in text
    found = valid(record.withdrawal_record(receipt, NAMING, 10, WHERE))
    assert {each["record_id"] for each in found["consent_records"]} == {first, second}
    for one in found["consent_records"]:
        assert [each["event_state"] for each in one["events"]] == ["given", "withdrawn"]


def test_PR_6_no_paper_tells_the_service_that_asked_where_it_is_one_unit(world: World) -> None:
    """PR-6: receipt and withdrawal, on paper and as a record, name those who were to read and the municipality."""
    world.family(grade="strictly_confidential")
    naming = replace(NAMING, services={**NAMING.services, cases.HIDDEN_SERVICE: "En tjeneste"})
    receipt = receipt_of(world, world.sign(world.request(), AS_MOTHER)["id"])
    withdrawal_id = world.app.call(consent.Withdraw, AS_MOTHER, {"case_id": CASE})["id"]
    taken_back = world.app.call(consent.GetWithdrawal, AS_MOTHER, {"withdrawal_id": withdrawal_id})
    papers = [text_of(pdf(sheets.receipt_sheet(receipt, naming))),
              text_of(pdf(sheets.withdrawal_sheet(taken_back, naming)))]  # fmt: skip
    records = [valid(record.receipt_record(receipt, naming, 10, WHERE)),
               valid(record.withdrawal_record(taken_back, naming, 10, WHERE))]  # fmt: skip
    for text in (*papers, *(json.dumps(each, ensure_ascii=False) for each in records)):
        assert "PPT i Granli" in text and "Bjørkelia" not in text and "service-kindergarten" not in text
    for one in records:
        [sharer] = [
            party["party_name"]
            for party in one["consent_records"][0]["party_identification"]
            if party["party_role"] == "sharing_service"
        ]
        assert sharer == "En tjeneste"


def test_no_paper_says_where_somebody_lives(world: World) -> None:
    """GU-5: persons stand there by name alone; the shape allows no more."""
    receipt = receipt_of(world, world.sign(world.request(), AS_MOTHER)["id"])
    found = record.receipt_record(receipt, NAMING, 10, WHERE)
    people = [
        each for each in found["consent_records"][0]["party_identification"] if each["party_type"] == "person"
    ]
    assert people and all(
        set(each) == {"party_id", "party_name", "party_role", "party_type"} for each in people
    )
    people[0]["party_address"] = "Testveien 1"
    with pytest.raises(jsonschema_rs.ValidationError):
        valid(found)


def test_a_name_that_is_not_known_is_never_an_empty_line(world: World) -> None:
    receipt = receipt_of(world, world.sign(world.request(), AS_MOTHER)["id"])
    nameless = Naming({}, {}, NAMING.municipality)
    valid(record.receipt_record(receipt, nameless, 10, WHERE))
    assert PPT in text_of(pdf(sheets.receipt_sheet(receipt, nameless)))
    assert AS_FATHER.person_id not in text_of(pdf(sheets.receipt_sheet(receipt, nameless)))

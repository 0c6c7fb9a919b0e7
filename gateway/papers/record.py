"""Receipts as records in the shape of ISO/IEC TS 27560:2023 (consent record information structure), with its names.

A receipt bears the records that it is about: one for an answer, one for each request that a withdrawal touched. What
Stafett adds where the standard has no field is named `x_...`, so that no reader takes it for the standard's.
record.schema.json holds the shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from gateway.papers import control_code, words
from gateway.papers.naming import Naming, lines_of

Found = Mapping[str, Any]

SCHEMA_VERSION = "ISO/IEC TS 27560:2023; stafett 1"
_JURISDICTION = "NO"
_STATES = {"yes": "given", "no": "refused", "talk_first": "requested"}
_SPECIAL = frozenset({"health"})
"""Topics that are a special category of personal data by their name; the others may hold such data all the same."""


def receipt_record(receipt: Found, naming: Naming, years: int, place: str) -> dict[str, Any]:
    """The receipt of an answer. `years`: how long records are kept after the case; `place`: the address of the page on
    which the answer can be withdrawn."""
    lines = lines_of(receipt)
    event = {
        "event_time": receipt["signed_at"],
        "validity_duration": _span(receipt, receipt["valid_to"]),
        "entity_id": receipt["signer_id"],
        "event_type": "explicit",
        "event_state": _state({each["answer"] for each in lines}),
        "x_way": receipt["way"],
        "x_lines": [_line(each, naming) | {"state": _STATES[each["answer"]]} for each in lines],
    }
    if receipt["registered_by"]:
        event |= {
            "x_registered_by": receipt["registered_by"],
            "x_given_on": receipt["given_on"],
            "x_journal_ref": receipt["journal_ref"],
        }
    people = [(receipt["signer_id"], "signer"), (receipt["requested_by"], "requester"),
              (receipt["registered_by"], "registrar")]  # fmt: skip
    record = _record(receipt, receipt, lines, [event], people, naming, years, place)
    return _receipt(receipt["signature_id"], receipt["child_person_id"], [record])


def withdrawal_record(receipt: Found, naming: Naming, years: int, place: str) -> dict[str, Any]:
    """The receipt of a withdrawal: each record with the answer that was taken back, and its taking back."""
    records = []
    for each in receipt["taken_from"]:
        lines = [line for line in receipt["lines"] if line["request_id"] == each["request_id"]]
        given = {
            "event_time": each["signed_at"],
            "validity_duration": _span(each, each["valid_to"]),
            "entity_id": receipt["person_id"],
            "event_type": "explicit",
            "event_state": "given",
            "x_way": each["way"],
        }
        taken = {
            "event_time": receipt["at"],
            "validity_duration": _span(each, receipt["at"]),
            "entity_id": receipt["person_id"],
            "event_type": "explicit",
            "event_state": "withdrawn",
            "x_way": "electronic",
            "x_lines": [_line(line, naming) | {"state": "withdrawn"} for line in lines],
        }
        people = [(receipt["person_id"], "signer")]
        records.append(_record(receipt, each, lines, [given, taken], people, naming, years, place))
    return _receipt(receipt["withdrawal_id"], receipt["child_person_id"], records)


def _receipt(receipt_id: str, principal_id: str, records: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "schema_version": SCHEMA_VERSION,
        "receipt_id": receipt_id,
        "pii_principal_id": principal_id,
        "consent_records": records,
    }


def _record(
    whole: Found,
    text: Found,
    lines: list[Mapping[str, Any]],
    events: list[dict[str, Any]],
    people: Iterable[tuple[str | None, str]],
    naming: Naming,
    years: int,
    place: str,
) -> dict[str, Any]:
    """One record; `text` has the request and the words that were read, `whole` the case."""
    topics = dict.fromkeys(each["topic"] for each in lines)
    controller = f"municipality:{naming.municipality['municipality']}"
    receivers = dict.fromkeys(str(each.get("service_id") or each.get("person_id")) for each in lines)
    w = words(text["language"])
    return {
        "schema_version": SCHEMA_VERSION,
        "record_id": text["request_id"],
        "pii_principal_id": whole["child_person_id"],
        "pii_processing": {
            "privacy_notice": {
                "version": text["text_version"],
                "sha256": text["text_hash"],
                "control_code": control_code(text["text_hash"]),
                "text": list(text["wording"].values()),
            },
            "language": text["language"],
            "purposes": [
                {
                    "purpose": text["purpose"],
                    "purpose_type": "cooperation_around_a_child",
                    "lawful_basis": whole["legal_basis"],
                    "x_lawful_basis_text": naming.ground(
                        whole["legal_basis"], text.get("legal_basis_version"), text["language"]
                    ),
                    "pii_information": [
                        {
                            "pii_type": topic,
                            "pii_optional": True,
                            "special_pii_category": topic in _SPECIAL,
                            "x_text": w(f"topic.{topic}"),
                        }
                        for topic in topics
                    ],
                    "pii_controllers": [controller],
                    "collection_method": "from_the_family_and_from_those_who_work_with_the_child",
                    "processing_method": "read",
                    "storage_locations": [_JURISDICTION],
                    "retention_period": f"P{years}Y",
                    "jurisdiction": _JURISDICTION,
                    "services": [whole["owner_service_id"]],
                    "recipient_third_parties": list(receivers),
                    "withdrawal_method": place,
                }
            ],
        },
        "party_identification": [
            _municipality(controller, naming),
            *_services(whole, lines, naming),
            *_people(people, naming),
        ],
        "events": events,
    }


def _municipality(party_id: str, naming: Naming) -> dict[str, Any]:
    name = naming.municipality["name"]
    return {
        "party_id": party_id,
        "party_name": name,
        "party_role": "controller",
        "party_type": "municipality",
        "party_address": f"{name}, {_JURISDICTION}",
        "party_contact": naming.contact,
    }


def _services(whole: Found, lines: Iterable[Found], naming: Naming) -> list[dict[str, Any]]:
    """The service that shares and those that receive; they are parts of the municipality, and found through it."""
    roles = {str(whole["owner_service_id"]): "sharing_service"}
    for line in lines:
        if line.get("service_id"):
            roles.setdefault(line["service_id"], "receiving_service")
    return [
        {
            "party_id": service_id,
            "party_name": naming.services.get(service_id, service_id),
            "party_role": role,
            "party_type": "service",
            "party_address": f"{naming.municipality['name']}, {_JURISDICTION}",
            "party_contact": naming.contact,
        }
        for service_id, role in roles.items()
    ]


def _people(people: Iterable[tuple[str | None, str]], naming: Naming) -> list[dict[str, Any]]:
    """Those who asked, answered and registered, by name alone: no paper gives away where a person lives (GU-5)."""
    return [
        {
            "party_id": person_id,
            "party_name": naming.person(person_id),
            "party_role": role,
            "party_type": "person",
        }
        for person_id, role in people
        if person_id
    ]


def _line(line: Found, naming: Naming) -> dict[str, Any]:
    return {
        "recipient": str(line.get("service_id") or line.get("person_id")),
        "recipient_name": naming.receiver(line),
        "pii_type": line["topic"],
    }


def _span(found: Found, end: str) -> str:
    """An ISO 8601 interval: for how long the event holds."""
    return f"{found['valid_from']}/{end}"


def _state(answers: set[str]) -> str:
    """The record's state in one word: given if anything was agreed to, refused if all was refused."""
    if "yes" in answers:
        return "given"
    return "refused" if answers == {"no"} else "requested"

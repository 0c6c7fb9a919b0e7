"""The papers themselves: what each says, from the answers of the consent service and the names beside them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from gateway.papers import control_code, day, moment, words
from gateway.papers.naming import Naming, lines_of
from gateway.times import last_day
from services.chassis.documents import Choices, Document, Heading, Items, Paragraph, Rows, Signature
from services.contracts import consent

Found = Mapping[str, Any]

_EXPLAINED = (
    ("who_shares", ("who_shares",)),
    ("who_gets", ("who_reads",)),
    ("what", ("what", "history")),
    ("not_shared", ("what_not",)),
    ("why", ("why",)),
    ("how_long", ("how_long",)),
    ("what_if_no", ("if_no",)),
    ("regret", ("withdraw",)),
)
"""What a question of consent explains, and the sentences of the wording that explain it (as on the page)."""
_LEADING = ("decide", "everyone")


def signing_sheet(detail: Found, signer_id: str, naming: Naming) -> Document:
    """The request as a sheet to be signed by hand: the same text, to the letter, as the signer would have read on the
    page in that language (CO-6, CO-7). `detail` is a RequestDetail."""
    language = detail["language"]
    w, wording = words(language), detail["wording"]
    signer = next(each for each in detail["signers"] if each["person_id"] == signer_id)
    asked = [
        line
        for line in (*detail["lines"], *detail.get("person_lines", ()))
        if line["topic"] in signer["required_for"]
    ]
    questions = tuple(_question(line, naming, language) for line in asked)
    return Document(
        w("form.title"),
        language,
        datetime.fromisoformat(detail["requested_at"]),
        (
            Rows(
                (
                    (w("form.about"), naming.person(detail["child_person_id"])),
                    (w("form.signer"), naming.person(signer_id)),
                    (w("form.asks"), naming.person(detail["requested_by"])),
                )
            ),
            Paragraph(" ".join(wording[key] for key in _LEADING if key in wording)),
            Rows(tuple(_explained(detail, naming, language))),
            Heading(w("form.questions")),
            Choices(questions, (w("yes"), w("no"))),
            Paragraph(f"{w('form.help')} {wording.get('talk_first', '')}".strip()),
            Heading(w("form.sign")),
            Signature((w("form.place"), w("form.hand"), w("form.name"))),
            Paragraph(w("form.after")),
        ),
        lead=w("form.lead"),
        foot=w(
            "form.foot",
            code=control_code(detail["text_hash"]),
            version=detail["text_version"].removeprefix("v"),
            hash=detail["text_hash"],
        ),
    )


def receipt_sheet(receipt: Found, naming: Naming) -> Document:
    """What a signer gets to keep of an answer (CO-7). `receipt` is a Receipt."""
    language = receipt["language"]
    w = words(language)
    rows = [
        (w("receipt.about"), naming.person(receipt["child_person_id"])),
        (w("receipt.signer"), naming.person(receipt["signer_id"])),
        (w("receipt.at"), moment(receipt["signed_at"], language)),
        (w("receipt.way"), w(f"way.{receipt['way']}")),
        *_registered(receipt, naming, language),
        (w("why"), receipt["purpose"]),
        (w("how_long"), _until(receipt, language)),
        (
            w("receipt.basis"),
            naming.ground(receipt["legal_basis"], receipt.get("legal_basis_version"), language),
        ),
        (w("receipt.version"), _version(receipt, language)),
    ]
    return Document(
        w("receipt.title"),
        language,
        datetime.fromisoformat(receipt["signed_at"]),
        (
            Heading(w("receipt.answers")),
            Rows(tuple((_line(each, naming, language), w(each["answer"])) for each in lines_of(receipt))),
            Rows(tuple(rows)),
            Paragraph(w("receipt.withdraw")),
            Heading(w("receipt.read")),
            Items(tuple(receipt["wording"].values())),
        ),
        lead=w("receipt.lead"),
        foot=w("receipt.foot", id=receipt["signature_id"], hash=receipt["text_hash"]),
    )


def withdrawal_sheet(receipt: Found, naming: Naming) -> Document:
    """What a signer gets to keep of a withdrawal (CO-3), in the language of what was taken back."""
    language = receipt["taken_from"][0]["language"]
    w = words(language)
    return Document(
        w("withdrawal.title"),
        language,
        datetime.fromisoformat(receipt["at"]),
        (
            Heading(w("withdrawal.lines")),
            Items(tuple(_line(each, naming, language) for each in receipt["lines"])),
            Rows(
                (
                    (w("withdrawal.about"), naming.person(receipt["child_person_id"])),
                    (w("withdrawal.by"), naming.person(receipt["person_id"])),
                    (w("withdrawal.at"), moment(receipt["at"], language)),
                )
            ),
            *(
                Rows(
                    (
                        (w("receipt.at"), moment(each["signed_at"], language)),
                        (w("receipt.way"), w(f"way.{each['way']}")),
                        (w("why"), each["purpose"]),
                        (w("receipt.version"), _version(each, language)),
                    )
                )
                for each in receipt["taken_from"]
            ),
        ),
        lead=w("withdrawal.lead"),
        foot=w("withdrawal.foot", id=receipt["withdrawal_id"]),
    )


def _explained(detail: Found, naming: Naming, language: str) -> list[tuple[str, str]]:
    """(what, the sentences on it) of the question, with what this request says itself put before them."""
    w, wording = words(language), detail["wording"]
    receivers = dict.fromkeys(
        naming.receiver(line) for line in (*detail["lines"], *detail.get("person_lines", ()))
    )
    sharer = naming.services.get(detail["owner_service_id"])
    own = {
        "who_shares": f"{sharer}." if sharer else "",
        "who_gets": ", ".join(receivers) + ".",
        "why": detail["purpose"],
        "how_long": w("until", day=_last_day(detail, language)) + ".",
    }
    rows = []
    for name, keys in _EXPLAINED:
        told = [own.get(name, ""), *(wording[key] for key in keys if key in wording)]
        rows.append((w(name), " ".join(each for each in told if each)))
    return rows


def _question(line: Found, naming: Naming, language: str) -> str:
    w, topic = words(language), words(language)(f"topic.{line['topic']}")
    if line.get("service_id"):
        return w("question", service=naming.receiver(line), topic=topic)
    return w("question_person", person=naming.receiver(line), topic=topic)


def _line(line: Found, naming: Naming, language: str) -> str:
    w = words(language)
    return w("answer_for", service=naming.receiver(line), topic=w(f"topic.{line['topic']}"))


def _registered(receipt: Found, naming: Naming, language: str) -> list[tuple[str, str]]:
    w = words(language)
    if receipt["way"] == consent.WAYS[0]:
        return []
    rows = [
        (w("receipt.given_on"), day(receipt["given_on"], language)),
        (w("receipt.registered_by"), naming.person(receipt["registered_by"])),
    ]
    return rows + ([(w("receipt.journal"), receipt["journal_ref"])] if receipt["journal_ref"] else [])


def _version(found: Found, language: str) -> str:
    w = words(language)
    return f"{found['text_version'].removeprefix('v')}, {w('language.' + found['language'])}"


def _until(found: Found, language: str) -> str:
    return words(language)("until_day", day=_last_day(found, language))


def _last_day(found: Found, language: str) -> str:
    return day(last_day(found["valid_to"]), language)

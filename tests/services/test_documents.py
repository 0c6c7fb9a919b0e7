"""Papers: PDF/A-2a with all letters embedded, the same bytes for the same document; what people write stays text."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader
from pypdf.generic import IndirectObject

from services.chassis.documents import Choices, Document, Heading, Items, Paragraph, Rows, Signature, pdf

AT = datetime(2026, 11, 25, 12, 30, 15, 123456, tzinfo=UTC)
WHOLE = Document(
    "Kvittering for Jååhkesjávri",
    "nb",
    AT,
    (
        Paragraph("Først det ene.\nSå det andre."),
        Heading("Dette gjelder"),
        Rows((("Hvem", "Áddjá Čáhci Đuvvá"), ("Hvor lenge?", "Til 20. mai 2027"))),
        Items(("mål", "tiltak")),
        Choices(("Kan PPT lese om temaet «Læring»?",), ("Ja", "Nei")),
        Signature(("Navn", "Dato")),
    ),
    lead="Du bestemmer selv.",
    foot="Kontrollkode 12AB-34CD",
)
MARKUP = '#import "/etc/passwd": * \\ $x^2$ *fet* `kode` <b> #sys.inputs @ref // borte #read("document.typ")'


def text_of(body: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages)


def fonts_of(body: bytes) -> list[Any]:
    """Every font that a page names, with its descendants."""
    found: list[Any] = []
    for page in PdfReader(io.BytesIO(body)).pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index, union-attr]
            found += [each.get_object() for each in font.get_object().get("/DescendantFonts", [font])]
    return [font.get_object() if isinstance(font, IndirectObject) else font for font in found]


def test_a_paper_is_pdf_a_2a_and_accessible_and_carries_its_fonts() -> None:
    body = pdf(WHOLE)
    reader = PdfReader(io.BytesIO(body))
    xmp = reader.xmp_metadata.rdf_root.toxml()  # type: ignore[union-attr]
    assert "<pdfaid:part>2</pdfaid:part>" in xmp and "<pdfaid:conformance>A</pdfaid:conformance>" in xmp
    assert "<pdfuaid:part>1</pdfuaid:part>" in xmp
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]  # type: ignore[index]
    assert reader.trailer["/Root"]["/Lang"] == "nb-NO"  # type: ignore[index]
    assert reader.metadata is not None and reader.metadata.title == WHOLE.title
    fonts = fonts_of(body)
    assert fonts
    for font in fonts:
        assert {"/FontFile2", "/FontFile3"} & set(font["/FontDescriptor"].get_object())


def test_it_says_what_the_document_says() -> None:
    shown = text_of(pdf(WHOLE))
    for part in ("Jååhkesjávri", "Áddjá Čáhci Đuvvá", "Så det andre.", "Hvem:", "Hvor lenge? Til", "tiltak",
                 "«Læring»", "12AB-34CD", "1 / 1"):  # fmt: skip
        assert part in shown


def test_the_same_document_gives_the_same_bytes_and_another_instant_others() -> None:
    assert pdf(WHOLE) == pdf(WHOLE)
    later = Document(
        WHOLE.title, WHOLE.language, AT + timedelta(days=1), WHOLE.blocks, WHOLE.lead, WHOLE.foot
    )
    assert pdf(later) != pdf(WHOLE)


@pytest.mark.parametrize("place", ["title", "lead", "foot", "text"])
def test_markup_stays_text(place: str) -> None:
    parts = {"title": "T", "lead": "", "foot": ""} | ({place: MARKUP} if place != "text" else {})
    document = Document(parts["title"], "nb", AT, (Paragraph(MARKUP),), parts["lead"], parts["foot"])
    shown = " ".join(text_of(pdf(document)).split())
    assert shown.count('#import "/etc/passwd": *') == (1 if place == "text" else 2)
    assert "root:" not in shown and "Libertinus" not in shown


@pytest.mark.parametrize(
    "odd", ["😀", "مرحبا", "日本語", "ไทย", "\u0007", "\ufffe", "e\u0301" * 50, "\u202eabc"]
)
def test_a_letter_that_no_font_has_is_a_box_and_no_fault(odd: str) -> None:
    body = pdf(Document(odd, "en", AT, (Paragraph(f"før {odd} etter"),)))
    assert "før" in text_of(body) and "etter" in text_of(body)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=200), st.sampled_from(["nb", "nn", "en", "se"]))
def test_whatever_people_write_gives_a_paper(written: str, language: str) -> None:
    blocks = (
        Paragraph(written),
        Rows(((written, written),)),
        Items((written,)),
        Choices((written,), (written,)),
    )
    assert pdf(Document(f"T {written}", language, AT, blocks, written, written)).startswith(b"%PDF-")

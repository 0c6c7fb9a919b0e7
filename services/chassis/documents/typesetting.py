"""From a document to PDF/A-2a and PDF/UA-1 by typst, a compiled library: no program is started, no font looked for.

What the document says reaches the template as data (`sys.inputs`), never as markup: a text can't become code, name a
file or break the page."""

from __future__ import annotations

import json
from datetime import UTC
from pathlib import Path
from typing import Literal

import typst

from services.chassis.documents.model import Document, as_data

_STANDARDS: list[Literal["a-2a", "ua-1"]] = ["a-2a", "ua-1"]
_HERE = Path(__file__).resolve().parent
_TEMPLATE = _HERE / "document.typ"


def pdf(document: Document) -> bytes:
    """The document as PDF; takes some milliseconds. Only the fonts that come with typst are used, all embedded."""
    body = typst.compile(
        _TEMPLATE,
        root=_HERE,
        format="pdf",
        pdf_standards=[*_STANDARDS],
        sys_inputs={"document": json.dumps(as_data(document), ensure_ascii=False)},
        ignore_system_fonts=True,
        timestamp=document.made_at.astimezone(UTC).replace(microsecond=0),
    )
    assert isinstance(body, bytes)
    return body

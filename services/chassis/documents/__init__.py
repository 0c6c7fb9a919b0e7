"""Papers to be kept, printed and signed: what they say is data, what they look like is one template (docs/adr/0036).

document = Document("Kvittering", "nb", made_at, (Rows((("Svar", "Ja"),)),))
body = pdf(document)  # PDF/A-2a and PDF/UA-1, the same bytes for the same document
"""

from services.chassis.documents.model import (
    Block,
    Choices,
    Document,
    Heading,
    Items,
    Paragraph,
    Rows,
    Signature,
    printable,
)
from services.chassis.documents.typesetting import pdf

__all__ = [
    "Block",
    "Choices",
    "Document",
    "Heading",
    "Items",
    "Paragraph",
    "Rows",
    "Signature",
    "pdf",
    "printable",
]

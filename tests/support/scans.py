"""Scans as people send them, and as attackers do: made here, so that none lies in the repository as a file."""

from __future__ import annotations

import io
import struct
import zlib
from datetime import UTC, datetime

from PIL import Image
from pypdf import PdfWriter
from pypdf.generic import (
    ArrayObject,
    DecodedStreamObject,
    DictionaryObject,
    NameObject,
    NumberObject,
    TextStringObject,
)

from services.chassis.documents import Document, Paragraph, pdf

AT = datetime(2026, 11, 20, 9, tzinfo=UTC)


def picture(kind: str = "JPEG", size: tuple[int, int] = (640, 480)) -> bytes:
    """A grey picture."""
    body = io.BytesIO()
    Image.new("RGB", size, (200, 200, 200)).save(body, kind)
    return body.getvalue()


def paper(pages: int = 1) -> bytes:
    """A PDF of some pages."""
    if pages == 1:
        return pdf(Document("Samtykke", "nb", AT, (Paragraph("Ja til læring."),)))
    return written(pages=pages)


def written(*, pages: int = 1, password: str | None = None, root: dict[str, object] | None = None) -> bytes:
    """A PDF by pypdf: with so many pages, a password, and entries of the catalogue."""
    writer = PdfWriter()
    for _ in range(pages):
        writer.add_blank_page(200, 200)
    for name, value in (root or {}).items():
        writer.root_object[NameObject(name)] = value  # type: ignore[assignment]
    if password is not None:
        writer.encrypt(password)
    body = io.BytesIO()
    writer.write(body)
    return body.getvalue()


def _action(**entries: str) -> DictionaryObject:
    found = DictionaryObject({NameObject("/Type"): NameObject("/Action")})
    for name, value in entries.items():
        found[NameObject(f"/{name}")] = (
            NameObject(value) if value.startswith("/") else TextStringObject(value)
        )
    return found


def with_script() -> bytes:
    """JavaScript that runs when the paper is opened."""
    return written(root={"/OpenAction": _action(S="/JavaScript", JS="app.alert(1)")})


def with_hidden_script() -> bytes:
    """The same with the names written in escapes, so that a search for the word finds nothing."""
    return with_script().replace(b"/JavaScript", b"/J#61vaScript").replace(b"/JS", b"/#4aS")


def with_launch() -> bytes:
    """An action that starts a program."""
    return written(root={"/OpenAction": _action(S="/Launch", F="calc.exe")})


def with_trigger() -> bytes:
    """What is done when the paper is opened, told by its key alone: a page is fetched, by no word of scripts."""
    return written(
        root={"/AA": DictionaryObject({NameObject("/O"): _action(S="/URI", URI="https://example.org")})}
    )


def that_calls_out() -> bytes:
    """A page is fetched as the paper is opened, by an act that has no word of scripts."""
    return written(root={"/OpenAction": _action(S="/URI", URI="https://example.org")})


def with_contents_elsewhere() -> bytes:
    """A part of the paper is fetched from somewhere else."""
    elsewhere = DictionaryObject(
        {NameObject("/FS"): NameObject("/URL"), NameObject("/F"): TextStringObject("https://example.org")}
    )
    return written(root={"/Part": elsewhere})


def that_opens_at_a_place() -> bytes:
    """A plain paper whose program wrote that it opens at its first page."""
    place = ArrayObject([NumberObject(0), NameObject("/Fit")])
    return written(
        root={
            "/OpenAction": DictionaryObject({NameObject("/S"): NameObject("/GoTo"), NameObject("/D"): place})
        }
    )


def with_file() -> bytes:
    """Another file within the file."""
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    writer.add_attachment("a.exe", b"MZ")
    body = io.BytesIO()
    writer.write(body)
    return body.getvalue()


def with_script_in_object_stream() -> bytes:
    """The script in a compressed stream of objects, where no reader of bytes finds it."""
    inner = b"<< /S /JavaScript /JS (app.alert(1)) >>"
    head = b"5 0 "
    packed = zlib.compress(head + inner)
    parts = [
        b"1 0 obj << /Type /Catalog /Pages 2 0 R /OpenAction 5 0 R >> endobj\n",
        b"2 0 obj << /Type /Pages /Kids [3 0 R] /Count 1 >> endobj\n",
        b"3 0 obj << /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] >> endobj\n",
        b"4 0 obj << /Type /ObjStm /N 1 /First %d /Filter /FlateDecode /Length %d >> stream\n%s\nendstream endobj\n"
        % (len(head), len(packed), packed),
    ]
    body, places = b"%PDF-1.7\n", []
    for part in parts:
        places.append(len(body))
        body += part
    start = len(body)
    rows = b"".join(struct.pack(">BIB", 1, place, 0) for place in places) + struct.pack(">BIB", 2, 4, 0)
    rows = struct.pack(">BIB", 0, 0, 255) + rows + struct.pack(">BIB", 1, start, 0)
    packed = zlib.compress(rows)
    return body + (
        b"6 0 obj << /Type /XRef /Size 7 /W [1 4 1] /Root 1 0 R /Filter /FlateDecode /Length %d >> stream\n%s\n"
        b"endstream endobj\nstartxref\n%d\n%%%%EOF\n" % (len(packed), packed, start)
    )


def object_stream_bomb() -> bytes:
    """A stream of objects that unpacks to 300 million bytes."""
    squeeze = zlib.compressobj(9)
    packed = b"".join(squeeze.compress(b"0 " * 500_000) for _ in range(300)) + squeeze.flush()
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    stream = DecodedStreamObject()
    stream.set_data(b"x")
    stream.update({NameObject("/Type"): NameObject("/ObjStm"), NameObject("/N"): NumberObject(100_000_000)})
    writer._add_object(stream)
    body = io.BytesIO()
    writer.write(body)
    whole = with_script_in_object_stream()
    begin = whole.index(b"4 0 obj")
    end = whole.index(b"6 0 obj")
    bomb = (
        b"4 0 obj << /Type /ObjStm /N 100000000 /First 4 /Filter /FlateDecode /Length %d >> stream\n%s\n"
        b"endstream endobj\n" % (len(packed), packed)
    )
    start = begin + len(bomb)
    tail = whole[end:]
    old_start = int(tail[tail.rindex(b"startxref") + 9 :].split()[0])
    return whole[:begin] + bomb + tail.replace(b"startxref\n%d" % old_start, b"startxref\n%d" % start)


def kids_in_a_ring() -> bytes:
    """A tree of pages that leads back to itself."""
    return (
        b"%PDF-1.4\n1 0 obj << /Type /Catalog /Pages 2 0 R >> endobj\n"
        b"2 0 obj << /Type /Pages /Kids [2 0 R 2 0 R] /Count 2 >> endobj\n"
        b"trailer << /Root 1 0 R /Size 3 >>\nstartxref\n0\n%%EOF\n"
    )


def png_bomb() -> bytes:
    """A picture of some kilobytes that is 30,000 by 30,000 when it is unpacked."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 5_000_000, 9))
        + chunk(b"IEND", b"")
    )  # fmt: skip


def moving_png() -> bytes:
    """A picture of two frames: what one sees is not all that it shows."""
    body = io.BytesIO()
    frames = [Image.new("RGB", (64, 64), colour) for colour in ("white", "black")]
    frames[0].save(body, "PNG", save_all=True, append_images=frames[1:])
    return body.getvalue()


def deep_array() -> bytes:
    """A list in a list in a list, a hundred thousand times."""
    deep = b"[" * 100_000 + b"]" * 100_000
    return (
        b"%PDF-1.4\n1 0 obj << /Type /Catalog /Pages 2 0 R /X " + deep + b" >> endobj\n"
        b"2 0 obj << /Type /Pages /Kids [] /Count 0 >> endobj\n"
        b"trailer << /Root 1 0 R /Size 3 >>\nstartxref\n0\n%%EOF\n"
    )


def huge_image_in_pdf() -> bytes:
    """A PDF whose picture says that it is a million by a million."""
    stream = DecodedStreamObject()
    stream.set_data(b"x")
    stream.update(
        {
            NameObject("/Subtype"): NameObject("/Image"),
            NameObject("/Width"): NumberObject(1_000_000),
            NameObject("/Height"): NumberObject(1_000_000),
        }
    )
    writer = PdfWriter()
    writer.add_blank_page(200, 200)
    reference = writer._add_object(stream)
    writer.root_object[NameObject("/Hidden")] = ArrayObject([reference])
    body = io.BytesIO()
    writer.write(body)
    return body.getvalue()

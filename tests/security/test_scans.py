"""What is sent as evidence is judged by what it is, in a process that can hurt nobody (CO-6)."""

from __future__ import annotations

import time

import pytest

from services.consent.domain.evidence import MAX_BYTES, MAX_PAGES, media_type
from services.consent.evidence import look_into
from services.kernel.errors import InvalidInput
from tests.support import scans

GOOD = {
    "paper": (scans.paper(), "application/pdf", 1),
    "paper that opens at a place": (scans.that_opens_at_a_place(), "application/pdf", 1),
    "three pages": (scans.paper(3), "application/pdf", 3),
    "photograph": (scans.picture("JPEG"), "image/jpeg", 1),
    "screen picture": (scans.picture("PNG"), "image/png", 1),
    "photograph of a good phone": (scans.picture("JPEG", (8000, 6000)), "image/jpeg", 1),
}
BAD = {
    "script": (scans.with_script(), "active_content"),
    "script under another name": (scans.with_hidden_script(), "active_content"),
    "script in a packed stream": (scans.with_script_in_object_stream(), "active_content"),
    "program": (scans.with_launch(), "active_content"),
    "act without a word of what it is": (scans.with_trigger(), "active_content"),
    "call as it is opened": (scans.that_calls_out(), "active_content"),
    "contents elsewhere": (scans.with_contents_elsewhere(), "active_content"),
    "file within": (scans.with_file(), "active_content"),
    "password": (scans.written(password="x"), "encrypted"),
    "too many pages": (scans.written(pages=MAX_PAGES + 1), "too_many_pages"),
    "no page": (scans.written(pages=0), "damaged"),
    "pages in a ring": (scans.kids_in_a_ring(), None),
    "lists in lists": (scans.deep_array(), None),
    "bomb of objects": (scans.object_stream_bomb(), None),
    "bomb of pixels": (scans.png_bomb(), "too_many_pixels"),
    "huge picture in a paper": (scans.huge_image_in_pdf(), "too_many_pixels"),
    "two pictures in one": (scans.moving_png(), "active_content"),
    "paper cut off": (scans.paper()[:-400], "damaged"),
    "picture cut off": (scans.picture("JPEG")[:-2000], "damaged"),
    "only a beginning": (b"%PDF-1.7\n%%EOF", "damaged"),
    "noise after a beginning": (b"\xff\xd8\xff" + bytes(range(256)) * 40, "damaged"),
    "png without a picture": (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "damaged"),
}


def refusal(content: bytes) -> str:
    with pytest.raises(InvalidInput) as caught:
        look_into(content, media_type(content))
    assert caught.value.rule == "CO-6"
    return str(caught.value.fields["scan"])


@pytest.mark.parametrize("name", GOOD)
def test_a_scan_is_known_by_its_content(name: str) -> None:
    content, kind, pages = GOOD[name]
    assert media_type(content) == kind and look_into(content, kind) == pages


@pytest.mark.parametrize("name", BAD)
def test_CO_6_what_is_no_plain_scan_is_refused_in_time(name: str) -> None:
    content, code = BAD[name]
    began = time.monotonic()
    found = refusal(content)
    assert found == code if code else found in {"damaged", "too_complex"}
    assert time.monotonic() - began < 15


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"%PDF-" + b"x" * MAX_BYTES, "too_large"),
        (b"PK\x03\x04 a document of another kind", "not_a_scan"),
        (b"<html><script>alert(1)</script>", "not_a_scan"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not_a_scan"),
        (b"GIF89a", "not_a_scan"),
        (b"MZ", "not_a_scan"),
        (b" %PDF-1.7", "not_a_scan"),
    ],
)
def test_CO_6_the_name_of_a_file_says_nothing(content: bytes, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        media_type(content)
    assert caught.value.fields == {"scan": code}

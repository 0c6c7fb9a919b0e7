"""The process that opens a scan: `reader.py <media type> <most pages> <most pixels> < scan` prints {"pages": 2} or
{"refused": "<code>"}. It stands alone: it imports nothing of ours, and shuts the doors before it reads a byte."""

import json
import re
import resource
import sys
import warnings
from io import BytesIO
from typing import Any

MEMORY = 768 * 1024 * 1024
CPU_SECONDS = 5
MOST_OBJECTS = 20_000
MOST_FILTERS = 3

ACTIVE = frozenset(
    {
        "/JS", "/JavaScript", "/Launch", "/EmbeddedFile", "/EmbeddedFiles", "/EF", "/RichMedia", "/XFA", "/SubmitForm",
        "/ImportData", "/GoToE", "/GoToR", "/Rendition", "/Movie", "/Sound", "/3D", "/AA",
    }
)  # fmt: skip
"""Names that a scanned paper has no use for: scripts, programs, files within the file, and what sends or fetches."""
_LISTED_NOWHERE = re.compile(rb"/(?:JavaScript|Launch|EmbeddedFiles?|RichMedia|SubmitForm|ImportData)\b")
_ESCAPED = re.compile(rb"#([0-9A-Fa-f]{2})")


class Refused(Exception):
    """The code of what is wrong with the scan."""


def read(content: bytes, media_type: str, pages: int, pixels: int) -> int:
    """The number of pages; raises Refused."""
    if media_type == "application/pdf":
        return _pdf(content, pages, pixels)
    return _image(content, "JPEG" if media_type == "image/jpeg" else "PNG", pixels)


def _image(content: bytes, kind: str, pixels: int) -> int:
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = pixels
    warnings.simplefilter("error", Image.DecompressionBombWarning)
    try:
        with Image.open(BytesIO(content), formats=(kind,)) as image:
            width, height = image.size
            if width * height > pixels:
                raise Refused("too_many_pixels")
            if getattr(image, "n_frames", 1) != 1:
                raise Refused("active_content")
            image.verify()
        with Image.open(BytesIO(content), formats=(kind,)) as image:
            image.load()  # to the last line: a picture that was cut off shows here
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise Refused("too_many_pixels") from None
    return 1


def _pdf(content: bytes, pages: int, pixels: int) -> int:
    from pypdf import PdfReader

    if b"%%EOF" not in content[-2048:]:
        raise Refused("damaged")
    if _LISTED_NOWHERE.search(_ESCAPED.sub(lambda found: bytes([int(found[1], 16)]), content)):
        raise Refused("active_content")
    reader = PdfReader(BytesIO(content), strict=False)
    if reader.is_encrypted or "/Encrypt" in reader.trailer:
        raise Refused("encrypted")
    _look_at_all(reader, pixels)
    found = len(reader.pages)
    if found > pages:
        raise Refused("too_many_pages")
    if found < 1:
        raise Refused("damaged")
    for page in reader.pages:
        page.mediabox  # noqa: B018 - a page without a size is none
    return found


def _look_at_all(reader: Any, pixels: int) -> None:
    """Every object of the file once, those that no page leads to as well."""
    ids = {(number, generation) for generation, known in reader.xref.items() for number in known}
    ids |= {(number, 0) for number in reader.xref_objStm}
    if len(ids) > MOST_OBJECTS:
        raise Refused("too_complex")
    _look_at(reader.trailer, pixels)
    for number, generation in sorted(ids):
        _look_at(_object(reader, number, generation), pixels)


def _object(reader: Any, number: int, generation: int) -> Any:
    from pypdf.errors import PdfReadError
    from pypdf.generic import IndirectObject

    try:
        return reader.get_object(IndirectObject(number, generation, reader))
    except PdfReadError:
        return None  # a place in the list where nothing stands: nobody is led there


def _look_at(found: Any, pixels: int) -> None:
    """One object with all that lies directly in it."""
    waiting, seen = [found], 0
    while waiting:
        each = waiting.pop()
        seen += 1
        if seen > MOST_OBJECTS:
            raise Refused("too_complex")
        if isinstance(each, dict):
            _look_at_keys(each, pixels)
            waiting += [each.raw_get(key) if hasattr(each, "raw_get") else each[key] for key in each]
        elif isinstance(each, list):
            waiting += list(list.__iter__(each))
        elif isinstance(each, str) and each in ACTIVE:
            raise Refused("active_content")


def _look_at_keys(each: Any, pixels: int) -> None:
    if ACTIVE & set(each):
        raise Refused("active_content")
    if dict.get(each, "/FS") == "/URL" or _opens_with_an_act(dict.get(each, "/OpenAction")):
        raise Refused("active_content")
    filters = dict.get(each, "/Filter")
    if isinstance(filters, list) and len(filters) > MOST_FILTERS:
        raise Refused("too_complex")
    width, height = dict.get(each, "/Width"), dict.get(each, "/Height")
    if isinstance(width, int) and isinstance(height, int) and width * height > pixels:
        raise Refused("too_many_pixels")


def _opens_with_an_act(action: Any) -> bool:
    """Whether opening the paper does more than to show one of its places."""
    action = action.get_object() if hasattr(action, "get_object") else action
    return isinstance(action, dict) and (dict.get(action, "/S") != "/GoTo" or "/Next" in action)


def main(media_type: str, pages: str, pixels: str) -> None:
    """Print the verdict. Whatever goes wrong in reading is the scan's fault."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    content = sys.stdin.buffer.read()
    try:
        verdict: dict[str, Any] = {"pages": read(content, media_type, int(pages), int(pixels))}
    except Refused as refused:
        verdict = {"refused": str(refused)}
    except (MemoryError, RecursionError):
        verdict = {"refused": "too_complex"}
    except Exception:
        verdict = {"refused": "damaged"}
    print(json.dumps(verdict))


if __name__ == "__main__":
    main(*sys.argv[1:])

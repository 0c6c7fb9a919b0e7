"""Faults of a request in stable codes, so that pages and API say the same of a field in any language."""

from collections.abc import Mapping
from typing import Any

_CODES = {
    "Missing data for required field.": "missing",
    "Unknown field.": "unknown",
    "Field may not be null.": "missing",
    "Invalid value.": "wrong_value",
    "Invalid input type.": "wrong_type",
}


def field_faults(messages: Any, path: str = "") -> dict[str, str]:
    """Marshmallow's nested messages as {"guardians.0.person_id": code}; never the value that was refused."""
    if isinstance(messages, Mapping):
        found: dict[str, str] = {}
        for name, below in messages.items():
            step = "" if name == "_schema" else str(name)[:64]
            found.update(field_faults(below, ".".join(part for part in (path, step) if part)))
        return found
    first = messages[0] if isinstance(messages, list) and messages else messages
    if isinstance(first, Mapping):
        return field_faults(first, path)
    text = str(first)
    if text in _CODES:
        code = _CODES[text]
    elif text.isascii() and text.replace("_", "").isalnum() and text == text.lower():
        code = text
    else:
        code = "wrong_type" if text.startswith("Not a valid") else "wrong_value"
    return {path or "request": code}

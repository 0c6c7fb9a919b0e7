"""Forms on pages: what was sent, what is wrong with it in words, and the keys that make a double click harmless."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

from flask import g, request

from gateway.frame.view import sentence, t
from gateway.translations import translator
from services.chassis.ids import new_id
from services.contracts.base import Procedure
from services.kernel.errors import Refusal

_VERSION = re.compile(r"[0-9]{1,15}")


@dataclass
class Form:
    """A form's state, as templates/macros/form.html wants it."""

    data: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    key: str = field(default_factory=new_id)
    etag: str | None = None
    draft: str | None = None
    refusal: Refusal | None = None
    labels: dict[str, str] = field(default_factory=dict)
    """Filled by the template's fields while the page is made, so that the summary of errors can name them."""

    @classmethod
    def sent(cls, *lists: str) -> Form:
        """What this request sent; the fields named in `lists` may have several values. Texts are stripped, line ends
        are those of Unix."""
        data: dict[str, Any] = {}
        for name in request.form:
            if name in ("csrf_token", "idempotency_key", "etag"):
                continue
            values = [value.replace("\r\n", "\n").strip() for value in request.form.getlist(name)]
            data[name] = values if name in lists else values[0]
        return cls(
            data, key=request.form.get("idempotency_key") or new_id(), etag=request.form.get("etag") or None
        )

    def text(self, name: str) -> str | None:
        """A field's text, None when it is empty."""
        value = self.data.get(name)
        return value or None if isinstance(value, str) else None

    def many(self, name: str) -> list[str]:
        """A field's values."""
        value = self.data.get(name, [])
        return [value] if isinstance(value, str) else list(value)

    @property
    def version(self) -> int:
        """The version on which an edit was made (LG-8); one that was not sent, or is none, is older than all."""
        return int(self.etag) if self.etag and _VERSION.fullmatch(self.etag) else 0

    def wrong(self, name: str, code: str) -> None:
        """Note what is wrong with a field; the first word on it stands."""
        self.errors.setdefault(name, field_sentence(name, code))

    def submit(self, procedure: Procedure, asked: dict[str, Any], **renamed: str) -> dict[str, Any] | None:
        """Ask the service to do it. None when something is to be mended: `errors` then says what, in words.

        `renamed` maps a field of the procedure to the page's field. 404 and outages are raised: there is no form to
        go back to. A stale edit (412) is in `refusal` for the page that shows conflicts.
        """
        given = {name: value for name, value in asked.items() if value is not None}
        try:
            return dict(g.asking(procedure, given, idempotency_key=self.key))
        except Refusal as refusal:
            if refusal.status in (404, 500, 503):
                raise
            self.refusal = refusal
            for name, code in refusal.fields.items():
                own = renamed.get(name) or renamed.get(name.split(".")[0]) or name.split(".")[0]
                self.errors.setdefault(own, field_sentence(own, code))
            if not refusal.fields:
                self.errors["form"] = sentence(refusal) or t("errors.unknown")
            self.key = new_id()
            return None

    @property
    def status(self) -> int:
        """The status with which the page goes back: 422 when something is to be mended."""
        if self.refusal is not None and not self.refusal.fields:
            return self.refusal.status
        return 422 if self.errors else 200


def field_sentence(name: str, code: str) -> str:
    """What is wrong with a field, in words: for this field if the catalogue has it, else for the code."""
    translate = translator("nb")
    code = _CODES.get(code, code)
    for key in (f"errors.{name}_{code}", f"errors.{code}"):
        if translate.has(key):
            return translate(key)
    return t("errors.invalid")


_CODES = {
    "missing": "required",
    "blank": "required",
    "unknown": "unknown_value",
    "not_a_choice": "unknown_value",
}

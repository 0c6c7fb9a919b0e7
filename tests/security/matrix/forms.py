"""A page's form filled in as a browser would send it, so that a new field needs no new line in routes.yaml."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from tests.journeys.main_job import today

TEXT = "Vi har sett dette."


@dataclass
class _Form:
    method: str
    action: str
    fields: dict[str, list[str]] = field(default_factory=dict)


class _Reader(HTMLParser):
    """The forms of a page, each with one value a field: what stands there, else the first choice, a day, a text."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: list[_Form] = []
        self._select: str | None = None
        self._text: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms.append(_Form(given.get("method", "get").lower(), given.get("action", "")))
        elif self.forms and tag == "select":
            self._select = given.get("name")
        elif self.forms and tag == "option" and self._select and given.get("value"):
            self._put(self._select, given["value"])
        elif self.forms and tag == "textarea" and given.get("name"):
            self._text = given["name"]
            self._put(self._text, TEXT)
        elif self.forms and tag == "input" and given.get("name"):
            self._input(given)

    def _input(self, given: dict[str, str]) -> None:
        kind, value = given.get("type", "text"), given.get("value", "")
        if kind == "checkbox" and "checked" not in dict(given) and given["name"] in self.forms[-1].fields:
            return
        made = {"date": today(7), "time": "10:00"}.get(kind, TEXT)
        self._put(given["name"], value or ("" if kind == "hidden" else made))

    def handle_endtag(self, tag: str) -> None:
        if tag == "select":
            self._select = None
        if tag == "textarea":
            self._text = None

    def _put(self, name: str, value: str) -> None:
        self.forms[-1].fields.setdefault(name, [value])


def filled(html: str) -> dict[str, str]:
    """The fields of the page's largest form that is posted, without the session's token."""
    reader = _Reader()
    reader.feed(html)
    posted = [each for each in reader.forms if each.method == "post" and each.action != "/logg-ut"]
    if not posted:
        return {}
    largest = max(posted, key=lambda each: len(each.fields))
    left_out = ("csrf_token", "idempotency_key")
    return {name: values[0] for name, values in largest.fields.items() if name not in left_out}

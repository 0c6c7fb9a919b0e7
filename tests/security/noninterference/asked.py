"""Everything that can be asked for, from the gateway's own table of addresses: nothing here is listed by hand."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

from flask import Flask
from werkzeug.routing import Rule

from gateway.app import Means, create_app
from services.chassis.settings import Settings

NOBODYS = "00000000-0000-7000-8000-000000000000"
"""Fills a place in an address for which the story has nothing."""
_LINK = re.compile(r'(?:href|action)="(/[^"#]*)')
_NOT_FOLLOWED = re.compile(r"/static/|/logg-")
"""The front end's files, which are the same for all, and what would end or change a session."""


def rules() -> list[Rule]:
    """All addresses that the gateway answers, in the order in which it knows them."""
    settings = Settings("gateway", Path("var"), "", "")
    means = Means(
        settings=settings, db=_NONE, keys=_NONE, clock=_NONE, signer=_NONE, client=_NONE, remembered=_NONE
    )
    app: Flask = create_app(means)
    return sorted(app.url_map.iter_rules(), key=lambda rule: (rule.rule, rule.endpoint))


_NONE = cast(Any, None)
"""Of the means of the application none is used while its addresses are read."""


def addresses(method: str, known: Mapping[str, Sequence[str]]) -> Iterator[str]:
    """Every address for `method`, its places filled in turn with all that `known` has for them by name."""
    for rule in rules():
        if method not in (rule.methods or ()) or _NOT_FOLLOWED.match(rule.rule):
            continue
        slots = sorted(rule.arguments)
        many = max((len(known.get(slot, ())) for slot in slots), default=1) or 1
        for turn in range(many):
            address = rule.rule
            for slot in slots:
                values = known.get(slot) or (NOBODYS,)
                address = re.sub(rf"<(?:\w+(?:\([^)]*\))?:)?{slot}>", values[turn % len(values)], address)
            yield address


def links(page: str) -> list[str]:
    """The addresses of this site that a page points to, each once."""
    found = (each.replace("&amp;", "&") for each in _LINK.findall(page))
    return list(dict.fromkeys(each for each in found if not _NOT_FOLLOWED.match(each)))


def ids_in(document: str) -> Iterator[tuple[str, str]]:
    """(name, value) of every id that an answer of the API bears, as places in addresses are called."""
    try:
        yield from _ids(json.loads(document))
    except ValueError:
        return


def _ids(value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            if isinstance(each, str) and name.endswith("_id"):
                yield name, each
            yield from _ids(each)
    elif isinstance(value, list):
        for each in value:
            yield from _ids(each)

"""How a page is made: the frame's facts (who you are, what waits for you) are the same for all, and live here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import Flask, current_app, g, render_template, request, session

from gateway.frame import format as words
from gateway.guards import csrf_token
from gateway.login import people
from gateway.translations import translator
from services.contracts import notifications
from services.kernel.errors import Refusal

LOCALE = "nb"

RETRY_AFTER = {429: "60", 503: "5"}
"""Seconds after which it makes sense to try again, by status."""


def register(app: Flask) -> None:
    """Give the app's templates their words."""
    words.install(app.jinja_env, lambda: g.now, LOCALE)


def t(key: str, /, **params: object) -> str:
    """A sentence of the catalogue."""
    return translator(LOCALE)(key, **params)


def notice(key: str, kind: str = "success", **params: object) -> None:
    """Tell the person on the next page what has been done."""
    session["notice"] = {"kind": kind, "text": t(key, **params)}


def render(template: str, **values: Any) -> str:
    """A page. `active`, `missing`, `unread` and `municipality` are for the frame; the rest is the template's."""
    frame = page(
        active=values.pop("active", None),
        missing=values.pop("missing", ()),
        unread=values.pop("unread", _ASK),
        municipality=values.pop("municipality", None),
    )
    return render_template(template, page=frame, **values)


_ASK = object()


def page(
    active: str | None = None,
    missing: Iterable[str] = (),
    unread: Any = None,
    municipality: str | None = None,
) -> dict[str, Any]:
    """The frame's view model (see templates/base.html)."""
    chosen = people.chosen()
    place = municipality or (chosen or {}).get("municipality")
    return {
        "municipality": {"slug": place, "name": _municipality_name(place)} if place else None,
        "who": _who(chosen),
        "unread": _unread(chosen) if unread is _ASK else unread,
        "csrf": csrf_token() if chosen or request.method != "GET" or session else "",
        "active": active,
        "notice": session.pop("notice", None) if session.get("notice") else None,
        "missing": [t(f"part.{name}") for name in dict.fromkeys([*missing, *g.names.missing])],
        "sandbox": current_app.extensions["stafett"].settings.sandbox,
    }


def _who(chosen: dict[str, Any] | None) -> dict[str, Any] | None:
    if chosen is None:
        return None
    if chosen["capacity"] == "employee":
        label = g.names.unit(chosen["municipality"], chosen["unit_id"]) or t("capacity.employee_short")
    else:
        label = t(f"capacity.{chosen['capacity']}")
    return {
        "name": chosen["name"],
        "label": label,
        "capacity": chosen["capacity"],
        "can_switch": len(session.get("capacities", [])) > 1,
    }


def _municipality_name(place: str) -> str:
    try:
        return str(g.names.municipality(place))
    except Refusal:
        return place


def _unread(chosen: dict[str, Any] | None) -> int | None:
    if chosen is None:
        return None
    try:
        return int(g.asking(notifications.UnreadCount)["unread"])
    except Refusal:
        return None


def sentence(refusal: Refusal) -> str | None:
    """The refusal in words, for a person: by its code, else (403) that one may read but not do this, and why; or
    None."""
    translate, key = translator(LOCALE), f"errors.{refusal.code}"
    if not translate.has(key):
        if refusal.status != 403:
            return None
        forbidden = translate("errors.forbidden")
        known = translate.has(f"decisions.{refusal.code}")
        return f"{forbidden} {why(refusal.code)}" if known else forbidden
    try:
        return translate(key, **refusal.params)
    except KeyError:
        return None


def day_in_words(value: words.When) -> str:
    """ "fredag 13. mars", as templates write it."""
    return words.Words(translator(LOCALE), lambda: g.now).day(value)


def why(reason_code: str) -> str:
    """Why a decision allowed or refused, in words (CO-8)."""
    key = f"decisions.{reason_code}"
    return t(key if translator(LOCALE).has(key) else "decisions.unknown")


def error_page(refusal: Refusal) -> tuple[str, int, dict[str, str]]:
    """The page for a refusal: what happened, and what to do. It never confirms that a child exists."""
    headers = {"Retry-After": RETRY_AFTER[refusal.status]} if refusal.status in RETRY_AFTER else {}
    text = None if refusal.status == 404 else sentence(refusal)
    trace = g.get("trace_id") if refusal.status >= 500 else None
    body = render(
        "common/error.html", status=refusal.status, sentence=text, back=None, trace=trace, unread=None
    )
    return body, refusal.status, headers

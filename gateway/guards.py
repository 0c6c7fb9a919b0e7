"""What is asked of each request before anything is made of it: the session's token, a login, and no program where
people act."""

import hmac
import secrets
from dataclasses import dataclass

from flask import Flask, current_app, g, request, session

from gateway.asking import Asking, NotLoggedIn
from gateway.login.machines import ForPeople, bears_token
from services.kernel.errors import Refusal

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True)
class Open:
    """What is declared open: for that nobody needs to be logged in."""

    rooms: frozenset[str]
    """Blueprints of which everything is open; those of the login look for themselves who is there."""
    endpoints: frozenset[str]
    programs: str
    """The blueprint of programs: no browser's session counts there, so no other site can use it."""


class CsrfFailed(Refusal):
    """A change was asked for without the session's token: perhaps by another site."""

    code, status, detail = (
        "csrf_failed",
        403,
        "The form is too old, or was not made here. Open the page again.",
    )


def declare(app: Flask, declared: Open) -> None:
    """Let the guards of the app know what is open."""
    app.extensions["stafett.open"] = declared


def _open() -> Open:
    declared: Open = current_app.extensions["stafett.open"]
    return declared


def same_site() -> None:
    """Every change bears the session's token, in the form or in a header: another site can't know it."""
    if request.method in SAFE or request.blueprint == _open().programs:
        return
    expected = session.get("csrf", "")
    given = request.headers.get("Stafett-CSRF") or (
        request.form.get("csrf_token", "") if request.form else ""
    )
    if not expected or not hmac.compare_digest(expected.encode(), given.encode()):
        raise CsrfFailed


def no_program() -> None:
    """SE-3: a program that bears a token gets what is open, and what is made for programs; whatever it names besides,
    the answer is the same, and nobody looks whether it is there."""
    if not is_open() and is_api() and bears_token():
        raise ForPeople


def logged_in() -> None:
    """Denial by default (CO-8): who is not logged in gets what is declared open; of the rest no form is looked at."""
    asking: Asking | None = g.get("asking")
    if asking is None or asking.actor is not None or request.endpoint is None:
        return
    if not is_open():
        raise NotLoggedIn


def is_api() -> bool:
    """Whether a program asks, not a person's browser."""
    return request.path.startswith(("/api/", "/outside/"))


def is_open() -> bool:
    """Whether what is asked for is declared open: for that nobody needs to be logged in."""
    declared = _open()
    return request.blueprint in declared.rooms or request.endpoint in declared.endpoints


def csrf_token() -> str:
    """The session's token; made when first needed."""
    if "csrf" not in session:
        session["csrf"] = secrets.token_urlsafe(32)
    token: str = session["csrf"]
    return token

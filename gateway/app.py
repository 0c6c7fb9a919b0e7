"""The gateway's web application: who asks is settled here, once, before any page or API answer is made."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, g, request, session
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

from gateway import api, files, guards, health, pages, problems, versions, watching
from gateway.asking import Asking
from gateway.composition.names import Names, Remembered
from gateway.login import oidc, people
from gateway.sessions import EncryptedSessions
from services.chassis.actor import Signer
from services.chassis.clock import Clock
from services.chassis.keys import Keys
from services.chassis.rpc.client import RpcClient
from services.chassis.settings import Settings
from services.chassis.storage import Database
from services.kernel.errors import Unavailable

_HERE = Path(__file__).parent
_CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
MAX_BODY = 256 * 1024
_OPEN = guards.Open(
    rooms=frozenset({"public", "login", "api-docs", "api_outside", "api_machines"}),
    endpoints=api.OPEN | {"live", "ready", "metadata"},
    programs=api.PROGRAMS,
)


@dataclass(frozen=True)
class Means:
    """What the application works with."""

    settings: Settings
    db: Database
    keys: Keys
    clock: Clock
    signer: Signer
    client: RpcClient
    remembered: Remembered

    @property
    def checks(self) -> dict[str, Callable[[], bool]]:
        """What readiness means for the gateway, by component."""
        return {"database": self.db.answers, "broker": self.client.connected}


def create_app(means: Means) -> Flask:
    """The WSGI application."""
    app = Flask("gateway", static_folder=str(_HERE / "static"), template_folder=str(_HERE / "templates"))
    app.config.update(
        MAX_CONTENT_LENGTH=MAX_BODY,
        MAX_FORM_PARTS=2000,
        SEND_FILE_MAX_AGE_DEFAULT=86400,
        SERVER_NAME=None,
        PREFERRED_URL_SCHEME=means.settings.public_url.split(":", 1)[0],
    )
    app.url_map.strict_slashes = False
    app.session_interface = EncryptedSessions(
        means.db,
        means.keys,
        means.clock,
        secure=means.settings.public_url.startswith("https:"),
        port=urlsplit(means.settings.public_url).port,
    )
    app.extensions["stafett"] = means
    guards.declare(app, _OPEN)
    watching.register(app)
    app.before_request(lambda: _who_asks(means))
    _limit(app)  # after it: whoever is stopped gets a page, too, and that page has a frame
    app.before_request(guards.no_program)
    files.register(app)  # before the token is looked for, which reads the form
    app.before_request(guards.same_site)
    app.before_request(guards.logged_in)
    app.after_request(lambda response: _leave(means, response))
    problems.register(app)
    health.register(app)
    oidc.register(app, means.settings)
    api.register(app)

    pages.register(app)
    return app


def _limit(app: Flask) -> None:
    def key() -> str:
        """Whoever is logged in counts for themselves; a cookie that anybody could make up counts for nobody."""
        sid = getattr(session, "sid", None) if session.get("capacities") else None
        return sid or get_remote_address()

    limiter = Limiter(
        key,
        app=app,
        default_limits=["1200 per minute"],
        default_limits_per_method=True,
        default_limits_exempt_when=lambda: request.method in guards.SAFE,
        storage_uri="memory://",
    )
    limiter.request_filter(lambda: request.endpoint == "static")
    app.extensions["stafett.limiter"] = limiter


def _who_asks(means: Means) -> None:
    g.now = means.clock.now()
    if request.endpoint == "static":
        return
    seen = dict(session.get("seen") or {})
    actor = people.actor()
    told = versions.taken(means.keys, actor, request.headers.get(versions.HEADER, ""))
    seen |= {key: [sequence, time.time()] for key, sequence in told.items()}
    g.asking = Asking(means.client, means.signer, actor, seen)
    g.names = Names(means.remembered, g.asking)
    if session.away:  # type: ignore[attr-defined]
        raise Unavailable()


def _leave(means: Means, response: Response) -> Any:
    asking: Asking | None = g.get("asking")
    if asking is not None and asking.newly_seen:
        if session.get("capacities"):
            session.remember(asking.seen)  # type: ignore[attr-defined]
        told = versions.given(means.keys, asking.actor, asking.newly_seen) if asking.actor else ""
        if told and guards.is_api():
            response.headers[versions.HEADER] = told
    response.headers.setdefault("Content-Security-Policy", _CSP)
    response.headers.setdefault("X-Content-Type-Options", "nosniff")
    response.headers.setdefault("Referrer-Policy", "same-origin")
    response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers["Server-Timing"] = watching.server_timing()
    response.headers["Stafett-Trace"] = g.get("trace_id", "")
    return response

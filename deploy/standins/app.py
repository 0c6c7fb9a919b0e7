"""The stand-ins' web server: front page, health, and the three parts put together."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from flask import Flask, Response, jsonify, render_template

from deploy.standins.contact_register import contact_register
from deploy.standins.identity_provider import IdentityProvider
from deploy.standins.mail import MailCatcher, mail_pages
from deploy.standins.people import Person

_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self' data:; "
    "frame-ancestors 'none'; base-uri 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}


def create_app(
    *,
    var: Path,
    issuer: str,
    client_id: str,
    client_secret: str,
    public_url: str,
    people: Callable[[], list[Person]],
    mail: MailCatcher,
) -> Flask:
    """Put the stand-ins together. `people` is asked anew for each page, `public_url` is the suite's own address."""
    app = Flask(__name__)
    provider = IdentityProvider(
        key_file=var / "login-key.json",
        issuer=issuer,
        client_id=client_id,
        client_secret=client_secret,
        public_url=public_url,
        people=people,
    )
    app.register_blueprint(provider.blueprint(app))
    app.register_blueprint(mail_pages(mail))
    app.register_blueprint(contact_register(people))

    @app.get("/")
    def front() -> str:
        return render_template("front.html", public_url=public_url, letters=len(mail.messages()))

    @app.get("/health/live")
    @app.get("/health/ready")
    def health() -> Response:
        rows = {"login": "ok", "mail": "ok" if mail.running else "down", "contact_register": "ok"}
        answer = jsonify({"status": "ok" if mail.running else "down", "components": rows})
        answer.status_code = 200 if mail.running else 503
        return answer

    @app.after_request
    def headers(response: Response) -> Response:
        for name, value in _HEADERS.items():
            response.headers.setdefault(name, value)
        return response

    return app

"""The conversation with the identity provider: code flow, PKCE, state and nonce (Authlib), and what follows it."""

from typing import Any
from urllib.parse import urlencode, urlsplit

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, Flask, current_app, g, redirect, request, session, url_for
from requests.exceptions import RequestException
from werkzeug.wrappers import Response

from gateway.login import people
from gateway.pages.view import render
from services.chassis.settings import Settings
from services.kernel.errors import Unavailable

blueprint = Blueprint("login", __name__)

_ACR = {"substantial": "idporten-loa-substantial", "high": "idporten-loa-high"}


def register(app: Flask, settings: Settings) -> None:
    """Make the provider known to the app."""
    oauth = OAuth(app)
    oauth.register(
        "provider",
        server_metadata_url=f"{settings.oidc_issuer}/.well-known/openid-configuration",
        client_id=settings.oidc_client_id,
        client_secret=settings.oidc_client_secret,
        client_kwargs={"scope": "openid profile", "code_challenge_method": "S256", "timeout": 5},
    )
    app.extensions["stafett.provider"] = oauth.provider
    app.register_blueprint(blueprint)


def _provider() -> Any:
    return current_app.extensions["stafett.provider"]


def safe_next(target: str | None) -> str:
    """Where to go after login: a path of this site, never another's."""
    if not target or not target.startswith("/") or target.startswith(("//", "/\\")):
        return "/work"
    return target if not urlsplit(target).netloc else "/work"


@blueprint.get("/login")
def login() -> Response:
    """Send the browser to the provider; `acr=high` steps up, `next` is where to return."""
    session["next"] = safe_next(request.args.get("next"))
    wanted = _ACR.get(request.args.get("acr", ""), _ACR["substantial"])
    try:
        answer: Response = _provider().authorize_redirect(
            url_for("login.callback", _external=True), acr_values=wanted, ui_locales="nb"
        )
    except (RequestException, AuthlibBaseError) as error:
        raise Unavailable(code="login_unavailable", detail="The login service does not answer.") from error
    return answer


@blueprint.get("/login/callback")
def callback() -> Any:
    """The provider's answer: the id_token is checked (signature, nonce, audience, acr), then the person looked up."""
    target = session.get("next", "/work")
    try:
        token = _provider().authorize_access_token()
    except (RequestException, AuthlibBaseError):
        return render("errors/login.html", reason="refused"), 400
    claims = token.get("userinfo") or {}
    number = claims.get("pid")
    if not number:
        return render("errors/login.html", reason="no_number"), 403
    capacities = people.capacities_of(g.asking, number)
    if not capacities:
        return render("errors/login.html", reason="unknown"), 403
    session["id_token"] = token.get("id_token")
    people.log_in(capacities, people.assurance_of(claims.get("acr")))
    if people.chosen() is None:
        return redirect(url_for("login.capacity", next=target))
    return redirect(target)


@blueprint.get("/login/capacity")
def capacity() -> Any:
    """Ask as whom the person wants to act."""
    if not session.get("capacities"):
        return redirect(url_for("login.login"))
    return render(
        "login/capacity.html",
        choices=[
            {**each, "index": index, "unit_name": g.names.unit(each["municipality"], each["unit_id"]),
             "municipality_name": g.names.municipality(each["municipality"])}
            for index, each in enumerate(session["capacities"])
        ],
        chosen=session.get("chosen"),
        next=safe_next(request.args.get("next")),
    )  # fmt: skip


@blueprint.post("/login/capacity")
def choose_capacity() -> Any:
    """Act as the chosen from now on."""
    raw = request.form.get("index", "")
    if not raw.isdigit() or not people.choose(int(raw)):
        return redirect(url_for("login.capacity"))
    return redirect(safe_next(request.form.get("next")))


@blueprint.post("/logout")
def logout() -> Response:
    """End the session here and at the provider."""
    id_token = session.get("id_token")
    session.clear()
    home = url_for("public.front", _external=True)
    try:
        end = _provider().load_server_metadata().get("end_session_endpoint")
    except (RequestException, AuthlibBaseError):
        end = None
    if not end or not id_token:
        return redirect(home)
    return redirect(f"{end}?{urlencode({'id_token_hint': id_token, 'post_logout_redirect_uri': home})}")

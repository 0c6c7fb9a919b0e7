"""The conversation with the identity provider: code flow, PKCE, state and nonce (Authlib), and what follows it."""

import re
from typing import Any
from urllib.parse import urlencode, urlsplit

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import Blueprint, Flask, current_app, g, redirect, request, session
from requests.exceptions import RequestException
from werkzeug.wrappers import Response

from gateway.frame.forms import Form
from gateway.frame.paths import PATHS, path
from gateway.frame.view import render
from gateway.login import people
from services.chassis.settings import Settings
from services.kernel.errors import Forbidden, Refusal, Unavailable

blueprint = Blueprint("login", __name__)

CALLBACK = "/logg-inn/svar"
_INDEX = re.compile(r"[0-9]{1,4}")


class LoginFailed(Refusal):
    """The provider's answer can't be believed, or the person turned back."""

    code, status, detail = "login_failed", 400, "The login was not completed."


class NotKnownHere(Forbidden):
    """Logged in, but no municipality here knows the person."""

    code, detail = "not_known_here", "No municipality here knows you yet."


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


def _here(address: str) -> str:
    """The whole address of a page of this site; never made from the Host that a request claims."""
    settings: Settings = current_app.extensions["stafett"].settings
    return settings.public_url.rstrip("/") + address


def safe_next(target: str | None) -> str:
    """Where to go after login: a path of this site, never another's.

    Backslashes, and what does not print, are refused: browsers read the one as a slash, and pass over the other."""
    if not target or not target.startswith("/") or "\\" in target or not target.isprintable():
        return path("home")
    return path("home") if target.startswith("//") or urlsplit(target).netloc else target


@blueprint.get(PATHS["login"])
def login() -> Any:
    """What needs login, and what does not."""
    return render("public/login.html", next=safe_next(request.args.get("next")), again=bool(request.args.get("again")),
                  active="login")  # fmt: skip


@blueprint.get(PATHS["login_start"])
def start() -> Response:
    """Send the browser to the provider; `next` is where to return."""
    return _begin("substantial")


@blueprint.get(PATHS["step_up"])
def step_up() -> Response:
    """Log in again at the high level, for what needs it (a signature)."""
    return _begin("high")


def _begin(level: str) -> Response:
    if (
        request.host != urlsplit(_here("/")).netloc
    ):  # the session must be where the provider sends the browser back to
        return redirect(_here(request.full_path))
    session["next"] = safe_next(request.args.get("next"))
    try:
        answer: Response = _provider().authorize_redirect(
            _here(CALLBACK), acr_values=_ACR[level], ui_locales="nb"
        )
    except (RequestException, AuthlibBaseError) as error:
        raise Unavailable(code="login_unavailable", detail="The login service does not answer.") from error
    return answer


@blueprint.get(CALLBACK)
def callback() -> Any:
    """The provider's answer: the id_token is checked (signature, nonce, audience), then the person is looked up."""
    target = safe_next(session.get("next"))
    try:
        token = _provider().authorize_access_token()
    except (RequestException, AuthlibBaseError):
        raise LoginFailed from None
    claims = token.get("userinfo") or {}
    number = claims.get("pid")
    capacities = people.capacities_of(g.asking, number) if number else []
    if not capacities:
        raise NotKnownHere
    people.log_in(capacities, people.assurance_of(claims.get("acr")))
    session["id_token"] = token.get("id_token")
    return redirect(target if people.chosen() else path("capacity", next=target))


@blueprint.get(PATHS["capacity"])
def capacity() -> Any:
    """Ask as whom the person wants to act."""
    if not session.get("capacities"):
        return redirect(path("login"))
    return _choose(
        Form({"capacity": str(session.get("chosen") if session.get("chosen") is not None else "")})
    )


@blueprint.post(PATHS["capacity"])
def choose_capacity() -> Any:
    """Act as the chosen from now on."""
    if not session.get("capacities"):
        return redirect(path("login"))
    form = Form.sent()
    chosen = form.text("capacity") or ""
    if not _INDEX.fullmatch(chosen) or not people.choose(int(chosen)):
        form.wrong("capacity", "missing")
        return _choose(form), 422
    return redirect(safe_next(request.args.get("next")))


def _choose(form: Form) -> str:
    capacities = [
        {
            "code": str(index),
            "kind": each["capacity"],
            "title": each.get("title"),
            "unit": g.names.unit(each["municipality"], each["unit_id"]),
            "municipality": g.names.municipality(each["municipality"]),
        }
        for index, each in enumerate(session["capacities"])
    ]
    return render(
        "common/capacity.html", capacities=capacities, form=form, next=safe_next(request.args.get("next"))
    )


@blueprint.post(PATHS["logout"])
def logout() -> Response:
    """End the session here and at the provider."""
    id_token = session.get("id_token")
    session.clear()
    home = _here(path("start"))
    try:
        end = _provider().load_server_metadata().get("end_session_endpoint")
    except (RequestException, AuthlibBaseError):
        end = None
    if not end or not id_token:
        return redirect(home)
    return redirect(f"{end}?{urlencode({'id_token_hint': id_token, 'post_logout_redirect_uri': home})}")

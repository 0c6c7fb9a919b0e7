"""Programs that log in as themselves: made, used, rotated and removed as operators and programs do (SE-3, SE-7)."""

from __future__ import annotations

import base64
import json
import secrets
from contextlib import closing
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from tests.security.matrix.cast import PLACE, operate
from tests.support.stored import connect
from tests.support.suite import Suite

FEED = ("--service", "service-granli-barnehage", "--unit", "unit-granli-bjorkelia", "--way", "feed",
        "--events", "cases.case_closed.v1")  # fmt: skip


class Program:
    """A program at the suite's door. `client` is what the operator's command has shown once."""

    def __init__(self, suite: Suite, *words: str) -> None:
        self.suite, self.name = suite, f"program-{secrets.token_hex(4)}"
        self.client = operate(suite.var, "add-client", "--name", self.name, *words)

    @property
    def given(self) -> tuple[str, str]:
        return self.client["client_id"], self.client["client_secret"]

    def ask_token(self, given: tuple[str, str] | None = None, **form: str) -> requests.Response:
        """POST of the token endpoint, with the client's secret in the header."""
        sent = {"grant_type": "client_credentials", **form}
        address = f"{self.suite.url}/outside/v1/token"
        return requests.post(address, data=sent, auth=given or self.given, timeout=20)

    def token(self, **form: str) -> str:
        answer = self.ask_token(**form)
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert (told["token_type"], told["expires_in"]) == ("Bearer", 600)
        return str(told["access_token"])

    def get(self, path: str, token: str, **headers: str) -> requests.Response:
        given = {"Authorization": f"Bearer {token}", **headers}
        return requests.get(f"{self.suite.url}{path}", headers=given, timeout=20)

    def operate(self, command: str, *words: str) -> Any:
        return operate(self.suite.var, command, "--name", self.name, *words)


@pytest.fixture
def program(suite: Suite) -> Program:
    return Program(suite, "--scopes", "catalogue.read")


def test_a_program_copies_the_public_catalogue_and_asks_again_at_no_cost(program: Program) -> None:
    token = program.token()
    me = program.get("/outside/v1/me", token).json()
    assert me == {"client_id": f"{PLACE}.{program.name}", "municipality": PLACE, "scopes": ["catalogue.read"],
                  "recipient": None}  # fmt: skip
    first = program.get("/outside/v1/catalogue", token)
    told = first.json()
    assert told["municipality"]["municipality"] == PLACE and len(told["services"]) >= 8 and told["units"]
    assert set(told) == {"municipality", "version", "services", "units"}, "no person, and nothing of policy"
    again = program.get("/outside/v1/catalogue", token, **{"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


class _From127002(HTTPAdapter):
    """Calls from another address of this machine."""

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        super().init_poolmanager(*args, **more, source_address=("127.0.0.2", 0))


def test_whoever_guesses_at_a_programs_secret_shuts_themselves_out_and_not_the_program(
    program: Program,
) -> None:
    """The name of a client is no secret: who knows it must not be able to stop it."""
    with requests.Session() as elsewhere:
        elsewhere.mount("http://", _From127002())
        guess = (program.given[0], "x" * 43)
        address, sent = f"{program.suite.url}/outside/v1/token", {"grant_type": "client_credentials"}
        answers = [elsewhere.post(address, data=sent, auth=guess, timeout=20).status_code for _ in range(31)]
    assert answers == [401] * 30 + [429]
    assert program.ask_token().status_code == 200


def test_SE_7_a_program_reads_the_feed_that_is_its_own_and_no_other(suite: Suite) -> None:
    name = f"system-{secrets.token_hex(4)}"
    operate(suite.var, "subscribe", "--recipient", name, *FEED)
    reader = Program(suite, "--scopes", "feed.read,catalogue.read", "--recipient", name)
    page = reader.get("/outside/v1/events?limit=1", reader.token())
    assert page.status_code == 200 and set(page.json()) == {"items", "next", "more"}
    narrow = reader.token(scope="catalogue.read")
    refused = reader.get("/outside/v1/events", narrow)
    assert refused.status_code == 403 and refused.json()["code"] == "insufficient_scope"
    assert reader.get("/outside/v1/catalogue", narrow).status_code == 200
    operate(suite.var, "unsubscribe", "--recipient", name)
    assert reader.get("/outside/v1/events", reader.token()).status_code == 404, "the feed has ended"
    operate(suite.var, "subscribe", "--recipient", name, *FEED)
    assert reader.get("/outside/v1/events", reader.token()).status_code == 404, (
        "the name is another system's now"
    )


def test_SE_3_a_program_has_no_tie_to_any_case(program: Program) -> None:
    """Whatever it names, the answer is the same."""
    token = program.token()
    paths = ("/api/cases", "/api/cases/01981c6e-0000-7000-8000-000000000001", "/api/lane-reports", "/api/inbox",
             "/api/staff", "/api/work")  # fmt: skip
    for path in paths:
        answer = program.get(path, token)
        assert (answer.status_code, answer.json()["code"]) == (403, "for_people_only"), path
    page = requests.get(f"{program.suite.url}/mitt-arbeid", headers={"Authorization": f"Bearer {token}"},
                        allow_redirects=False, timeout=20)  # fmt: skip
    assert page.status_code == 302 and "/logg-inn" in page.headers["Location"]


def test_a_removed_program_is_out_at_once(program: Program) -> None:
    token = program.token()
    program.operate("remove-client")
    assert program.get("/outside/v1/me", token).status_code == 401
    assert program.ask_token().status_code == 401


def test_an_old_secret_is_good_for_a_day_or_void_at_once(program: Program) -> None:
    before, token = program.given, program.token()
    program.client = program.operate("rotate-client")
    assert program.ask_token(before).status_code == 200, "two secrets overlap, so that nothing stands still"
    assert program.ask_token().status_code == 200
    assert program.get("/outside/v1/me", token).status_code == 200
    leaked, token = program.given, program.token()
    program.client = program.operate("rotate-client", "--at-once")
    assert program.ask_token(leaked).status_code == 401 and program.ask_token(before).status_code == 401
    assert program.get("/outside/v1/me", token).status_code == 401, "tokens of the void secret are void too"
    assert program.ask_token().status_code == 200


def test_SE_7_a_secret_is_good_in_its_own_municipality_alone_and_kept_nowhere(program: Program) -> None:
    client_id, secret = program.given
    other = ("storvik." + program.name, secret)
    refused = [
        program.ask_token(given).json() for given in (other, (client_id, "x" * 43), ("granli.nobody", secret))
    ]
    assert refused[0] == refused[1] == refused[2], "nobody learns which of the two was wrong"
    with closing(connect(program.suite.var, "directory")) as conn:
        kept = conn.execute("SELECT * FROM machine_clients WHERE name = ?", (program.name,)).fetchone()
    assert secret not in [str(value) for value in kept] and len(kept["secret_hash"]) == 64
    listed = [each for each in _listed(program.suite) if each["name"] == program.name]
    assert listed and "secret" not in json.dumps(listed[0]).replace("secret_made_at", "").replace(
        "old_secret_until", ""
    )


def _listed(suite: Suite) -> list[dict[str, Any]]:
    """All of the municipality's clients, as the operator sees them."""
    import subprocess
    import sys

    command = [
        sys.executable,
        "-m",
        "deploy.ops",
        "clients",
        "--municipality",
        PLACE,
        "--json",
        "--var",
        str(suite.var),
    ]
    found: list[dict[str, Any]] = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
    return found


@pytest.mark.parametrize(
    ("form", "status", "error"),
    [
        ({"grant_type": "password"}, 400, "unsupported_grant_type"),
        ({"grant_type": ""}, 400, "invalid_request"),
        ({"scope": "feed.read"}, 400, "invalid_scope"),
        ({"scope": "catalogue.read  x"}, 400, "invalid_scope"),
        ({"client_secret": "x"}, 400, "invalid_request"),
    ],
)
def test_the_token_endpoint_refuses_in_the_words_of_the_standard(
    program: Program, form: dict[str, str], status: int, error: str
) -> None:
    """RFC 6749, 5.2."""
    answer = program.ask_token(**form)
    assert (answer.status_code, answer.json()["error"]) == (status, error)
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_token_that_is_not_ours_opens_nothing(program: Program) -> None:
    """Changed, unsigned, or an actor's token of the inside: none is a program's."""
    token = program.token()
    head, body, sign = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(body + "=="))
    wider = (
        base64.urlsafe_b64encode(json.dumps({**claims, "scope": "feed.read"}).encode()).decode().rstrip("=")
    )
    none = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    for forged in (f"{head}.{wider}.{sign}", f"{none}.{body}.", f"{none}.{body}.{sign}", "x", token[:-4]):
        answer = program.get("/outside/v1/me", forged)
        assert answer.status_code == 401 and answer.headers["WWW-Authenticate"].startswith("Bearer"), forged


def test_a_client_needs_a_feed_to_read_one(suite: Suite) -> None:
    with pytest.raises(AssertionError, match="recipient"):
        Program(suite, "--scopes", "feed.read")
    with pytest.raises(AssertionError, match="no subscription"):
        Program(suite, "--scopes", "feed.read", "--recipient", "nobody")
    with pytest.raises(AssertionError, match="scopes"):
        Program(suite, "--scopes", "cases.read")

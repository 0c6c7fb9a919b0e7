"""Cases among others: over the real broker with directory beside it, and before a contact register of KRR's shape."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from deploy.processes import free_ports, stop, wait_until
from services.cases.registers.contact import ContactRegister
from services.chassis.actor import NotForThisCaller, Signer, service_actor
from services.chassis.keys import ensure_key_material
from services.chassis.rpc.client import RpcClient
from services.contracts import cases, directory
from services.kernel.errors import NotFound, Refusal, Unavailable
from tests.services.cases_house import KINDERGARTEN, MARIT, SENTENCE, SERVICES, TEACHER, TUVA, House, house

ROOT = Path(__file__).resolve().parents[2]


def test_a_concern_over_the_broker_by_an_employee_whom_directory_told_of(
    make_database: Callable[[str], str], amqp_url: str, tmp_path: Path
) -> None:
    """The whole way: staff by event from directory, a command and a query by RPC, own act seen at once."""
    var = tmp_path / "var"
    ensure_key_material(var)
    ports = free_ports(2)
    processes = [
        spawn(name, var, amqp_url, port, make_database(name), tmp_path / f"{name}.log")
        for name, port in zip(("directory", "cases"), ports, strict=True)
    ]
    client = RpcClient(amqp_url, var, "test")
    client.start()
    try:
        for port in ports:
            wait_until(lambda port=port: is_ready(port), seconds=30, what="services")  # type: ignore[misc]
        seed, gateway = Signer(var, "seed"), Signer(var, "gateway")
        staff = client.call(
            directory.PutStaff, seed.mint(service_actor("seed")), {
                "person_id": "p-teacher", "name": "Solveig Brekkmo", "roles": [
                    {"unit_id": KINDERGARTEN, "service_id": SERVICES[KINDERGARTEN], "role": "employee",
                     "valid_from": "2018-08-01"}],
            }, municipality="granli",
        )  # fmt: skip
        token = gateway.mint(TEACHER)
        concern = {"child_number": TUVA, "unit_id": KINDERGARTEN, "concern": SENTENCE}
        options: dict[str, Any] = {"at_least": staff["versions"], "idempotency_key": "once"}
        raised = client.call(cases.RaiseConcern, token, concern, **options)
        assert client.call(cases.RaiseConcern, token, concern, **options) == raised
        shown = client.call(cases.GetCase, token, {"case_id": raised["id"]}, at_least=raised["versions"])
        assert (shown["child"]["name"], shown["level"]) == ("Tuva Elvestrand Fagerdalen", 0)
        (listed,) = client.call(cases.MyCases, token)["items"]
        assert listed["case_id"] == raised["id"]
        with pytest.raises(Refusal) as refused:
            client.call(cases.RaiseConcern, token, {**concern, "concern": "a\x00b", "child": "x"})
        assert set(refused.value.fields) == {"concern", "child"}
        with pytest.raises(NotFound):
            client.call(cases.GetCase, token, {"case_id": "no-such-case"})
        for name in ("directory", "cases"):
            log = (tmp_path / f"{name}.log").read_text()
            assert not [secret for secret in (TUVA, "Fagerdalen", SENTENCE) if secret in log]
    finally:
        client.stop()
        for process in processes:
            stop(process, seconds=5)


def spawn(
    name: str, var: Path, amqp_url: str, port: int, database: str, log: Path
) -> subprocess.Popen[bytes]:
    env = os.environ | {
        "STAFETT_VAR": str(var), "STAFETT_AMQP_URL": amqp_url, "STAFETT_HEALTH_PORT": str(port),
        f"STAFETT_{name.upper()}_DATABASE_URL": database, "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    with log.open("ab") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "services.chassis.run", name], env=env, stdout=output, stderr=output
        )


def is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False


class Register:
    """A contact register that answers what it is told to, and keeps what it was asked."""

    def __init__(self) -> None:
        self.person: dict[str, Any] = {}
        self.status = 200
        self.asked: list[tuple[str, dict[str, Any]]] = []

    @contextmanager
    def running(self) -> Iterator[str]:
        register = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                register.asked.append((self.path, body))
                answer = json.dumps({"personer": [register.person] if register.person else []}).encode()
                self.send_response(register.status)
                self.end_headers()
                self.wfile.write(answer)

            def log_message(self, *_: Any) -> None:
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()
            server.server_close()


ACTIVE = {
    "personidentifikator": MARIT, "reservasjon": "NEI", "status": "AKTIV", "varslingsstatus": "KAN_VARSLES",
    "spraak": "nn", "kontaktinformasjon": {"epostadresse": "marit@example.com"},
}  # fmt: skip


@pytest.mark.parametrize(
    ("person", "answer"),
    [
        (ACTIVE, {"email": "marit@example.com", "reserved": False, "language": "nn"}),
        ({**ACTIVE, "reservasjon": "JA"}, {"email": None, "reserved": True, "language": "nn"}),
        (
            {**ACTIVE, "varslingsstatus": "KAN_IKKE_VARSLES"},
            {"email": None, "reserved": False, "language": "nn"},
        ),
        ({}, {"email": None, "reserved": False, "language": "nb"}),
    ],
)
def test_the_contact_register_is_asked_each_time_and_nothing_is_kept(
    cases_url: str, var_dir: Path, person: dict[str, Any], answer: dict[str, Any]
) -> None:
    """NO-3: for notifications alone, by the register's own rules of who may be notified, and never stored."""
    register = Register()
    register.person = person
    with register.running() as url, house(cases_url, var_dir, url) as the:
        mother, notifications = known_mother(the), service_actor("notifications")
        for _ in range(2):
            assert the.ask(cases.ContactOf, notifications, person_id=mother) == answer
        assert register.asked == [("/rest/v2/personer", {"personidentifikatorer": [MARIT]})] * 2
        for other in (service_actor("gateway"), TEACHER):
            with pytest.raises(NotForThisCaller):
                the.ask(cases.ContactOf, other, person_id=mother)
        assert len(register.asked) == 2
        assert "example.com" not in repr(the.dump())


def test_a_contact_register_that_fails_is_unavailable(cases_url: str, var_dir: Path) -> None:
    """NO-3: an error answer, nonsense and silence are all the same: try again."""
    register, notifications = Register(), service_actor("notifications")
    with register.running() as url, house(cases_url, var_dir, url) as the:
        mother = known_mother(the)
        for status, person in ((500, ACTIVE), (200, {"nothing": "useful"}), (302, ACTIVE)):
            register.status, register.person = status, person
            with pytest.raises(Unavailable):
                the.ask(cases.ContactOf, notifications, person_id=mother)
    nowhere = ContactRegister("http://127.0.0.1:9")
    with pytest.raises(Unavailable) as refused:
        nowhere.ask(MARIT)
    assert MARIT not in repr(refused.value.__context__) or refused.value.__suppress_context__


def known_mother(the: House) -> str:
    case = the.case(the.concern())
    return str(next(each["person_id"] for each in case["guardians"] if each["relation"] == "mother"))

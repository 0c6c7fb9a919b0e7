"""What an outside system is told by webhook, over real HTTP and TLS, on both databases: signed, in order, tried again,
given up, and never into a network that is not public."""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from services.contracts import consent, notifications
from services.kernel.errors import InvalidInput
from services.notifications.egress import standing
from services.notifications.egress.posting import Posted, Poster, is_public
from services.notifications.egress.tables import subscriptions
from services.notifications.egress.webhooks import pause
from tests.services.egress_house import OPERATOR, EgressHouse, egress_house, whsec
from tests.services.notifications_house import CASE
from tests.support.bus import wait_until


@dataclass
class Receiver:
    """Somebody else's address: what was posted to it, and how it answers (a status, or something worse)."""

    port: int
    posts: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    answer: Callable[[Any], Any] | int = 204

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/hook?a=1"

    def events(self, *secrets: str) -> list[dict[str, Any]]:
        """What was posted, each verified with each of these secrets by the standard's own library."""
        told = []
        for headers, body in self.posts:
            for secret in secrets:
                event = Webhook(secret).verify(body, headers)
            told.append(event)
        return told


@contextmanager
def receiving(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            receiver.posts.append((dict(self.headers.items()), body))
            if callable(receiver.answer):
                receiver.answer(self)
                return
            self.send_response(receiver.answer)
            self.send_header("Location", receiver.url)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A caller that hangs up is none of ours."""

    server = Server(("127.0.0.1", 0), Handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver = Receiver(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as made:
        yield made


@pytest.fixture
def home(notifications_url: str, tmp_path: Path) -> Iterator[EgressHouse]:
    with egress_house(notifications_url, tmp_path, "amqp://127.0.0.1:1//") as made:
        made.app.surroundings.services.egress.webhooks.poster = Poster(seconds=3)
        yield made.furnish()


def subscribe(home: EgressHouse, receiver: Receiver, recipient: str = "krok", **words: Any) -> str:
    """A webhook that may be on this machine; its secret."""
    secret = whsec()
    home.subscribe(
        recipient, **{"way": "webhook", "url": receiver.url, "allow_private": True, "key": secret} | words
    )
    return secret


def post(home: EgressHouse) -> None:
    """A round of the sender, until all threads are done."""
    webhooks = home.app.surroundings.services.egress.webhooks
    webhooks.run(home.work)
    webhooks.wait(20)


def later(home: EgressHouse, **span: float) -> None:
    home.clock.advance(**span)
    home.keep_up()


def test_CO_8_what_may_be_told_is_posted_signed_and_in_order(home: EgressHouse, receiver: Receiver) -> None:
    """CO-8, SE-1: verified with the standard's own library; a changed body is not."""
    secret = subscribe(home, receiver)
    for number, topic in enumerate(["learning", "home", "learning"]):
        home.entry(topic, entry_id=f"en-{number}")
    post(home)
    told = receiver.events(secret)
    assert [each["data"]["entry_id"] for each in told] == ["en-0", "en-2"]
    assert [each["recipientseq"] for each in told] == [1, 2]
    headers, body = receiver.posts[0]
    assert (
        headers["webhook-id"] == told[0]["id"] and headers["Content-Type"] == "application/cloudevents+json"
    )
    with pytest.raises(WebhookVerificationError):
        Webhook(secret).verify(body.replace(b"en-0", b"en-7"), headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(whsec()).verify(body, headers)
    assert [act for act, *_ in home.accesses()] == ["outside:krok"] * 2
    assert home.state("krok")["waiting"] == 0


def test_what_is_not_taken_comes_again_with_the_same_id_and_number(
    home: EgressHouse, receiver: Receiver
) -> None:
    secret = subscribe(home, receiver)
    receiver.answer = 500
    first, second = home.entry(entry_id="en-1"), home.entry(entry_id="en-2")
    post(home)
    assert len(receiver.posts) == 1, "the one behind waits: order is kept"
    post(home)
    assert len(receiver.posts) == 1, "not before the pause is over"
    assert home.state("krok")["next_try_at"] and home.state("krok")["failing_since"]
    receiver.answer = 204
    later(home, seconds=6)
    post(home)
    told = receiver.events(secret)
    assert [each["id"] for each in told] == [first.id, first.id, second.id]
    assert [each["recipientseq"] for each in told] == [1, 1, 2]
    assert home.state("krok")["failing_since"] is None


def test_CO_8_each_try_is_decided_anew(home: EgressHouse, receiver: Receiver) -> None:
    """CO-8, CO-3: consent that ends between two tries ends the telling."""
    subscribe(home, receiver)
    receiver.answer = 503
    home.entry()
    post(home)
    home.hear(consent.WindowsChanged, CASE, windows=[], reason="withdrawn")
    receiver.answer = 204
    later(home, seconds=6)
    post(home)
    assert len(receiver.posts) == 1 and home.state("krok")["waiting"] == 0


def test_after_three_days_it_is_disabled_and_told(home: EgressHouse, receiver: Receiver) -> None:
    subscribe(home, receiver)
    receiver.answer = 500
    home.entry()
    for _ in range(3 * 24 + 20):
        post(home)
        later(home, hours=1)
    state = home.state("krok")
    assert (state["state"], state["reason"], state["waiting"]) == ("disabled", "failing", 0)
    assert not standing.all_well(home.app.db, home.clock), "health says attention"
    tried = len(receiver.posts)
    assert 72 <= tried <= 3 * 24 + 12
    home.entry()
    post(home)
    assert len(receiver.posts) == tried


def test_410_disables_it_at_once(home: EgressHouse, receiver: Receiver) -> None:
    subscribe(home, receiver)
    receiver.answer = 410
    home.entry()
    post(home)
    assert home.state("krok")["reason"] == "gone"
    home.operator(notifications.ResumeSubscription, OPERATOR, recipient="krok")
    state = home.state("krok")
    assert (state["state"], state["catching_up"]) == ("active", True), "from the first that it did not get"


def test_two_signatures_while_a_secret_is_exchanged(home: EgressHouse, receiver: Receiver) -> None:
    old, new = subscribe(home, receiver), whsec()
    home.operator(notifications.RotateSubscription, OPERATOR, recipient="krok", key=new)
    home.entry()
    post(home)
    assert receiver.events(old, new), "both verify"
    receiver.posts.clear()
    later(home, days=1, seconds=1)
    home.entry()
    post(home)
    assert receiver.events(new)
    with pytest.raises(WebhookVerificationError):
        receiver.events(old)


def test_a_slow_one_holds_up_no_other(home: EgressHouse, receiver: Receiver) -> None:
    hold = threading.Event()
    with receiving() as slow:
        slow.answer = lambda _handler: hold.wait(30)
        subscribe(home, slow, "sen")
        subscribe(home, receiver, "rask")
        home.entry()
        webhooks = home.app.surroundings.services.egress.webhooks
        webhooks.poster = Poster(seconds=20)
        webhooks.run(home.work)
        wait_until(lambda: receiver.posts and slow.posts)
        home.entry(entry_id="en-2")
        wait_until(lambda: webhooks.run(home.work) or len(receiver.posts) == 2)
        assert len(slow.posts) == 1
        hold.set()
        webhooks.wait(20)


def test_a_process_that_has_the_turn_is_not_overtaken(home: EgressHouse, receiver: Receiver) -> None:
    subscribe(home, receiver)
    home.entry()
    with home.app.db.write() as tx:
        tx.execute(
            subscriptions.update().values(
                leased_by="another", leased_until=home.clock.now() + timedelta(seconds=60)
            )
        )
    post(home)
    assert receiver.posts == []
    later(home, seconds=61)
    post(home)
    assert len(receiver.posts) == 1, "the other one is gone"


@pytest.mark.parametrize("status", [301, 302, 307, 308, 100, 404, 429])
def test_only_2xx_is_yes(receiver: Receiver, status: int) -> None:
    receiver.answer = status
    posted = Poster(seconds=1).post(receiver.url, b"{}", {}, allow_private=True)
    assert not posted.taken and len(receiver.posts) == 1, "no redirect is followed"


def _drip(handler: Any) -> None:
    """A byte now and then: no single read is slow, and the answer never ends."""
    with suppress(OSError):
        handler.wfile.write(b"HTTP/1.1 2")
        for _ in range(200):
            handler.wfile.write(b"0")
            handler.wfile.flush()
            threading.Event().wait(0.05)


def _flood(handler: Any) -> None:
    with suppress(OSError):
        for _ in range(10_000):
            handler.wfile.write(b"x" * 10_000)


def _interim(handler: Any) -> None:
    handler.wfile.write(
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early\r\nA: b\r\n\r\nHTTP/1.1 202 Yes\r\n\r\n"
    )


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (_drip, Posted(None, "timed_out")),
        (_flood, Posted(None, "not_http")),
        (lambda handler: handler.wfile.write(b"SSH-2.0\r\n"), Posted(None, "not_http")),
        (lambda handler: None, Posted(None, "not_http")),
        (_interim, Posted(202)),
    ],
)
def test_an_answer_takes_little_time_and_little_room(
    receiver: Receiver, answer: Callable[[Any], None], expected: Posted
) -> None:
    receiver.answer = answer
    assert Poster(seconds=1).post(receiver.url, b"{}", {}, allow_private=True) == expected


def test_who_does_not_listen_is_unreachable() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    poster = Poster(seconds=1)
    assert poster.post(f"http://127.0.0.1:{port}/", b"{}", {}, allow_private=True).reason == "unreachable"
    assert poster.post("http://no-such-host.invalid/", b"{}", {}, allow_private=True).status is None


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://localhost/", "https://2130706433/", "https://0x7f.1/", "https://[::1]/",
        "https://[::ffff:127.0.0.1]/", "https://10.1.2.3/", "https://192.168.1.1/", "https://172.16.0.1/",
        "https://169.254.169.254/latest/meta-data", "https://100.64.0.1/", "https://0.0.0.0/", "https://[fe80::1]/",
        "https://[fd00::1]/", "https://[64:ff9b::7f00:1]/", "https://[2002:7f00:1::]/", "https://224.0.0.1/",
        "https://255.255.255.255/", "https://192.0.2.1/", "https://[fec0::1]/", "https://[3fff::1]/",
        "https://[64:ff9b:1::7f00:1]/", "https://[::127.0.0.1]/", "https://[::]/",
    ],
)  # fmt: skip
def test_an_address_that_is_not_public_is_refused(url: str) -> None:
    assert Poster(seconds=2).post(url, b"{}", {}, allow_private=False) == Posted(None, "address_not_public")


def test_one_private_address_among_several_is_one_too_many() -> None:
    def look_up(*_: object) -> list[Any]:
        return [(socket.AF_INET, ("93.184.215.14", 443)), (socket.AF_INET, ("127.0.0.1", 443))]

    posted = Poster(resolve=look_up).post("https://both.example/", b"{}", {}, allow_private=False)
    assert posted.reason == "address_not_public"
    assert is_public("93.184.215.14") and is_public("2a00:1450:400f:80c::200e")
    assert not any(map(is_public, ("nonsense", "", "::ffff:10.0.0.1", "fe80::1%eth0")))


def test_plain_http_is_for_allowed_addresses_alone(home: EgressHouse, receiver: Receiver) -> None:
    assert Poster().post(receiver.url, b"{}", {}, allow_private=False).reason == "not_https"
    with pytest.raises(InvalidInput) as refused:
        subscribe(home, receiver, allow_private=False)
    assert refused.value.fields == {"url": "not_https"}
    for url in ("ftp://a.example/", "https://", "https://u:p@a.example/", "https://a.example/ x", "https://å.example/",
                "https://a.example:99999/"):  # fmt: skip
        with pytest.raises(InvalidInput):
            subscribe(home, receiver, url=url)


def test_the_address_that_was_checked_is_the_one_that_is_called(tmp_path: Path) -> None:
    """The name is looked up once; TLS then demands the name's own certificate of whoever is there."""
    asked: list[str] = []
    certificate, key = _certificate("receiver.example", tmp_path)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key)
    trusts = ssl.create_default_context(cafile=str(certificate))
    with receiving(server) as receiver:

        def look_up(host: str, port: int, _seconds: float) -> list[Any]:
            asked.append(host)
            return [(socket.AF_INET, ("127.0.0.1", receiver.port))]

        poster = Poster(seconds=3, resolve=look_up, context=trusts)
        assert poster.post("https://receiver.example/hook", b"{}", {}, allow_private=True) == Posted(204)
        assert asked == ["receiver.example"] and receiver.posts[0][0]["Host"] == "receiver.example"
        assert poster.post("https://other.example/", b"{}", {}, allow_private=True).reason == "tls_failed"
        strangers = Poster(seconds=3, resolve=look_up)
        assert (
            strangers.post("https://receiver.example/", b"{}", {}, allow_private=True).reason == "tls_failed"
        )


def test_pauses_grow_to_an_hour() -> None:
    assert [pause(n).total_seconds() for n in (1, 2, 3, 10, 11, 500)] == [5, 10, 20, 2560, 3600, 3600]


def test_neither_secret_nor_address_rests_in_clear(home: EgressHouse, receiver: Receiver) -> None:
    secret = subscribe(home, receiver)
    with home.app.db.read() as conn:
        dump = json.dumps(
            [[str(value) for value in row] for row in conn.exec_driver_sql("select * from subscriptions")]
        )
    assert secret not in dump and secret.removeprefix("whsec_") not in dump and "/hook" not in dump


def _certificate(name: str, folder: Path) -> tuple[Path, Path]:
    key = ec.generate_private_key(ec.SECP256R1())
    who = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder().subject_name(who).issuer_name(who).public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    certificate, private = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )
    return certificate, private

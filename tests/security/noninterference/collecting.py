"""What those outside the lane get: answers to all that they can ask for, and all that comes to them by itself."""

from __future__ import annotations

import email
import json
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from types import MappingProxyType
from typing import Any

import kombu
import pika
import requests
from pypdf import PdfReader

from services.chassis.bus.topology import EVENTS_EXCHANGE, HEARTBEAT, heartbeat_type
from services.contracts import cases
from services.contracts.catalogue import EVENTS, SERVICES, STREAMS
from tests.journeys.people import Person
from tests.security.noninterference import asked
from tests.support.stored import connect
from tests.support.suite import Suite

FOLLOWED = 40
"""How many links of pages one viewer follows at one moment, beyond the addresses of the table."""


@dataclass(frozen=True, slots=True)
class Got:
    """One thing that one viewer got, whole: for an answer its status, headers and body."""

    channel: str
    who: str
    what: str
    text: str


class Viewer:
    """Somebody outside the lane, with a browser's cookies."""

    def __init__(self, name: str, person: Person, search: str = "") -> None:
        self.name, self.person, self._search = name, person, search

    def look(self, addresses: Iterable[str], follow: bool = True) -> list[Got]:
        """Ask for each address, and for what the pages that come point to."""
        queue = list(dict.fromkeys(addresses))
        seen, got, left = set(queue), [], FOLLOWED if follow else 0
        for address in queue:
            answer = self.person.http.get(f"{self.person.url}{address}", timeout=20, allow_redirects=False)
            got.append(self._got("GET", address, answer))
            for link in (
                asked.links(answer.text) if "text/html" in answer.headers.get("Content-Type", "") else ()
            ):
                if link not in seen and left:
                    seen.add(link)
                    queue.append(link)
                    left -= 1
        return got

    def attempt(
        self,
        method: str,
        addresses: Iterable[str],
        settle: Callable[[], None],
        body: Mapping[str, Any] = MappingProxyType({}),
        version: int = 1,
    ) -> list[Got]:
        """Try each change, with no more in it than `body`: how it is refused is an answer, too. What is done anyway
        has its effects before the next is tried: else chance would say which comes first of what two services tell."""
        got = []
        for address in addresses:
            answer = self.person.http.request(
                method, f"{self.person.url}{address}", json=dict(body), timeout=20, allow_redirects=False,
                headers={"Stafett-CSRF": self.person.csrf, "If-Match": f'"{version}"'},
            )  # fmt: skip
            got.append(self._got(method, address, answer))
            if answer.status_code < 300:
                settle()
        return got

    def log_in(self) -> list[Got]:
        """What the login answers, as somebody whom it may not know."""
        return [self._got("GET", "/logg-inn", self.person.answer_of_login())]

    def own_messages(self) -> list[str]:
        """The ids of the first messages in the inbox."""
        answer = self.person.http.get(f"{self.person.url}/api/inbox", params={"limit": "3"}, timeout=20)
        items = answer.json().get("items", []) if answer.status_code == 200 else []
        return [each["message_id"] for each in items]

    def _got(self, method: str, address: str, answer: requests.Response) -> Got:
        room = address.split("/")[1]
        channel = room if room in ("health", "api") else "page"
        return Got(channel, self.name, f"{method} {address}", _whole(answer))


def _whole(answer: requests.Response) -> str:
    head = [f"{name}: {value}" for name, value in answer.raw.headers.items()]
    kind = answer.headers.get("Content-Type", "text")
    if kind == "application/pdf":
        body = _words_of(answer.content)
    elif any(each in kind for each in ("text", "json", "calendar", "xml")):
        body = answer.content.decode("utf-8", "replace")
    else:
        body = answer.content.decode("latin-1")
    return "\n".join([f"{answer.status_code} {answer.reason}", *head, "", body])


def _words_of(paper: bytes) -> str:
    """What a paper says, page by page, and who it says that it is by; not how that is packed, nor where its lines
    break: ids are of unlike widths."""
    read = PdfReader(BytesIO(paper))
    about = read.metadata or {}
    said = {name: about[name] for name in ("/Title", "/Author", "/Subject") if name in about}
    words = (" ".join(page.extract_text().split()) for page in read.pages)
    return "\n".join([f"{len(read.pages)} pages", f"{said}", *words])


class Tap:
    """All events that go over the bus but the lane's: what no outside system may bind to, looked at all the same.
    `with Tap(suite) as tap`."""

    def __init__(self, suite: Suite) -> None:
        self._connection = kombu.Connection(suite.amqp_url)
        channel = self._connection.channel()
        ordinary = [stream for stream in STREAMS if stream != cases.LANE]
        keys = [event.type for event in EVENTS.values() if event.stream != cases.LANE]
        exchange = kombu.Exchange(EVENTS_EXCHANGE, type="topic", durable=True, passive=True)
        self._queue = kombu.Queue(
            "noninterference.tap",
            [kombu.binding(exchange, routing_key=key) for key in (*keys, *map(heartbeat_type, ordinary))],
            exclusive=True, durable=False,
        )(channel)  # fmt: skip
        self._queue.declare()

    def __enter__(self) -> Tap:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.release()

    def drain(self) -> list[Got]:
        """What came since it was drained before: the events in their order; of the heartbeats the last position of each
        stream."""
        events, positions = [], {}
        while (message := self._queue.get(no_ack=True)) is not None:
            body = message.body if isinstance(message.body, str) else bytes(message.body).decode()
            event = json.loads(body)
            if event["type"].endswith(HEARTBEAT):
                positions[event["stream"]] = event["data"]["position"]
            else:
                events.append(
                    Got(
                        "event",
                        "bus",
                        f"event {len(events) + 1}",
                        f"{message.delivery_info['routing_key']}\n{body}",
                    )
                )
        beats = [Got("heartbeat", "bus", stream, f"{number}") for stream, number in sorted(positions.items())]
        return events + beats


class Hook:
    """An outside system's webhook: keeps each request as it came. `with Hook(port) as hook`."""

    def __init__(self, port: int) -> None:
        self.got: list[Got] = []
        hook = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"])).decode()
                hook.got.append(
                    Got("webhook", self.path, f"call {len(hook.got) + 1}", f"{self.headers}\n{body}")
                )
                self.send_response(204)
                self.end_headers()

            def log_message(self, *_: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.url = f"http://127.0.0.1:{port}/hook"

    def __enter__(self) -> Hook:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()


def queue_of(name: str, row: dict[str, Any]) -> list[Got]:
    """What an outside system finds in its own queue, and how much."""
    with pika.BlockingConnection(pika.URLParameters(row["url"])) as connection:
        channel = connection.channel()
        held = channel.queue_declare(row["queue"], passive=True).method.message_count
        got = [Got("queue", name, "how many", f"{held}")]
        while True:
            method, properties, body = channel.basic_get(row["queue"], auto_ack=True)
            if method is None:
                return got
            told = {key: value for key, value in sorted(vars(properties).items()) if value is not None}
            got.append(Got("queue", name, f"message {len(got)}", f"{told}\n{body.decode()}"))


class Feed:
    """An outside system's feed."""

    def __init__(self, name: str, row: dict[str, Any]) -> None:
        self._name, self._row, self._after = name, row, {"limit": "5"}

    def read(self) -> list[Got]:
        """What the system reads since it read before, page by page."""
        got: list[Got] = []
        while True:
            answer = requests.get(
                self._row["address"], params=self._after, timeout=20,
                headers={"Authorization": f"Bearer {self._row['token']}"},
            )  # fmt: skip
            got.append(Got("feed", self._name, f"page {len(got) + 1}", _whole(answer)))
            page = answer.json()
            if answer.status_code != 200 or not page["items"]:
                return got
            self._after["after"] = page["next"]


def letters_to(suite: Suite, addresses: Iterable[str]) -> list[Got]:
    """Every e-mail to these, its headers and all its parts as they are read, and each calendar file apart."""
    got: list[Got] = []
    for address in addresses:
        for number, letter in enumerate(suite.mail(address), 1):
            message = email.message_from_string(letter["raw"])
            parts = [part for part in message.walk() if not part.is_multipart()]
            read = [f"{part.items()}\n{_content(part)}" for part in parts]
            head = [letter["envelope_to"], *(f"{name}: {value}" for name, value in message.items())]
            got.append(Got("e-mail", address, f"letter {number}", "\n".join(map(str, [*head, *read]))))
            calendars = [part for part in parts if part.get_content_type() == "text/calendar"]
            got += [
                Got("calendar", address, f"calendar of letter {number}", _content(each)) for each in calendars
            ]
    return got


def _content(part: Message) -> str:
    """A part's content; the folded lines of a calendar file as one each."""
    return bytes(part.get_payload(decode=True) or b"").decode("utf-8", "replace").replace("\r\n ", "")


_ACCESS = (
    "SELECT * FROM access_record WHERE case_id IS NOT NULL OR subject_person_id IS NOT NULL"
    " ORDER BY municipality, position"
)
_INSIDE = frozenset({"who", "hash", "position"})
"""Ciphertext under a fresh nonce (who it was is compared by the reader's index beside it), the hash over it, and the
place among all lines of the municipality: no family is shown these."""


def access_lines(suite: Suite) -> list[Got]:
    """What a family's access history is made of (SE-2): the lines about each case, else each person, reader by reader.
    The family is told of them by the day, and a page asks one service for several things at once, whose lines then
    stand in an order of chance: they are compared each with its like. What a service does by itself stands in the
    record once a round, so that of these lines each is compared once."""
    got: list[Got] = []
    for service in SERVICES:
        about: dict[str, dict[str, list[str]]] = {}
        with closing(connect(suite.var, service)) as conn:
            for row in conn.execute(_ACCESS):
                line = {key: row[key] for key in row.keys() if key not in _INSIDE}  # noqa: SIM118
                subject = row["case_id"] or row["subject_person_id"]
                of_itself = row["capacity"] == "service"
                if of_itself:
                    subject, line = f"{subject} by services", line | {"id": "", "at": ""}
                like, text = (json.dumps(each, default=str) for each in (line | {"id": "", "at": ""}, line))
                alike = about.setdefault(subject, {}).setdefault(like, [])
                if not (of_itself and alike):
                    alike.append(text)
        for subject, lines in sorted(about.items()):
            texts = [text for _, alike in sorted(lines.items()) for text in alike]
            got += [
                Got("access", service, f"about {subject}: line {number}", text)
                for number, text in enumerate(texts, 1)
            ]
    return got

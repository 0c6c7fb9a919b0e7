"""Outside systems of the running suite, let in by the operator: told of the case that people play, refused the rest."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from deploy.ops.__main__ import main
from deploy.processes import free_port
from services.contracts.catalogue import EVENTS
from tests.journeys.main_job import KINDERGARTEN, PPT, MainJob
from tests.journeys.people import until
from tests.support.outsider import feed_pages, webhook_receiver
from tests.support.suite import Suite

GRANTED = ",".join(sorted(each.type for each in EVENTS.values() if each.outside is not None))


class System:
    """An outside system that asks for its events."""

    def __init__(self, suite: Suite, capsys: pytest.CaptureFixture[str], name: str, *service: str) -> None:
        self._suite, self._capsys, self.name = suite, capsys, name
        made = self.ops("subscribe", "--service", *service, "--way", "feed", "--events", GRANTED)
        self.address, self.token = made["address"], made["token"]
        self.next: str | None = None

    def ops(self, act: str, *words: str) -> dict[str, Any]:
        self._capsys.readouterr()
        who = ["--municipality", "granli", "--recipient", self.name]
        assert main([act, *who, *words, "--json", "--var", str(self._suite.var)]) == 0
        row: dict[str, Any] = json.loads(self._capsys.readouterr().out)[0]
        return row

    def ask(self, token: str | None = None, **query: Any) -> requests.Response:
        bearer = {"Authorization": f"Bearer {token or self.token}"}
        return requests.get(self.address, params=query, headers=bearer, timeout=10)

    def read(self, case: str) -> list[dict[str, Any]]:
        """What is new of one case."""
        found: list[dict[str, Any]] = []
        while True:
            answer = self.ask(**({"after": self.next} if self.next else {}))
            assert answer.status_code == 200, answer.text
            page = answer.json()
            found += [each for each in page["items"] if each["subject"] == case]
            self.next = page["next"]
            if not page["items"]:
                return found


@pytest.fixture
def systems(suite: Suite, capsys: pytest.CaptureFixture[str]) -> Iterator[tuple[System, System, System]]:
    """One of the kindergarten by name, one of all kindergartens, one of the psychology service."""
    made = (
        System(suite, capsys, "barnehagen", "service-granli-barnehage", "--unit", KINDERGARTEN),
        System(suite, capsys, "barnehagene", "service-granli-barnehage"),
        System(suite, capsys, "fagsystem", PPT),
    )
    yield made
    for each in made:
        each.ops("unsubscribe")


def test_CO_8_a_system_is_told_what_its_service_may_know_while_it_may(
    suite: Suite,
    systems: tuple[System, System, System],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """CO-8, CO-1, CO-3, LG-1: of one case, from the concern to the withdrawal."""
    own, all_of_them, psychology = systems
    job = MainJob(suite.url, suite.standins_url, lambda *_: None)
    job.anyone()
    job.concern()
    assert own.read(job.case) == [], "level 0"
    job.level_one()
    assert until(lambda: own.read(job.case), 10, "the unit's own system is told")[0]["data"]["to_level"] == 1
    assert psychology.read(job.case) == [], "no consent yet"
    job.consent()
    job.cooperation()
    job.meeting()

    told: list[dict[str, Any]] = []

    def minutes() -> bool:
        told.extend(psychology.read(job.case))
        return any(each["type"] == "relay_log.minutes_published.v1" for each in told)

    until(minutes, 10, "the psychology service's system is told of the minutes")
    numbers = [each["recipientseq"] for each in told]
    assert numbers == list(range(1, len(numbers) + 1))
    said = json.dumps(told)
    assert {topic for each in told for topic in each["data"].get("topics", [])} == {"wellbeing"}
    assert "service-granli-helsestasjon" not in said and "streamseq" not in said
    assert all(each["data"].get("topic") in (None, "learning", "wellbeing") for each in told)
    code, pages, complaint = feed_pages(tmp_path, psychology.address, psychology.token)
    assert code == 0 and sum(len(page["items"]) for page in pages) >= len(told), complaint
    job.handover()
    job.evaluation()
    job.withdrawal()
    psychology.next = None
    assert psychology.read(job.case) == [], "not a word of what it was told before"
    assert all_of_them.read(job.case) == [], "a third party, though its service owns the case"
    job.closing()
    late = System(
        suite, capsys, "sen", "service-granli-barnehage", "--unit", KINDERGARTEN, "--from", "2020-01-01"
    )

    def caught_up() -> bool:
        capsys.readouterr()
        assert main(["subscribers", "--json", "--var", str(suite.var)]) == 0
        rows = {row["recipient"]: row for row in json.loads(capsys.readouterr().out)}
        return not rows["sen"]["catching_up"]

    until(caught_up, 30, "history is read")
    types = [each["type"] for each in late.read(job.case)]
    assert types[0] == "cases.level_moved.v1" and "relay_log.entry_added.v1" in types
    late.ops("unsubscribe")
    until(
        lambda: any(e["type"] == "cases.case_closed.v1" for e in own.read(job.case)),
        10,
        "it is told of the end",
    )


def test_SE_7_who_has_no_token_is_refused_in_words_for_programs(
    suite: Suite, systems: tuple[System, System, System]
) -> None:
    """SE-7: 401 for what is no token here; 422 for a wrong question."""
    system, *_ = systems
    place, _, rest = system.token.partition(".")
    for wrong in (f"storvik.{rest}", f"{place}.{'x' * 43}", "nothing", f"{place}..{rest}", f"{rest}"):
        answer = system.ask(wrong)
        assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid"), wrong
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    assert requests.get(system.address, timeout=5).status_code == 401
    assert system.ask(after="c0123456789").json()["errors"] == [{"field": "after", "code": "not_a_cursor"}]
    for query in ({"limit": "0"}, {"limit": "x"}, {"limit": "101"}, {"after": "å"}):
        assert system.ask(**query).status_code == 422, query
    fresh = system.ops("rotate")["token"]
    assert system.ask().status_code == 401 and system.ask(fresh).status_code == 200
    described = requests.get(f"{suite.url}/api/openapi.json", timeout=10).json()
    operation = described["paths"]["/outside/v1/events"]["get"]
    assert {"401", "403", "422", "429"} <= operation["responses"].keys() and operation["security"]


def test_who_asks_too_often_is_told_to_wait(suite: Suite) -> None:
    address = f"{suite.url}/outside/v1/events"
    with requests.Session() as caller:
        bearer = {"Authorization": "Bearer granli." + "y" * 43}
        answers = [caller.get(address, headers=bearer, timeout=5) for _ in range(122)]
    assert {each.status_code for each in answers} == {401, 429}
    assert answers[-1].json()["code"] == "too_many_requests" and answers[-1].headers["Retry-After"]


def test_a_webhook_of_the_running_suite_reaches_the_example_receiver(
    suite: Suite, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Signed by the service's own process, whose threads are green and whose look-ups must not stop it."""
    port = free_port()
    who = ["--municipality", "granli", "--recipient", "krok", "--var", str(suite.var), "--json"]
    wanted = [
        "--service",
        "service-granli-barnehage",
        "--unit",
        KINDERGARTEN,
        "--events",
        GRANTED,
        "--way",
        "webhook",
    ]
    capsys.readouterr()
    assert main(["subscribe", *who, *wanted, "--url", f"http://localhost:{port}/", "--allow-private"]) == 0
    secret = json.loads(capsys.readouterr().out)[0]["secret"]
    job = MainJob(suite.url, suite.standins_url, lambda *_: None)
    with webhook_receiver(tmp_path, port, secret) as receiver:
        job.anyone()
        job.concern()
        job.level_one()

        def told() -> bool:
            return any(
                e["subject"] == job.case and e["type"] == "cases.level_moved.v1" for e in receiver.events
            )

        until(told, 20, "the receiver has verified and kept the event")
        assert receiver.numbers == sorted(receiver.numbers)
    assert main(["unsubscribe", *who]) == 0

"""Outside systems made from docs/integrators alone, while the main job is played: each is told what it was granted and
may know of, and is refused the rest."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pika
import pytest
import requests
from pika.exceptions import ChannelClosedByBroker

from deploy.broker import PrivateBroker
from deploy.processes import free_port
from deploy.steps import ROOT
from services.contracts import outside
from tests.journeys.main_job import PPT, MainJob
from tests.journeys.people import until
from tests.support.outsider import (
    Outsider,
    feed_pages,
    install_node_reader,
    queue_reader,
    webhook_receiver,
)
from tests.support.suite import Suite

KINDERGARTENS, KINDERGARTEN = "service-granli-barnehage", "unit-granli-bjorkelia"
HEALTH = "service-granli-helsestasjon"
LEVEL, PLAN, CLOSED, HOLDER = (
    "cases.level_moved.v1", "relay_log.plan_changed.v1", "cases.case_closed.v1", "cases.holder_changed.v1",
)  # fmt: skip
GRANTED = ",".join((LEVEL, PLAN, CLOSED))


@dataclass
class Operator:
    """Who runs the suite: lets outside systems in with the operator's command, and hands over what it prints."""

    suite: Suite
    broker: PrivateBroker

    def run(self, act: str, recipient: str, *words: str, municipality: str = "granli") -> dict[str, Any]:
        done = self.ask(act, "--municipality", municipality, "--recipient", recipient, *words)
        assert done.returncode == 0, done.stderr
        [row] = json.loads(done.stdout)
        for line in row.get(
            "run", ()
        ):  # the lines for whoever administers a broker that is not the suite's own
            command = shlex.split(line, comments=True)
            if "delete_user" not in command or act == "unsubscribe":
                self.broker.ctl(*command[1:])
        found: dict[str, Any] = row
        return found

    def ask(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "deploy.ops", *words, "--json", "--var", str(self.suite.var)]
        return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@dataclass
class Told:
    """Everybody outside, after the whole job: what they were handed, and the examples that run."""

    operator: Operator
    folder: Path
    job: MainJob
    handed: dict[str, dict[str, Any]] = field(default_factory=dict)
    running: dict[str, Outsider] = field(default_factory=dict)

    def of(self, recipient: str) -> list[dict[str, Any]]:
        """The events of the job's case that a system has handled, in order."""
        return [event for event in self.running[recipient].events if event["subject"] == self.job.case]

    def types(self, recipient: str) -> set[str]:
        return {event["type"] for event in self.of(recipient)}


@pytest.fixture(scope="module")
def told(suite: Suite, broker: PrivateBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    folder = tmp_path_factory.mktemp("outside")
    operator = Operator(suite, broker)
    world = Told(operator, folder, MainJob(suite.url, suite.standins_url, lambda *_: None))
    own = ("--service", KINDERGARTENS, "--unit", KINDERGARTEN)
    by_queue = (
        ("barnehagesystem", "granli", own, "pika"),
        ("ppt-journal", "granli", ("--service", PPT), "aio-pika"),
        ("naboen", "granli", ("--service", KINDERGARTENS), "node"),
        ("skolesystem", "storvik", ("--service", "service-storvik-skole"), "pika"),
    )
    node_home = install_node_reader(folder)
    for recipient, municipality, acts_for, kind in by_queue:
        granted = f"{GRANTED},{HOLDER}" if recipient == "ppt-journal" else GRANTED
        words = (*acts_for, "--events", granted, "--way", "queue")
        row = world.handed[recipient] = operator.run(
            "subscribe", recipient, *words, municipality=municipality
        )
        home = folder / recipient
        home.mkdir()
        world.running[recipient] = queue_reader(kind, home, row["url"], row["queue"], node_home)
    port = free_port()
    hook = ("--way", "webhook", "--url", f"http://127.0.0.1:{port}/", "--allow-private")
    row = world.handed["helsejournal"] = operator.run(
        "subscribe", "helsejournal", "--service", HEALTH, "--events", GRANTED, *hook
    )
    world.running["helsejournal"] = webhook_receiver(folder, port, row["secret"])
    world.handed["rapport"] = operator.run(
        "subscribe", "rapport", *own, "--events", f"{HOLDER},{CLOSED}", "--way", "feed"
    )
    try:
        play(world)
        for recipient in ("barnehagesystem", "helsejournal"):
            until(lambda r=recipient: CLOSED in world.types(r), 30, f"{recipient} is told of the closing")
        yield world
    finally:
        for each in world.running.values():
            each.stop()
        for recipient, row in world.handed.items():
            operator.run("unsubscribe", recipient, municipality=row["municipality"])


def play(world: Told) -> None:
    """The whole job, at the pace at which people work: what was told while a consent stood is sent before it ends."""
    job = world.job
    for act in (
        job.anyone,
        job.concern,
        job.level_one,
        job.consent,
        job.cooperation,
        job.meeting,
        job.handover,
    ):
        act()
    until(
        lambda: HOLDER in world.types("ppt-journal"), 30, "the psychologist's system is told of the handover"
    )
    for act in (job.evaluation, job.withdrawal, job.closing):
        act()


def test_the_owning_units_system_is_told_the_whole_case_and_only_the_granted_types(told: Told) -> None:
    events = told.of("barnehagesystem")
    assert told.types("barnehagesystem") == {LEVEL, PLAN, CLOSED}
    moves = [event["data"] for event in events if event["type"] == LEVEL]
    assert [(move["from_level"], move["to_level"]) for move in moves] == [(0, 1), (1, 2)]
    assert {PPT, HEALTH} == set(moves[1]["service_ids"]) and moves[1]["by_person_id"]
    assert events[-1]["type"] == CLOSED and events[-1]["data"]["outcome"] == "goals_reached"


def test_another_services_system_is_told_within_its_consent_and_no_more(told: Told) -> None:
    """Nothing from before somebody of it takes part with consent; its own topics; less of each event; nothing after
    the withdrawal. Whether the move that brings it in is told depends on who is brought in first."""
    events = told.of("ppt-journal")
    assert told.types("ppt-journal") - {LEVEL} == {PLAN, HOLDER}
    for move in (event["data"] for event in events if event["type"] == LEVEL):
        assert (move["to_level"], move["service_ids"]) == (2, [PPT])
        assert "by_person_id" not in move and "family_answer" not in move
    [held] = [event["data"] for event in events if event["type"] == HOLDER]
    assert held["how"] == "handover" and "previous_person_id" not in held
    topics = {event["data"]["topic"] for event in events if event["type"] == PLAN}
    assert topics == {"wellbeing", "learning"}


def test_a_webhook_brings_what_its_own_service_may_know(told: Told) -> None:
    events = told.of("helsejournal")
    assert {event["data"]["topic"] for event in events if event["type"] == PLAN} == {"wellbeing", "health"}
    assert told.types("helsejournal") - {LEVEL} == {PLAN, CLOSED}


@pytest.mark.parametrize("recipient", ["naboen", "skolesystem"])
def test_a_system_with_no_part_in_the_case_is_told_nothing_of_it(told: Told, recipient: str) -> None:
    """The same service without the unit has no consent; another municipality finds nothing (SE-7)."""
    assert told.of(recipient) == [] and told.running[recipient].running


@pytest.mark.parametrize("recipient", ["barnehagesystem", "ppt-journal", "helsejournal"])
def test_numbers_are_the_recipients_own_and_without_gaps(told: Told, recipient: str) -> None:
    running = told.running[recipient]
    assert running.numbers == list(range(1, len(running.numbers) + 1)) and running.warnings == []
    for event in running.events:
        assert event["recipient"] == recipient and not {"stream", "streamseq", "traceparent"} & set(event)


def test_the_feed_gives_page_after_page_and_then_nothing_new(told: Told) -> None:
    row = told.handed["rapport"]
    code, pages, _ = feed_pages(told.folder, row["address"], row["token"])
    events = [event for page in pages for event in page["items"] if event["subject"] == told.job.case]
    assert code == 0 and [event["type"] for event in events] == [HOLDER, HOLDER, CLOSED]
    assert events[1]["data"]["previous_person_id"] == told.job.people["teacher"]
    assert feed_pages(told.folder, row["address"], row["token"])[:2] == (0, [])


def test_a_feed_is_closed_to_a_token_that_is_none(told: Told) -> None:
    row = told.handed["rapport"]
    code, pages, said = feed_pages(told.folder, row["address"], "granli.another")
    assert code != 0 and pages == [] and "token_not_valid" in said
    assert requests.get(row["address"], timeout=10).status_code == 401


@pytest.mark.parametrize(
    "event_type",
    [
        "cases.lane_report_filed.v1",
        "cases.person_changed.v1",
        "directory.staff_changed.v1",
        "no.such_event.v1",
    ],
)
def test_what_never_leaves_can_not_be_granted(told: Told, event_type: str) -> None:
    done = told.operator.ask(
        "subscribe", "--municipality", "granli", "--recipient", "nysgjerrig", "--service", PPT,
        "--events", event_type, "--way", "queue",
    )  # fmt: skip
    assert done.returncode == 1 and "events" in done.stderr


def test_a_user_of_the_broker_reads_its_own_queue_and_does_nothing_else(told: Told) -> None:
    row, other = told.handed["ppt-journal"], told.handed["barnehagesystem"]
    with pika.BlockingConnection(pika.URLParameters(row["url"])) as connection:
        refused = (
            lambda channel: channel.basic_get(other["queue"]),
            lambda channel: channel.basic_get("notifications.inbox"),
            lambda channel: channel.queue_declare("mine"),
            lambda channel: channel.queue_bind(row["queue"], "stafett.events", "#"),
            lambda channel: channel.queue_bind(row["queue"], outside.EXCHANGE, "#"),
            lambda channel: channel.queue_delete(row["queue"]),
            lambda channel: publish(channel, outside.EXCHANGE),
            lambda channel: publish(channel, "stafett.events"),
        )
        for act in refused:
            with pytest.raises(ChannelClosedByBroker) as closed:
                act(connection.channel())
            assert closed.value.reply_code == 403


def publish(channel: Any, exchange: str) -> None:
    channel.confirm_delivery()
    channel.basic_publish(exchange, "granli.ppt-journal.cases.case_closed.v1", b"{}")


def test_what_is_caught_up_with_is_handled_once(told: Told) -> None:
    """The whole case comes again, under new numbers; whoever has handled it does nothing."""
    before, number = told.of("barnehagesystem"), standing(told)["last_number"]
    told.operator.run("catch-up", "barnehagesystem", "--from", "2020-01-01")
    until(lambda: caught_up(told, number + len(before)), 60, "all is told again, and taken")
    assert told.of("barnehagesystem") == before


def caught_up(told: Told, number: int) -> bool:
    now, row = standing(told), told.handed["barnehagesystem"]
    if now["catching_up"] or now["waiting"] or now["last_number"] < number:
        return False
    with pika.BlockingConnection(pika.URLParameters(row["url"])) as connection:
        queue = connection.channel().queue_declare(row["queue"], passive=True)
    return int(queue.method.message_count) == 0


def standing(told: Told) -> dict[str, Any]:
    """The subscription of the kindergarten's system, as the operator sees it."""
    found = json.loads(told.operator.ask("subscribers", "--municipality", "granli").stdout)
    return dict(next(each for each in found if each["recipient"] == "barnehagesystem"))


def test_the_documents_are_published_where_the_pages_say(told: Told) -> None:
    url = told.operator.suite.url
    document = requests.get(f"{url}/api/asyncapi.json", timeout=10).json()
    assert document["servers"]["feed"]["host"] in url and document["asyncapi"] == "3.0.0"
    page = requests.get(f"{url}/api/docs", timeout=10).text
    assert all(event in page for event in (LEVEL, PLAN, CLOSED, HOLDER))

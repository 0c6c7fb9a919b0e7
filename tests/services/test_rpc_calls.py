"""RPC over a real broker, the toy service in a process of its own: answers, refusals, deadlines, nothing readable."""

from __future__ import annotations

import os
import signal
import statistics
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.broker import PrivateBroker
from deploy.processes import free_port
from services.chassis.actor import Actor, Signer
from services.chassis.ids import new_id
from services.chassis.keys import rotate_rpc_key
from services.chassis.rpc.client import RpcClient
from services.contracts import base
from services.kernel.errors import Conflict, DeadlineExceeded, InternalError, NotFound, Refusal, Unavailable
from tests.services import rpc_toy as toy

TEACHER = Actor("granli", "employee", person_id="p1", unit_id="u1", assurance="substantial")


class Running:
    """The toy's process, and a client of it."""

    def __init__(self, folder: Path, amqp_url: str) -> None:
        self.var, self.amqp_url, self.log = folder / "var", amqp_url, folder / "toy.log"
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.start()
        self.token = Signer(self.var, "gateway").mint(TEACHER)
        self.client = RpcClient(amqp_url, self.var, "test")
        self.client.start()

    def start(self) -> None:
        self.process = toy.spawn(self.var, self.amqp_url, self.port, self.log)
        until(lambda: self.get("/health/ready")[0] == 200, 15, self.log)

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=2) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError:
            return 0, ""

    def call(
        self, procedure: toy.Procedure, request: dict[str, object] | None = None, **options: object
    ) -> dict:
        return self.client.call(procedure, self.token, request, **options)  # type: ignore[arg-type]

    def end(self, number: int) -> float:
        assert self.process
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(5)
        return time.monotonic() - began


def until(condition, seconds: float, log: Path | None = None) -> None:  # type: ignore[no-untyped-def]
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, log.read_text()[-3000:] if log and log.exists() else "not in time"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def running(amqp_url: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    it = Running(tmp_path_factory.mktemp("toy"), amqp_url)
    yield it
    it.client.stop()
    if it.process and it.process.poll() is None:
        it.process.kill()
        it.process.wait(5)


def test_an_answer_comes_back_as_it_was_given(running: Running) -> None:
    said = {"text": "Æ e i a å", "seconds": None, "born_on": "2022-03-01"}
    assert running.call(toy.ECHO, said) == said


def test_an_echo_takes_few_milliseconds(running: Running) -> None:
    for _ in range(50):
        running.call(toy.ECHO, {"text": "warm"})
    times = []
    for _ in range(300):
        began = time.perf_counter()
        running.call(toy.ECHO, {"text": "x" * 500})
        times.append(time.perf_counter() - began)
    p50 = statistics.median(times) * 1000
    print(f"echo p50 {p50:.2f} ms, p99 {sorted(times)[-3] * 1000:.2f} ms")
    assert p50 < 15


def test_a_refusal_arrives_as_the_same_value(running: Running) -> None:
    with pytest.raises(Conflict) as refused:
        running.call(toy.REFUSE)
    assert refused.value == toy.AlreadyThere(fields={"text": "taken"}, level=2)
    assert (refused.value.code, refused.value.status, refused.value.rule) == ("already_there", 409, "TOY-1")


def test_a_fault_says_nothing_of_what_went_wrong(running: Running) -> None:
    with pytest.raises(InternalError) as fault:
        running.call(toy.BREAK, {"text": "Kari Nordmann"})
    assert "Kari" not in str(fault.value.as_dict())
    trace = fault.value.params["trace_id"]
    until(lambda: trace in running.log.read_text(), 2)
    assert "KeyError" in running.log.read_text()
    assert "Kari" not in running.log.read_text()


def test_a_wrong_field_is_named(running: Running) -> None:
    with pytest.raises(Refusal) as refused:
        running.call(toy.CHECK, {"parts": [{"id": "ok"}, {"id": "a b"}, {}], "more": 1})
    assert refused.value.status == 422
    assert refused.value.fields == {"parts.1.id": "not_an_id", "parts.2.id": "missing", "more": "unknown"}


def test_an_asker_one_version_behind_is_not_stopped_by_what_is_new_in_an_answer(running: Running) -> None:
    """docs/adr/0031."""

    class FewerWords(base.Message):
        text = base.narrative(required=False)

    behind = base.query("toy.echo", FewerWords, FewerWords, "Says it again.")
    assert running.call(behind, {"text": "x"})["text"] == "x"


def test_who_is_late_is_not_waited_for(running: Running) -> None:
    began = time.monotonic()
    with pytest.raises(DeadlineExceeded):
        running.call(toy.PAUSE, {"seconds": 40}, timeout=0.3)
    assert time.monotonic() - began < 4, "and not for as long as the answer takes"


def test_a_command_whose_time_runs_out_changes_nothing(running: Running) -> None:
    with pytest.raises(DeadlineExceeded):
        running.call(toy.ADD_SLOWLY, {"id": "too-late"}, timeout=0.2)
    done = running.call(toy.ADD_SLOWLY, {"id": "in-time"})
    assert done["id"] == "in-time"
    assert "too-late" not in running.call(toy.LIST)["ids"]


def test_a_service_that_is_down_is_unavailable_at_once(running: Running) -> None:
    began = time.monotonic()
    with pytest.raises(Unavailable) as refused:
        running.call(toy.UNANSWERED)
    assert refused.value.code == "unavailable"
    assert refused.value.params == {"service": "nobody"}
    assert time.monotonic() - began < toy.UNANSWERED.seconds, "and not at the deadline"


def test_a_procedure_that_is_not_there_is_said_so(running: Running) -> None:
    with pytest.raises(NotFound):
        running.call(toy.MISSING)


def test_calls_that_do_not_depend_on_each_other_go_out_together(running: Running) -> None:
    began = time.monotonic()
    pending = [running.client.start_call(toy.PAUSE, running.token, {"seconds": 10}) for _ in range(8)]
    assert [answer["seconds"] for answer in (each.result() for each in pending)] == [10] * 8
    assert time.monotonic() - began < 8, "and not one after the other"


def test_the_same_key_twice_happens_once(running: Running) -> None:
    key = new_id()
    first = running.call(toy.ADD, {"id": "once"}, idempotency_key=key)
    again = running.call(toy.ADD, {"id": "once"}, idempotency_key=key)
    assert first == again == {"id": "once", "version": 1, "versions": {"toy.things:once": 1}}


def test_a_new_rpc_key_is_taken_up_on_both_sides(running: Running) -> None:
    rotate_rpc_key(running.var)
    other = RpcClient(running.amqp_url, running.var, "other")
    other.start()
    try:
        assert other.call(toy.ECHO, running.token, {"text": "new key"})["text"] == "new key"
        assert running.call(toy.ECHO, {"text": "still"})["text"] == "still"
    finally:
        other.stop()


def test_metrics_count_procedures_and_outcomes(running: Running) -> None:
    status, text = running.get("/metrics")
    assert status == 200
    assert 'stafett_rpc_handled_seconds_count{outcome="already_there",procedure="toy.refuse"}' in text
    assert running.get("/health/live")[0] == 200
    assert running.get("/elsewhere")[0] == 404


def test_nothing_of_a_body_lies_readable_at_the_broker(running: Running, broker: PrivateBroker) -> None:
    sentence = "Barnet sier at ingen leker med henne"
    assert running.process
    os.kill(running.process.pid, signal.SIGSTOP)  # the request must rest at the broker
    try:
        pending = running.client.start_call(toy.ECHO, running.token, {"text": sentence}, timeout=8)
        listed = broker.ctl("list_queues", "-q", "-p", vhost(running), "name", "messages")
        assert int(dict(line.split() for line in listed.splitlines())["toy.rpc"]) >= 1
        assert not [file for file in broker.base.rglob("*") if file.is_file() and holds(file, sentence)]
        assert not [file for file in broker.base.rglob("*") if file.is_file() and holds(file, running.token)]
    finally:
        os.kill(running.process.pid, signal.SIGCONT)
    assert pending.result()["text"] == sentence
    assert not [file for file in broker.base.rglob("*") if file.is_file() and holds(file, sentence)]


def test_a_killed_service_comes_back_and_the_client_with_it(running: Running) -> None:
    running.end(signal.SIGKILL)
    until(lambda: is_down(running), 5)
    running.start()
    until(lambda: not is_down(running), 5)


def test_a_lost_broker_is_unavailable_and_then_there_again(running: Running, broker: PrivateBroker) -> None:
    pending = running.client.start_call(toy.PAUSE, running.token, {"seconds": 40})
    broker.ctl("close_all_connections", "-p", vhost(running), "test")
    with pytest.raises(Unavailable):
        pending.result()
    until(lambda: not is_down(running), 10, running.log)


def test_an_asked_service_ends_within_three_seconds(running: Running) -> None:
    assert running.end(signal.SIGTERM) < 3
    assert running.process and running.process.returncode == 0, running.log.read_text()[-2000:]


def is_down(running: Running) -> bool:
    try:
        running.call(toy.ECHO, timeout=1)
    except Unavailable:
        return True
    return False


def vhost(running: Running) -> str:
    return running.amqp_url.rsplit("/", 1)[1]


def holds(file: Path, text: str) -> bool:
    try:
        return text.encode() in file.read_bytes()
    except OSError:
        return False

"""What goes out by e-mail, over a real SMTP conversation: at most once, only to who may know, nothing that tells."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest
from aiosmtpd.controller import Controller
from structlog.testing import capture_logs

from deploy.processes import free_port
from deploy.standins.mail import Letter, MailCatcher
from services.chassis import metrics, quiet_faults, tracing
from services.contracts import cases
from services.kernel.errors import InternalError
from services.notifications.senders import send
from services.notifications.senders.smtp import MailServer
from tests.services.notifications_house import (
    CASE,
    CHILD,
    EMAILS,
    MOTHER,
    NOW,
    PSYCHOLOGIST,
    House,
    house,
)
from tests.services.notifications_process import Running

ROOT = Path(__file__).parents[2]
CALLED = "meeting_called"


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[MailCatcher]:
    catcher = MailCatcher(tmp_path / "mail", free_port())
    catcher.start()
    yield catcher
    catcher.stop()


@pytest.fixture
def home(notifications_url: str, tmp_path: Path, mail: MailCatcher) -> Iterator[House]:
    """A house where all went out that came before the meeting."""
    with house(notifications_url, tmp_path, mail.port) as made:
        made.play()
        yield made


def to(mail: MailCatcher, person_id: str) -> list[Letter]:
    return [letter for letter in mail.messages() if letter.recipients == (EMAILS[person_id],)]


def about_meetings(mail: MailCatcher) -> list[Letter]:
    return [letter for letter in mail.messages() if letter.attachments()]


def send_all(home: House) -> None:
    for _ in range(10):
        if not home.send():
            return
    raise AssertionError("what was looked at still waits")


def test_LG_4_each_one_invited_has_one_e_mail_with_a_calendar_file(home: House, mail: MailCatcher) -> None:
    """NO-1, NO-2, NO-3: as mail programs read it; and nothing in it tells of the child, the case or the need."""
    send_all(home)
    found = about_meetings(mail)
    assert sorted(letter.recipients for letter in found) == [
        (EMAILS[person],) for person in ("p-father", "p-mother", "p-psychologist")
    ]
    starts = NOW + timedelta(days=3)
    uids = set()
    for letter in found:
        [file] = letter.attachments()
        assert (file["type"], file["method"]) == ("text/calendar", "PUBLISH")
        [event] = icalendar.Calendar.from_ical(file["content"]).walk("VEVENT")
        assert event.decoded("dtstart") == starts and "ATTENDEE" not in event and "LOCATION" not in event
        uids.add(str(event["UID"]))
        assert letter.text().splitlines()[0] == "Du har en ny melding i Stafett."
        link = next(line for line in letter.text().splitlines() if line.startswith("https://"))
        stands = [item["message_id"] for item in home.inbox(MOTHER)["items"]]
        assert letter.recipients != (EMAILS["p-mother"],) or link.rsplit("/", 1)[1] in stands
    assert len(uids) == 3
    everything = " ".join(letter.raw.decode() + letter.text() for letter in mail.messages())
    for secret in (
        CHILD,
        "case-1",
        "meeting-1",
        "psychology",
        "kindergarten",
        "learning",
        "p-teacher",
        "consent",
    ):
        assert secret not in everything.replace("psychologist@", "")
    private = {person for name, person in home.registers.asked if name == "cases.contact_of"}
    assert private == {"p-mother", "p-father"}


def test_NO_2_what_was_sent_is_not_sent_again(home: House, mail: MailCatcher) -> None:
    """NO-2: whatever comes again, and however often the sender looks."""
    send_all(home)
    before = len(mail.messages())
    event = home.meeting("p-mother", meeting_id="meeting-2")
    for _ in range(3):
        home.take(event)
        home.tell_again(event)
        home.send()
    assert len(mail.messages()) == before + 1
    assert home.outcomes("p-mother")[CALLED] == "sent"
    ids = [letter.message["Message-ID"] for letter in mail.messages()]
    assert len(ids) == len(set(ids))


def test_NO_2_what_is_no_news_any_more_stands_in_the_inbox_alone(home: House, mail: MailCatcher) -> None:
    """NO-2: a service that begins late fills the inboxes, and writes nobody a year's letters."""
    home.clock.advance(days=4)
    home.keep_up()
    send_all(home)
    assert mail.messages() == []
    assert home.outcomes("p-mother")[CALLED] == "too_late"
    assert CALLED in home.kinds(PSYCHOLOGIST)


def test_NO_6_access_is_decided_when_it_is_sent(home: House, mail: MailCatcher) -> None:
    """NO-6: consent is withdrawn between the queueing and the sending: no e-mail, no message, nobody asked where."""
    home.take(home.windows())
    send_all(home)
    assert to(mail, "p-psychologist") == [] and len(about_meetings(mail)) == 2
    assert home.outcomes("p-psychologist")[CALLED] == "not_allowed" and home.kinds(PSYCHOLOGIST) == []
    assert "p-psychologist" not in {person for _, person in home.registers.asked}
    home.take(home.windows("psychology"))
    home.send()
    assert to(mail, "p-psychologist") == []


def test_NO_6_access_that_ends_while_the_address_is_asked_for_is_seen(home: House, mail: MailCatcher) -> None:
    """NO-6: it is decided once more in the transaction that marks."""
    start_call = home.registers.start_call

    def withdraw_meanwhile(procedure: Any, request: Any) -> Any:
        if request["person_id"] == "p-psychologist" and home.kinds(PSYCHOLOGIST) != []:
            home.take(home.windows())
        return start_call(procedure, request)

    home.registers.start_call = withdraw_meanwhile  # type: ignore[method-assign]
    send_all(home)
    assert to(mail, "p-psychologist") == [] and home.outcomes("p-psychologist")[CALLED] == "not_allowed"


def test_CO_9_on_old_consent_knowledge_a_third_party_is_not_written_to_yet(
    home: House, mail: MailCatcher
) -> None:
    """NO-6, CO-9: it waits, the family's goes out; with the next heartbeat it goes too."""
    home.clock.advance(seconds=60)
    send_all(home)
    assert to(mail, "p-psychologist") == [] and to(mail, "p-mother") != []
    assert home.outcomes("p-psychologist")[CALLED] == "waiting"
    home.clock.advance(seconds=10)
    home.keep_up()
    send_all(home)
    assert home.outcomes("p-psychologist")[CALLED] == "sent"


@pytest.mark.parametrize(("when", "arrived"), [("before", 0), ("after", 1)])
def test_NO_2_a_crash_in_the_conversation_leaves_an_unknown_outcome_that_is_not_repeated(
    home: House, mail: MailCatcher, when: str, arrived: int, notifications_url: str, tmp_path: Path
) -> None:
    """NO-2: killed between mark and letter, or between letter and answer: once at most, and it shows in the inbox."""
    send_all(home)
    before = len(mail.messages())
    home.take(home.meeting("p-mother", meeting_id="meeting-2"))
    child = [sys.executable, "-m", "tests.services.notifications_house", notifications_url, str(tmp_path)]
    died = subprocess.run(
        [*child, str(mail.port), when], cwd=ROOT, timeout=60, check=False, capture_output=True
    )
    assert died.returncode == -signal.SIGKILL, died.stderr.decode()[-2000:]
    home.clock.advance(days=2)
    home.keep_up()
    send_all(home)
    assert len(mail.messages()) == before + arrived
    [attempt] = home.inbox(MOTHER)["items"][0]["attempts"]
    assert (attempt["channel"], attempt["outcome"]) == ("email", "unknown") and attempt["at"] is not None


def test_NO_2_two_senders_send_one_letter(home: House, mail: MailCatcher) -> None:
    """NO-2: whoever marks it sends it; the other, that saw it waiting too, leaves it."""
    send_all(home)
    before = len(mail.messages())
    home.take(home.meeting("p-mother", meeting_id="meeting-2"))
    start_call = home.registers.start_call
    nested: list[int] = []

    def meanwhile(procedure: Any, request: Any) -> Any:
        if not nested:
            nested.append(1)
            nested.append(home.send())
        return start_call(procedure, request)

    home.registers.start_call = meanwhile  # type: ignore[method-assign]
    home.send()
    assert nested == [1, 1] and len(mail.messages()) == before + 1


def test_NO_3_who_is_reserved_or_has_no_address_is_not_written_to(home: House, mail: MailCatcher) -> None:
    """NO-3: what the register says now counts, and is asked for at each sending."""
    home.registers.reserved.add("p-mother")
    home.registers.emails["p-father"] = "not an address"
    del home.registers.emails["p-psychologist"]
    send_all(home)
    for person in ("p-mother", "p-father", "p-psychologist"):
        assert home.outcomes(person)[CALLED] == "no_address"
    assert about_meetings(mail) == []
    home.registers.reserved.clear()
    home.take(home.meeting("p-mother", meeting_id="meeting-2"))
    send_all(home)
    assert len(about_meetings(mail)) == 1


def test_NO_3_a_guardian_under_a_care_order_is_written_to_at_home(home: House, mail: MailCatcher) -> None:
    """NO-3, GU-4: where the contact register says, and not looked for among the municipality's employees."""
    order = {"unit_id": "unit-protection", "set_by": "p-protection", "valid_from": "2026-01-01",
             "guardians_see": "overview", "topics": []}  # fmt: skip
    ties = [{"person_id": "p-mother", "relation": "mother", "has_responsibility": True, "verified": True}]
    home.hear(cases.PersonChanged, CHILD, person_id=CHILD, birth_date="2022-03-05", address_grade="ungraded",
              guardians=ties, care_orders=[order])  # fmt: skip
    home.keep_up()
    home.hear(cases.CaseClosed, CASE, from_level=2, outcome="goals_reached", by_person_id="p-teacher")
    send_all(home)
    assert home.outcomes("p-mother")["case_closed"] == "sent"


def test_what_can_not_be_asked_for_or_handed_over_now_goes_later(home: House, mail: MailCatcher) -> None:
    """A register or a mail server that is down loses nothing, and is no outcome."""
    home.registers.down = True
    send_all(home)
    home.registers.down = False
    home.use(MailServer(f"smtp://127.0.0.1:{free_port()}"))
    home.clock.advance(seconds=10)
    home.keep_up()
    send_all(home)
    assert home.outcomes("p-mother")[CALLED] == "waiting"
    home.use(MailServer(f"smtp://127.0.0.1:{mail.port}"))
    home.clock.advance(seconds=10)
    home.keep_up()
    send_all(home)
    assert home.outcomes("p-mother")[CALLED] == "sent" and len(about_meetings(mail)) == 3


def of_the_lane(home: House, number: int) -> None:
    """A report, its answer and a further reader: child protection, the reporter and the reader each have a message."""
    report, by = f"lane-{number}", "p-worker"
    home.hear(cases.LaneReportFiled, report, report_id=report, kind="protected")
    home.hear(
        cases.LaneReportAnswered, report, report_id=report, reporter_person_id="p-teacher", by_person_id=by
    )
    home.hear(cases.LaneReaderNamed, report, report_id=report, person_id="p-psychologist", by_person_id=by)


def test_NO_6_no_e_mail_of_a_report_goes_to_who_reads_it_no_more(home: House, mail: MailCatcher) -> None:
    """NO-6, PR-5: decided at sending, however long the e-mail has waited."""
    of_the_lane(home, 1)
    home.hear(cases.LaneReadersLost, "lane-1", report_id="lane-1", person_ids=["p-psychologist"])
    send_all(home)
    assert home.outcomes("p-psychologist")["lane_reader_named"] == "not_allowed"
    assert home.outcomes("p-teacher")["lane_report_answered"] == "sent"


def test_PR_3_of_the_lanes_e_mails_nothing_is_told_whatever_becomes_of_them(
    home: House, mail: MailCatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PR-3: of each of its kinds no line, no span and no number: sent, unwritable, and while the mail server or the
    register is down. Of a call to a meeting beside them there are all of these."""
    send_all(home)
    before = len(mail.messages())
    spans: list[tracing.Span] = []
    monkeypatch.setattr(tracing, "_tell", spans.append)
    counted = _mail_counted()
    with capture_logs() as lines:
        home.registers.down = True
        of_the_lane(home, 1)
        send_all(home)
        home.registers.down = False
        home.use(MailServer(f"smtp://127.0.0.1:{free_port()}"))
        _after_a_while(home)
        home.use(MailServer(f"smtp://127.0.0.1:{mail.port}"))
        _after_a_while(home)
        with monkeypatch.context() as broken:
            broken.setattr(send, "compose", _unwritable)
            of_the_lane(home, 2)
            send_all(home)
    assert len(mail.messages()) == before + 3, "those of the first report, in the end"
    assert lines == [] and _mail_counted() == counted
    assert "mail" not in {span.name for span in spans}
    with home.app.db.read() as conn:
        kept = quiet_faults.since(conn, home.app.db.metadata, home.clock.now() - timedelta(days=1))
    assert {(row.municipality, row.what) for row in kept} == {
        ("granli", "reach_mail_server"),
        ("granli", "write_letter"),
    }, "where operators alone look"

    with capture_logs() as lines:
        home.use(MailServer(f"smtp://127.0.0.1:{free_port()}"))
        of_the_lane(home, 3)
        home.take(home.meeting("p-mother", meeting_id="meeting-2"))
        send_all(home)
        home.use(MailServer(f"smtp://127.0.0.1:{mail.port}"))
        _after_a_while(home)
    assert len(mail.messages()) == before + 7
    told = [(line["event"], line.get("count")) for line in lines if line["log_level"] in ("info", "warning")]
    assert told == [("mail_server_unreachable", 1), ("mail_tried", None)] and _mail_counted() != counted
    assert [span.name for span in spans].count("mail") == 1


def _after_a_while(home: House) -> None:
    home.clock.advance(seconds=10)
    home.keep_up()
    send_all(home)


def _mail_counted() -> list[str]:
    told = metrics.exposition().decode()
    return [line for line in told.splitlines() if line.startswith("stafett_mail_attempts_total")]


def _unwritable(*_: Any, **__: Any) -> Any:
    raise InternalError


class Grumpy:
    """A mail server with a mind of its own about some addresses."""

    def __init__(self) -> None:
        self.taken: list[str] = []
        self.tried: list[str] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        self.tried.append(address)
        if address == EMAILS["p-father"]:
            return "550 no such user"
        if address == EMAILS["p-psychologist"] and self.tried.count(address) == 1:
            return "451 come back later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if envelope.rcpt_tos == [EMAILS["p-mother"]]:
            server.transport.abort()
        self.taken += envelope.rcpt_tos
        return "250 OK"


def test_NO_2_each_answer_of_the_mail_server_counts_for_what_it_says(
    notifications_url: str, tmp_path: Path
) -> None:
    """NO-2: refused for good; tried again when it said so; unknown, and never again, when the line broke in between."""
    grumpy, port = Grumpy(), free_port()
    server = Controller(grumpy, hostname="127.0.0.1", port=port)
    server.start()
    try:
        with house(notifications_url, tmp_path, port) as home:
            home.play()
            for _ in range(6):
                send_all(home)
                home.clock.advance(minutes=30)
                home.keep_up()
            outcomes = {person: home.outcomes(person).get(CALLED) for person in EMAILS}
    finally:
        server.stop()
    told = (outcomes["p-father"], outcomes["p-mother"], outcomes["p-psychologist"])
    assert told == ("failed", "unknown", "sent")
    assert (
        grumpy.taken.count(EMAILS["p-mother"]) == 3
    )  # holder changed, consent requested, meeting called: once each


def test_one_letter_that_can_not_be_written_holds_up_no_other(
    home: House, mail: MailCatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    compose = send.compose

    def fail_for_the_mother(message: Any, *given: Any, **named: Any) -> Any:
        if message.told.person_id == "p-mother":
            raise InternalError
        return compose(message, *given, **named)

    monkeypatch.setattr(send, "compose", fail_for_the_mother)
    send_all(home)
    assert home.outcomes("p-mother")[CALLED] == "failed" and home.outcomes("p-father")[CALLED] == "sent"


# ---------------------------------------------------------------- with a broker, in processes of their own


def until(condition: Callable[[], Any], seconds: float = 60.0) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "not in time"
        time.sleep(0.02)


def test_from_event_to_letter_over_a_real_broker(
    amqp_url: str, notifications_url: str, directory_url: str, tmp_path: Path, mail: MailCatcher
) -> None:
    """NO-2: the service as it runs, and directory beside it: child protection has its letter once, soon after a report,
    though the broker brings the event twice; and has the message once, asked for over RPC."""
    with Running(tmp_path, amqp_url, notifications_url, directory_url, mail.port) as running:
        running.staff("p-protection", "worker@granli.example", "child_protection")
        running.staff("p-teacher", "teacher@granli.example", "employee")
        for number, report in enumerate(("lane-1", "lane-2"), 1):
            at = datetime.now(UTC).isoformat()
            running.publish_twice(cases.LaneReportFiled, report, report_id=report, kind="protected", at=at)
            until(lambda number=number: len(mail.messages()) >= number)  # type: ignore[misc]
        until(lambda: outcomes_of(running.inbox("p-protection")) == ["sent", "sent"])
        assert [letter.recipients for letter in mail.messages()] == [("worker@granli.example",)] * 2
        assert {item["item_id"] for item in running.inbox("p-protection")["items"]} == {"lane-1", "lane-2"}
        assert running.inbox("p-teacher")["items"] == []


def outcomes_of(page: dict[str, Any]) -> list[str]:
    return [attempt["outcome"] for item in page["items"] for attempt in item["attempts"]]

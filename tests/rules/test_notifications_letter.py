"""What leaves by e-mail: nothing of what a message is about (NO-1), and a calendar file that calendars understand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import policy
from email.message import EmailMessage
from email.parser import BytesParser
from typing import Any

import icalendar
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.notifications.domain.kinds import KINDS
from services.notifications.domain.message import Message, Told
from services.notifications.senders.letter import NoSuchAddress, compose, texts

NOW = datetime(2026, 11, 21, 10, tzinfo=UTC)
STARTS, ENDS = datetime(2026, 11, 24, 9, tzinfo=UTC), datetime(2026, 11, 24, 10, tzinfo=UTC)
MEETING = Message(
    "m-1", Told("p-mother", "meeting_called", NOW, "case-7", "meeting-7", "p-teacher", (), STARTS, ENDS)
)
NEWS = Message(
    "m-2", Told("p-mother", "consent_requested", NOW, "case-7", "request-7", "p-teacher", ("health",))
)


def written(message: Message, to: str = "mor@familie.example", language: str = "nb") -> EmailMessage:
    letter = compose(
        message,
        to,
        language,
        sender="ikke-svar@stafett.example",
        public_url="https://stafett.example",
        now=NOW,
    )
    parsed: Any = BytesParser(policy=policy.default).parsebytes(letter.as_bytes())
    return parsed


def all_of(letter: EmailMessage) -> str:
    """Every header and every decoded part."""
    parts = [str(part.get_content()) for part in letter.walk() if not part.is_multipart()]
    headers = [f"{name}: {value}" for part in letter.walk() for name, value in part.items()]
    return "\n".join([*headers, *parts]).replace("\r\n ", "")


def calendar_of(letter: EmailMessage) -> Any:
    [part] = [each for each in letter.walk() if each.get_content_type() == "text/calendar"]
    assert part.get_param("method") == "PUBLISH" and part.get_filename() == "stafett.ics"
    return icalendar.Calendar.from_ical(part.get_content())


def test_NO_1_the_e_mail_says_that_there_is_a_message_and_where() -> None:
    """NO-1."""
    letter = written(NEWS)
    assert letter["Subject"] == "Ny melding i Stafett" and letter["To"] == "mor@familie.example"
    body = letter.get_body(("plain",))
    assert body is not None
    first, _, where, link, *_ = str(body.get_content()).splitlines()
    assert (first, link) == ("Du har en ny melding i Stafett.", "https://stafett.example/innboks/m-2")
    assert where == "Logg inn og les den her:"
    assert not letter.is_multipart()


@pytest.mark.parametrize("kind", sorted(KINDS))
@pytest.mark.parametrize("language", ["nb", "nn", "en"])
def test_NO_1_all_kinds_read_the_same(kind: str, language: str) -> None:
    """NO-1: not even the kind shows: whoever reads it over somebody's shoulder learns nothing."""
    other = Message("m-2", replace(NEWS.told, kind=kind, case_id="c", item_id="i", topics=("home",)))
    assert written(other, language=language).as_bytes() == written(NEWS, language=language).as_bytes()


def test_NO_1_a_meetings_e_mail_holds_its_hours_and_nothing_else_of_it() -> None:
    """NO-1: no attendee, no place, no agenda; a summary that is the same for all."""
    letter = written(MEETING)
    assert "Møtet er tirsdag 24. november 2026 kl. 10.00–11.00." in all_of(letter)
    calendar = calendar_of(letter)
    assert calendar["METHOD"] == "PUBLISH"
    [event] = calendar.walk("VEVENT")
    assert event["SUMMARY"] == "Møte i Stafett" and event["ORGANIZER"] == "mailto:ikke-svar@stafett.example"
    assert (event.decoded("dtstart"), event.decoded("dtend"), event["SEQUENCE"]) == (STARTS, ENDS, 0)
    assert not set(event) & {"ATTENDEE", "LOCATION", "GEO", "COMMENT", "CATEGORIES", "CONTACT", "ATTACH"}
    assert not event["ORGANIZER"].params and event["CLASS"] == "PRIVATE"


_SECRET = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=16, max_size=24)


@settings(max_examples=30, deadline=None)
@given(_SECRET, _SECRET, _SECRET, _SECRET, _SECRET, st.sampled_from(sorted(KINDS)), st.booleans())
def test_NO_1_nothing_of_what_a_message_is_about_leaves(
    case: str, item: str, person: str, by: str, topic: str, kind: str, meeting: bool
) -> None:
    """NO-1: whatever its ids and topics are, they stand nowhere in the letter, in clear or encoded."""
    hours = (STARTS, ENDS) if meeting else (None, None)
    letter = written(Message("m-3", Told(person, kind, NOW, case, item, by, (topic,), *hours)))
    text = (all_of(letter) + letter.as_bytes().decode()).lower()
    for secret in (case, item, person, by, topic, kind):
        assert secret not in text


def test_the_same_meeting_is_the_same_entry_in_one_persons_calendar_alone() -> None:
    mine, again = calendar_of(written(MEETING)), calendar_of(written(replace(MEETING, message_id="m-9")))
    others = calendar_of(written(replace(MEETING, told=replace(MEETING.told, person_id="p-father"))))
    uids = [calendar.walk("VEVENT")[0]["UID"] for calendar in (mine, again, others)]
    assert uids[0] == uids[1] != uids[2]


def test_NO_4_it_is_in_the_persons_language_else_in_bokmaal() -> None:
    """NO-4: nynorsk and English are there; Northern Sámi comes next."""
    assert written(NEWS, language="nn")["Content-Language"] == "nn" and "Du har ei ny" in all_of(
        written(NEWS, language="nn")
    )
    assert "tysdag 24. november 2026" in all_of(written(MEETING, language="nn"))
    assert "Tuesday 24 November 2026, 10.00–11.00" in all_of(written(MEETING, language="en"))
    assert written(NEWS, language="se")["Content-Language"] == "nb"
    assert texts("../secret") == texts("nb")
    assert {frozenset(texts(language)) for language in ("nb", "nn", "en")} == {frozenset(texts("nb"))}


@pytest.mark.parametrize(
    "address",
    ["", "mor", "mor@", "@x.example", "a@b.example, c@d.example", "a@b.example\r\nBcc: c@d.example", "mor@lokal",
     "Mor <a@b.example>", "mør@familie.example", "a b@c.example"],
)  # fmt: skip
def test_what_is_no_one_address_is_refused(address: str) -> None:
    with pytest.raises(NoSuchAddress):
        written(NEWS, to=address)


def test_summer_and_winter_hours_are_norwegian() -> None:
    summer = datetime(2027, 6, 1, 9, tzinfo=UTC)
    told = replace(MEETING.told, starts_at=summer, ends_at=summer + timedelta(hours=1))
    assert "kl. 11.00–12.00" in all_of(written(replace(MEETING, told=told)))

"""NO-1: the e-mail that says that a message has come, and not what it is about: no name, no case, no place.

A meeting's bears its hours and a calendar file with the same hours.
"""

from __future__ import annotations

import re
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime
from functools import lru_cache
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import icalendar
import yaml
from babel.dates import format_date

from services.kernel.calendar import NORWAY
from services.notifications.domain.message import Message

_TEXTS = Path(__file__).parents[1] / "texts"
_DEFAULT = "nb"
_ADDRESS = re.compile(
    r"(?P<local>[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*)@(?P<domain>[a-z\d-]+(\.[a-z\d-]+)+)",
    re.ASCII | re.IGNORECASE,
)


class NoSuchAddress(ValueError):
    """What a register gave as an address is none that mail can be sent to."""


def compose(
    message: Message, to: str, language: str, *, sender: str, public_url: str, now: datetime
) -> EmailMessage:
    """The e-mail for a message, to one address, in the person's language (NO-4: bokmål where there is no text).

    NO-1: of the message it holds its own id (in the link, for who logs in) and a meeting's hours, and nothing else.
    The same message always bears the same Message-ID. Raises NoSuchAddress.
    """
    text, link = texts(language), f"{public_url}/innboks/{message.message_id}"
    letter = EmailMessage(SMTP)
    letter["Subject"] = text["subject"]
    letter["From"] = Address("Stafett", addr_spec=sender)
    letter["To"] = _address(to)
    letter["Date"] = format_datetime(now)
    letter["Message-ID"] = f"<{message.message_id}@{sender.rpartition('@')[2]}>"
    letter["Auto-Submitted"] = "auto-generated"
    hours = _hours(message, text)
    lines = [text["news"], *([hours] if hours else []), "", text["open"], link, "", text["footer"], ""]
    letter.set_content("\r\n".join(lines), cte="quoted-printable")
    letter["Content-Language"] = text["language"]
    if hours:
        letter.add_attachment(
            calendar_file(message, text["event"], link, sender=sender, now=now).decode(),
            subtype="calendar",
            cte="base64",
            filename="stafett.ics",
            params={"method": "PUBLISH"},
        )
    return letter


def calendar_file(message: Message, summary: str, link: str, *, sender: str, now: datetime) -> bytes:
    """The hours of a meeting for one person's calendar (RFC 5545, METHOD:PUBLISH; NO-1: nobody attends, nothing is
    where). Its UID is the same for the same meeting and person, and tells of neither."""
    told = message.told
    assert told.starts_at is not None and told.ends_at is not None
    calendar = icalendar.Calendar()
    calendar.add("prodid", "-//Stafett//Stafett//NO")
    calendar.add("version", "2.0")
    calendar.add("method", "PUBLISH")
    event = icalendar.Event()
    event.add("uid", f"{uuid5(NAMESPACE_URL, f'stafett:{told.item_id}:{told.person_id}')}@stafett")
    event.add("sequence", 0)
    event.add("dtstamp", now)
    event.add("dtstart", told.starts_at)
    event.add("dtend", told.ends_at)
    event.add("summary", summary)
    event.add("description", link)
    event.add("url", link)
    event.add("organizer", f"mailto:{sender}")
    event.add("class", "PRIVATE")
    event.add("status", "CONFIRMED")
    calendar.add_component(event)
    content: bytes = calendar.to_ical()
    return content


@lru_cache(maxsize=8)
def texts(language: str) -> dict[str, str]:
    """The sentences of a language, and which one it is; bokmål where a language has none."""
    path = _TEXTS / f"mail.{language}.yaml"
    if not (language.isalpha() and path.is_file()):
        return texts(_DEFAULT)
    return {**yaml.safe_load(path.read_text("utf-8")), "language": language}


def _hours(message: Message, text: dict[str, str]) -> str | None:
    starts, ends = message.told.starts_at, message.told.ends_at
    if starts is None or ends is None:
        return None
    starts, ends = starts.astimezone(NORWAY), ends.astimezone(NORWAY)
    day = format_date(starts.date(), text["day"], text["language"])
    return text["meeting"].format(day=day, start=f"{starts:%H.%M}", end=f"{ends:%H.%M}")


def _address(text: str) -> Address:
    found = _ADDRESS.fullmatch(text.strip())
    if found is None:
        raise NoSuchAddress
    return Address(username=found["local"], domain=found["domain"])

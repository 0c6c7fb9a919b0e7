"""The public contact register (KRR's shape): asked at each sending about one person, and never kept (NO-3)."""

from dataclasses import dataclass
from typing import Any

import requests

from services.kernel.errors import Unavailable

TIMEOUT = (1.0, 2.0)
"""Seconds to connect, and to answer."""

LANGUAGES = frozenset({"nb", "nn", "en", "se"})


class ContactRegisterUnavailable(Unavailable):
    """The contact register does not answer, or not as agreed."""

    code = "contact_register_unavailable"
    detail = "The contact register does not answer. Try again in a moment."


@dataclass(frozen=True, slots=True)
class Contact:
    """Where somebody is reached at this moment. `reserved`: against digital post."""

    email: str | None = None
    reserved: bool = False
    language: str = "nb"


class ContactRegister:
    """The register at a base URL."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")

    def ask(self, number: str) -> Contact:
        """What the register says of one identity number; nothing to reach by, when it does not know the person.

        An address is given only when the register says that the person can be notified. Raises
        ContactRegisterUnavailable."""
        if not self._url:
            raise ContactRegisterUnavailable
        try:
            answer = requests.post(
                f"{self._url}/rest/v2/personer",
                json={"personidentifikatorer": [number]},
                timeout=TIMEOUT,
                allow_redirects=False,
            )
            if answer.status_code != 200:
                raise ContactRegisterUnavailable
            found = answer.json()["personer"]
            person: dict[str, Any] = next(
                (each for each in found if each["personidentifikator"] == number), {}
            )
            return _contact(person)
        except (requests.RequestException, ValueError, KeyError, TypeError, AttributeError):
            # None of the fault is kept: it can hold the number.
            raise ContactRegisterUnavailable from None


def _contact(person: dict[str, Any]) -> Contact:
    reserved = person.get("reservasjon") == "JA"
    reachable = not reserved and person.get("varslingsstatus") == "KAN_VARSLES"
    told = person.get("kontaktinformasjon") or {}
    language = person.get("spraak") or person.get("sprak")
    return Contact(
        email=told.get("epostadresse") if reachable else None,
        reserved=reserved,
        language=language if language in LANGUAGES else "nb",
    )

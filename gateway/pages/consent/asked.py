"""A request for consent as one of those who are asked is shown it: its lines, its words, and who asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import g

from gateway.frame.view import t
from gateway.pages.case.head import ask_case, me, my_signer_id
from gateway.papers import DEFAULT, day, languages, listed, words
from gateway.times import last_day
from gateway.translations import Translator
from services.contracts import consent
from services.kernel.errors import Forbidden

Detail = dict[str, Any]


def ask(request_id: str, language: str | None) -> Detail:
    """The request with its text in a language: the one chosen, else the one in which it was asked."""
    asked = {"request_id": request_id} | ({"language": language} if language in languages() else {})
    return dict(g.asking(consent.GetRequest, asked))


def ask_signer(request_id: str, language: str | None) -> Detail:
    """As `_ask`, for one of those who are asked; Forbidden for whoever may only read what is asked."""
    detail = ask(request_id, language)
    if my_signer_id() not in {each["person_id"] for each in detail["signers"]}:
        raise Forbidden
    return detail


def signature_of_mine(detail: Detail) -> str | None:
    return next(
        (each["signature_id"] for each in detail["signers"] if each["person_id"] == my_signer_id()), None
    )


def with_names(detail: Detail) -> dict[str, Any]:
    """The case of a request, with the names of those who ask and sign."""
    page = ask_case(detail["case_id"])
    wanted = {
        detail["requested_by"],
        my_signer_id(),
        *(each["person_id"] for each in detail["person_shares"]),
    }
    for each in detail["signers"]:
        wanted |= {each["person_id"], each["registered_by"]}
    page["names"] = {**page["names"], **g.names.people(wanted)}
    return page


def words_of(detail: Detail) -> Translator:
    """The words around the sentences that are signed, in the language in which these are read."""
    return words(detail["language"])


def shown(page: Mapping[str, Any], detail: Detail) -> dict[str, Any]:
    case, place = page["case"], g.asking.municipality
    sharer = detail["requested_by"]
    if sharer == case["child"]["person_id"]:  # who asks themselves shares what others have written (AG-5)
        sharer = case["holder_person_id"] or case["owner_person_id"]
    by_holder = sharer == case["holder_person_id"]
    unit_id = case["holder_unit_id"] if by_holder else case["owner_unit_id"]
    topics = {each["code"]: each for each in g.names.catalogue()["topics"]}
    services = g.names.catalogue()["service_by_id"]
    w, nb = words_of(detail), detail["language"] == DEFAULT  # hints are written in bokmål alone
    mine: dict[str, list[dict[str, str]]] = {}
    for receiver, topic in mine_of(detail):
        mine.setdefault(receiver, []).append(
            {
                "code": topic,
                "text": w(f"topic.{topic}"),
                "hint": topics.get(topic, {}).get("hint", "") if nb else "",
                "asked": _asked_also(page, detail, topic),
            }
        )
    return {
        "id": detail["request_id"],
        "child": page["head"]["child"],
        "is_self": page["case"]["child"]["person_id"] == me(),
        "others": [
            page["names"].get(each["person_id"], "")
            for each in detail["signers"]
            if each["person_id"] != my_signer_id()
        ],
        "sharer": {
            "name": page["names"].get(sharer, ""),
            "unit": g.names.unit(place, unit_id) or "",
        },
        "purpose": detail["purpose"],
        "valid_to": last_day(detail["valid_to"]),
        "names_persons": bool(detail["person_shares"]),
        "only_persons": not detail["shares"],
        "until": w("until", day=day(last_day(detail["valid_to"]), detail["language"])),
        "services": [
            {"id": receiver, "name": receiver_name(page, receiver), "gives": services.get(receiver, {}).get("gives"),
             "topics": listed}
            for receiver, listed in mine.items()
        ],
    }  # fmt: skip


def _asked_also(page: Mapping[str, Any], detail: Detail, topic: str) -> str:
    """Whether others are asked about a topic too, where the signers are not asked about the same (AG-2, AG-3)."""
    others = [each for each in detail["signers"] if each["person_id"] != my_signer_id()]
    if not others:
        return ""
    names = [page["names"].get(each["person_id"], "") for each in others if topic in each["required_for"]]
    w = words_of(detail)
    return w("asked_also", names=listed(names, detail["language"])) if names else w("asked_alone")


def mine_of(detail: Detail) -> list[tuple[str, str]]:
    """The (receiver, topic) lines that the reader is asked about, persons last; none when the answer is not theirs to
    give."""
    signer = next((each for each in detail["signers"] if each["person_id"] == my_signer_id()), None)
    if signer is None or not detail["you_sign"]:
        return []
    shares = [(each["service_id"], each["topics"]) for each in detail["shares"]]
    shares += [(each["person_id"], each["topics"]) for each in detail["person_shares"]]
    return [
        (receiver, topic)
        for receiver, topics in shares
        for topic in topics
        if topic in signer["required_for"]
    ]


def field_of(line: tuple[str, str]) -> str:
    return f"answer-{line[0]}-{line[1]}"


def topic_name(code: str) -> str:
    return t(f"topic.{code}")


def receiver_name(page: Mapping[str, Any], receiver: str) -> str:
    """The name of a service, or of a person whom the consent names."""
    return g.names.service(receiver) or page["names"].get(receiver) or receiver

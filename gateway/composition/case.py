"""The case page: the case, its notes, consents and log, asked for at once; what is missing is said."""

from typing import Any

from gateway.asking import Asking, Missing
from gateway.composition.names import Names
from services.contracts import cases, consent, relay_log
from services.contracts.base import Procedure
from services.kernel.errors import Refusal


def case_page(
    asking: Asking, names: Names, case_id: str, **also: tuple[Procedure, dict[str, Any]]
) -> dict[str, Any]:
    """The parts of the page for who asks: {case, notes, consents, log, names, missing, **also}.

    Raises the owner's refusal if the case itself may not be seen or can't be had. A part that the asker may not read
    is None; a part whose service does not answer is None too, and is named in `missing`.
    """
    ref = {"case_id": case_id}
    parts = asking.together(
        case=(cases.GetCase, {**ref, "with_notes": True}),
        consents=(consent.ConsentsOfCase, ref),
        log=(relay_log.GetLog, ref),
        **also,
    )
    case = parts["case"]
    if isinstance(case, Missing):
        raise case.refusal
    missing = missing_parts(parts)
    page = {name: None if isinstance(part, Missing) else part for name, part in parts.items()}
    page["notes"] = case.pop("notes")
    names.add_family([case["child"], *case["guardians"]])
    page["names"] = names.people(people_in(page))
    page["missing"] = [*missing, *names.missing]
    return page


def missing_parts(parts: dict[str, Any]) -> list[str]:
    """The parts whose service did not answer; a refusal about the asker is no fault of a service."""
    return sorted(
        name for name, part in parts.items() if isinstance(part, Missing) and is_outage(part.refusal)
    )


def is_outage(refusal: Refusal) -> bool:
    """Whether the service failed to answer, as against having said no."""
    return refusal.status >= 500


def people_in(node: Any) -> set[str]:
    """Every person id within an answer: the values of fields named *person_id, *_by, *_ids of people."""
    found: set[str] = set()
    waiting: list[Any] = [node]
    while waiting:
        node = waiting.pop()
        if not isinstance(node, dict):
            waiting += [item for item in node if isinstance(item, dict | list)]
            continue
        for key, value in node.items():
            if isinstance(value, str):
                if key.endswith("person_id") or key in _PERSON_FIELDS:
                    found.add(value)
            elif isinstance(value, list) and key in _PERSON_LISTS:
                found.update(item for item in value if isinstance(item, str))
            elif isinstance(value, dict | list):
                waiting.append(value)
    return found


_PERSON_FIELDS = frozenset({"requested_by", "registered_by", "called_by", "signer_id"})
_PERSON_LISTS = frozenset({"invited_ids", "present_ids", "signer_ids", "with_person_ids"})

"""The form engine: toolkit forms are versioned data, and this checks a definition, cleans answers and
prefills them (DI-3).

A definition is JSON: {code, version, title, sections: [{title, fields: [{name, type, label, help?, required?,
options?, max_length?, min?, max?, prefill?}]}]}. `options` is a list of {value, label}; `min` and `max` bound
a scale; `prefill` names a value of the case. Pure, and strict: what a definition does not name is not
kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from services.kernel.text import NARRATIVE, NOT_TEXT, SHORT, one_newline, safe_date, safe_text

Definition = Mapping[str, Any]
Field = Mapping[str, Any]
Errors = dict[str, str]

REQUIRED = "required"
UNKNOWN_FIELD = "unknown_field"
NOT_A_CHOICE = "not_a_choice"
NOT_A_LIST = "not_a_list"
NOT_A_NUMBER = "not_a_number"
OUT_OF_RANGE = "out_of_range"
NOT_YES_OR_NO = "not_yes_or_no"

_FIELD_KEYS = frozenset(
    {"name", "type", "label", "help", "required", "options", "max_length", "min", "max", "prefill"}
)


class _Wrong(Exception):
    """An answer's fault, on its way from a reader to the errors; never leaves this module."""

    def __init__(self, code: str) -> None:
        self.code = code


def fields_of(definition: Definition) -> Iterator[Field]:
    """Every field in reading order."""
    for section in definition["sections"]:
        yield from section["fields"]


def validate(definition: Definition, answers: Mapping[str, Any]) -> tuple[dict[str, Any], Errors]:
    """A whole form: the clean answers (JSON values, empty ones left out) and the errors by field, `required`
    among them."""
    kept, errors = clean(definition, answers)
    for field in fields_of(definition):
        if field.get("required") and field["name"] not in kept:
            errors.setdefault(field["name"], REQUIRED)
    return kept, errors


def clean(definition: Definition, answers: Mapping[str, Any]) -> tuple[dict[str, Any], Errors]:
    """A draft: as `validate`, but nothing is required yet. Takes a browser's texts and an API's JSON values
    alike."""
    known = {field["name"]: field for field in fields_of(definition)}
    errors: Errors = {name: UNKNOWN_FIELD for name in answers if name not in known}
    kept: dict[str, Any] = {}
    for name, field in known.items():
        answer = answers.get(name)
        if answer is None or answer == "" or answer == []:
            continue
        try:
            value = _READERS[field["type"]](field, answer)
        except _Wrong as wrong:
            errors[name] = wrong.code
            continue
        if value not in ("", []):
            kept[name] = value
    return kept, errors


def prefill(definition: Definition, known: Mapping[str, Any]) -> dict[str, Any]:
    """The answers to begin with: each field that declares a `prefill` key found in `known`, where the value
    suits the field."""
    offered = {
        field["name"]: known[field["prefill"]]
        for field in fields_of(definition)
        if field.get("prefill") in known
    }
    return clean(definition, offered)[0]


def faults(definition: Definition) -> list[str]:
    """What is wrong with a definition, in sentences for its editor; empty when it can be used (DI-5)."""
    found = [
        f"{key} is missing" for key in ("code", "version", "title", "sections") if not definition.get(key)
    ]
    if found:
        return found
    names: set[str] = set()
    for field in fields_of(definition):
        name = field.get("name")
        if not isinstance(name, str) or not name.isidentifier():
            found.append(f"{name!r} is not a field name")
            continue
        if name in names:
            found.append(f"{name} is there twice")
        names.add(name)
        found += [f"{name}: {fault}" for fault in _field_faults(field)]
    return found if names else ["there is no field"]


def _field_faults(field: Field) -> Iterator[str]:
    if field.get("type") not in _READERS:
        yield f"{field.get('type')!r} is not a type"
        return
    if not field.get("label"):
        yield "has no label"
    yield from (f"{key} is not known" for key in field.keys() - _FIELD_KEYS)
    if field["type"] in ("choice", "multi_choice"):
        options = field.get("options") or []
        values = [option.get("value") for option in options if isinstance(option, Mapping)]
        if not values or len(values) != len(options) or len(values) != len(set(values)):
            yield "needs options with different values"
    if field["type"] == "scale" and not _is_scale(field):
        yield "needs whole numbers min < max"


def _is_scale(field: Field) -> bool:
    low, high = field.get("min"), field.get("max")
    return type(low) is int and type(high) is int and low < high


def _text(field: Field, answer: object) -> str:
    code = safe_text(answer, field.get("max_length", SHORT if field["type"] == "text" else NARRATIVE))
    if code is not None or not isinstance(answer, str):
        raise _Wrong(code or NOT_TEXT)
    return one_newline(answer).strip()


def _choice(field: Field, answer: object) -> str:
    for option in field["options"]:
        if type(answer) is type(option["value"]) and option["value"] == answer:
            return str(answer)
    raise _Wrong(NOT_A_CHOICE)


def _choices(field: Field, answer: object) -> list[str]:
    """In the definition's order, each once. A browser sends one ticked box as a plain text."""
    answers = [answer] if isinstance(answer, str) else answer
    if not isinstance(answers, list):
        raise _Wrong(NOT_A_LIST)
    chosen = {_choice(field, one) for one in answers}
    return [option["value"] for option in field["options"] if option["value"] in chosen]


def _scale(field: Field, answer: object) -> int:
    if isinstance(answer, str) and answer.isascii() and answer.isdigit() and len(answer) < 10:
        answer = int(answer)
    if not isinstance(answer, int) or isinstance(answer, bool):
        raise _Wrong(NOT_A_NUMBER)
    if not field["min"] <= answer <= field["max"]:
        raise _Wrong(OUT_OF_RANGE)
    return answer


def _day(field: Field, answer: object) -> str:
    code = safe_date(answer)
    if code is not None:
        raise _Wrong(code)
    return str(answer)


def _yes_no(field: Field, answer: object) -> bool:
    if isinstance(answer, bool):
        return answer
    if answer in ("yes", "no"):
        return answer == "yes"
    raise _Wrong(NOT_YES_OR_NO)


_READERS: Final[dict[str, Callable[[Field, object], Any]]] = {
    "text": _text,
    "long_text": _text,
    "choice": _choice,
    "multi_choice": _choices,
    "scale": _scale,
    "date": _day,
    "yes_no": _yes_no,
}

"""The building blocks of the published language: messages, privacy classes, event types and procedures.

Every field says its privacy class. Events may carry only the classes in EVENT_CLASSES: opaque ids, codes, dates,
numbers and flags. Names, numbers, contact details and free text travel by RPC alone, whose bodies are encrypted.
"""

import datetime as dt
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from services.kernel.text import CONTROL_CHARACTER, safe_text

EVENT_CLASSES = frozenset({"opaque", "code", "date", "number", "flag", "nested"})
RPC_CLASSES = EVENT_CLASSES | {"personal", "narrative", "contact", "staff", "public", "secret"}

SHORT = 200
LONG = 10_000

_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9_.:-]{0,63}$")
_CODE = re.compile(r"^[a-z0-9][a-z0-9_.-]{0,63}$")
_BASE64 = re.compile(r"^[A-Za-z0-9+/]*={0,2}$")
_SEPARATOR = re.compile("[\u2028\u2029]")
_DEEPEST = 20


class _Whole(validate.Regexp):
    """The whole of a text, also of one that ends with a line break, which `$` would pass over."""

    def __call__(self, value: Any) -> Any:
        if self.regex.fullmatch(value) is None:
            raise ValidationError(self._format_error(value))
        return value


class Message(Schema):
    """A message that refuses what it does not know; a field that is not named here never crosses a boundary."""

    class Meta:
        unknown = RAISE


def _check_text(value: str) -> None:
    if _SEPARATOR.search(value) or safe_text(value, max_length=len(value)):
        raise ValidationError(CONTROL_CHARACTER)


def _check_year(value: dt.date) -> None:
    """An instant must lie within the years both as it was written and in UTC, as it is kept and told."""
    if not 1900 <= value.year <= 2200:
        raise ValidationError("date_out_of_range")
    if isinstance(value, dt.datetime) and not 1900 <= value.astimezone(dt.UTC).year <= 2200:
        raise ValidationError("date_out_of_range")


def _check_not_blank(value: str) -> None:
    if not value.strip():
        raise ValidationError("blank")


def _field(make: Callable[..., Any], privacy: str, options: dict[str, Any]) -> Any:
    validators = options.pop("_validators", [])
    extra = options.pop("validate", None)
    if extra is not None:
        validators = [*validators, *(extra if isinstance(extra, list) else [extra])]
    metadata = {"privacy": privacy, **options.pop("metadata", {})}
    if "description" in options:
        metadata["description"] = options.pop("description")
    if options.get("required") is None and "load_default" not in options:
        options["required"] = True
    if options.get("required") is False and "load_default" not in options:
        options["load_default"] = None
        options.setdefault("allow_none", True)
    return make(validate=validators, metadata=metadata, **options)


def opaque(**options: Any) -> Any:
    """An id that says nothing by itself: a UUIDv7 text, or the fixed id of a unit, service or tool."""
    return _field(fields.String, "opaque", {"_validators": [_Whole(_ID, error="not_an_id")], **options})


def code(*choices: str, **options: Any) -> Any:
    """A word of a closed list (`choices`), or a stable code where none are given."""
    check = validate.OneOf(choices, error="not_a_choice") if choices else _Whole(_CODE, error="not_a_code")
    return _field(fields.String, "code", {"_validators": [check], **options})


def date(**options: Any) -> Any:
    """A calendar day (ISO 8601), in Norwegian local time, of the years 1900 to 2200."""
    return _field(fields.Date, "date", {"_validators": [_check_year], **options})


def instant(**options: Any) -> Any:
    """An instant (ISO 8601 with offset), of the years 1900 to 2200."""
    return _field(fields.AwareDateTime, "date", {"_validators": [_check_year], **options})


def number(minimum: int | None = 0, maximum: int | None = 2**53, **options: Any) -> Any:
    """A whole number within limits, never read from a text."""
    check = validate.Range(min=minimum, max=maximum, error="out_of_range")
    return _field(fields.Integer, "number", {"strict": True, "_validators": [check], **options})


def flag(**options: Any) -> Any:
    """True or false, and nothing that only looks like it."""
    return _field(fields.Boolean, "flag", {"truthy": {True}, "falsy": {False}, **options})


def _text(privacy: str, limit: int, options: dict[str, Any]) -> Any:
    required = options.get("required", True) is not False and "load_default" not in options
    checks: list[Any] = [validate.Length(max=options.pop("max_length", limit), error="too_long"), _check_text]
    if required:
        checks.append(_check_not_blank)
    return _field(fields.String, privacy, {"_validators": checks, **options})


def personal(**options: Any) -> Any:
    """A name, an identity number, or the like: who somebody is. RPC only."""
    return _text("personal", SHORT, options)


def narrative(**options: Any) -> Any:
    """What is told about somebody, in free text. RPC only; ciphertext at rest."""
    return _text("narrative", LONG, options)


def contact(**options: Any) -> Any:
    """An address at which somebody is reached. RPC only, never kept unless the person gave it."""
    return _text("contact", SHORT, options)


def staff(**options: Any) -> Any:
    """A name, title or work address of an employee. RPC only."""
    return _text("staff", SHORT, options)


def public(**options: Any) -> Any:
    """A text that anyone may read: the directory's services, guide and tools."""
    return _text("public", LONG, options)


def secret(**options: Any) -> Any:
    """A secret in transit, such as the identity number typed at login. RPC only; never stored in clear."""
    return _text("secret", SHORT, options)


def _check_mapping(value: Any) -> None:
    if not isinstance(value, Mapping):
        raise ValidationError("invalid_object")


def _check_public_tree(value: Any, depth: int = 0) -> None:
    if depth > _DEEPEST:
        raise ValidationError("nested_too_deep")
    if isinstance(value, str):
        if len(value) > LONG:
            raise ValidationError("too_long")
        _check_text(value)
    elif isinstance(value, Mapping):
        for key, item in value.items():
            _check_public_tree(key, depth + 1)
            _check_public_tree(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check_public_tree(item, depth + 1)
    elif value is not None and not isinstance(value, bool | int | float):
        raise ValidationError("not_json")


def _check_code_tree(value: Any, depth: int = 0) -> None:
    if depth > _DEEPEST:
        raise ValidationError("nested_too_deep")
    if isinstance(value, str):
        if not (_CODE.fullmatch(value) or re.fullmatch(r"\d{4}-\d\d-\d\d", value)):
            raise ValidationError("not_a_code")
    elif isinstance(value, Mapping):
        for key, item in value.items():
            _check_code_tree(key, depth + 1)
            _check_code_tree(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check_code_tree(item, depth + 1)
    elif value is not None and not isinstance(value, bool | int | float):
        raise ValidationError("not_a_code")


def public_tree(**options: Any) -> Any:
    """A tree of public texts, such as a guide or a form definition. RPC only."""
    return _field(fields.Raw, "public", {"_validators": [_check_public_tree], **options})


def narrative_tree(**options: Any) -> Any:
    """A filled-in form: a mapping of field names to answers. RPC only; ciphertext at rest."""
    return _field(fields.Raw, "narrative", {"_validators": [_check_mapping, _check_public_tree], **options})


def code_tree(**options: Any) -> Any:
    """A tree of codes, dates and numbers alone, such as a policy's values."""
    return _field(fields.Raw, "code", {"_validators": [_check_code_tree], **options})


def code_map(**options: Any) -> Any:
    """A mapping of codes, dates and numbers, such as the values that a policy is to have."""
    return code_tree(validate=_check_mapping, **options)


def event_envelope(**options: Any) -> Any:
    """A whole event within a message: its data was checked when it was told, and holds what an event may."""
    return _field(fields.Raw, "opaque", {"_validators": [_check_mapping], **options})


def nested(message: type[Message], *, many: bool = False, **options: Any) -> Any:
    """A message within a message, or with `many` a list of at most 500."""
    if many:
        limit = validate.Length(max=options.pop("max_items", 500), error="too_many")
        return _field(
            lambda **kw: fields.List(fields.Nested(message), **kw),
            "nested",
            {"_validators": [limit], **options},
        )
    return _field(lambda **kw: fields.Nested(message, **kw), "nested", options)


def blob(max_bytes: int, **options: Any) -> Any:
    """A file as base64 (RFC 4648): a scan. RPC only, where the body is ciphertext on its way; ciphertext at rest."""
    checks = [
        validate.Length(max=4 * -(-max_bytes // 3), error="too_large"),
        _Whole(_BASE64, error="not_base64"),
    ]
    metadata = {"contentEncoding": "base64", **options.pop("metadata", {})}
    return _field(fields.String, "narrative", {"_validators": checks, "metadata": metadata, **options})


def many(item: Any, *, max_items: int = 200, **options: Any) -> Any:
    """A list of plain items (ids, codes, texts) of one class."""
    limit = validate.Length(max=max_items, error="too_many")
    privacy = item.metadata["privacy"]
    return _field(lambda **kw: fields.List(item, **kw), privacy, {"_validators": [limit], **options})


MessageClass = type[Message]


@lru_cache
def ids_named(message: MessageClass) -> frozenset[str]:
    """The names of the fields of a message, and of what is nested in it, that hold ids."""
    found: set[str] = set()
    for name, each in message().fields.items():
        inner = each.inner if isinstance(each, fields.List) else each
        if isinstance(inner, fields.Nested):
            found |= ids_named(type(inner.schema))
        elif inner.metadata.get("privacy") == "opaque":
            found.add(name)
    return frozenset(found)


Outside = Literal["case", "plan", "item", "view", "consent", "public"]
"""What the service of an outside system must be permitted, at the moment of sending, to be told of an event (CO-8):

- `case`: see the case; `consent`: read its consents;
- `plan`, `item`, `view`: read a goal or measure, an item of the log, the child's view, in a topic that the event's
  `topic` or `topics` names; the other topics are left out, and an event that names none is not sent;
- `public`: nothing, since anyone may know.
"""


@dataclass(frozen=True, slots=True)
class EventType:
    """One kind of event: its type (`<service>.<event>.v<major>`, also the routing key), its stream, what its
    subject is, its data and what it means to a reader who knows only the published language.

    `told` says when it is told, in one sentence. `outside` is what an outside system must be permitted; None: the
    event never leaves the house, whatever somebody is granted."""

    type: str
    stream: str
    subject: str
    schema: MessageClass
    meaning: str
    example: Mapping[str, Any] = field(default_factory=dict)
    told: str = ""
    outside: Outside | None = None

    @property
    def service(self) -> str:
        """The service that tells it."""
        return self.type.split(".", 1)[0]


@dataclass(frozen=True, slots=True)
class Procedure:
    """One remote procedure: a command (may change things, answers ids and versions) or a query (answers data).
    `seconds`: how long its caller waits for the answer, unless they say otherwise."""

    name: str
    kind: Literal["command", "query"]
    request: type[Message]
    response: type[Message]
    meaning: str
    seconds: float = 5.0

    @property
    def service(self) -> str:
        """The service that answers it."""
        return self.name.split(".", 1)[0]

    @property
    def method(self) -> str:
        """The method of that service."""
        return self.name.split(".", 1)[1]


class Nothing(Message):
    """An empty request."""


class Done(Message):
    """The answer of a command: the ids it made, and the versions of what it changed, for the next reads."""

    id = opaque(required=False, description="Id of what was made or changed")
    version = number(required=False, description="The thing's new version (ETag)")
    versions = fields.Dict(
        keys=fields.String(),
        values=fields.Integer(),
        load_default=dict,
        metadata={"privacy": "number", "description": "stream:subject -> sequence that now stands there"},
    )


def command(
    name: str, request: type[Message], meaning: str, response: type[Message] = Done, *, seconds: float = 5.0
) -> Procedure:
    """A procedure that changes something; its answer holds ids and versions only, so that it may be kept in clear."""
    return Procedure(name, "command", request, response, meaning, seconds)


def query(name: str, request: type[Message], response: type[Message], meaning: str) -> Procedure:
    """A procedure that reads."""
    return Procedure(name, "query", request, response, meaning)

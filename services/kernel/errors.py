"""Refusals: the errors of the domain as values with a stable code, so that every caller gets the same answer.

They live in the kernel because pure rules raise them; the wire form lets them cross RPC unchanged.
"""

from collections.abc import Mapping
from typing import Any

STATUSES = frozenset({400, 403, 404, 409, 412, 422, 428, 500, 503})


class Refusal(Exception):
    """A request that is refused for a reason the caller can act on.

    Subclass it with class attributes, and raise it with what varies:

        class LevelMoveNotAllowed(Refusal):
            code, status, rule = "level_move_not_allowed", 409, "LV-3"
            detail = "A case moves one level at a time."

        raise LevelMoveNotAllowed(from_level=0, to_level=2)

    `code` is stable snake case (the translation key), `status` one of STATUSES, `detail` an English sentence for
    readers of the API (never personal data), `fields` maps a field to the code of its fault, `params` holds JSON
    values for the translated sentence, `rule` names the rule of the rulebook that refused.
    """

    code: str = "refused"
    status: int = 409
    detail: str = ""
    rule: str | None = None

    def __init__(
        self,
        detail: str | None = None,
        *,
        code: str | None = None,
        status: int | None = None,
        rule: str | None = None,
        fields: Mapping[str, str] | None = None,
        params: Mapping[str, Any] | None = None,
        **more_params: Any,
    ) -> None:
        if detail is not None:
            self.detail = detail
        if code is not None:
            self.code = code
        if status is not None:
            self.status = status
        if rule is not None:
            self.rule = rule
        if self.status not in STATUSES:
            raise ValueError(f"{self.code}: {self.status} is not a status of refusals")
        self.fields: dict[str, str] = dict(fields or {})
        self.params: dict[str, Any] = {**(params or {}), **more_params}
        super().__init__(self.code)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Refusal) and self.as_dict() == other.as_dict()

    __hash__ = Exception.__hash__

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.code}, {self.status})"

    def as_dict(self) -> dict[str, Any]:
        """The wire form: JSON values only."""
        return {
            "code": self.code,
            "status": self.status,
            "detail": self.detail,
            "fields": self.fields,
            "params": self.params,
            "rule": self.rule,
        }

    @staticmethod
    def from_dict(wire: Mapping[str, Any]) -> "Refusal":
        """The refusal that `as_dict` described: of the class below that bears its code, else of its status's class."""
        known = _BY_CODE.get(wire["code"]) or _BY_STATUS.get(wire["status"]) or Refusal
        refusal = known.__new__(known)
        Refusal.__init__(
            refusal,
            wire.get("detail") or "",
            code=wire["code"],
            status=wire["status"],
            rule=wire.get("rule"),
            fields=wire.get("fields"),
            params=wire.get("params"),
        )
        return refusal


class NotFound(Refusal):
    """There is no such thing, or the caller may not know that there is."""

    code, status, detail = "not_found", 404, "There is no such thing, or you may not see it."


class Forbidden(Refusal):
    """The caller may see the thing, but not do this."""

    code, status, detail = "forbidden", 403, "You may see this, but not do this to it."


class CoordinatorOnly(Forbidden):
    """What the municipality's coordinator alone may do, by a role and not by a tie to a case."""

    code, rule, detail = "coordinator_only", "SE-3", "Only the municipality's coordinator may do this."


class InvalidInput(Refusal):
    """The request is malformed; `fields` names each fault."""

    code, status, detail = "invalid_input", 422, "Some fields are missing or wrong."


class Conflict(Refusal):
    """The thing is in a state in which this can't be done."""

    code, status, detail = "conflict", 409, "This can't be done in the state that the thing is in."


class ConsentMissing(Conflict):
    """A service that would be brought in has no active consent (LV-8). Params: service_ids."""

    code, rule = "consent_missing", "LV-8"
    detail = "These services can't take part before the family has consented."


class ConsentNotKnown(Conflict):
    """What is known of the case's consent is too old, or incomplete (CO-9)."""

    code, status, rule = "consent_not_known", 503, "CO-9"
    detail = "The consent status is not known at the moment. Try again shortly."


class StaleEdit(Refusal):
    """Somebody changed the thing since the caller read it; `changed` names the fields."""

    code, status, detail = "stale_edit", 412, "This was changed after you read it."

    def __init__(
        self, detail: str | None = None, *, changed: list[str] | None = None, **options: Any
    ) -> None:
        super().__init__(
            detail, params={**options.pop("params", {}), "changed": list(changed or [])}, **options
        )

    @property
    def changed(self) -> list[str]:
        """The names of the fields that were changed."""
        return list(self.params.get("changed", []))


class NotVisibleYet(Refusal):
    """What the caller has already done has not come here yet; try again in a moment."""

    code, status, detail = (
        "not_visible_yet",
        503,
        "Your latest change has not arrived here yet. Try again in a moment.",
    )


class Unavailable(Refusal):
    """The part that was asked for does not answer."""

    code, status, detail = "unavailable", 503, "This part is not available now. Try again in a moment."


class DeadlineExceeded(Unavailable):
    """The time for an answer ran out; nothing was begun, or nothing was committed."""

    code, status, detail = "deadline_exceeded", 503, "The answer did not come in time. Try again in a moment."


class InternalError(Refusal):
    """A fault in Stafett; `params["trace_id"]` finds it in the log. Says nothing of what went wrong."""

    code, status, detail = "internal_error", 500, "Something went wrong here. It has been logged."


_KINDS: tuple[type[Refusal], ...] = (
    NotFound, Forbidden, InvalidInput, Conflict, StaleEdit, NotVisibleYet, Unavailable, DeadlineExceeded, InternalError,
)  # fmt: skip
_BY_CODE = {kind.code: kind for kind in _KINDS}
_BY_STATUS: dict[int, type[Refusal]] = {
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    412: StaleEdit,
    422: InvalidInput,
    500: InternalError,
    503: Unavailable,
}

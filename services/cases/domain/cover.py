"""Which services the family's consent covers at an instant: the one question that levels and handovers ask of it."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol


class Window(Protocol):
    """An access window, as the kernel's facts have it (half-open)."""

    @property
    def service_id(self) -> str: ...
    @property
    def valid_from(self) -> datetime: ...
    @property
    def valid_to(self) -> datetime | None: ...


def covered(windows: Iterable[Window], now: datetime) -> frozenset[str]:
    """The services with an active window for at least one topic at `now` (LV-8, HO-2)."""
    return frozenset(
        window.service_id
        for window in windows
        if window.valid_from <= now and (window.valid_to is None or now < window.valid_to)
    )

"""Procedures that are for one service's own token: for everybody else they are not there."""

from services.cases.domain.errors import NotFound


def demand_service(capacity: str, service: str | None, *names: str) -> None:
    """Refuse everybody but these services' own tokens."""
    if capacity != "service" or service not in names:
        raise NotFound

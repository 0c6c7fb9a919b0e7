"""What cases remembers of others' events: the facts that its access decisions rest on, and nothing of its own."""

from services.chassis.access import HANDLERS

__all__ = ["HANDLERS"]

"""Looking into what somebody has sent as evidence, before it is kept (CO-6)."""

from services.consent.evidence.looking import look_into

__all__ = ["look_into"]

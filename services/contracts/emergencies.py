"""What is asked and answered of access in an emergency (SE-3); the procedures stand in cases.py."""

from services.contracts.base import Message, code, instant, narrative, nested, number, opaque, secret

REASONS = ("danger_to_life", "acute_care", "missing_child", "crisis_at_home", "other")
"""Why a case is opened without a tie to it. The list may grow."""


class OpenEmergencyRequest(Message):
    """The child is named by number alone: nobody looks around."""

    child_number = secret(max_length=20, description="The child's identity number, 11 digits")
    reason_code = code(*REASONS)
    reason = narrative(max_length=2000, description="What has happened; the coordinator reads it")


class EmergencyOpenedData(Message):
    case_id = opaque()
    emergency_id = opaque()
    person_id = opaque()
    unit_id = opaque()
    reason_code = code(
        description="danger_to_life, acute_care, missing_child, crisis_at_home, other; may grow"
    )
    valid_from = instant()
    valid_to = instant()


class EmergencyRef(Message):
    emergency_id = opaque()


class EmergencyEndedData(Message):
    case_id = opaque()
    emergency_id = opaque()
    person_id = opaque(description="Who had opened the case")
    by_person_id = opaque(description="Who ended it: the same, or the coordinator")
    at = instant()


class OwnEmergency(Message):
    """By which emergency the asker reads the case now."""

    emergency_id = opaque()
    valid_to = instant()


class Emergency(Message):
    """A case that somebody opened in an emergency, for the coordinator: nothing of the case itself."""

    emergency_id = opaque()
    person_id = opaque()
    unit_id = opaque()
    owner_unit_id = opaque(description="The unit that owns the case")
    reason_code = code()
    reason = narrative(required=False, description="None when the case's key is gone")
    valid_from = instant()
    valid_to = instant()
    ended_by_person_id = opaque(
        required=False, description="Who ended it before its time; it then ended at valid_to"
    )
    ground = code(required=False, description="On what it rests (CO-11)")
    ground_version = number(
        required=False, description="Of the municipality's reference that was in force then"
    )


class RefusedAttempts(Message):
    """How often one employee asked for a case in an emergency and got none, of the last 30 days."""

    person_id = opaque(required=False, description="None when it can no longer be read")
    unit_id = opaque(required=False)
    attempts = number(1)
    last_at = instant()


class Emergencies(Message):
    items = nested(Emergency, many=True, description="Newest first")
    next_cursor = opaque(required=False)
    refused = nested(RefusedAttempts, many=True, description="Most attempts first; with the first page alone")

"""Who takes part: brought in, and released with a kind word (HO-7, LV-11)."""

from services.contracts.base import EventType, Message, command, flag, instant, narrative, nested, opaque
from services.contracts.relay_log.words import _AT, _ID, _ITEM, _P, LOG


class ParticipantData(Message):
    participant_id = opaque()
    person_id = opaque()
    unit_id = opaque()
    service_id = opaque()
    valid_from = instant()
    valid_to = instant(required=False)
    may_write = flag()


class ParticipantsChangedData(Message):
    case_id = opaque()
    participants = nested(ParticipantData, many=True)
    at = instant()


class ParticipantReleasedData(Message):
    case_id = opaque()
    person_id = opaque()
    service_id = opaque()
    at = instant()


ParticipantsChanged = EventType(
    "relay_log.participants_changed.v1",
    LOG,
    "case",
    ParticipantsChangedData,
    "The named participants of a log as they now stand, whole, past ones with their end.",
    {
        "case_id": _ID,
        "participants": [
            {
                "participant_id": _ITEM,
                "person_id": _P,
                "unit_id": "unit-granli-ppt",
                "service_id": "service-granli-ppt",
                "valid_from": _AT,
                "valid_to": None,
                "may_write": True,
            }
        ],
        "at": _AT,
    },
    told="When somebody is brought in or released.",
)

ParticipantReleased = EventType(
    "relay_log.participant_released.v1",
    LOG,
    "case",
    ParticipantReleasedData,
    "Somebody is no longer needed in the effort, and was told so kindly (HO-7, LV-11).",
    {"case_id": _ID, "person_id": _P, "service_id": "service-granli-ppt", "at": _AT},
    told="When the holder releases somebody, and when a move to a lower level leaves a service out.",
)


class Participant(Message):
    participant_id = opaque()
    person_id = opaque()
    unit_id = opaque()
    service_id = opaque()
    valid_from = instant()
    valid_to = instant(required=False)
    may_write = flag()
    follows_up = flag()


class BringInRequest(Message):
    case_id = opaque()
    person_id = opaque()
    unit_id = opaque()
    may_write = flag(load_default=False)
    follows_up = flag(load_default=False)


class ReleaseRequest(Message):
    case_id = opaque()
    participant_id = opaque()
    notice = narrative(max_length=2000, description="The friendly word to the one released (LV-11)")


BringIn = command(
    "relay_log.bring_in", BringInRequest, "The holder brings in a named participant (HO-7, LV-8)."
)

Release = command(
    "relay_log.release", ReleaseRequest, "The holder releases a participant with a kind word (HO-7)."
)

"""The codes, and the references and examples that all of relay_log's subjects share."""

from services.contracts.base import Message, opaque

LOG = "relay_log.log"
ARENAS = ("home", "kindergarten", "school", "leisure", "health_station", "other")
MEASURE_STATES = ("planned", "running", "ended", "replaced")
GOAL_STATES = ("active", "reached", "ended")
EFFECTS = ("good", "some", "none", "too_early")
OUTCOMES = ("continue", "change", "another_service", "end")
ENTRY_KINDS = ("note", "correction", "comment", "proposal", "hindrance", "feedback", "release_notice")
VIEW_MISSING = ("chose_not_to", "too_young", "not_present", "other")

_ID = "01981c6e-0000-7000-8000-000000000001"
_GOAL = "01981c6e-0000-7000-8000-000000000005"
_MEASURE = "01981c6e-0000-7000-8000-000000000006"
_ITEM = "01981c6e-0000-7000-8000-000000000007"
_P = "01981c6e-0000-7000-8000-00000000000a"
_Q = "01981c6e-0000-7000-8000-00000000000b"
_AT = "2026-11-20T09:00:00Z"


class CaseRef(Message):
    case_id = opaque()

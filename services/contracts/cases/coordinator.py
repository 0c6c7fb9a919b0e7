"""What the coordinator asks and is told: explanations (CO-8) and emergencies (SE-3)."""

from services.contracts.base import EventType, command, query
from services.contracts.cases.words import _AT, _ID, _P, _Q, CASE, PageRequest
from services.contracts.emergencies import (
    Emergencies,
    EmergencyEndedData,
    EmergencyOpenedData,
    EmergencyRef,
    OpenEmergencyRequest,
)
from services.contracts.explain import ExplainRequest, Explanations

EmergencyOpened = EventType(
    "cases.emergency_opened.v1",
    CASE,
    "case",
    EmergencyOpenedData,
    "An employee without a part in the case opened it for reading by stating an emergency (SE-3); it shuts by itself, "
    "or before its time (`cases.emergency_ended`).",
    {
        "case_id": _ID,
        "emergency_id": "01981c6e-0000-7000-8000-000000000004",
        "person_id": _P,
        "unit_id": "unit-a",
        "reason_code": "danger_to_life",
        "valid_from": _AT,
        "valid_to": "2026-11-20T12:00:00+00:00",
    },
    told="When an employee states an emergency for a child who has a case.",
)

EmergencyEnded = EventType(
    "cases.emergency_ended.v1",
    CASE,
    "case",
    EmergencyEndedData,
    "Reading in an emergency was ended before its time (SE-3), by who had opened the case or by the coordinator.",
    {
        "case_id": _ID,
        "emergency_id": "01981c6e-0000-7000-8000-000000000004",
        "person_id": _P,
        "by_person_id": _Q,
        "at": _AT,
    },
    told="When somebody who had opened a case in an emergency, or the coordinator, ends that before its time.",
)

Explain = query(
    "cases.explain",
    ExplainRequest,
    Explanations,
    "Coordinator: why somebody could, or could not, see something at a time (CO-8); facts, and nothing written.",
)

OpenEmergency = command(
    "cases.open_emergency",
    OpenEmergencyRequest,
    "Opens a child's case for reading, for a short time and by a stated reason, to an employee without a tie (SE-3).",
)

EndEmergency = command(
    "cases.end_emergency",
    EmergencyRef,
    "Ends reading in an emergency before its time: for who opened the case, and for the coordinator (SE-3).",
)

ListEmergencies = query(
    "cases.emergencies",
    PageRequest,
    Emergencies,
    "Coordinator: the cases that were opened in an emergency, and how often such an attempt found none (SE-3).",
)

"""Persons: age, address grade, guardians and care orders as they stand; who logs in, and how one is reached."""

from services.contracts.base import (
    EventType,
    Message,
    code,
    command,
    contact,
    date,
    flag,
    instant,
    many,
    nested,
    opaque,
    personal,
    query,
    secret,
)
from services.contracts.cases.words import (
    _AT,
    _ID,
    _P,
    _Q,
    GRADES,
    GUARDIANS_SEE,
    PEOPLE,
    RELATIONS,
    PersonRequest,
)


class GuardianTie(Message):
    person_id = opaque()
    relation = code(*RELATIONS)
    has_responsibility = flag()
    verified = flag()
    valid_from = date(required=False)
    valid_to = date(required=False)


class CareOrderTold(Message):
    unit_id = opaque(description="The unit of child protection that answers in the guardians' place")
    set_by = opaque(description="The employee who registered the order, or changed it last")
    valid_from = date()
    valid_to = date(required=False)
    guardians_see = code(*GUARDIANS_SEE)
    topics = many(code(), max_items=50)


class PersonChangedData(Message):
    person_id = opaque()
    birth_date = date()
    address_grade = code(*GRADES)
    guardians = nested(GuardianTie, many=True)
    care_orders = nested(CareOrderTold, many=True, load_default=list)
    unlinked = many(
        opaque(),
        max_items=20,
        load_default=list,
        description="Employees whom the register ties to the person and who are linked nowhere (PR-6)",
    )


PersonChanged = EventType(
    "cases.person_changed.v1",
    PEOPLE,
    "person",
    PersonChangedData,
    "A child's or pregnant woman's age, address grade, guardians and care orders as they now stand, whole.",
    {
        "person_id": _P,
        "birth_date": "2022-03-05",
        "address_grade": "ungraded",
        "guardians": [
            {
                "person_id": _Q,
                "relation": "mother",
                "has_responsibility": True,
                "verified": True,
                "valid_from": "2022-03-05",
                "valid_to": None,
            }
        ],
        "care_orders": [
            {
                "unit_id": "unit-granli-barnevern-kontor",
                "set_by": _Q,
                "valid_from": "2026-11-20",
                "valid_to": None,
                "guardians_see": "topics",
                "topics": ["learning"],
            }
        ],
        "unlinked": [_Q],
    },
    told="At the first concern about a child or a pregnant woman, and whenever the register, a verified paper or a "
    "care order says something else of them than before. Days may lie ahead.",
)


class ProtectedOrderRegisteredData(Message):
    told_ids = many(opaque(), description="Those who are told: who leads the unit, and the coordinators")
    by_person_id = opaque()
    at = instant()


ProtectedOrderRegistered = EventType(
    "cases.protected_order_registered.v1",
    PEOPLE,
    "person",
    ProtectedOrderRegisteredData,
    "Somebody in child protection registered a care order for a child whose address is protected: told to those who "
    "oversee it, without of whom (GU-4, PR-6).",
    {"told_ids": [_P], "by_person_id": _Q, "at": _AT},
    told="When a care order is registered for a child of address grade 6 or 7.",
)


class CareOrderAwaitsData(Message):
    order_id = opaque()
    told_ids = many(opaque(), description="Those who can confirm it, but for the one who registered it")
    by_person_id = opaque()
    at = instant()


class CareOrderDecidedData(Message):
    order_id = opaque()
    told_ids = many(opaque(), description="Whoever registered it, or changed it last")
    outcome = code("confirmed", "refused", "expired", "replaced")
    by_person_id = opaque(required=False, description="Who decided; none: time did")
    at = instant()


CareOrderAwaits = EventType(
    "cases.care_order_awaits.v1",
    PEOPLE,
    "person",
    CareOrderAwaitsData,
    "A care order was registered, and waits for a second person; nothing follows from it before (GU-4).",
    {"order_id": _ID, "told_ids": [_P], "by_person_id": _Q, "at": _AT},
    told="When child protection registers a care order. Who it is for is told when it is confirmed, by person_changed.",
)

CareOrderDecided = EventType(
    "cases.care_order_decided.v1",
    PEOPLE,
    "person",
    CareOrderDecidedData,
    "A second person confirmed or refused a care order, nobody did in time, or a later one took its place (GU-4).",
    {"order_id": _ID, "told_ids": [_P], "outcome": "confirmed", "by_person_id": _Q, "at": _AT},
    told="When a care order that waited is decided, and when one that stood ends by another.",
)


class NumberRequest(Message):
    number = secret(max_length=20)


class LoginPerson(Message):
    person_id = opaque()
    municipality = code()
    name = personal()
    is_guardian = flag()
    is_subject = flag()


class LoginAnswer(Message):
    persons = nested(LoginPerson, many=True)


class RegisterEmployeeRequest(Message):
    number = secret(max_length=20)
    name = personal()
    person_id = opaque(required=False)


class ContactAnswer(Message):
    """What the public contact register says at this moment; never kept (NO-3)."""

    email = contact(required=False)
    reserved = flag()
    language = code("nb", "nn", "en", "se")


ResolveLogin = query(
    "cases.resolve_login",
    NumberRequest,
    LoginAnswer,
    "Gateway only: the persons, one a municipality, to whom an identity number belongs at login.",
)

RegisterEmployee = command(
    "cases.register_employee",
    RegisterEmployeeRequest,
    "Directory's import only: gives an employee's identity number a person, for login.",
)

ContactOf = query(
    "cases.contact_of",
    PersonRequest,
    ContactAnswer,
    "Notifications only: asks the public contact register about one person, now (NO-3).",
)

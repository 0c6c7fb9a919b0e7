"""What directory tells and answers: municipalities and policies, services, units, staff and roles, guide, toolkit."""

import re
from typing import Any

from marshmallow import ValidationError, validate

from services.contracts.base import (
    EventType,
    Message,
    Nothing,
    code,
    code_map,
    code_tree,
    command,
    contact,
    date,
    flag,
    instant,
    many,
    nested,
    number,
    opaque,
    public,
    public_tree,
    query,
    secret,
    staff,
)
from services.kernel.legal_basis import Basis

STAFF = "directory.staff"
CATALOGUE = "directory.catalogue"

ROLES = ("employee", "leader", "coordinator", "child_protection", "admin")
KINDS = ("universal", "supporting", "adult", "child_protection", "coordinating", "partner")


class RoleData(Message):
    unit_id = opaque()
    service_id = opaque()
    role = code(*ROLES)
    valid_from = date()
    valid_to = date(required=False)


class StaffChangedData(Message):
    person_id = opaque()
    roles = nested(RoleData, many=True)


class ServiceChangedData(Message):
    service_id = opaque()
    kind = code(*KINDS)
    shared_id = opaque(required=False)
    active = flag()


class UnitChangedData(Message):
    unit_id = opaque()
    service_id = opaque()
    active = flag()


class ToolPublishedData(Message):
    tool = code()
    version = number()
    valid_from = date()


class PolicyPublishedData(Message):
    version = number()
    valid_from = date()
    values = code_tree()


class GroundPublishedData(Message):
    ground = code()
    version = number()
    valid_from = date()


_P = "01981c6e-0000-7000-8000-00000000000a"

StaffChanged = EventType(
    "directory.staff_changed.v1",
    STAFF,
    "person",
    StaffChangedData,
    "The roles of an employee as they now stand, whole, past ones with their end.",
    {
        "person_id": _P,
        "roles": [
            {
                "unit_id": "unit-granli-bh1",
                "service_id": "service-granli-bh",
                "role": "employee",
                "valid_from": "2024-08-01",
                "valid_to": None,
            }
        ],
    },
    told="When an employee is put in or changed, by hand or by import.",
)
ServiceChanged = EventType(
    "directory.service_changed.v1",
    CATALOGUE,
    "service",
    ServiceChangedData,
    "A service was made or changed.",
    {
        "service_id": "service-granli-ppt",
        "kind": "supporting",
        "shared_id": "service-shared-ppt",
        "active": True,
    },
    told="When the catalogue is imported and the service differs from what was told last.",
    outside="public",
)
UnitChanged = EventType(
    "directory.unit_changed.v1",
    CATALOGUE,
    "unit",
    UnitChangedData,
    "A unit was made or changed.",
    {"unit_id": "unit-granli-bh1", "service_id": "service-granli-bh", "active": True},
    told="When the catalogue is imported and the unit differs from what was told last.",
    outside="public",
)
ToolPublished = EventType(
    "directory.tool_published.v1",
    CATALOGUE,
    "tool",
    ToolPublishedData,
    "A new version of a tool is in force.",
    {"tool": "observation", "version": 1, "valid_from": "2026-01-01"},
    told="When the catalogue is imported with a version of a tool that was not there.",
    outside="public",
)
PolicyPublished = EventType(
    "directory.policy_published.v1",
    CATALOGUE,
    "policy",
    PolicyPublishedData,
    "A version of the municipality's policy, in force from a day; its values are those of the kernel's Policy.",
    {"version": 1, "valid_from": "2026-01-01", "values": {"concern_days": 14}},
    told="When a municipality is set up with its first policy, and when its coordinator saves a version; its first day "
    "may be still to come.",
)

GroundPublished = EventType(
    "directory.ground_published.v1",
    CATALOGUE,
    "ground",
    GroundPublishedData,
    "A version of the municipality's own reference for a ground of sharing, in force from a day (CO-11). What it says "
    "is in the catalogue.",
    {"ground": "duty_to_report", "version": 1, "valid_from": "2026-01-01"},
    told="When a municipality is set up, and when its coordinator saves a version; its first day may be still to come.",
)

EVENTS = (StaffChanged, ServiceChanged, UnitChanged, ToolPublished, PolicyPublished, GroundPublished)

# ---------------------------------------------------------------- shapes


class Municipality(Message):
    municipality = code()
    name = public(max_length=200)
    number = code()
    web = public(required=False, max_length=200, description="Where one finds it, and how to reach it")


class MunicipalitiesAnswer(Message):
    items = nested(Municipality, many=True)


class MunicipalityRef(Message):
    municipality = code()


class Catalogue(Message):
    """Everything that anyone may read, in one answer: DI-1. The trees have the shapes of services/directory/data."""

    municipality = nested(Municipality)
    version = number()
    topics = public_tree()
    policy = code_tree(load_default=dict, description="The values of the policy in force")
    services = public_tree()
    units = public_tree()
    guide = public_tree()
    tools = public_tree()
    worried = public_tree()
    front = public_tree()
    grounds = public_tree(
        load_default=list,
        description="On what sharing rests (CO-11): every version of the municipality's reference for each ground",
    )


class ToolRef(Message):
    municipality = code()
    tool = code()
    version = number(required=False, description="Default: the one in force today")


class ToolForm(Message):
    tool = code()
    version = number()
    form = public_tree(description="The form's definition (kernel.forms); null for a tool that is not a form")


class PersonRef(Message):
    person_id = opaque()


class PersonsRef(Message):
    person_ids = many(opaque(), max_items=500)


class Role(Message):
    unit_id = opaque()
    service_id = opaque()
    role = code(*ROLES)


class RolesAnswer(Message):
    """The roles that a person has today."""

    person_id = opaque()
    name = staff(required=False)
    title = staff(required=False)
    roles = nested(Role, many=True)


class StaffName(Message):
    person_id = opaque()
    name = staff()
    title = staff(required=False)
    unit_id = opaque(required=False)


class StaffNamesAnswer(Message):
    items = nested(StaffName, many=True)


class UnitsRef(Message):
    unit_ids = many(opaque(), max_items=100, load_default=list)
    service_ids = many(opaque(), max_items=100, load_default=list)


class StaffContact(Message):
    person_id = opaque()
    email = contact(required=False)


class ImportStaffRequest(Message):
    person_id = opaque()
    name = staff()
    title = staff(required=False)
    email = contact(required=False)
    roles = nested(RoleData, many=True)


class ImportDataRequest(Message):
    """Loads or refreshes the municipality's catalogue from the data files that came with this version."""

    municipality = code()


class PolicyVersion(Message):
    """One version of the policy; `state`: in force today, coming, or past (also: replaced before it began)."""

    version = number()
    valid_from = date()
    values = code_tree()
    state = code("in_force", "coming", "past")
    saved_by = opaque(
        required=False, description="Who saved it; null for the first, which came with the set-up"
    )
    saved_at = instant(required=False)


class PoliciesAnswer(Message):
    """All versions, the newest first; `version` is the highest, which a new one is an edit of."""

    version = number()
    items = nested(PolicyVersion, many=True)


class PolicyDraft(Message):
    """`values`: fields of the kernel's Policy; what is left out keeps the value in force on `valid_from`. Topics are
    given whole, all of them, or not at all."""

    valid_from = date(description="The first day, today or later")
    values = code_map()


class PolicyChange(Message):
    """A field that the draft says otherwise; of a topic: `topics.<code>.<field>`."""

    field = code()
    before = code_tree(allow_none=True, required=False)
    after = code_tree(allow_none=True, required=False)


class CheckedDraft(Message):
    """A draft that can be saved: whole, with what it changes, and the hash by which it is confirmed."""

    version = number(description="The number that it would get")
    valid_from = date()
    values = code_tree()
    draft_hash = code()
    changes = nested(PolicyChange, many=True)
    replaced_on = date(
        required=False, description="The day on which a version that was saved before takes over from it"
    )


class SavePolicyRequest(PolicyDraft):
    """`expected_version`: the highest version there was when the draft was checked; `draft_hash`: of that draft."""

    expected_version = number()
    draft_hash = code()


GROUNDS = tuple(each.value for each in Basis)


class SaveGroundRequest(Message):
    """`expected_version`: the highest version there was of this ground's reference, which this is an edit of."""

    ground = code(*GROUNDS)
    reference = public(
        max_length=1000, description="Where the ground stands, in the municipality's own words"
    )
    valid_from = date(description="The first day, today or later")
    expected_version = number()


SCOPES = ("catalogue.read", "feed.read")
"""What a machine client may be let do. None has to do with a case: a program has no tie to any (SE-3)."""


CLIENT_NAME = re.compile(r"[a-z][a-z0-9_-]{0,39}")
"""How a machine client is called within its municipality; it holds no dot."""


def _check_client_name(value: str) -> None:
    if not CLIENT_NAME.fullmatch(value):
        raise ValidationError("not_a_name")


def _client_name() -> Any:
    return code(validate=_check_client_name, description="The client's name within its municipality")


class MachineClient(Message):
    """A program that logs in as itself, as an operator sees it; never its secret."""

    name = _client_name()
    scopes = many(code(*SCOPES), max_items=10)
    recipient = code(required=False, description="The feed that it reads: that of this outside system")
    made_at = instant()
    secret_made_at = instant()
    old_secret_until = instant(
        required=False, description="After a rotation: how long the old secret is good"
    )


class MachineClientsAnswer(Message):
    items = nested(MachineClient, many=True)


class AddMachineClientRequest(Message):
    name = _client_name()
    scopes = many(code(*SCOPES), max_items=10, validate=validate.Length(min=1, error="required"))
    recipient = code(required=False, description="Needed for feed.read")
    subscription_id = opaque(required=False, description="The recipient's subscription; needed for feed.read")
    secret = secret(max_length=200)


class RotateMachineClientRequest(Message):
    name = _client_name()
    secret = secret(max_length=200)
    at_once = flag(load_default=False, description="The old secret is void at once, not after a day")


class MachineClientRef(Message):
    name = _client_name()


class CheckMachineClientRequest(Message):
    name = _client_name()
    secret = secret(max_length=200, required=False, description="Left out: only whether it is in force")


class MachineClientStanding(Message):
    """What a client that is in force may do now. `generation` counts its secrets: a token bears that of its own."""

    scopes = many(code(*SCOPES), max_items=10)
    recipient = code(required=False)
    subscription_id = opaque(required=False, description="Whose feed it reads: no later one of that name")
    generation = number()
    oldest_generation = number(description="Tokens of older secrets than this are void")


class Pong(Message):
    """The answer to a ping."""

    ok = flag()


Ping = query(
    "directory.ping", Nothing, Pong, "Gateway only: answers at once, reads nothing; the bench's yardstick."
)
ListMunicipalities = query(
    "directory.list_municipalities", Nothing, MunicipalitiesAnswer, "All municipalities here."
)
GetCatalogue = query(
    "directory.get_catalogue", MunicipalityRef, Catalogue, "What anyone may read (DI-1, DI-3)."
)
GetTool = query("directory.get_tool", ToolRef, ToolForm, "A tool's form in one version (DI-5).")
RolesOf = query(
    "directory.roles_of",
    PersonRef,
    RolesAnswer,
    "A person's roles today; one's own, or asked by the gateway at login.",
)
StaffNames = query(
    "directory.staff_names", PersonsRef, StaffNamesAnswer, "Names and titles of employees by id."
)
StaffOf = query(
    "directory.staff_of",
    UnitsRef,
    StaffNamesAnswer,
    "The employees of units or services today, to choose a holder or a participant from; employees only.",
)
ContactOfStaff = query(
    "directory.contact_of_staff", PersonRef, StaffContact, "Notifications only: an employee's work address."
)
Policies = query(
    "directory.policies",
    Nothing,
    PoliciesAnswer,
    "The policy's versions, for the municipality's coordinator.",
)
CheckPolicy = query(
    "directory.check_policy",
    PolicyDraft,
    CheckedDraft,
    "Coordinator: whether a draft of the policy can be saved, and what it changes. Nothing is kept.",
)
SavePolicy = command(
    "directory.save_policy",
    SavePolicyRequest,
    "Coordinator: saves a version of the policy, from a day on; a version is never changed.",
)
SaveGround = command(
    "directory.save_ground",
    SaveGroundRequest,
    "Coordinator: saves a version of the municipality's reference for a ground of sharing, from a day on (CO-11).",
)
ImportCatalogue = command(
    "directory.import_catalogue",
    ImportDataRequest,
    "Set-up only: publishes services, units, guide, tools and policy from the data files.",
)
PutStaff = command("directory.put_staff", ImportStaffRequest, "Set-up only: an employee with roles, whole.")
MachineClients = query(
    "directory.machine_clients",
    Nothing,
    MachineClientsAnswer,
    "Operators only: the programs that may log in here.",
)
AddMachineClient = command(
    "directory.add_machine_client",
    AddMachineClientRequest,
    "Operators only: lets a program log in as itself.",
)
RotateMachineClient = command(
    "directory.rotate_machine_client", RotateMachineClientRequest, "Operators only: a new secret."
)
RemoveMachineClient = command(
    "directory.remove_machine_client",
    MachineClientRef,
    "Operators only: nothing more for this program, at once.",
)
CheckMachineClient = query(
    "directory.check_machine_client",
    CheckMachineClientRequest,
    MachineClientStanding,
    "Gateway only: whether a program is in force here, and what it may.",
)

PROCEDURES = (
    Ping,
    ListMunicipalities,
    GetCatalogue,
    GetTool,
    RolesOf,
    StaffNames,
    StaffOf,
    ContactOfStaff,
    Policies,
    CheckPolicy,
    SavePolicy,
    SaveGround,
    ImportCatalogue,
    PutStaff,
    MachineClients,
    AddMachineClient,
    RotateMachineClient,
    RemoveMachineClient,
    CheckMachineClient,
)

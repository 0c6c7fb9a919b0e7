"""The front door of directory: translate, call, translate back."""

from typing import Any

from services.chassis.actor import demand_service
from services.chassis.service import Reading, Service, UnitOfWork, command, query
from services.contracts import directory as contracts
from services.directory import storage
from services.directory.commands import (
    add_machine_client,
    import_catalogue,
    put_staff,
    remove_machine_client,
    rotate_machine_client,
    save_ground,
    save_policy,
)
from services.directory.queries import catalogue, machine_clients, policies, staff

_SET_UP = "seed"


class DirectoryService(Service):
    """Municipalities, services, units, staff, guide, toolkit."""

    name = "directory"
    metadata = storage.metadata
    handlers = {}

    @query(contracts.Ping)
    def ping(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return {"ok": True}

    @query(contracts.ListMunicipalities)
    def list_municipalities(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return catalogue.list_municipalities(reading)

    @query(contracts.GetCatalogue)
    def get_catalogue(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return catalogue.get_catalogue(reading, request)

    @query(contracts.GetTool)
    def get_tool(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return catalogue.get_tool(reading, request)

    @query(contracts.RolesOf)
    def roles_of(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return staff.roles_of(reading, request)

    @query(contracts.StaffNames)
    def staff_names(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return staff.staff_names(reading, request)

    @query(contracts.StaffOf)
    def staff_of(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return staff.staff_of(reading, request)

    @query(contracts.ContactOfStaff)
    def contact_of_staff(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return staff.contact_of(reading, request)

    @query(contracts.Policies)
    def policies(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return policies.versions(reading)

    @query(contracts.CheckPolicy)
    def check_policy(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return policies.check(reading, request)

    @command(contracts.SavePolicy)
    def save_policy(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return save_policy.run(uow, request)

    @command(contracts.SaveGround)
    def save_ground(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return save_ground.run(uow, request)

    @query(contracts.MachineClients)
    def machine_clients(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return machine_clients.run(reading)

    @query(contracts.CheckMachineClient)
    def check_machine_client(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return machine_clients.check(reading, request)

    @command(contracts.AddMachineClient)
    def add_machine_client(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return add_machine_client.run(uow, request)

    @command(contracts.RotateMachineClient)
    def rotate_machine_client(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return rotate_machine_client.run(uow, request)

    @command(contracts.RemoveMachineClient)
    def remove_machine_client(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return remove_machine_client.run(uow, request)

    @command(contracts.ImportCatalogue)
    def import_catalogue(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        demand_service(uow.actor, _SET_UP)
        return import_catalogue.run(uow, request)

    @command(contracts.PutStaff)
    def put_staff(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        demand_service(uow.actor, _SET_UP)
        return put_staff.run(uow, request)


SERVICE = DirectoryService

"""The front door of consent: translate, call, translate back."""

from collections.abc import Iterator
from typing import Any

from services.chassis import access
from services.chassis.keys import Keys
from services.chassis.service import Reading, Service, UnitOfWork, Work, command, every, query
from services.chassis.storage import AnyConnection
from services.consent import projections, storage
from services.consent.commands import evaluate, name_person, register_answer, request_consent, sign, withdraw
from services.consent.queries import as_signed, preview_policy, receipts, requests
from services.consent.storage.weighings import due_cases
from services.contracts import consent as contracts


class ConsentService(Service):
    """Requests, signatures, access windows, receipts."""

    name = "consent"
    metadata = storage.metadata
    handlers = projections.HANDLERS
    projection = access.PROJECTION

    @command(contracts.RequestConsent)
    def request_consent(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return request_consent.run(uow, request)

    @command(contracts.NamePerson)
    def name_person(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return name_person.run(uow, request)

    @command(contracts.Sign)
    def sign(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return sign.run(uow, request)

    @command(contracts.RegisterAnswer, prepare=register_answer.prepare)
    def register_answer(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return register_answer.run(uow, request)

    @command(contracts.Withdraw)
    def withdraw(self, uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
        return withdraw.run(uow, request)

    @query(contracts.GetRequest)
    def get_request(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return requests.get_request(reading, request)

    @query(contracts.ConsentsOfCase)
    def of_case(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return requests.of_case(reading, request)

    @query(contracts.WaitingForMe)
    def waiting_for_me(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return requests.waiting_for_me(reading)

    @query(contracts.GetReceipt)
    def get_receipt(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return receipts.get_receipt(reading, request)

    @query(contracts.GetWithdrawal)
    def get_withdrawal(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return receipts.get_withdrawal(reading, request)

    @query(contracts.GetEvidence)
    def get_evidence(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return receipts.get_evidence(reading, request)

    @query(contracts.PreviewPolicy)
    def preview_policy(self, reading: Reading, request: dict[str, Any]) -> dict[str, Any]:
        return preview_policy.run(reading, request)

    @staticmethod
    def verify_signatures(conn: AnyConnection, keys: Keys) -> Iterator[dict[str, Any]]:
        """CO-7: whether what was signed is kept as it was, for the operator's command."""
        return as_signed.look_into_all(conn, keys)

    @every(seconds=2)
    def weigh_what_is_due(self, work: Work) -> None:
        """AG-8: what turns at midnight without anybody's act. Readers are right before: they decide by the time now."""
        with work.db.read() as conn:
            due = due_cases(conn, work.now)
        work.each(due, evaluate.when_due)


SERVICE = ConsentService

"""An answer that was given on paper or by word of mouth, registered by the one who asked (CO-6)."""

from __future__ import annotations

import base64
import binascii
from typing import Any

from services.chassis import access
from services.chassis.unit_of_work import UnitOfWork
from services.chassis.work import Context
from services.consent.commands.sign import demand_signer, given, keep, load
from services.consent.domain import evidence
from services.consent.domain.errors import NotASigner, OwnAnswer
from services.consent.domain.evidence import Way
from services.consent.domain.request import Answer
from services.consent.evidence import look_into
from services.consent.storage.evidence import Evidence, Scan
from services.consent.storage.requests import Requests
from services.contracts import consent as contracts
from services.kernel.calendar import local_date
from services.kernel.errors import InvalidInput, NotFound
from services.kernel.facts import Act, in_force

NO_IDENTITY = "none"


def prepare(context: Context, request: dict[str, Any]) -> Scan | None:
    """Look into the scan, for whoever may register answers, before anything is locked: it takes a moment, and may come
    to nothing."""
    with context.read() as reading:
        row = Requests(reading.conn, reading.municipality, reading.keys).row(request["request_id"])
        if row is None:
            raise NotFound
        access.require(reading, row.case_id, Act.REGISTER_CONSENT)
    evidence.demand_proof(
        Way(request["way"]), scan=request["scan"] is not None, journal_ref=request["journal_ref"]
    )
    if request["scan"] is None:
        return None
    try:
        content = base64.b64decode(request["scan"], validate=True)
    except binascii.Error:
        raise InvalidInput(fields={"scan": "not_base64"}, rule="CO-6") from None
    kind = evidence.media_type(content)
    return Scan(content, kind, look_into(content, kind))


def run(uow: UnitOfWork, request: dict[str, Any]) -> dict[str, Any]:
    """Keep the answer as the signer's own, with its way, its proof, and who registered it; tell the signer, also when
    it stands in the place of their no."""
    asked = load(uow, request["request_id"], Act.REGISTER_CONSENT)
    signer_id, by = request["signer_id"], uow.actor.person_id or ""
    posts = [role for role in asked.facts.roles if in_force(role, uow.now)]
    if signer_id in (by, *(post.unit_id for post in posts)):
        raise OwnAnswer
    try:
        lines = demand_signer(uow, asked, signer_id)
    except NotASigner:
        raise InvalidInput(fields={"signer_id": "not_a_signer"}, rule="GU-2") from None
    answers = given(request, lines)
    evidence.demand_disinterested(answers, {post.service_id for post in posts})
    row, proofs = asked.row, Evidence(uow.tx, uow.municipality, uow.keys)
    evidence.demand_day(request["given_on"], local_date(row.requested_at), local_date(uow.now))
    others = [each for each in asked.requests if each.request_id != row.request_id]
    said = [*asked.request.said, *evidence.refusals_elsewhere(others, signer_id, answers)]
    proven = proofs.of_signatures([each.signature_id for each in said])
    days = {signature_id: proof.given_on for signature_id, proof in proven.items()}
    evidence.demand_latest(said, days, signer_id, request["given_on"], answers)
    over_no = any(
        answer is Answer.YES and asked.request.latest(signer_id, line) is Answer.NO
        for line, answer in answers.items()
    )
    language = request["language"] or row.language
    asked.demand_text(language, request["text_hash"])
    signature_id = keep(
        uow, asked, signer_id, answers, way=Way(request["way"]), assurance=NO_IDENTITY,
        language=language, text_hash=request["text_hash"],
    )  # fmt: skip
    proofs.add(
        signature_id, row.case_id, signer_id=signer_id, registered_by=by, given_on=request["given_on"],
        journal_ref=request["journal_ref"], scan=uow.prepared,
    )  # fmt: skip
    uow.record(
        contracts.AnswerRegistered,
        row.case_id,
        {"case_id": row.case_id, "request_id": row.request_id, "signer_id": signer_id, "signature_id": signature_id,
         "registered_by": by, "way": request["way"], "overrules": "no" if over_no else None, "at": uow.now},
    )  # fmt: skip
    return {"id": signature_id}

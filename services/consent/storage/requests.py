"""What the family is asked, and what it answers. Purposes are ciphertext under the case's key."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from services.chassis.access.projections import T as FACTS
from services.chassis.keys import Keys, Undecipherable, owner_of
from services.chassis.prepared import Prepared
from services.chassis.sealed import About, SealBroken, Sealed
from services.chassis.storage import AnyConnection
from services.consent.domain.request import Answer, Line, Request, Said, State, Weighed
from services.consent.domain.wording import text_hash
from services.consent.storage.tables import answers, request_lines, requests, signatures
from services.kernel.facts import Act

_MUNICIPALITY: Any = sa.bindparam("municipality")
_IDS: Any = sa.bindparam("request_ids", expanding=True)
_SAID_IDS: Any = sa.bindparam("said_by_ids", expanding=True)
_ONE = Prepared(
    sa.select(requests).where(
        requests.c.municipality == _MUNICIPALITY, requests.c.request_id == sa.bindparam("request_id")
    )
)
_OF_CASES = Prepared(
    sa.select(requests)
    .where(
        requests.c.municipality == _MUNICIPALITY,
        requests.c.case_id.in_(sa.bindparam("case_ids", expanding=True)),
    )
    .order_by(requests.c.requested_at, requests.c.request_id)
)
_LINES = Prepared(
    sa.select(request_lines).where(
        request_lines.c.municipality == _MUNICIPALITY, request_lines.c.request_id.in_(_IDS)
    )
)
_ANSWERS = Prepared(
    sa.select(answers)
    .where(answers.c.municipality == _MUNICIPALITY, answers.c.request_id.in_(_IDS))
    .order_by(answers.c.number)
)
_SIGNED = Prepared(
    sa.select(signatures.c.signature_id).where(
        signatures.c.municipality == _MUNICIPALITY, signatures.c.signature_id.in_(_SAID_IDS)
    )
)


def _purpose_of(request_id: str) -> str:
    """The field of a request's purpose: one that opens in no other row of the case."""
    return f"consent.purpose:{request_id}"


class Requests:
    """The requests of one municipality (SE-7)."""

    def __init__(self, conn: AnyConnection, municipality: str, keys: Keys) -> None:
        if not municipality:
            raise ValueError("no query without a municipality (SE-7)")
        self._conn, self._municipality, self._keys = conn, municipality, keys
        self._place = {"municipality": municipality}

    def add(self, request: Request, purpose: str, language: str, text_version: str) -> None:
        """Keep a new request."""
        owner = owner_of("case", request.case_id)
        self._conn.execute(
            sa.insert(requests).values(
                municipality=self._municipality,
                request_id=request.request_id,
                case_id=request.case_id,
                purpose=self._keys.encrypt(
                    owner, self._municipality, _purpose_of(request.request_id), purpose
                ),
                valid_from=request.valid_from,
                valid_to=request.valid_to,
                language=language,
                text_version=text_version,
                requested_by=request.requested_by,
                requested_at=request.requested_at,
                state="pending",
            )
        )
        self._conn.execute(
            sa.insert(request_lines),
            [
                {"municipality": self._municipality, "request_id": request.request_id, "service_id": line.service_id,
                 "topic": line.topic, "person_id": line.person_id, "state": str(State.PENDING)}
                for line in request.lines
            ],
        )  # fmt: skip

    def row(self, request_id: str) -> Any:
        """The stored row of a request (language, text version, ciphertext of the purpose), or None."""
        return _ONE.first(self._conn, {**self._place, "request_id": request_id})

    def line(self, asked: Request, line: Line, signed_by: str | None) -> Sealed[Line]:
        """A line of a request, for whoever may read the case's consents on its topic (AG-6). `signed_by`: on whose word
        it rests, if on the reader's."""
        return Sealed(self._about(asked.case_id, line.topic, signed_by), lambda: line)

    def purpose(self, row: Any, topic: str, signed_by: str | None = None) -> Sealed[str]:
        """The purpose of a row, as far as it speaks of one topic: it is to be opened for each of the request's."""
        about = self._about(row.case_id, topic, signed_by)
        return Sealed(about, lambda: self._purpose(row))

    def _about(self, case_id: str, topic: str, signed_by: str | None) -> About:
        return About(self._municipality, case_id, Act.READ_CONSENT, topic, signed_by=signed_by)

    def purpose_as_signed(self, row: Any, signature: Any, person_id: str | None) -> str:
        """The purpose to which somebody said yes or no, for themselves: their own receipt stays theirs (CO-7).

        Raises SealBroken for anybody else, and for another request's row."""
        signed_by = signature.by_person_id or signature.signer_id
        if (signed_by, signature.request_id) != (person_id, row.request_id):
            raise SealBroken("a receipt is its signer's own")
        return self._purpose(row)

    def is_as_signed(self, row: Any, signature: Any, wording: dict[str, str]) -> bool:
        """Whether what is kept of a request, in these words, is what the signature's hash is of (CO-7). Tells nothing
        of the purpose; raises KeyMissing once the case's key is gone (SE-6)."""
        found = _LINES.rows(self._conn, {**self._place, "request_ids": [row.request_id]})
        lines = [Line(each.service_id, each.topic, each.person_id) for each in found]
        try:
            purpose = self._purpose(row)
        except Undecipherable:
            return False
        read = text_hash(
            signature.text_version, signature.language, wording, purpose, lines, row.valid_from, row.valid_to
        )  # fmt: skip
        return hmac.compare_digest(read, signature.text_hash)

    def _purpose(self, row: Any) -> str:
        return self._keys.decrypt(
            owner_of("case", row.case_id), self._municipality, _purpose_of(row.request_id), row.purpose
        )

    def of_case(self, case_id: str, *, lock: bool = False) -> list[Request]:
        """All requests of a case with their answers, oldest first; `lock` for a change (PostgreSQL)."""
        return self.of_cases([case_id], lock=lock)

    def of_cases(self, case_ids: Sequence[str], *, lock: bool = False) -> list[Request]:
        """As `of_case`, for several cases."""
        return [asked for _, asked in self._stored(case_ids, lock)]

    def stored(self, case_id: str) -> list[tuple[Any, Request]]:
        """As `of_case`, each with its row (see `row`)."""
        return self._stored([case_id])

    def _stored(self, case_ids: Sequence[str], lock: bool = False) -> list[tuple[Any, Request]]:
        if not case_ids:
            return []
        asked = {**self._place, "case_ids": list(case_ids)}
        if lock:
            rows = list(self._conn.execute(_OF_CASES.statement.with_for_update(), asked))
        else:
            rows = _OF_CASES.rows(self._conn, asked)
        of = {**self._place, "request_ids": [row.request_id for row in rows]}
        weighed: dict[str, dict[Line, Weighed]] = {}
        for row in _LINES.rows(self._conn, of):
            line = Line(row.service_id, row.topic, row.person_id)
            weighed.setdefault(row.request_id, {})[line] = Weighed(State(row.state), row.since)
        said: dict[str, list[Said]] = {}
        for row in _ANSWERS.rows(self._conn, of):
            said.setdefault(row.request_id, []).append(
                Said(
                    row.signer_id,
                    Line(row.service_id, row.topic, row.person_id),
                    Answer(row.answer),
                    row.at,
                    row.signature_id,
                )
            )
        return [
            (row, Request(
                row.request_id, row.case_id, tuple(sorted(weighed[row.request_id])), row.valid_from, row.valid_to,
                row.requested_by, row.requested_at, row.ended_at, said.get(row.request_id, []),
                weighed[row.request_id],
            ))
            for row in rows
        ]  # fmt: skip

    def add_signature(self, values: dict[str, Any]) -> None:
        """Keep a signature: who, when, how, and the text's version, language and hash (CO-6, CO-7)."""
        self._conn.execute(sa.insert(signatures).values(municipality=self._municipality, **values))

    def signature(self, signature_id: str) -> Any:
        """The row of a signature, or None."""
        return self._conn.execute(
            sa.select(signatures).where(
                signatures.c.municipality == self._municipality, signatures.c.signature_id == signature_id
            )
        ).first()

    def signed(self, said_by_ids: Sequence[str]) -> frozenset[str]:
        """Of the ids of things that were said, those of signatures; the others are withdrawals'."""
        if not said_by_ids:
            return frozenset()
        asked = {"municipality": self._municipality, "said_by_ids": list(said_by_ids)}
        return frozenset(_SIGNED.values(self._conn, asked))

    def add_answers(self, request_id: str, said: Sequence[Said]) -> None:
        """Keep answers; nothing said before is changed or deleted (CO-3)."""
        self._conn.execute(
            sa.insert(answers),
            [
                {"municipality": self._municipality, "request_id": request_id, "signature_id": each.signature_id,
                 "signer_id": each.signer_id, "service_id": each.line.service_id, "topic": each.line.topic,
                 "person_id": each.line.person_id, "answer": str(each.answer), "at": each.at}
                for each in said
            ],
        )  # fmt: skip

    def signature_before(self, request_id: str, signer_id: str, at: datetime) -> Any:
        """The row of the last signature of one who answered, as it stood at an instant; None before the first."""
        found = sa.select(signatures).where(
            signatures.c.municipality == self._municipality,
            signatures.c.request_id == request_id,
            signatures.c.signer_id == signer_id,
            signatures.c.signed_at <= at,
        )
        return self._conn.execute(
            found.order_by(signatures.c.signed_at.desc(), signatures.c.signature_id.desc()).limit(1)
        ).first()

    def withdrawn(self, withdrawal_id: str) -> Sequence[Any]:
        """The answers by which one withdrawal took back what was agreed to, with their `case_id`; none for an id that
        is no withdrawal's."""
        signed = sa.exists().where(
            signatures.c.municipality == self._municipality, signatures.c.signature_id == withdrawal_id
        )
        found = (
            sa.select(requests.c.case_id, answers)
            .join(
                requests,
                sa.and_(
                    requests.c.municipality == answers.c.municipality,
                    requests.c.request_id == answers.c.request_id,
                ),
            )
            .where(
                answers.c.municipality == self._municipality, answers.c.signature_id == withdrawal_id, ~signed
            )
            .order_by(answers.c.number)
        )
        return self._conn.execute(found).all()

    def set_state(self, request_id: str, state: str) -> bool:
        """Note the request's state as last told; whether it is another than before."""
        changed = self._conn.execute(
            sa.update(requests)
            .where(
                requests.c.municipality == self._municipality,
                requests.c.request_id == request_id,
                requests.c.state != state,
            )
            .values(state=state)
        )
        return bool(changed.rowcount)

    def replace(self, request_id: str, by_request_id: str, at: datetime) -> None:
        """Another request stands in its place from now on: it ends, and is kept."""
        ended = {"ended_at": at, "replaced_by": by_request_id, "state": str(State.EXPIRED)}
        self._conn.execute(
            sa.update(requests)
            .where(requests.c.municipality == self._municipality, requests.c.request_id == request_id)
            .values(ended)
        )

    def in_its_place(self, row: Any) -> str:
        """The id of the request that stands in the place of a replaced one: the last, where that was replaced too."""
        while row.replaced_by:
            row = self.row(row.replaced_by)
        return str(row.request_id)

    def end_all(self, case_id: str, at: Any) -> None:
        """The case is closed: its consents end at `at`."""
        self._conn.execute(
            sa.update(requests)
            .where(
                requests.c.municipality == self._municipality,
                requests.c.case_id == case_id,
                requests.c.ended_at.is_(None),
            )
            .values(ended_at=at)
        )

    def keep_weighed(
        self, request_id: str, found: Mapping[Line, Weighed], before: Mapping[Line, Weighed]
    ) -> None:
        """Note what the request's lines are now, of those that are another than `before`."""
        line = request_lines.c
        for each, weighed in found.items():
            if weighed != before.get(each):
                self._conn.execute(
                    sa.update(request_lines)
                    .where(
                        line.municipality == self._municipality,
                        line.request_id == request_id,
                        line.service_id == each.service_id,
                        line.topic == each.topic,
                        line.person_id == each.person_id,
                    )
                    .values(state=str(weighed.state), since=weighed.since)
                )


def all_signatures(conn: AnyConnection) -> Iterator[Any]:
    """The rows of all signatures of all municipalities, for who looks after them."""
    order = (signatures.c.municipality, signatures.c.signature_id)
    yield from conn.execute(sa.select(signatures).order_by(*order))


def running_cases(conn: AnyConnection, municipality: str, now: datetime) -> list[str]:
    """The cases that are open, or of which a consent still stands, by id."""
    case, asked = FACTS.case.c, requests.c
    going_on = sa.select(case.case_id).where(case.municipality == municipality, case.state == "open")
    consented = sa.select(asked.case_id).where(
        asked.municipality == municipality,
        asked.valid_to > now,
        asked.ended_at.is_(None) | (asked.ended_at > now),
    )
    return sorted(conn.scalars(sa.union(going_on, consented)))

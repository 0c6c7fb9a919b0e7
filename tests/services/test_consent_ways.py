"""Ways of consenting without electronic identity, on both engines: registered by who asked, proven, told, withdrawn."""

from __future__ import annotations

import base64
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from deploy import engines
from deploy.ops.__main__ import main as ops
from services.chassis.access_record import read_line
from services.chassis.actor import Actor
from services.consent.domain.evidence import MAX_BYTES
from services.consent.domain.wording import CURRENT
from services.consent.storage.texts import sentences, signed_texts
from services.contracts import cases, consent, directory
from services.contracts.access_history import access_history
from services.kernel.errors import Conflict, Forbidden, InvalidInput, NotFound
from tests.services.test_consent_service import (
    AS_FATHER,
    AS_MOTHER,
    AS_PSYCHOLOGIST,
    AS_TEACHER,
    AS_YOUTH,
    CASE,
    FATHER,
    HEALTH,
    MOTHER,
    NOW,
    OWN,
    PPT,
    PSYCHOLOGIST,
    PURPOSE,
    SHARES,
    TEACHER,
    World,
    refused,
    world,
)
from tests.support import scans

__all__ = ["world"]

TODAY = "2026-11-21"
SCAN = scans.paper()


def as_sent(content: bytes) -> str:
    return base64.b64encode(content).decode()


def register(world: World, request_id: str, actor: Actor = AS_TEACHER, **changed: Any) -> dict[str, Any]:
    """The mother's yes to everything, on paper."""
    shown = world.shown(request_id, AS_TEACHER)
    answers = [{"service_id": each["service_id"], "topic": each["topic"], "answer": "yes"}
               for each in shown["lines"]]  # fmt: skip
    asked = {
        "request_id": request_id, "signer_id": MOTHER, "way": "paper", "text_hash": shown["text_hash"],
        "given_on": TODAY, "answers": answers, "scan": as_sent(SCAN),
    } | changed  # fmt: skip
    return world.app.call(
        consent.RegisterAnswer, actor, {name: value for name, value in asked.items() if value is not None}
    )


def evidence(world: World, signature_id: str, actor: Actor) -> dict[str, Any]:
    return world.app.call(consent.GetEvidence, actor, {"signature_id": signature_id})


def signer(world: World, request_id: str, actor: Actor = AS_TEACHER, person: str = MOTHER) -> dict[str, Any]:
    found = world.shown(request_id, actor)["signers"]
    return next(each for each in found if each["person_id"] == person)


def accesses(world: World) -> list[tuple[str | None, str, bool]]:
    """(who, act, allowed) of the access record, in order."""
    record = world.app.db.chassis.access_record
    with world.app.db.read() as conn:
        lines = [
            read_line(world.app.keys, row) for row in conn.execute(sa.select(record).order_by(record.c.id))
        ]
    return [(line.person_id, line.act, line.allowed) for line in lines]


def test_CO_6_a_paper_counts_like_a_click_and_shows_how_it_was_given(world: World) -> None:
    request_id = world.request()
    signature_id = register(world, request_id)["id"]
    world.sign(request_id, AS_FATHER)
    assert world.windows() == {(PPT, "learning"), (PPT, "wellbeing"), (HEALTH, "health")}
    for actor in (AS_TEACHER, AS_MOTHER, AS_FATHER):
        shown = signer(world, request_id, actor)
        assert (shown["way"], shown["registered_by"], shown["given_on"]) == ("paper", TEACHER, TODAY)
        assert signer(world, request_id, actor, FATHER)["way"] == "electronic"
    receipt = world.app.call(consent.GetReceipt, AS_MOTHER, {"signature_id": signature_id})
    assert (receipt["way"], receipt["assurance"], receipt["registered_by"]) == ("paper", "none", TEACHER)
    assert len(receipt["answers"]) == 3


def test_CO_6_the_signer_is_told_that_somebody_answered_for_them(world: World) -> None:
    request_id = world.request()
    signature_id = register(world, request_id)["id"]
    assert world.told()[-1] == consent.AnswerRegistered.type
    with world.app.db.read() as conn:
        outbox = world.app.db.chassis.outbox
        data = conn.scalars(sa.select(outbox.c.data).order_by(outbox.c.row.desc())).first()
    told = json.loads(data) if isinstance(data, str | bytes) else data
    assert told["signer_id"] == MOTHER and told["registered_by"] == TEACHER and told["way"] == "paper"
    assert told["signature_id"] == signature_id


def test_CO_6_what_was_registered_can_be_withdrawn_as_always(world: World) -> None:
    request_id = world.request()
    register(world, request_id)
    world.sign(request_id, AS_FATHER)
    world.app.call(consent.Withdraw, AS_MOTHER, {"case_id": CASE})
    assert world.windows() == set()
    assert signer(world, request_id)["way"] == "electronic"


def test_CO_6_word_of_mouth_needs_its_place_in_the_journal_and_paper_its_scan(world: World) -> None:
    request_id = world.request()
    for changed, fault in (
        ({"way": "oral", "scan": None}, {"journal_ref": "required"}),
        ({"way": "oral", "scan": None, "journal_ref": "  "}, {"journal_ref": "required"}),
        ({"way": "oral", "journal_ref": "26/1234-5"}, {"scan": "not_for_this_way"}),
        ({"scan": None, "journal_ref": "26/1234-5"}, {"scan": "required"}),
    ):
        assert refused(InvalidInput, lambda c=changed: register(world, request_id, **c)).fields == fault
    assert signer(world, request_id)["answered_at"] is None
    signature_id = register(world, request_id, way="oral", scan=None, journal_ref="26/1234-5")["id"]
    found = evidence(world, signature_id, AS_TEACHER)
    assert (found["way"], found["journal_ref"], found["scan"]) == ("oral", "26/1234-5", None)
    assert signer(world, request_id)["way"] == "oral"


def test_CO_6_only_who_may_ask_registers_and_only_for_those_who_are_asked(world: World) -> None:
    request_id = world.request()
    for actor in (AS_FATHER, AS_MOTHER):
        refused(Forbidden, lambda who=actor: register(world, request_id, who))
    stranger = Actor("storvik", "employee", TEACHER, "unit-kindergarten", "high")
    for actor in (AS_PSYCHOLOGIST, stranger):
        refused(NotFound, lambda who=actor: register(world, request_id, who))
    stranger = refused(InvalidInput, lambda: register(world, request_id, signer_id="aunt"))
    assert stranger.fields == {"signer_id": "not_a_signer"}
    assert refused(Forbidden, lambda: register(world, request_id, signer_id=TEACHER)).code == "own_answer"
    assert signer(world, request_id)["answered_at"] is None


def test_nobody_without_a_part_makes_the_service_look_into_a_file(world: World) -> None:
    """The question who may is answered before the scan is opened: a bad one is not even told of."""
    request_id = world.request()
    refused(NotFound, lambda: register(world, request_id, AS_PSYCHOLOGIST, scan=as_sent(b"MZ")))
    refused(InvalidInput, lambda: register(world, request_id, scan=as_sent(b"MZ")))


def test_CO_7_what_is_on_the_paper_is_what_was_asked(world: World) -> None:
    """The hash of another language, of another request or of nothing is refused."""
    other, request_id = world.request(), world.request(purpose="Noe annet.")
    wrong = world.shown(other, AS_TEACHER)["text_hash"]
    assert refused(Conflict, lambda: register(world, request_id, text_hash=wrong)).code == "text_changed"
    english = next(each for each in world.shown(request_id, AS_TEACHER)["texts"] if each["language"] == "en")
    refused(Conflict, lambda: register(world, request_id, text_hash=english["text_hash"]))
    signature_id = register(world, request_id, text_hash=english["text_hash"], language="en")["id"]
    receipt = world.app.call(consent.GetReceipt, AS_MOTHER, {"signature_id": signature_id})
    assert receipt["language"] == "en" and receipt["wording"]["decide"].startswith("You decide")


def test_CO_5_a_paper_that_answers_a_replaced_request_is_told_which_one_to_answer(world: World) -> None:
    """CO-5, CO-6, CO-7: it came by post while the same was asked anew, twice. Nothing of it is kept, and the text that
    is asked about now is another."""
    first = world.request()
    text_hash = world.shown(first, AS_TEACHER)["text_hash"]
    world.request(purpose="Etter samtalen vår")
    newest = world.request(purpose="Etter samtale nummer to")
    for way in ({}, {"way": "oral", "scan": None, "journal_ref": "26/1234-5"}):
        told = refused(Conflict, lambda c=way: register(world, first, **c))
        assert (told.code, told.params) == ("request_replaced", {"request_id": newest})
    assert refused(Conflict, lambda: register(world, newest, text_hash=text_hash)).code == "text_changed"
    assert world.shown(first, AS_MOTHER)["signers"] == [
        {**each, "answers": [], "signature_id": None} for each in world.shown(first, AS_MOTHER)["signers"]
    ]
    register(world, newest)
    assert signer(world, newest)["way"] == "paper"


def test_CO_6_a_day_before_the_question_or_to_come_is_refused(world: World) -> None:
    request_id = world.request()
    for day, fault in (("2026-11-20", "before_asked"), ("2026-11-22", "in_the_future")):
        assert refused(InvalidInput, lambda d=day: register(world, request_id, given_on=d)).fields == {
            "given_on": fault
        }


def test_CO_3_a_paper_never_overrules_what_the_signer_said_by_themselves_since(world: World) -> None:
    request_id = world.request()
    world.app.clock.advance(days=2)  # type: ignore[attr-defined]
    world.heartbeat()
    world.sign(request_id, AS_MOTHER, "no")
    for day in (TODAY, "2026-11-23"):
        found = refused(Conflict, lambda d=day: register(world, request_id, given_on=d))
        assert found.code == "answered_since"
    world.app.clock.advance(days=1)  # type: ignore[attr-defined]
    world.heartbeat()
    register(world, request_id, given_on="2026-11-24")
    assert {each["answer"] for each in signer(world, request_id)["answers"]} == {"yes"}


def later(world: World, **by: float) -> None:
    world.app.clock.advance(**by)  # type: ignore[attr-defined]
    world.heartbeat()


def last_told(world: World) -> dict[str, Any]:
    with world.app.db.read() as conn:
        outbox = world.app.db.chassis.outbox
        data = conn.scalars(
            sa.select(outbox.c.data)
            .where(outbox.c.type == consent.AnswerRegistered.type)
            .order_by(outbox.c.row.desc())
        ).first()
    told: dict[str, Any] = json.loads(data) if isinstance(data, str | bytes) else data
    return told


def test_CO_3_a_withdrawal_holds_against_an_older_paper_for_another_request_too(world: World) -> None:
    """CO-3, CO-6: she withdraws all that stands; a renewal that she had not answered by then can't be opened by a
    paper of a day before, nor of that day. One of a day after counts, and she is told that it stands in the place of
    her no."""
    world.sign(world.request(), AS_MOTHER)
    later(world, days=1)
    renewal = world.request()
    later(world, days=1)
    world.app.call(consent.Withdraw, AS_MOTHER, {"case_id": CASE})
    later(world, days=2)
    for day in ("2026-11-22", "2026-11-23"):
        found = refused(Conflict, lambda d=day: register(world, renewal, given_on=d))
        assert found.code == "answered_since"
    register(world, renewal, given_on="2026-11-24")
    assert last_told(world)["signer_id"] == MOTHER


def test_CO_3_a_paper_of_a_later_day_overrules_a_refusal_and_the_signer_is_told_so(world: World) -> None:
    """CO-3, CO-6: whoever said no is told that a yes was written in for them in its place, and takes it back."""
    request_id = world.request()
    register(world, request_id)
    assert last_told(world)["overrules"] is None
    later(world, days=1)
    world.app.call(consent.Withdraw, AS_MOTHER, {"case_id": CASE})
    later(world, days=1)
    world.sign(request_id, AS_FATHER)
    for day in ("2026-11-21", "2026-11-22"):
        assert (
            refused(Conflict, lambda d=day: register(world, request_id, given_on=d)).code == "answered_since"
        )
        assert world.windows() == set()
    register(world, request_id, given_on="2026-11-23")
    assert world.windows() and last_told(world)["overrules"] == "no"
    world.app.call(consent.Withdraw, AS_MOTHER, {"case_id": CASE})
    assert world.windows() == set()


def test_CO_6_who_holds_from_another_service_lets_somebody_else_write_in_what_opens_to_it(
    world: World,
) -> None:
    """CO-6: the psychologist holds the relay, and the renewal would go on opening the log to psychology: the owner
    writes it in. A no the psychologist writes in as anybody in charge."""
    request_id = world.request()
    register(world, request_id)
    world.sign(request_id, AS_FATHER)
    world.hear(cases.HolderChanged, case_id=CASE, holder_person_id=PSYCHOLOGIST, holder_unit_id="unit-ppt",
               previous_person_id=TEACHER, at=NOW.isoformat(), how="handover")  # fmt: skip
    renewal = world.request()
    found = refused(Forbidden, lambda: register(world, renewal, AS_PSYCHOLOGIST))
    assert found.code == "own_service_gains" and signer(world, renewal)["answered_at"] is None
    lines = world.shown(renewal, AS_TEACHER)["lines"]
    others = [
        {name: each[name] for name in ("service_id", "topic")}
        | {"answer": "no" if each["service_id"] == PPT else "yes"}
        for each in lines
    ]
    register(world, renewal, AS_PSYCHOLOGIST, answers=others)
    register(world, renewal, AS_TEACHER)
    assert signer(world, renewal)["registered_by"] == TEACHER


def test_CO_6_work_in_another_unit_counts_too(world: World) -> None:
    """CO-6: the teacher who holds the relay works one day a week in psychology."""
    request_id = world.request()
    both = [("unit-kindergarten", "service-kindergarten"), ("unit-ppt", PPT)]
    roles = [
        {"unit_id": unit, "service_id": service, "role": "employee", "valid_from": "2020-01-01"}
        for unit, service in both
    ]
    world.hear(directory.StaffChanged, person_id=TEACHER, roles=roles)
    assert refused(Forbidden, lambda: register(world, request_id)).code == "own_service_gains"


def test_to_want_to_talk_first_is_no_answer_and_a_slip_can_be_mended(world: World) -> None:
    """CO-6: after the talk she signs a paper the same day; the clerk's slip is registered anew."""
    request_id = world.request()
    world.sign(request_id, AS_MOTHER, "talk_first")
    register(world, request_id)
    lines = world.shown(request_id, AS_TEACHER)["lines"]
    mended = [
        {"service_id": each["service_id"], "topic": each["topic"],
         "answer": "no" if each["service_id"] == HEALTH else "yes"}
        for each in lines
    ]  # fmt: skip
    register(world, request_id, answers=mended)
    said = {(each["service_id"], each["answer"]) for each in signer(world, request_id)["answers"]}
    assert said == {(PPT, "yes"), (HEALTH, "no")}


def test_CO_6_the_scan_is_read_back_by_who_may_and_the_reading_is_recorded(world: World) -> None:
    """GU-5: the other guardian sees that it is on paper, and not the paper."""
    request_id = world.request()
    signature_id = register(world, request_id)["id"]
    for actor in (AS_TEACHER, AS_MOTHER):
        found = evidence(world, signature_id, actor)
        assert base64.b64decode(found["scan"]) == SCAN and found["media_type"] == "application/pdf"
        assert accesses(world)[-1] == (actor.person_id, "read_evidence", True)
        assert signer(world, request_id, actor)["evidence"]
    assert refused(Forbidden, lambda: evidence(world, signature_id, AS_FATHER)).code == "not_own_answer"
    assert (FATHER, "read_evidence", False) in accesses(world)
    assert signer(world, request_id, AS_FATHER)["evidence"] is False
    looked = world.app.call(access_history("consent"), AS_MOTHER, {"case_id": CASE})["items"]
    [teachers] = [
        each for each in looked if each["person_id"] == TEACHER
    ]  # SE-2: opening a paper is told of too
    assert "consents" in teachers["things"]
    for actor in (AS_PSYCHOLOGIST, Actor("storvik", "guardian", MOTHER, None, "high")):
        refused(NotFound, lambda who=actor: evidence(world, signature_id, who))
    electronic = world.sign(request_id, AS_FATHER)["id"]
    for unknown in (electronic, "nothing"):
        refused(NotFound, lambda which=unknown: evidence(world, which, AS_TEACHER))


def test_CO_6_scan_and_journal_lie_as_ciphertext_bound_to_their_answer(world: World) -> None:
    request_id = world.request()
    first = register(world, request_id, journal_ref="saksnummer-2026-77")["id"]
    second = register(world, request_id, scan=as_sent(scans.picture()))["id"]
    with world.app.db.read() as conn:
        rows = conn.execute(sa.text("SELECT * FROM registered_answers")).all()
        kept = {row.signature_id: bytes(row.scan) for row in rows}
    whole = b"".join(
        str(tuple(row)).encode() + bytes(row.scan) + bytes(row.journal_ref or b"") for row in rows
    )
    assert SCAN[:40] not in whole and b"Libertinus" not in whole and b"saksnummer" not in whole
    with world.app.db.write() as tx:
        tx.execute(
            sa.text("UPDATE registered_answers SET scan = :scan WHERE signature_id = :id"),
            {"scan": kept[first], "id": second},
        )
    with pytest.raises(Exception, match="written for another field"):
        evidence(world, second, AS_TEACHER)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"PK\x03\x04", "not_a_scan"),
        (scans.with_script(), "active_content"),
        (scans.written(password="x"), "encrypted"),
        (SCAN[:-300], "damaged"),
        (scans.png_bomb(), "too_many_pixels"),
    ],
)
def test_CO_6_a_bad_scan_changes_nothing(world: World, content: bytes, code: str) -> None:
    request_id = world.request()
    before = world.told()
    assert refused(InvalidInput, lambda: register(world, request_id, scan=as_sent(content))).fields == {
        "scan": code
    }
    assert world.told() == before and signer(world, request_id)["answered_at"] is None


@pytest.mark.parametrize("sent", ["%%%", "QUJD=QUJD", "QUJ", "A" * (4 * -(-MAX_BYTES // 3) + 4)])
def test_what_is_no_base64_or_too_long_is_refused_by_the_contract_or_the_command(
    world: World, sent: str
) -> None:
    request_id = world.request()
    assert set(refused(InvalidInput, lambda: register(world, request_id, scan=sent)).fields) == {"scan"}


def test_the_same_key_registers_once(world: World) -> None:
    request_id = world.request()
    shown = world.shown(request_id, AS_TEACHER)
    asked = {
        "request_id": request_id, "signer_id": MOTHER, "way": "oral", "text_hash": shown["text_hash"],
        "given_on": TODAY, "journal_ref": "26/1", "answers": [
            {"service_id": each["service_id"], "topic": each["topic"], "answer": "yes"} for each in shown["lines"]],
    }  # fmt: skip
    first = world.app.call(consent.RegisterAnswer, AS_TEACHER, asked, idempotency_key="k")
    again = world.app.call(consent.RegisterAnswer, AS_TEACHER, asked, idempotency_key="k")
    assert first["id"] == again["id"] and world.told().count(consent.AnswerRegistered.type) == 1


def test_SE_2_that_a_consent_ends_soon_is_no_reading_of_what_the_family_answered(world: World) -> None:
    """SE-2, SE-1, CO-2: the holder's list of what waits notes a look at the case; opening the consent notes that."""
    request_id = world.request()
    for signer_of in (AS_MOTHER, AS_FATHER):
        world.sign(request_id, signer_of)
    world.app.clock.advance(days=155)  # type: ignore[attr-defined]
    world.heartbeat()

    def noted() -> list[str]:
        return [act for person, act, _ in accesses(world) if person == TEACHER]

    before = noted()
    found = world.app.call(consent.WaitingForMe, AS_TEACHER, {})
    assert [each["request_id"] for each in found["renewals"]] == [request_id]
    assert set(found["renewals"][0]) == {"request_id", "case_id", "child_person_id", "ends_on"}
    assert noted()[len(before) :] == ["see_case"]
    world.shown(request_id, AS_TEACHER)
    assert "read_consent" in noted()[len(before) :]


# ---------------------------------------------------------------- languages and receipts


def test_CO_7_the_text_is_read_and_signed_in_ones_own_language(world: World) -> None:
    request_id = world.request()
    shown = world.app.call(consent.GetRequest, AS_MOTHER, {"request_id": request_id, "language": "nn"})
    assert shown["language"] == "nn" and "sjølv" in shown["wording"]["decide"]
    hashes = {each["language"]: each["text_hash"] for each in shown["texts"]}
    assert set(hashes) == {"nb", "nn", "en"} and len(set(hashes.values())) == 3
    assert shown["text_hash"] == hashes["nn"]
    refused(Conflict, lambda: world.sign(request_id, AS_MOTHER, text_hash=hashes["nn"]))
    signature_id = world.sign(request_id, AS_MOTHER, text_hash=hashes["nn"], language="nn")["id"]
    receipt = world.app.call(consent.GetReceipt, AS_MOTHER, {"signature_id": signature_id})
    assert receipt["language"] == "nn" and receipt["text_hash"] == hashes["nn"]
    assert receipt["wording"] == shown["wording"]


def test_CO_7_a_language_without_a_text_is_refused(world: World) -> None:
    request_id = world.request()
    asked = {"request_id": request_id, "language": "se"}
    assert refused(InvalidInput, lambda: world.app.call(consent.GetRequest, AS_MOTHER, asked)).fields == {
        "language": "no_text_in_language"
    }
    refused(InvalidInput, lambda: world.sign(request_id, AS_MOTHER, language="se"))


def test_CO_7_what_was_signed_is_kept_as_it_was_read(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The receipt reads the words that were kept with the first signature, not those of today's files."""
    request_id = world.request()
    signature_id = world.sign(request_id, AS_MOTHER)["id"]
    read = sentences(CURRENT, "nb")["decide"]
    monkeypatch.setitem(sentences(CURRENT, "nb"), "decide", "Slik står det nå.")
    world.sign(request_id, AS_FATHER)
    receipt = world.app.call(consent.GetReceipt, AS_MOTHER, {"signature_id": signature_id})
    assert receipt["wording"]["decide"] == read


def longer(world: World, request_id: str) -> sa.Update:
    requests = world.app.db.metadata.tables["requests"]
    later = datetime(2029, 5, 20, tzinfo=UTC)
    return sa.update(requests).where(requests.c.request_id == request_id).values(valid_to=later)


def another_topic(world: World, request_id: str) -> sa.Update:
    lines = world.app.db.metadata.tables["request_lines"]
    health = (lines.c.request_id == request_id, lines.c.topic == "health")
    return sa.update(lines).where(*health).values(topic="home")


def a_purpose_of_another(world: World, request_id: str) -> sa.Update:
    requests = world.app.db.metadata.tables["requests"]
    other = world.request(purpose="We tell everything.")
    asked = sa.select(requests.c.purpose).where(requests.c.request_id == other).scalar_subquery()
    return sa.update(requests).where(requests.c.request_id == request_id).values(purpose=asked)


def other_words(world: World, request_id: str) -> sa.Update:
    changed = sentences(CURRENT, "nb") | {"decide": "Du bestemmer ikke."}
    return sa.update(signed_texts).values(sentences=changed)


def no_words(world: World, request_id: str) -> sa.Delete:
    return sa.delete(signed_texts)


@pytest.mark.parametrize("tamper", [longer, another_topic, a_purpose_of_another, other_words, no_words])
def test_CO_7_no_receipt_is_given_of_what_was_not_signed(world: World, tamper: Any) -> None:
    """CO-7: words, purpose, receivers, topics and days are those that the signature's hash is of, or it is refused.
    The answer can be taken back all the same (CO-3)."""
    request_id = world.request()
    receipt = {"signature_id": str(world.sign(request_id, AS_MOTHER)["id"])}
    assert world.app.call(consent.GetReceipt, AS_MOTHER, receipt)["request_id"] == request_id
    withdrawn = {
        "withdrawal_id": world.app.call(consent.Withdraw, AS_MOTHER, {"case_id": CASE, "topic": "learning"})[
            "id"
        ]
    }
    assert world.app.call(consent.GetWithdrawal, AS_MOTHER, withdrawn)["taken_from"]
    change = tamper(world, request_id)
    with world.app.db.write() as tx:
        tx.execute(change)
    for kind, asked in ((consent.GetReceipt, receipt), (consent.GetWithdrawal, withdrawn)):
        found = refused(Conflict, lambda k=kind, a=asked: world.app.call(k, AS_MOTHER, a))
        assert (found.code, found.rule, found.params) == (
            "not_as_signed",
            "CO-7",
            {},
        ) and "Tell" in found.detail
    refused(NotFound, lambda: world.app.call(consent.GetReceipt, AS_FATHER, receipt))
    world.app.call(consent.Withdraw, AS_MOTHER, {"case_id": CASE})


def test_CO_7_the_operator_verifies_all_that_was_signed(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    """CO-7: beside the running suite or without it; exit code 1, and which, when one is not as it was signed."""
    first = str(world.sign(world.request(), AS_MOTHER)["id"])
    register(world, world.request(purpose="On paper."))
    var = world.app.settings.var
    (var / "run").mkdir(exist_ok=True)
    engines.keep(
        var,
        {"STAFETT_AMQP_URL": "amqp://127.0.0.1:1//",
         "STAFETT_CONSENT_DATABASE_URL": world.app.settings.database_url},
    )  # fmt: skip

    def run() -> tuple[int, list[dict[str, Any]]]:
        code = ops(["verify-consents", "--json", "--var", str(var)])
        return code, json.loads(capsys.readouterr().out)

    whole = {"municipality": "granli", "as_signed": 2, "keys_destroyed": 0, "fault": None}
    assert run() == (0, [whole])
    signatures = world.app.db.metadata.tables["signatures"]
    with world.app.db.write() as tx:
        of = sa.select(signatures.c.request_id).where(signatures.c.signature_id == first)
        tx.execute(longer(world, str(tx.scalar(of))))
    code, rows = run()
    assert code == 1 and rows[1] == whole | {"as_signed": 1}
    assert (rows[0]["signature_id"], rows[0]["fault"]) == (first, "not_as_signed")


def test_CO_7_a_withdrawal_has_a_receipt_of_its_own(world: World) -> None:
    """CO-3: what was taken back, when; nobody else's business."""
    request_id = world.request()
    signature_id = world.sign(request_id, AS_MOTHER)["id"]
    world.app.clock.advance(hours=1)  # type: ignore[attr-defined]
    world.heartbeat()
    assert not signer(world, request_id)["taken_back"]
    withdrawal_id = world.app.call(consent.Withdraw, AS_MOTHER, {"case_id": CASE, "service_id": PPT})["id"]
    shown = {name: signer(world, request_id, person=name) for name in (MOTHER, FATHER)}
    assert [each["taken_back"] for each in shown.values()] == [True, False]
    assert shown[MOTHER]["signature_id"] == withdrawal_id and shown[FATHER]["signature_id"] is None
    found = world.app.call(consent.GetWithdrawal, AS_MOTHER, {"withdrawal_id": withdrawal_id})
    assert {(each["service_id"], each["topic"]) for each in found["lines"]} == {
        (PPT, "learning"),
        (PPT, "wellbeing"),
    }
    taken = found["taken_from"][0]
    assert (taken["signature_id"], taken["request_id"]) == (signature_id, request_id)
    assert taken["signed_at"] == NOW.isoformat() and taken["wording"]["decide"]
    assert found["at"] == (NOW + timedelta(hours=1)).isoformat() and found["person_id"] == MOTHER
    for who, which in ((AS_FATHER, withdrawal_id), (AS_TEACHER, withdrawal_id), (AS_MOTHER, signature_id),
                       (AS_MOTHER, "nothing")):  # fmt: skip
        refused(
            NotFound,
            lambda w=who, i=which: world.app.call(consent.GetWithdrawal, w, {"withdrawal_id": i}),
        )


def test_nothing_of_a_paper_lies_in_clear_anywhere(world: World, tmp_path: Path) -> None:
    register(world, world.request(), journal_ref="saksnummer-2026-77")
    for file in tmp_path.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            assert b"saksnummer-2026" not in content and SCAN[100:160] not in content


def test_PR_6_consent_names_no_staff_whom_the_family_does_not_know(world: World) -> None:
    """PR-6: a colleague who held the relay for an hour asked, and wrote a paper's answer in; after it that was an
    employee, in the question, in what waits, on the receipt and beside the paper. The unit's own read who."""
    colleague = Actor("granli", "employee", "colleague", "unit-kindergarten", "substantial")
    world.hear(directory.StaffChanged, person_id="colleague", roles=[
        {"unit_id": "unit-kindergarten", "service_id": OWN, "role": "employee", "valid_from": "2020-01-01"}
    ])  # fmt: skip

    def held_by(person: str) -> None:
        world.hear(cases.HolderChanged, case_id=CASE, holder_person_id=person, holder_unit_id="unit-kindergarten",
                   at=NOW.isoformat(), how="handover")  # fmt: skip

    held_by("colleague")
    request_id = str(
        world.app.call(
            consent.RequestConsent, colleague,
            {"case_id": CASE, "purpose": PURPOSE, "shares": SHARES, "valid_to": "2027-05-20"},
        )["id"]
    )  # fmt: skip
    signature_id = register(world, request_id, colleague)["id"]
    world.family(grade="confidential")
    assert world.shown(request_id, AS_MOTHER)["requested_by"] == "colleague", "the holder is known"
    held_by(TEACHER)
    paper, own = {"signature_id": signature_id}, {"signature_id": world.sign(request_id, AS_FATHER)["id"]}
    for actor in (AS_MOTHER, AS_FATHER):
        told = [world.shown(request_id, actor), world.app.call(consent.WaitingForMe, actor, {})]
        told += [world.app.call(consent.ConsentsOfCase, actor, {"case_id": CASE})]
        if actor is AS_MOTHER:
            told += [world.app.call(consent.GetReceipt, actor, paper), evidence(world, signature_id, actor)]
        else:
            told += [world.app.call(consent.GetReceipt, actor, own)]
        assert "colleague" not in repr(told) and f"'{cases.HIDDEN_PERSON}'" in repr(told), actor.person_id
    told = repr([world.shown(request_id, AS_TEACHER), evidence(world, signature_id, AS_TEACHER)])
    assert told.count("'colleague'") == 3


def test_PR_6_consent_tells_a_guardian_of_no_service_of_one_unit_but_those_they_are_asked_about(
    world: World,
) -> None:
    """PR-6, CO-1: not which service asks; of those that would read, whoever signs knows all, and whoever reads what a
    youth of 16 alone agreed to knows none, nor the hash of the text, by which a name can be tried out."""
    world.family(grade="confidential")
    first = world.request()
    waiting = world.app.call(consent.WaitingForMe, AS_MOTHER, {})["items"]
    assert [each["service_ids"] for each in waiting] == [[HEALTH, PPT]]
    mine = {"signature_id": world.sign(first, AS_MOTHER)["id"]}
    taken_back = {"withdrawal_id": world.app.call(consent.Withdraw, AS_MOTHER, {"case_id": CASE})["id"]}
    world.family(born="2010-05-17", grade="confidential")
    world.hear(directory.ServiceChanged, service_id=FAR, kind="supporting", active=True)
    again = world.request(
        shares=[{"service_id": PPT, "topics": ["home"]}, {"service_id": FAR, "topics": ["home"]}]
    )
    world.sign(again, AS_YOUTH)
    answers = [
        lambda actor: world.shown(first, actor),
        lambda actor: world.shown(again, actor),
        lambda actor: world.app.call(consent.ConsentsOfCase, actor, {"case_id": CASE}),
    ]  # fmt: skip
    own = [
        lambda actor: world.app.call(consent.GetReceipt, actor, mine),
        lambda actor: world.app.call(consent.GetWithdrawal, actor, taken_back),
    ]

    def told(actor: Actor, asked: list[Any]) -> set[str]:
        found = repr([ask(actor) for ask in asked])
        return {each for each in (OWN, PPT, HEALTH, FAR) if f"'{each}'" in found}

    every = {OWN, PPT, HEALTH, FAR}
    assert told(AS_TEACHER, answers) == told(AS_YOUTH, answers) == every
    assert told(AS_MOTHER, [*answers, *own]) == {PPT, HEALTH}, "she signed, and knows"
    assert told(AS_FATHER, answers) == set()
    seen = world.shown(again, AS_FATHER)
    assert seen["shares"] == [{"service_id": cases.HIDDEN_SERVICE, "topics": ["home"]}]
    assert (seen["purpose"], seen["text_hash"], seen["texts"]) == (PURPOSE, "", [])
    for service_id in (FAR, OWN):
        second = f"{service_id}-2"
        for unit_id in (f"{service_id}-1", second):
            world.hear(directory.UnitChanged, unit_id=unit_id, service_id=service_id, active=True)
    assert told(AS_FATHER, answers) == {FAR, OWN}
    assert told(AS_MOTHER, [*answers, *own]) == every
    world.family(born="2010-05-17")
    assert told(AS_FATHER, answers) == {OWN, PPT, FAR}, "health is the youth's own (AG-6)"


FAR = "service-far"

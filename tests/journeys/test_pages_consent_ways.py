"""Consent without electronic identity, at the pages: the holder prints the sheet and writes in what came back; the one
it is about is told, reads the receipt and takes it back. The seeded case is Noah's."""

from __future__ import annotations

import base64
import io
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import requests
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from deploy.broker import PrivateBroker
from gateway.papers import control_code, record
from services.contracts.consent import SCAN_BYTES
from tests.journeys.main_job import today
from tests.journeys.people import Demo, Person, until
from tests.support import scans
from tests.support.browser import BrowserAt, press
from tests.support.suite import Suite

MOTHER, FATHER, HOLDER, STRANGER = "ida-havrekroken", "simen-tverrasen", "mona-seljebotn", "amund-kvitneslia"
KEEPER, SECOND_KEEPER = "marianne-gronskar", "espen-lysvollen"
SCHEMA = json.loads((Path(record.__file__).with_name("record.schema.json")).read_text("utf-8"))
SAFE = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


@pytest.fixture(scope="module")
def suite(broker: PrivateBroker, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Suite]:
    """One of its own: other journeys answer the same question."""
    with Suite(tmp_path_factory.mktemp("ways") / "var", broker) as own:
        yield own


def cookies_of(page: Page) -> requests.Session:
    """The same person without a browser, for what is downloaded."""
    session = requests.Session()
    for each in page.context.cookies():
        session.cookies.set(each["name"], each["value"])
    return session


def downloaded(page: Page, link: str) -> requests.Response:
    """The file behind a link of the page: an attachment that runs nowhere."""
    address = page.get_by_role("link", name=link).first.get_attribute("href")
    answer = cookies_of(page).get(
        f"{page.url.split('/', 3)[0]}//{page.url.split('/', 3)[2]}{address}", timeout=20
    )
    assert answer.status_code == 200, answer.text[:200]
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert SAFE.items() <= dict(answer.headers).items()
    return answer


def text_of(body: bytes) -> str:
    return " ".join(" ".join(page.extract_text() for page in PdfReader(io.BytesIO(body)).pages).split())


def test_CO_6_a_paper_is_printed_signed_written_in_and_taken_back(
    browser: BrowserAt, demo: Demo, suite: Suite
) -> None:
    """CO-6, CO-7, CO-3; the holder without scripts."""
    holder = browser.log_in(demo.name(HOLDER), scripts=False)
    case = Person(suite.url, demo, HOLDER).log_in("employee").get("/cases")["items"]
    case_id = next(each["case_id"] for each in case if each["child"]["name"] == demo.name("noah-havrekroken"))
    holder.goto(f"{suite.url}/sak/{case_id}/samtykke")
    holder.locator("summary", has_text="Skriv inn et svar").first.click()
    holder.get_by_role("link", name=f"Skriv inn svaret fra {demo.name(FATHER)}").first.click()
    sheet = downloaded(holder, "Last ned arket på engelsk")
    shown = text_of(sheet.content)
    assert demo.name(FATHER) in shown and "You decide" in shown and "May Familiesenteret" in shown
    code = re.search(r"Control code ([0-9A-F]{4}-[0-9A-F]{4})", shown)
    assert code is not None

    holder.get_by_label("Kontrollkode på arket").fill("0000-0000")
    press(holder, "Lagre svaret")
    expect(holder.locator("ds-error-summary")).to_contain_text("Koden hører ikke til")
    expect(holder.locator("ds-error-summary")).to_contain_text("Velg filen med arket")
    for content, told in ((b"<svg/>", "Filen må være PDF"), (scans.with_script(), "skript")):
        fill_in(holder, code[1], content)
        expect(holder.locator("ds-error-summary")).to_contain_text(told)
    fill_in(holder, code[1], scans.paper())
    expect(holder.locator("main")).to_contain_text("Svaret er lagret")
    expect(holder.locator("main")).to_contain_text(f"På papir, skrevet inn av {demo.name(HOLDER)}")
    assert downloaded(holder, "Last ned arket").content == scans.paper()

    father = browser.log_in(demo.name(FATHER))
    father.goto(f"{suite.url}/innboks")
    message = father.get_by_role("link", name=re.compile("Noen har skrevet inn svaret ditt"))
    for _ in range(50):
        if message.count():
            break
        father.reload()
    message.first.click()
    father.get_by_role("link", name=re.compile("Gå til det meldingen gjelder")).click()
    assert "signatur=" in father.url
    expect(father.locator("main")).to_contain_text(f"{demo.name(HOLDER)} skrev inn svaret for deg")
    expect(father.locator("main")).to_contain_text("You decide")
    assert "On paper" in text_of(downloaded(father, "Last ned kvitteringen som PDF").content)
    found = json.loads(downloaded(father, "Last ned kvitteringen for andre systemer").content)
    jsonschema_rs.validate(SCHEMA, found)
    assert found["consent_records"][0]["events"][0]["x_way"] == "paper"
    assert found["consent_records"][0]["pii_processing"]["language"] == "en"
    browser.look(father, "receipt")

    father.get_by_role("link", name="Trekk samtykket").click()
    father.get_by_label("Alt", exact=True).check()
    press(father, "Trekk samtykket")
    expect(father.locator("h1")).to_have_text("Samtykket er trukket")
    browser.look(father, "withdrawal")
    assert "Receipt for a withdrawn consent" in text_of(
        downloaded(father, "Last ned kvitteringen som PDF").content
    )
    asked = (
        Person(suite.url, demo, HOLDER).log_in("employee").get(f"/cases/{case_id}/consents")["requests"][-1]
    )
    father.goto(f"{suite.url}/samtykke/{asked['request_id']}/kvittering")
    expect(father.locator("h1")).to_have_text("Samtykket er trukket")
    taken = json.loads(downloaded(father, "Last ned kvitteringen for andre systemer").content)
    jsonschema_rs.validate(SCHEMA, taken)
    assert [each["event_state"] for each in taken["consent_records"][0]["events"]] == ["given", "withdrawn"]
    assert browser.faults == []


def fill_in(page: Page, code: str, content: bytes) -> None:
    page.get_by_label("Kontrollkode på arket").fill(code)
    page.get_by_label("Dato på arket").fill(today())
    page.locator("input[type=file]").set_input_files(
        {"name": "samtykke.pdf", "mimeType": "application/pdf", "buffer": content}
    )
    for each in page.locator("input[value=yes]").all():
        each.check()
    press(page, "Lagre svaret")


# ------------------------------------------------------------ the same by API, and what nobody should send


@pytest.fixture(scope="module")
def holder(suite: Suite, demo: Demo) -> Person:
    return Person(suite.url, demo, HOLDER).log_in("employee")


@pytest.fixture(scope="module")
def request_id(holder: Person, demo: Demo) -> str:
    cases = holder.get("/cases")["items"]
    case_id = next(
        each["case_id"] for each in cases if each["child"]["name"] == demo.name("noah-havrekroken")
    )
    return str(holder.get(f"/cases/{case_id}/consents")["requests"][-1]["request_id"])


def send(person: Person, request_id: str, body: Any = None, raw: bytes | None = None) -> requests.Response:
    headers = {"Stafett-CSRF": person.csrf, "Content-Type": "application/json"}
    sent: dict[str, Any] = {"data": raw} if raw is not None else {"json": body}
    return person.http.post(
        f"{person.url}/api/consent-requests/{request_id}/registered-answers",
        headers=headers,
        timeout=40,
        **sent,
    )


def answer(holder: Person, request_id: str, scan: bytes | str, **changed: Any) -> dict[str, Any]:
    """A paper from the one who has not taken anything back today: what a signer says later stands (CO-3)."""
    shown = holder.get(f"/consent-requests/{request_id}")
    signer = next(each for each in shown["signers"] if "yes" in {one["answer"] for one in each["answers"]})
    sent = base64.b64encode(scan).decode() if isinstance(scan, bytes) else scan
    return {
        "signer_id": signer["person_id"], "way": "paper", "text_hash": shown["text_hash"], "given_on": today(),
        "scan": sent, "answers": [
            {"service_id": each["service_id"], "topic": each["topic"], "answer": "yes"} for each in shown["lines"]],
    } | changed  # fmt: skip


@pytest.mark.parametrize(
    ("scan", "code"),
    [
        (b"", "empty"),
        (b"MZ", "not_a_scan"),
        (scans.paper()[:-400], "damaged"),
        (scans.with_script_in_object_stream(), "active_content"),
        (scans.png_bomb(), "too_many_pixels"),
        (b"%PDF-1.7\n" + b"0" * (10 * 1024 * 1024 - 9), "damaged"),
        ("A" * (4 * -(-SCAN_BYTES // 3) + 4), "too_large"),
        ("not base64", "not_base64"),
    ],
)  # fmt: skip
def test_CO_6_no_file_is_a_fault_of_ours(
    holder: Person, request_id: str, scan: bytes | str, code: str
) -> None:
    found = send(holder, request_id, answer(holder, request_id, scan))
    assert found.status_code == 422, found.text[:300]
    assert {each["field"]: each["code"] for each in found.json()["errors"]} == {"scan": code}


def test_a_body_beyond_the_limit_is_413_for_everyone_and_already_a_small_one_for_others(
    holder: Person, request_id: str, suite: Suite, demo: Demo
) -> None:
    assert send(holder, request_id, raw=b'{"scan": "' + b"A" * 15_000_000 + b'"}').status_code == 413
    father = Person(suite.url, demo, FATHER).log_in("guardian")
    assert send(father, request_id, raw=b'{"scan": "' + b"A" * 300_000 + b'"}').status_code == 413


def test_CO_6_the_largest_scan_comes_through_and_back(holder: Person, request_id: str) -> None:
    """Ten million bytes by API, broker and database, encrypted all the way."""
    import random

    noise = random.Random(1).randbytes(9_900_000)
    scan = scans.picture("JPEG").removesuffix(b"\xff\xd9") + b"\xff\xd9" + noise
    sent = send(holder, request_id, answer(holder, request_id, scan))
    assert sent.status_code == 201, sent.text[:300]
    back = holder.get(f"/receipts/{sent.json()['id']}/evidence")
    assert base64.b64decode(back["scan"]) == scan and back["media_type"] == "image/jpeg"


def test_papers_are_for_those_who_may_read_them(
    suite: Suite, demo: Demo, holder: Person, request_id: str
) -> None:
    """CO-6, CO-7: others are answered as if there were none."""
    signer = holder.get(f"/consent-requests/{request_id}")["signers"][0]
    stranger = Person(suite.url, demo, STRANGER).log_in("employee")
    evidence = signer["signature_id"]
    for who, address in (
        (stranger, f"/consent-requests/{request_id}/sheets/{signer['person_id']}"),
        (holder, f"/consent-requests/{request_id}/sheets/nobody"),
        (stranger, f"/receipts/{evidence}/evidence"),
        (holder, f"/receipts/{evidence}/pdf"),
        (holder, f"/receipts/{evidence}/record"),
        (holder, "/withdrawals/none/pdf"),
        (holder, "/withdrawals/none/record"),
    ):
        assert who.http.get(f"{suite.url}/api{address}", timeout=20).status_code == 404, address
    sheet = holder.http.get(
        f"{suite.url}/api/consent-requests/{request_id}/sheets/{signer['person_id']}?language=nn", timeout=20
    )
    assert sheet.headers["Content-Type"] == "application/pdf" and "sjølv" in text_of(sheet.content)
    wrong = holder.http.get(
        f"{suite.url}/api/consent-requests/{request_id}/sheets/{signer['person_id']}?language=fr", timeout=20
    )
    assert wrong.status_code == 422


def test_CO_5_a_sheet_of_a_replaced_question_leads_to_the_one_in_its_place(
    browser: BrowserAt, suite: Suite, demo: Demo, holder: Person, request_id: str
) -> None:
    """CO-5, CO-6: the old page leads there and says why; the old sheet's code is told apart from a wrong one."""
    before = holder.get(f"/consent-requests/{request_id}")
    asked = {name: before[name] for name in ("purpose", "shares")} | {"valid_to": today(30)}
    old, new = (
        holder.post(f"/cases/{before['case_id']}/consent-requests", asked | {"purpose": purpose})["id"]
        for purpose in ("Hjelp på skolen", "Hjelp på skolen og hjemme")
    )
    shown = holder.get(f"/consent-requests/{old}")
    assert shown["replaced_by"] == new
    signer_id, code = shown["signers"][0]["person_id"], control_code(shown["text_hash"])
    page = browser.log_in(demo.name(HOLDER))
    page.goto(f"{suite.url}/samtykke/{old}/skriv-inn/{signer_id}?mate=papir")
    expect(page).to_have_url(re.compile(f"/samtykke/{new}/skriv-inn/{signer_id}"))
    expect(page.locator("main")).to_contain_text("Spørsmålet er byttet ut med dette")
    fill_in(page, code, scans.paper())
    expect(page.locator("ds-error-summary")).to_contain_text("Arket hører til et spørsmål som er byttet ut")
    browser.look(page, "register-replaced")


def test_AG_6_ones_own_receipt_opens_where_its_question_is_no_longer_ones_own_to_see(
    suite: Suite, demo: Demo, holder: Person, request_id: str
) -> None:
    """AG-6, CO-7, SE-3: the link of the message leads to the receipt alone; to everybody else, and under any other
    question, there is nothing. Here child protection shows the parents nothing (GU-4)."""
    sent = send(holder, request_id, answer(holder, request_id, scans.paper()))
    assert sent.status_code == 201, sent.text[:300]
    signature_id = sent.json()["id"]
    parents = [Person(suite.url, demo, key).log_in("guardian") for key in (FATHER, MOTHER)]
    theirs = f"{suite.url}/api/receipts/{signature_id}"
    signer, other = sorted(parents, key=lambda each: each.http.get(theirs, timeout=30).status_code)
    keeper = Person(suite.url, demo, KEEPER).log_in("employee", level="high")
    order = {
        "child_number": demo.number("noah-havrekroken"),
        "valid_from": today(),
        "guardians_see": "nothing",
    }
    order_id = keeper.post("/care-orders", order)["id"]
    second = Person(suite.url, demo, SECOND_KEEPER).log_in("employee", level="high")
    second.post(
        f"/care-orders/{order_id}/decision",
        {"decision": "confirmed", "child_number": order["child_number"]},
    )
    address = f"{suite.url}/samtykke/{request_id}/kvittering"

    def opened(who: Person, at: str = address, of: str | None = signature_id) -> requests.Response:
        return who.http.get(at, params={"signatur": of} if of else {}, allow_redirects=False, timeout=30)

    until(lambda: opened(signer).status_code == 303, 15, "the question is hidden from the parents")
    receipt = signer.http.get(f"{suite.url}{opened(signer).headers['Location']}", timeout=30)
    assert receipt.status_code == 200 and "På papir" in text_of(receipt.content)
    stranger = Person(suite.url, demo, STRANGER).log_in("employee")
    assert {opened(each).status_code for each in (other, stranger)} == {404}
    assert opened(signer, of=None).status_code == 404
    assert opened(signer, f"{suite.url}/samtykke/{signature_id}/kvittering").status_code == 404

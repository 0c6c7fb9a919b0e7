"""What is malformed, wrong or not allowed is refused with a clear problem+json, and nothing of it is stored."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings

from services.kernel import identity_number
from tests.journeys.people import Demo, Person
from tests.support.stored import settled
from tests.support.suite import Suite

SCHOOL = "unit-granli-barneskole"
CHILD, TEACHER, LEADER, STRANGER = "ada-rognskaret", "amund-kvitneslia", "berit-orrehaugen", "mona-seljebotn"


class Desk:
    """A teacher with a case of her own; `send` posts what nobody should."""

    def __init__(self, suite: Suite) -> None:
        self.suite = suite
        self.teacher = Person(suite.url, Demo(), TEACHER).log_in("employee", SCHOOL)
        self.case: str = self.teacher.post("/cases", self.concern())["id"]
        self.notes = f"/cases/{self.case}/notes"

    def concern(self, **changes: Any) -> dict[str, Any]:
        """A concern as it should be, but for the changes."""
        told = {
            "child_number": self.teacher.demo.number(CHILD), "unit_id": SCHOOL, "topic": "learning",
            "concern": "Ada rekker sjelden opp hånden lenger.",
        }  # fmt: skip
        return {**told, **changes}

    def send(
        self,
        path: str,
        body: Any = None,
        *,
        raw: bytes | None = None,
        method: str = "POST",
        who: Person | None = None,
        csrf: bool = True,
        kind: str = "application/json",
        **headers: str | bytes,
    ) -> requests.Response:
        """The answer, whatever it is."""
        person = who or self.teacher
        given = {"Content-Type": kind} | ({"Stafett-CSRF": person.csrf} if csrf else {})
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        sent: dict[str, Any] = {"data": raw} if raw is not None else {"json": body}
        return person.http.request(method, f"{person.url}/api{path}", headers=given, timeout=20, **sent)

    @contextmanager
    def nothing_stored(self) -> Iterator[None]:
        """No table has another row, no event was told, and the case stands at its version."""
        before, version = settled(self.suite.var), self._version()
        yield
        after = settled(self.suite.var)
        assert after == before, {
            name: (before[name], after[name]) for name in after if before[name] != after[name]
        }
        assert self._version() == version

    def _version(self) -> str | None:
        self.teacher.get(f"/cases/{self.case}")
        return self.teacher.etag


@pytest.fixture(scope="module")
def desk(suite: Suite) -> Desk:
    return Desk(suite)


def problem(answer: requests.Response, status: int, code: str | None = None) -> dict[str, Any]:
    """The problem that was answered (RFC 9457): of this status, with a stable code and a sentence."""
    assert answer.status_code == status, f"{answer.status_code}, expected {status}: {answer.text[:400]}"
    assert answer.headers["Content-Type"] == "application/problem+json"
    told: dict[str, Any] = answer.json()
    assert told["status"] == status and told["title"] and told["detail"] and told["trace_id"]
    if code:
        assert told["code"] == code
    return told


def faults(answer: requests.Response) -> dict[str, str]:
    """The fields that a 422 names, with what is wrong with each."""
    return {each["field"]: each["code"] for each in problem(answer, 422, "invalid_input")["errors"]}


# ------------------------------------------------------------ not JSON, or not the message


@pytest.mark.parametrize("raw", [b'{"unit_id": ', b"\xff\xfe", b"{'a': 1}", b'{"a": NaN}}'])
def test_malformed_json_is_400(desk: Desk, raw: bytes) -> None:
    with desk.nothing_stored():
        problem(desk.send("/cases", raw=raw), 400, "malformed")


@pytest.mark.parametrize("depth", [2_000, 100_000])
def test_json_that_is_nested_too_deep_is_400(desk: Desk, depth: int) -> None:
    with desk.nothing_stored():
        problem(
            desk.send("/cases", raw=b'{"concern": ' + b"[" * depth + b"]" * depth + b"}"), 400, "malformed"
        )


@pytest.mark.parametrize("body", [[], "text", 7, True, None, [{}]])
def test_json_that_is_no_object_is_422(desk: Desk, body: Any) -> None:
    with desk.nothing_stored():
        problem(desk.send("/cases", body), 422, "invalid_input")
        problem(desk.send("/inbox/read", body), 422, "invalid_input")


def test_another_kind_of_content_is_refused(desk: Desk) -> None:
    with desk.nothing_stored():
        form = desk.send("/cases", raw=b"unit_id=x&concern=y", kind="application/x-www-form-urlencoded")
        assert set(faults(form).values()) == {"required"}, "a form is no JSON: nothing was sent"
        text = desk.send("/inbox/read", raw=b'{"all": true}', kind="text/plain")
        problem(text, text.status_code)
        assert text.status_code in (415, 422)


def test_a_body_that_is_too_large_is_413(desk: Desk) -> None:
    with desk.nothing_stored():
        problem(desk.send("/cases", raw=b'{"concern": "' + b"x" * 300_000 + b'"}'), 413, "too_large")


@pytest.mark.parametrize(
    ("changes", "field", "code"),
    [
        ({"child_name": "Ada"}, "child_name", "unknown_field"),
        ({"concern": None}, "concern", "required"),
        ({"concern": ["a", "b"]}, "concern", "invalid_text"),
        ({"concern": {"$ne": ""}}, "concern", "invalid_text"),
        ({"concern": ""}, "concern", "blank"),
        ({"concern": " \n\t "}, "concern", "blank"),
        ({"concern": "x" * 10_001}, "concern", "too_long"),
        ({"concern": "before\x00after"}, "concern", "control_character"),
        ({"concern": "\x1b[31m"}, "concern", "control_character"),
        ({"concern": "half a pair: \ud800"}, "concern", "control_character"),
        ({"topic": "gossip"}, "topic", "not_a_choice"),
        ({"unit_id": "../../etc/passwd"}, "unit_id", "not_an_id"),
        ({"unit_id": 7}, "unit_id", "invalid_text"),
        ({"child_number": "1" * 21}, "child_number", "too_long"),
        ({"child_number": 17852258500}, "child_number", "invalid_text"),
    ],
)  # fmt: skip
def test_a_wrong_field_is_422_and_named(desk: Desk, changes: dict[str, Any], field: str, code: str) -> None:
    with desk.nothing_stored():
        assert faults(desk.send("/cases", desk.concern(**changes))) == {field: code}


def test_all_wrong_fields_are_named_at_once(desk: Desk) -> None:
    with desk.nothing_stored():
        found = faults(desk.send("/cases", {"topic": "x", "extra": 1}))
        assert found.keys() == {"child_number", "unit_id", "concern", "topic", "extra"}


@pytest.mark.parametrize(
    ("day", "code"),
    [
        ("9999-12-31", "date_out_of_range"), ("0001-01-01", "date_out_of_range"), ("2026-02-30", "invalid_date"),
        ("tomorrow", "invalid_date"), (20261121, "invalid_date"), ("2026-11-21T10:00:00Z", "invalid_date"),
    ],
)  # fmt: skip
def test_an_impossible_day_is_422_and_named(desk: Desk, day: Any, code: str) -> None:
    with desk.nothing_stored():
        talk = {"held_on": day, "with_person_ids": [], "summary": "Vi snakket."}
        assert faults(desk.send(f"/cases/{desk.case}/talks", talk))["held_on"] == code


def test_answers_of_a_form_are_checked_deep_down(desk: Desk) -> None:
    form = {"tool": "observation", "tool_version": 1, "topic": "learning"}
    with desk.nothing_stored():
        for answers in (
            {"no_such_field": "x"},
            {"observed_on": "9999-01-01"},
            {"what_happened": "a\x07b"},
            [],
            "x",
        ):
            found = faults(desk.send(f"/cases/{desk.case}/forms", {**form, "answers": answers}))
            assert all(name.startswith("answers") for name in found), found


# ------------------------------------------------------------ identity numbers (DI-6)


def real_looking() -> str:
    """A number of the real series that nobody bears: it belongs to a birth date in 2039."""
    for individual in range(500, 1000):
        stem = f"311239{individual}"
        for check in range(100):
            parsed = identity_number.parse(f"{stem}{check:02}")
            if parsed and parsed.series is identity_number.Series.REAL:
                return parsed.digits
    raise AssertionError("there is such a number")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        ("12345678901", "identity_number_invalid"), ("00000000000", "identity_number_invalid"),
        ("1785225850", "identity_number_invalid"), ("17852258501", "identity_number_invalid"),
        ("١٧٨٥٢٢٥٨٥٠٠", "identity_number_invalid"), (real_looking(), "real_number_in_sandbox"),
    ],
)  # fmt: skip
def test_a_number_that_is_none_or_looks_real_is_refused(desk: Desk, number: str, code: str) -> None:
    with desk.nothing_stored():
        answer = desk.send("/cases", desk.concern(child_number=number))
        told = problem(answer, 422, code)
        assert told["errors"] == [{"field": "child_number", "code": code}]
        assert number not in answer.text, "the number is not told back"


# ------------------------------------------------------------ wrong state, no right, not there


def test_a_wrong_state_is_409_with_a_code(desk: Desk) -> None:
    up = {"to_level": 1, "reason": "Vi prøver tiltak.", "family_answer": "agreed"}
    with desk.nothing_stored():
        desk.teacher.get(f"/cases/{desk.case}")
        no_talk = desk.send(f"/cases/{desk.case}/level", up, If_Match=desk.teacher.etag or "")
        problem(no_talk, 409, "talk_not_recorded")
        problem(desk.send(f"/cases/{desk.case}/goals", {"topic": "learning", "text": "x"}), 409, "no_log_yet")


def test_what_one_may_not_see_is_404_and_what_one_may_not_do_is_403(desk: Desk) -> None:
    stranger = Person(desk.suite.url, Demo(), STRANGER).log_in("employee")
    leader = Person(desk.suite.url, Demo(), LEADER).log_in("employee", SCHOOL)
    closing = {"outcome": "other", "reason": "x"}
    note = {"text": "En merknad.", "topic": "learning"}
    with desk.nothing_stored():
        # A stranger learns nothing: neither that there is a case, nor that there is none.
        hidden = problem(desk.send(desk.notes, note, who=stranger), 404, "not_found")
        missing = problem(desk.send("/cases/no-such-case/notes", note, who=stranger), 404, "not_found")
        assert {**hidden, "instance": "", "trace_id": ""} == {**missing, "instance": "", "trace_id": ""}
        # The leader of the unit sees the case, and is told that this is not hers to do.
        leader.get(f"/cases/{desk.case}")
        problem(desk.send(f"/cases/{desk.case}/closing", closing, who=leader, If_Match='"1"'), 403)


def test_nobody_in_particular_is_401(desk: Desk) -> None:
    with desk.nothing_stored():
        visitor = Person(desk.suite.url, Demo())
        visitor.csrf = visitor.get("/me")["csrf"]
        problem(visitor.http.get(f"{visitor.url}/api/cases", timeout=10), 401, "not_logged_in")
        problem(desk.send("/cases", desk.concern(), who=visitor), 401, "not_logged_in")


@pytest.mark.parametrize(
    "path", ["/no/such/thing", "/cases/%00", "/cases/..%2f..%2fetc", "/cases/" + "x" * 3000]
)
def test_an_address_that_is_none_is_404(desk: Desk, path: str) -> None:
    answer = desk.send(path, method="GET")
    assert answer.status_code in (404, 414, 422), answer.status_code
    problem(answer, answer.status_code)


def test_a_method_that_is_none_is_405(desk: Desk) -> None:
    problem(desk.send("/cases", {}, method="DELETE"), 405, "method_not_allowed")


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=x", "limit=101", "include_closed=maybe", "cursor=%00", "extra=1"]
)
def test_a_wrong_query_is_422_and_names_the_parameter(desk: Desk, query: str) -> None:
    assert faults(desk.send(f"/cases?{query}", method="GET")).keys() == {query.partition("=")[0]}


# ------------------------------------------------------------ headers


def test_a_change_without_the_sessions_token_is_403(desk: Desk) -> None:
    with desk.nothing_stored():
        problem(desk.send("/cases", desk.concern(), csrf=False), 403, "csrf_failed")
        problem(desk.send("/cases", desk.concern(), csrf=False, Stafett_CSRF="x" * 43), 403, "csrf_failed")
        other = Person(desk.suite.url, Demo(), STRANGER).log_in("employee")
        problem(desk.send("/cases", desk.concern(), csrf=False, Stafett_CSRF=other.csrf), 403, "csrf_failed")


def test_an_edit_without_the_things_version_is_428_and_a_stale_one_412(desk: Desk) -> None:
    path, end = f"/cases/{desk.case}/closing", {"outcome": "other", "reason": "Meldt ved en feil."}
    with desk.nothing_stored():
        problem(desk.send(path, end), 428, "if_match_required")
        problem(desk.send(path, end, If_Match='"999"'), 412, "stale_edit")
        for tag in ("*", '"abc"', '"-1"', '"1", "2"', '"²"', '"' + "9" * 5000 + '"'):
            problem(desk.send(path, end, If_Match=tag), 422, "invalid_input")


def test_a_key_used_again_with_another_body_is_422(desk: Desk) -> None:
    key = f"bad-input-{time.time_ns()}"
    note = {"text": "Hun var med i gruppen i dag.", "topic": "learning"}
    first = desk.send(desk.notes, note, Idempotency_Key=key)
    assert first.status_code == 201
    with desk.nothing_stored():
        again = desk.send(desk.notes, note, Idempotency_Key=key)
        assert (again.status_code, again.json()["id"]) == (201, first.json()["id"])
        other = desk.send(desk.notes, {**note, "text": "Noe annet."}, Idempotency_Key=key)
        problem(other, 422, "idempotency_key_reused")
        for wrong in ("", "x" * 101, "a b", "\u00e6"):
            problem(desk.send(desk.notes, note, Idempotency_Key=wrong.encode()), 422, "invalid_input")


@pytest.mark.parametrize("seen", ["x", "a=b=c", "cases.case:x=99999999999999999999999", "=1", "," * 5000])
def test_nonsense_in_what_was_seen_does_no_harm(desk: Desk, seen: str) -> None:
    answer = desk.send("/cases", method="GET", Stafett_Seen=seen)
    assert answer.status_code in (200, 422, 503), answer.text[:300]


# ------------------------------------------------------------ whatever the published description allows, and more


FUZZED = settings(
    max_examples=6, deadline=None, derandomize=True, database=None, phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)  # fmt: skip
FUZZ_SECONDS = 60
TOKEN = "/outside/v1/token"


def test_no_call_of_the_published_api_breaks_it(desk: Desk) -> None:
    """Every operation of openapi.json with generated content: never a 5xx, and every refusal says by a code why."""
    other_child = desk.concern(child_number=desk.teacher.demo.number("henrik-seljehammer"))
    case_id = desk.teacher.post("/cases", other_child)["id"]
    described = schemathesis.openapi.from_url(f"{desk.suite.url}/api/openapi.json")
    broken: list[str] = []
    tried: set[str] = set()
    begun, turn = time.monotonic(), itertools.count()

    def attempt(case: Any) -> None:
        if time.monotonic() - begun > FUZZ_SECONDS:
            return
        path = dict(case.path_parameters or {})
        if "case_id" in path and next(turn) % 2:
            path["case_id"] = case_id  # else most calls would end at a case that is not there
        case.path_parameters = path
        headers = {"Stafett-CSRF": desk.teacher.csrf, "If-Match": '"1"'}
        answer = case.call(session=desk.teacher.http, headers=headers, timeout=20)
        tried.add(f"{case.method} {case.path}")
        told = answer.json() if answer.status_code >= 400 else {}
        named = told.get("error" if case.path == TOKEN else "code")  # OAuth has a word of its own (RFC 6749)
        is_problem = told.get("status", answer.status_code) == answer.status_code and (not told or named)
        if answer.status_code >= 500 or not is_problem:
            broken.append(f"{case.method} {case.formatted_path}: {answer.status_code} {answer.text[:200]}")

    for each in described.get_all_operations():
        operation = each.ok()
        FUZZED(given(operation.as_strategy())(attempt))()
    assert len(tried) > 40, "the operations were tried"
    assert not broken, "\n".join(broken)

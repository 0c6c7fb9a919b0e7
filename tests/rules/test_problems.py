"""What a fault of the gateway itself tells a caller: never more than the gateway knows."""

from __future__ import annotations

import pytest
from flask import Flask

from gateway import problems


@pytest.mark.parametrize(("method", "code"), [("GET", "internal_error"), ("POST", "outcome_unknown")])
def test_a_fault_after_which_something_may_be_changed_is_told_as_that(method: str, code: str) -> None:
    """A service may have done its part before the gateway fails: whoever is told that nothing was changed does it a
    second time."""
    app = Flask(__name__)
    problems.register(app)

    @app.route("/api/thing", methods=[method])
    def thing() -> str:
        raise ZeroDivisionError

    answer = app.test_client().open("/api/thing", method=method)
    assert answer.status_code == 500
    assert answer.get_json()["code"] == code

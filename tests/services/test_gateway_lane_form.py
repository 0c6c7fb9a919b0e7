"""The form in which an employee reports to child protection, as the gateway hands it on."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask, g
from structlog.testing import capture_logs

from gateway.app import Means, create_app
from gateway.composition.names import Remembered
from gateway.login import people
from gateway.pages import lane
from gateway.storage import metadata
from services.chassis import quiet_faults
from services.chassis.actor import Actor, Signer
from services.chassis.clock import SystemClock
from services.chassis.keys import Keys, ensure_key_material
from services.chassis.rpc.client import RpcClient
from services.chassis.settings import Settings
from services.chassis.storage import Database
from services.contracts import cases
from services.contracts.base import Procedure
from services.kernel.errors import Unavailable


class Asked:
    """Takes every draft, and remembers with which key and form it came."""

    def __init__(self) -> None:
        self.drafts: list[tuple[str, str]] = []
        self.keys: set[str | None] = set()

    def __call__(
        self, procedure: Procedure, request: Mapping[str, Any], *, idempotency_key: str | None = None
    ) -> dict[str, Any]:
        assert procedure is cases.KeepLaneDraft
        self.drafts.append((request["text"], request["form_key"]))
        self.keys.add(idempotency_key)
        return {}


def test_PR_5_each_draft_of_a_form_is_kept_as_it_grows() -> None:
    """PR-5: under a key of its own, since the same key with another text is refused; and each tells which form it is
    of."""
    asked = Asked()
    for text in ("Merker", "Merker på armene"):
        sent = {"text": text, "idempotency_key": "the-same", "form_key": "form-1"}
        with Flask("test").test_request_context(
            "/", method="POST", data=sent, headers={"HX-Request": "true"}
        ):
            g.asking = asked
            assert lane.keep() == lane.t("form.draft_kept")
    assert asked.drafts == [("Merker", "form-1"), ("Merker på armene", "form-1")] and len(asked.keys) == 2


class Down:
    """All services are down."""

    def __call__(self, *_: Any, **__: Any) -> dict[str, Any]:
        raise Unavailable

    def catalogue(self) -> dict[str, Any]:
        raise Unavailable

    def ground(self, *_: Any) -> None:
        return None


def test_PR_3_of_a_page_of_the_lane_that_fails_no_line_is_written(
    var_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PR-3: a line would tell that somebody was about to report. It is kept as a code where operators alone look; of
    any other page that fails there is a line."""
    ensure_key_material(var_dir)
    settings = Settings("gateway", var_dir, "amqp://127.0.0.1:1//", f"sqlite:///{var_dir}/gateway.sqlite3")
    db = Database(settings.database_url, metadata, "gateway")
    db.migrate()
    signer, client = Signer(var_dir, "gateway"), RpcClient(settings.amqp_url, var_dir, "gateway")
    app = create_app(Means(settings, db, Keys.embedded(var_dir), SystemClock(), signer, client, Remembered()))
    for endpoint in ("lane.report", "work.work"):
        assert endpoint in app.view_functions
        monkeypatch.setitem(app.view_functions, endpoint, _fails)
    actor = Actor("granli", "employee", "p-teacher", "unit-1", "high")
    monkeypatch.setattr(people, "actor", lambda: actor)
    with capture_logs() as lines:
        assert app.test_client().get("/melding").status_code == 500
        assert lines == []
        assert app.test_client().get("/mitt-arbeid").status_code == 500
    assert lines[0]["event"] == "request_failed"
    with db.read() as conn:
        [kept] = quiet_faults.since(conn, metadata, SystemClock().now() - timedelta(hours=1))
    assert (kept.what, kept.municipality, kept.error_type) == ("lane.report", "granli", "builtins.KeyError")
    db.close()


def _fails() -> str:
    raise KeyError("what somebody wrote")


def test_PR_1_what_was_written_stays_in_the_form_while_stafett_is_down(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """PR-1: with all its words, and the same keys, so that it is filed once when it is sent again."""
    shown: list[Any] = []

    def page(_template: str, **values: Any) -> str:
        shown.append(values["form"])
        return "page"

    monkeypatch.setattr(lane, "render", page)
    sent = {"text": "Merker", "kind": "protected", "suspicion": "violence", "guardians_informed": "yes",
            "child_description": "Et barn", "idempotency_key": "the-same", "form_key": "form-1"}  # fmt: skip
    with Flask("test").test_request_context("/", method="POST", data=sent):
        g.asking = g.names = Down()
        assert lane.reported() == ("page", 503)
    [form] = shown
    assert (form.key, form.data["text"], form.data["form_key"]) == ("the-same", "Merker", "form-1")
    assert form.errors == {"form": lane.t("lane.not_sent")}

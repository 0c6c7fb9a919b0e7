"""All pages of Stafett: one module a topic, each with a Flask blueprint whose routes come from paths.py."""

from __future__ import annotations

from importlib import import_module

from flask import Flask

from gateway.frame import view

_MODULES = (
    "case.birth",
    "case.care_orders",
    "case.closing",
    "case.concern",
    "case.discussions",
    "case.emergency",
    "case.handover",
    "case.level",
    "case.notes",
    "case.page",
    "case.responsibility",
    "consent.answer",
    "consent.ask",
    "consent.name_person",
    "consent.papers",
    "consent.receipt",
    "consent.register",
    "consent.withdraw",
    "coordinator.explain",
    "coordinator.grounds",
    "coordinator.policies",
    "family",
    "home",
    "inbox",
    "lane",
    "log.end",
    "log.entries",
    "log.evaluation",
    "log.goals",
    "log.marks",
    "log.measures",
    "log.meetings",
    "log.participants",
    "log.plan",
    "log.report",
    "log.third_person",
    "log.timeline",
    "public",
    "work",
)


def register(app: Flask) -> None:
    """Put all pages, and the words of their templates, into the app."""
    view.register(app)
    for name in _MODULES:
        app.register_blueprint(import_module(f"{__name__}.{name}").blueprint)

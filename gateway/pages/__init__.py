"""All pages of Stafett: one module a topic, each with a Flask blueprint whose routes come from paths.py."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from flask import Flask, g

from gateway.pages import public, view
from services.kernel.errors import NotFound

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
    "work",
)


def register(app: Flask) -> None:
    """Put all pages, and the words of their templates, into the app."""
    view.register(app)
    app.register_blueprint(public.blueprint(_Published(), _frame))
    for name in _MODULES:
        app.register_blueprint(import_module(f"{__name__}.{name}").blueprint)


def _frame(municipality: str | None, active: str) -> dict[str, Any]:
    return view.page(active=active, municipality=municipality)


class _Published:
    """What the public pages show: the catalogue as directory publishes it, remembered by the gateway."""

    def municipalities(self) -> list[dict[str, str]]:
        """All municipalities here, by name."""
        known = g.names.municipalities().values()
        listed = [{"slug": each["municipality"], "name": each["name"]} for each in known]
        return sorted(listed, key=lambda each: each["name"])

    def catalogue(self, municipality: str) -> dict[str, Any]:
        """The municipality's catalogue; NotFound for an unknown one."""
        if municipality not in g.names.municipalities():
            raise NotFound
        found: dict[str, Any] = g.names.catalogue(municipality)
        return found

    def form(self, municipality: str, tool: str) -> dict[str, Any] | None:
        """The definition of the tool's form in force; None for a tool that is not a form."""
        found: dict[str, Any] | None = g.names.form(municipality, tool)["form"]
        return found

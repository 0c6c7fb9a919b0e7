"""Databases as a service finds them after its first start: new for each test, on SQLite and then on PostgreSQL."""

from __future__ import annotations

import pytest

from tests.support.databases import Databases


@pytest.fixture
def cases_url(databases: Databases) -> str:
    """URL of a database of cases, migrated."""
    return databases.migrated("cases")


@pytest.fixture
def consent_url(databases: Databases) -> str:
    """URL of a database of consent, migrated."""
    return databases.migrated("consent")


@pytest.fixture
def directory_url(databases: Databases) -> str:
    """URL of a database of the directory, migrated."""
    return databases.migrated("directory")


@pytest.fixture
def notifications_url(databases: Databases) -> str:
    """URL of a database of notifications, migrated."""
    return databases.migrated("notifications")


@pytest.fixture
def bus_url(databases: Databases) -> str:
    """URL of a database of alpha or beta of tests.support.bus, migrated."""
    return databases.bus()

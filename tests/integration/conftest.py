"""The databases that everything here runs on."""

import pytest

from tests.kit.postgres import DATABASES, database_url_for


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> str | None:
    """`DATABASE_URL` of a new database with all tables, or None for SQLite in the data folder."""
    return database_url_for(request.param)

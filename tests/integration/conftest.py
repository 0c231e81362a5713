"""The databases that everything here runs on."""

import pytest

from tests.kit.postgres import DATABASES, filled_database_url_for


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest) -> str | None:
    """`DATABASE_URL` of a new database after its first start, or None for SQLite in the data folder."""
    return filled_database_url_for(request.param)

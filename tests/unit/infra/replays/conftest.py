"""Tables of idempotency keys: in memory, and as migrations make them in both databases."""

import shutil
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from headgate.domain.ids import OwnerId
from headgate.infra.replays.memory import MemoryKeyTable
from headgate.infra.replays.postgres import PostgresConnection
from headgate.infra.replays.rows import KeyTable
from headgate.infra.replays.sql import SqlKeyTable
from headgate.infra.replays.sqlite import SqliteConnection
from tests.kit.folders import migrated_file
from tests.kit.postgres import database_url_for, needs_postgres

OWNER = (
    "INSERT INTO headgate_owner (id, node, boot_id, state, op_seq, registered_at) "
    "VALUES ('{}', 'n', 'b', 'closed', 0, '2026-01-01 00:00:00+00:00')"
)


class Tables:
    """Opens a table of its own for each worker, on what they share."""

    def __init__(self, opened: Callable[[], KeyTable], closes_owner: Callable[[OwnerId], object], address: str) -> None:
        self.open = opened
        self.close_owner = closes_owner
        self.address = address
        """`DATABASE_URL`; empty in memory."""


@pytest.fixture
def sqlite_tables(tmp_path: Path) -> Tables:
    path = tmp_path / "with space" / "headgate.sqlite3"
    path.parent.mkdir()
    shutil.copy(migrated_file(), path)

    def close_owner(owner: OwnerId) -> None:
        connection = sqlite3.connect(path)
        connection.execute(OWNER.format(owner))
        connection.commit()
        connection.close()

    return Tables(lambda: SqlKeyTable(SqliteConnection(path)), close_owner, f"sqlite:///{path}".replace(" ", "%20"))


@pytest.fixture
def postgres_tables() -> Tables:
    url = database_url_for("postgres")
    assert url is not None

    def close_owner(owner: OwnerId) -> None:
        with psycopg.connect(url) as connection:
            connection.execute(OWNER.format(owner))

    return Tables(lambda: SqlKeyTable(PostgresConnection(url)), close_owner, url)


@pytest.fixture(params=["memory", "sqlite", pytest.param("postgres", marks=needs_postgres)])
def tables(request: pytest.FixtureRequest) -> Iterator[Tables]:
    if request.param == "memory":
        table = MemoryKeyTable()
        yield Tables(lambda: table, table.closed_owners.add, "")
    else:
        yield request.getfixturevalue(f"{request.param}_tables")

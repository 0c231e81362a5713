from collections.abc import Iterator

import psycopg
import pytest

from headgate.infra.store import Publication, SqlStore, StoreError
from headgate.infra.store_postgres import PostgresReader
from tests.kit.postgres import needs_postgres, server

pytestmark = needs_postgres

TABLES = """
CREATE TABLE headgate_publication (revision BIGINT PRIMARY KEY, key_hash TEXT NULL);
CREATE TABLE headgate_snapshot (revision BIGINT PRIMARY KEY, payload BYTEA);
CREATE TABLE headgate_published_key (key_hash TEXT PRIMARY KEY, payload BYTEA);
CREATE TABLE headgate_cost_event (kept_id TEXT NULL, organization_id TEXT, deployment_id TEXT);
"""


@pytest.fixture(scope="module")
def url() -> str:
    made = server().empty_database()
    with psycopg.connect(made, autocommit=True) as connection:
        connection.execute(TABLES)
    return made


@pytest.fixture
def reader(url: str) -> Iterator[PostgresReader]:
    opened = PostgresReader(url)
    yield opened
    opened.close()


def test_what_was_published_is_read(url: str, reader: PostgresReader):
    store = SqlStore(reader)
    assert ([], None, None) == (store.publications(0), store.oldest_revision(), store.snapshot())
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("INSERT INTO headgate_publication VALUES (3, NULL), (4, 'ab'), (5, NULL)")
        connection.execute("INSERT INTO headgate_snapshot VALUES (3, '\\x01'), (5, '\\x02')")
        connection.execute("INSERT INTO headgate_published_key VALUES ('ab', '\\x03')")
    assert [Publication(4, "ab"), Publication(5, None)] == store.publications(3)
    assert 3 == store.oldest_revision()
    assert (5, b"\x02") == store.snapshot()
    assert b"\x03" == store.key("ab")
    assert store.key("cd") is None


def test_the_data_plane_cannot_write(reader: PostgresReader):
    with pytest.raises(StoreError, match="read-only"):
        reader.read("DELETE FROM headgate_snapshot", ())


def test_a_connection_that_was_cut_is_made_again(url: str, reader: PostgresReader):
    assert [(1,)] == reader.read("SELECT 1", ())
    server().terminate_connections(url)
    with pytest.raises(StoreError):
        reader.read("SELECT 1", ())
    assert [(1,)] == reader.read("SELECT 1", ())


def test_tables_that_are_not_there_yet_do_not_answer():
    reader = PostgresReader(server().empty_database())
    with pytest.raises(StoreError, match="headgate_snapshot"):
        SqlStore(reader).snapshot()
    reader.close()


def test_an_organization_finds_its_own_answers_only(url: str, reader: PostgresReader):
    store = SqlStore(reader)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("INSERT INTO headgate_cost_event VALUES ('r', 'acme', 'here'), (NULL, 'acme', 'there')")
    assert ("here", None, None) == (store.keeper("acme", "r"), store.keeper("other", "r"), store.keeper("acme", "s"))

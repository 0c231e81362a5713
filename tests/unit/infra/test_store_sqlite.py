import sqlite3
from pathlib import Path

import pytest

from headgate.infra.store import Publication, SqlStore, StoreError
from headgate.infra.store_sqlite import SqliteReader

TABLES = """
CREATE TABLE headgate_publication (revision BIGINT PRIMARY KEY, key_hash TEXT NULL);
CREATE TABLE headgate_snapshot (revision BIGINT PRIMARY KEY, payload BLOB);
CREATE TABLE headgate_published_key (key_hash TEXT PRIMARY KEY, payload BLOB);
CREATE TABLE headgate_cost_event (kept_id TEXT NULL, organization_id TEXT, deployment_id TEXT);
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "with space & %41" / "headgate.sqlite3"


@pytest.fixture
def database(path: Path):
    path.parent.mkdir()
    connection = sqlite3.connect(path)
    connection.executescript(TABLES)
    yield connection
    connection.close()


@pytest.fixture
def reader(path: Path):
    opened = SqliteReader(path)
    yield opened
    opened.close()


@pytest.fixture
def store(reader: SqliteReader) -> SqlStore:
    return SqlStore(reader)


def test_what_was_published_is_read(database: sqlite3.Connection, store: SqlStore):
    database.execute("INSERT INTO headgate_publication VALUES (3, NULL), (4, 'ab'), (5, NULL)")
    database.execute("INSERT INTO headgate_snapshot VALUES (3, x'01'), (5, x'02')")
    database.execute("INSERT INTO headgate_published_key VALUES ('ab', x'03')")
    database.commit()
    assert [Publication(4, "ab"), Publication(5, None)] == store.publications(3)
    assert 3 == store.oldest_revision()
    assert (5, b"\x02") == store.snapshot()
    assert b"\x03" == store.key("ab")
    assert store.key("cd") is None


def test_an_empty_database_has_published_nothing(database: sqlite3.Connection, store: SqlStore):
    assert ([], None, None) == (store.publications(0), store.oldest_revision(), store.snapshot())


def test_a_store_that_is_not_there_yet_does_not_answer_and_is_not_created(path: Path, store: SqlStore):
    path.parent.mkdir()
    with pytest.raises(StoreError):
        store.publications(0)
    assert not path.exists()


def test_a_store_that_comes_later_answers_then(path: Path, store: SqlStore):
    path.parent.mkdir()
    with pytest.raises(StoreError):
        store.snapshot()
    connection = sqlite3.connect(path)
    connection.executescript(TABLES)
    connection.close()
    assert store.snapshot() is None


def test_what_is_no_database_does_not_answer(path: Path, store: SqlStore):
    path.parent.mkdir()
    path.write_bytes(b"not a database, whatever its name says" * 100)
    with pytest.raises(StoreError, match=r"headgate\.sqlite3"):
        store.snapshot()


def test_the_data_plane_cannot_write(database: sqlite3.Connection, reader: SqliteReader):
    with pytest.raises(StoreError, match="readonly"):
        reader.read("DELETE FROM headgate_snapshot", ())


def test_an_organization_finds_its_own_answers_only(database: sqlite3.Connection, store: SqlStore):
    database.execute("INSERT INTO headgate_cost_event VALUES ('r', 'acme', 'here'), (NULL, 'acme', 'there')")
    database.commit()
    assert ("here", None, None) == (store.keeper("acme", "r"), store.keeper("other", "r"), store.keeper("acme", "s"))

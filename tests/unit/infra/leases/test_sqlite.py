"""The file itself. What the store does: tests/integration/test_lease_stores*.py."""

from pathlib import Path

import pytest

from headgate.domain.ids import OwnerId
from headgate.infra.leases.sqlite import SqliteLeaseStore
from headgate.pipeline.ports import StoreUnavailableError
from tests.kit.folders import migrated_file
from tests.kit.leases import take, window

A = OwnerId("a" * 32)


def test_a_store_that_is_not_there_yet_does_not_answer_and_is_not_created(tmp_path: Path):
    path = tmp_path / "with space & %41.sqlite3"
    store = SqliteLeaseStore(path)
    with pytest.raises(StoreUnavailableError, match="with space"):
        store.pulse(A)
    assert not path.exists()
    path.write_bytes(migrated_file().read_bytes())
    assert not store.pulse(A).open
    store.close()


def test_what_is_no_database_or_was_not_migrated_does_not_answer(tmp_path: Path):
    path = tmp_path / "file"
    for content in (b"", b"not a database, whatever its name says" * 100):
        path.write_bytes(content)
        store = SqliteLeaseStore(path)
        with pytest.raises(StoreUnavailableError):
            store.draw(A, 1, [take(window(), 1)])
        store.close()


def test_a_commit_is_on_the_disk_before_it_is_answered(tmp_path: Path):
    path = tmp_path / "headgate.sqlite3"
    path.write_bytes(migrated_file().read_bytes())
    store = SqliteLeaseStore(path)
    store.open(A, node="node", boot_id="boot")
    assert [(2,)] == store._connection.execute("PRAGMA synchronous").fetchall()
    assert [("wal",)] == store._connection.execute("PRAGMA journal_mode").fetchall()
    store.close()

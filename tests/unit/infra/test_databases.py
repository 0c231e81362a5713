from pathlib import Path

import pytest

from headgate.infra.databases import open_lease_store, open_store, sqlite_path
from headgate.infra.leases.postgres import PostgresLeaseStore
from headgate.infra.leases.sqlite import SqliteLeaseStore
from headgate.infra.store import StoreError
from headgate.infra.store_postgres import PostgresReader
from headgate.infra.store_sqlite import SqliteReader
from headgate.pipeline.ports import StoreUnavailableError

NOBODY = "postgres://nobody:hidden@127.0.0.1:1/nothing"


def test_an_address_names_a_file_as_the_control_plane_reads_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert Path("/var/lib/head gate.sqlite3") == sqlite_path("sqlite:////var/lib/head%20gate.sqlite3")
    assert tmp_path / "headgate.sqlite3" == sqlite_path("sqlite:///headgate.sqlite3")


@pytest.mark.parametrize(
    ("url", "reader", "leases"),
    [
        ("sqlite:///headgate.sqlite3", SqliteReader, SqliteLeaseStore),
        ("postgres://localhost/headgate", PostgresReader, PostgresLeaseStore),
        ("postgresql://localhost/headgate", PostgresReader, PostgresLeaseStore),
    ],
)
async def test_the_scheme_says_which_database_it_is(url: str, reader: type, leases: type):
    lease_store = open_lease_store(url)
    assert reader is type(open_store(url)._reader)
    assert leases is type(lease_store._store)
    await lease_store.close()


async def test_a_database_that_is_not_there_does_not_answer_and_its_password_stays_hidden():
    with pytest.raises(StoreError) as read:
        open_store(NOBODY).snapshot()
    leases = open_lease_store(NOBODY)
    with pytest.raises(StoreUnavailableError) as asked:
        await leases.states([])
    await leases.close()
    assert "hidden" not in f"{read.value} {asked.value}"

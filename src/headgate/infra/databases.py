"""Which database a `DATABASE_URL` names, and what the data plane opens in it."""

from pathlib import Path
from urllib.parse import unquote, urlsplit

from headgate.infra.leases.sqlite import SqliteLeaseStore
from headgate.infra.leases.threaded import ThreadedLeaseStore
from headgate.infra.settings import POSTGRES_SCHEMES
from headgate.infra.store import SqlStore
from headgate.infra.store_sqlite import SqliteReader


def open_store(database_url: str) -> SqlStore:
    """The configuration behind a `DATABASE_URL`; connects when it is first read."""
    if urlsplit(database_url).scheme in POSTGRES_SCHEMES:
        from headgate.infra.store_postgres import PostgresReader  # noqa: PLC0415 - a driver nobody else needs

        return SqlStore(PostgresReader(database_url))
    return SqlStore(SqliteReader(sqlite_path(database_url)))


def open_lease_store(database_url: str) -> ThreadedLeaseStore:
    """The windows and leases behind a `DATABASE_URL`; connects at the first operation."""
    if urlsplit(database_url).scheme in POSTGRES_SCHEMES:
        from headgate.infra.leases.postgres import PostgresLeaseStore  # noqa: PLC0415 - as above

        return ThreadedLeaseStore(PostgresLeaseStore(database_url))
    return ThreadedLeaseStore(SqliteLeaseStore(sqlite_path(database_url)))


def sqlite_path(database_url: str) -> Path:
    """The file that `sqlite:///<path>` names, as the control plane reads it too."""
    return Path(unquote(urlsplit(database_url).path.removeprefix("/"))).absolute()

"""What the data plane reads from the database: three tables of the control plane (`snapshot/contract.py`)."""

import sqlite3
from pathlib import Path
from typing import Any, NamedTuple, Protocol
from urllib.parse import unquote, urlsplit


class StoreError(Exception):
    """The database does not answer."""


class Publication(NamedTuple):
    """One change."""

    revision: int
    key_hash: str | None
    """None: the snapshot changed."""


class Store(Protocol):
    """Blocking reads, for a thread."""

    def publications(self, after: int) -> list[Publication]:
        """Changes after a revision, oldest first."""
        ...

    def oldest_revision(self) -> int | None:
        """The oldest change that is still listed; older ones were pruned."""
        ...

    def snapshot(self) -> tuple[int, bytes] | None:
        """The newest snapshot with its revision."""
        ...

    def key(self, key_hash: str) -> bytes | None:
        """One published key."""
        ...


class SqliteStore:
    """Reads the embedded database, read-only, with a connection of its own. For one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Connect lazily: a store that is not there yet is a store that does not answer."""
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def publications(self, after: int) -> list[Publication]:
        """Changes after a revision."""
        rows = self._read(
            "SELECT revision, key_hash FROM headgate_publication WHERE revision > ? ORDER BY revision", (after,)
        )
        return [Publication(int(revision), key_hash) for revision, key_hash in rows]

    def oldest_revision(self) -> int | None:
        """The oldest listed change."""
        rows = self._read("SELECT min(revision) FROM headgate_publication", ())
        return rows[0][0]

    def snapshot(self) -> tuple[int, bytes] | None:
        """The newest snapshot."""
        rows = self._read("SELECT revision, payload FROM headgate_snapshot ORDER BY revision DESC LIMIT 1", ())
        return (int(rows[0][0]), bytes(rows[0][1])) if rows else None

    def key(self, key_hash: str) -> bytes | None:
        """One published key."""
        rows = self._read("SELECT payload FROM headgate_published_key WHERE key_hash = ?", (key_hash,))
        return bytes(rows[0][0]) if rows else None

    def close(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _read(self, statement: str, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
        try:
            if self._connection is None:
                self._connection = sqlite3.connect(
                    f"{self._path.as_uri()}?mode=ro", uri=True, timeout=2, check_same_thread=False, isolation_level=None
                )
            return self._connection.execute(statement, parameters).fetchall()
        except sqlite3.Error as error:
            self.close()
            message = f"{self._path.name}: {error}"
            raise StoreError(message) from error


def open_store(database_url: str) -> Store:
    """The store behind a `DATABASE_URL`; connects when it is first read."""
    return SqliteStore(Path(unquote(urlsplit(database_url).path.removeprefix("/"))).absolute())

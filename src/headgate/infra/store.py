"""What the data plane reads from the database.

Three tables of the control plane (`snapshot/contract.py`), and of the books where an answer is kept.
"""

from typing import Any, LiteralString, NamedTuple, Protocol


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

    def keeper(self, organization_id: str, kept_id: str) -> str | None:
        """Id of the deployment whose provider keeps an answer of an organization."""
        ...


class Reader(Protocol):
    """A connection that may only read. For one thread at a time."""

    def read(self, statement: LiteralString, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
        """All rows; a parameter is written `?`. Connects if need be.

        Raises:
            StoreError: no answer; the next read connects again.
        """
        ...

    def close(self) -> None:
        """Disconnect."""
        ...


class SqlStore:
    """The reads in SQL, through whatever reads it."""

    def __init__(self, reader: Reader) -> None:
        """Take the reader; nothing is read yet."""
        self._reader = reader

    def publications(self, after: int) -> list[Publication]:
        """Changes after a revision."""
        rows = self._reader.read(
            "SELECT revision, key_hash FROM headgate_publication WHERE revision > ? ORDER BY revision", (after,)
        )
        return [Publication(int(revision), key_hash) for revision, key_hash in rows]

    def oldest_revision(self) -> int | None:
        """The oldest listed change."""
        rows = self._reader.read("SELECT min(revision) FROM headgate_publication", ())
        return rows[0][0]

    def snapshot(self) -> tuple[int, bytes] | None:
        """The newest snapshot."""
        rows = self._reader.read("SELECT revision, payload FROM headgate_snapshot ORDER BY revision DESC LIMIT 1", ())
        return (int(rows[0][0]), bytes(rows[0][1])) if rows else None

    def key(self, key_hash: str) -> bytes | None:
        """One published key."""
        rows = self._reader.read("SELECT payload FROM headgate_published_key WHERE key_hash = ?", (key_hash,))
        return bytes(rows[0][0]) if rows else None

    def keeper(self, organization_id: str, kept_id: str) -> str | None:
        """Id of the deployment that keeps an answer."""
        rows = self._reader.read(
            "SELECT deployment_id FROM headgate_cost_event WHERE kept_id = ? AND organization_id = ? LIMIT 1",
            (kept_id, organization_id),
        )
        return str(rows[0][0]) if rows else None

    def close(self) -> None:
        """Disconnect."""
        self._reader.close()

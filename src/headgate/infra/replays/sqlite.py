"""A connection to the embedded database that may write idempotency keys."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from headgate.infra.replays.rows import StoreError

BUSY_TIMEOUT_S: Final = 2


class SqliteConnection:
    """Connects lazily, and anew after an error."""

    def __init__(self, path: Path) -> None:
        """`path` of a database that exists by the time of the first statement."""
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def run(self, statement: str, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
        """Run one statement as its own transaction."""
        try:
            if self._connection is None:
                self._connection = self._connect()
            return self._connection.execute(statement, dict(values)).fetchall()
        except sqlite3.Error as error:
            self.close()
            message = f"{self._path.name}: {error}"
            raise StoreError(message) from error

    def close(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self._path.as_uri()}?mode=rw",
            uri=True,
            timeout=BUSY_TIMEOUT_S,
            check_same_thread=False,
            isolation_level=None,
        )
        # A claim that a power cut takes away would let a retry be charged again.
        connection.execute("PRAGMA synchronous=FULL")
        return connection

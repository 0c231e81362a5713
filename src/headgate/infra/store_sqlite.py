"""Reading the embedded database."""

import sqlite3
from pathlib import Path
from typing import Any, LiteralString

from headgate.infra.store import StoreError


class SqliteReader:
    """Reads a SQLite file, read-only, with a connection of its own. For one thread at a time."""

    def __init__(self, path: Path) -> None:
        """Connect lazily: a store that is not there yet is a store that does not answer."""
        self._path = path
        self._connection: sqlite3.Connection | None = None

    def read(self, statement: LiteralString, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
        """All rows."""
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

    def close(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

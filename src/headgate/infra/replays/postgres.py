"""A connection to Postgres that may write idempotency keys."""

import re
from collections.abc import Mapping
from typing import Any, Final

import psycopg
from psycopg.rows import TupleRow

from headgate.infra.postgres import connect
from headgate.infra.replays.rows import StoreError

_NAME: Final = re.compile(r":(\w+)")


class PostgresConnection:
    """Connects lazily, and anew after an error."""

    def __init__(self, url: str) -> None:
        """`url`: a libpq connection string, such as `postgres://user@host/database`."""
        self._url = url
        self._connection: psycopg.Connection[TupleRow] | None = None

    def run(self, statement: str, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
        """Run one statement as its own transaction; once more when a connection that was kept turns out to be gone."""
        was_open = self._connection is not None
        try:
            return self._run(statement, values)
        except StoreError:
            if not was_open:
                raise
            return self._run(statement, values)

    def close(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _run(self, statement: str, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
        try:
            if self._connection is None:
                self._connection = connect(self._url, name="headgate idempotency")
            cursor = self._connection.execute(_NAME.sub(r"%(\1)s", statement).encode(), values)
            return cursor.fetchall() if cursor.description else []
        except psycopg.Error as error:
            self.close()
            message = f"Postgres: {type(error).__name__}"
            raise StoreError(message) from error

"""Reading Postgres."""

from typing import Any, LiteralString

import psycopg
from psycopg.rows import TupleRow

from headgate.infra.postgres import connect
from headgate.infra.store import StoreError


class PostgresReader:
    """Reads a Postgres database in read-only transactions, with a connection of its own. For one thread at a time."""

    def __init__(self, url: str) -> None:
        """Connect lazily: a store that is not there yet is a store that does not answer."""
        self._url = url
        self._connection: psycopg.Connection[TupleRow] | None = None

    def read(self, statement: LiteralString, parameters: tuple[object, ...]) -> list[tuple[Any, ...]]:
        """All rows."""
        try:
            if self._connection is None:
                self._connection = connect(self._url, name="headgate configuration")
                self._connection.execute("SET default_transaction_read_only = on")
            return self._connection.execute(statement.replace("?", "%s"), parameters).fetchall()
        except psycopg.Error as error:
            self.close()
            raise StoreError(str(error)) from error

    def close(self) -> None:
        """Disconnect."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

"""Looks at all windows again and again while a storm runs: the promise holds at every instant, not only at the end."""

import sqlite3
import threading
from pathlib import Path
from typing import Any, NamedTuple, Self

import psycopg

EVERY_S = 0.03
# One statement reads one snapshot, in either database.
_WINDOWS = """
SELECT w.id, w.limit_amount, w.hard_limit, w.spent, w.leased, w.excess, w.overrun,
       COALESCE((SELECT SUM(l.remaining) FROM headgate_lease l WHERE l.window_id = w.id), 0)
FROM headgate_window w
"""


class Sample(NamedTuple):
    """One window at one instant."""

    window: str
    limit: int
    hard: int
    spent: int
    leased: int
    excess: int
    overrun: int
    leases: int
    """Sum of what remains in its leases."""

    @property
    def is_kept(self) -> bool:
        """Whether the promise is kept here; a hard budget's limit is its hard limit."""
        return self.spent + self.leased <= self.hard and self.leased == self.leases and not self.excess


class Sampler:
    """Samples in a thread of its own, over a connection of its own, until the block ends."""

    def __init__(self, data_dir: Path, database_url: str | None) -> None:
        """`database_url`: of Postgres; None: SQLite in the data folder."""
        self.taken = 0
        self.failed = 0
        """Looks that the database did not answer; none, unless somebody does it harm."""
        self.broken: list[Sample] = []
        self._path = data_dir / "headgate.sqlite3"
        self._url = database_url
        self._connection: Any = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sampler")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stop.wait(EVERY_S):
                self._look()
        finally:
            self._disconnect()

    def _look(self) -> None:
        try:
            if self._connection is None:
                self._connection = self._connect()
            rows = self._connection.execute(_WINDOWS).fetchall()
        except (sqlite3.Error, psycopg.Error):
            self.failed += 1
            self._disconnect()
            return
        self.taken += 1
        self.broken += [sample for row in rows if not (sample := _sample(row)).is_kept]

    def _connect(self) -> Any:
        if self._url:
            return psycopg.connect(self._url, autocommit=True, connect_timeout=10, application_name="sampler")
        return sqlite3.connect(f"{self._path.as_uri()}?mode=ro", uri=True, timeout=5, isolation_level=None)

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _sample(row: tuple[Any, ...]) -> Sample:
    return Sample(str(row[0]), *(int(figure) for figure in row[1:]))

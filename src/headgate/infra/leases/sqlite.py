"""Leases in the embedded database. One writer at a time: a transaction has the whole file from its first statement."""

import sqlite3
from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from headgate.domain.budget import WindowId
from headgate.domain.ids import OwnerId
from headgate.infra.leases.rules import NotLeasedError, Row, in_order, is_repeated, judge_draw, judge_return
from headgate.infra.leases.statements import OPEN_OWNERS, PULSE, ROW, SPEC, pulse_of, rows_of, states_of
from headgate.ledger.windows import Drawing, Drawn, Pulse, WindowState
from headgate.pipeline.ports import StoreUnavailableError

BUSY_TIMEOUT_S = 2.0

_FIND_OWNER = f"SELECT op_seq, state, {OPEN_OWNERS} FROM headgate_owner WHERE id = ?"  # noqa: S608
_FIND_WINDOWS = f"SELECT {ROW} FROM headgate_window WHERE id IN (SELECT value FROM json_each(?)) ORDER BY id"  # noqa: S608
_INSERT_WINDOW = f"""
INSERT INTO headgate_window ({SPEC}) VALUES (
    :id, :budget_id, :organization_id, :scope, :subject, :label, :epoch, :unit, :starts_at, :ends_at,
    :limit, :hard, :limit_version, :currency, :usd_rate
) ON CONFLICT (id) DO NOTHING
"""  # noqa: S608
_UPDATE_WINDOW = """
UPDATE headgate_window SET
    limit_amount = :limit, hard_limit = :hard, limit_version = :limit_version,
    leased = :leased, excess = :excess, scarce = :scarce
WHERE id = :id
"""
_ADD_TO_LEASE = """
INSERT INTO headgate_lease (window_id, owner_id, lease_class, remaining) VALUES (?, ?, ?, ?)
ON CONFLICT (window_id, owner_id, lease_class) DO UPDATE SET remaining = remaining + excluded.remaining
"""
_TAKE_FROM_LEASE = """
UPDATE headgate_lease SET remaining = remaining - ?4
WHERE window_id = ?1 AND owner_id = ?2 AND lease_class = ?3 AND remaining >= ?4
"""
_CLEAR_LEASE = "DELETE FROM headgate_lease WHERE window_id = ? AND owner_id = ? AND lease_class = ? AND remaining = 0"
_SET_OPERATION = "UPDATE headgate_owner SET op_seq = ? WHERE id = ?"
_RECALL = """
UPDATE headgate_window SET recall_gen = recall_gen + 1 WHERE id IN (SELECT value FROM json_each(?))
"""
# Django keeps times as text with microseconds.
_INSERT_OWNER = """
INSERT INTO headgate_owner (id, node, boot_id, state, op_seq, registered_at)
VALUES (?, ?, ?, 'open', 0, strftime('%Y-%m-%d %H:%M:%f000', 'now')) ON CONFLICT (id) DO NOTHING
"""
_INSERT_CURSOR = """
INSERT INTO headgate_cursor (owner_id, posted, low_watermark) VALUES (?, 0, 0) ON CONFLICT (owner_id) DO NOTHING
"""
_PULSE = PULSE.format(clock="(julianday('now') - 2440587.5) * 86400", owner=":owner")


class SqliteLeaseStore:
    """The lease store in a SQLite file that was migrated. For one thread at a time."""

    def __init__(self, path: Path, *, busy_timeout_s: float = BUSY_TIMEOUT_S) -> None:
        """Connect lazily: a store that is not there yet is a store that does not answer."""
        self._path = path
        self._busy_timeout_s = busy_timeout_s
        self._connection: sqlite3.Connection | None = None

    def open(self, owner: OwnerId, *, node: str, boot_id: str) -> None:
        """Register the owner."""
        with self._transaction() as connection:
            connection.execute(_INSERT_OWNER, (owner, node, boot_id))
            connection.execute(_INSERT_CURSOR, (owner,))
            self._commit(connection)

    def draw(self, owner: OwnerId, seq: int, drawings: Sequence[Drawing]) -> Drawn:
        """Take from all windows or from none."""
        ordered = in_order(drawings)
        names = [drawing.window.id for drawing in ordered]
        with self._transaction() as connection:
            repeated, owners = _guard(connection, owner, seq)
            rows = rows_of(_find(connection, names))
            if repeated:
                return Drawn(frozenset(), {name: row.state for name, row in rows.items()})
            judged = judge_draw(rows, ordered, owners=owners)
            if not judged.missed:
                connection.executemany(_INSERT_WINDOW, [msgspec.structs.asdict(drawing.window) for drawing in ordered])
                _update(connection, judged.rows)
                connection.executemany(_ADD_TO_LEASE, [_lease_of(owner, drawing) for drawing in ordered])
                connection.execute(_SET_OPERATION, (seq, owner))
                self._commit(connection)
        return Drawn(judged.missed, judged.states)

    def give_back(self, owner: OwnerId, seq: int, returns: Sequence[Drawing]) -> dict[WindowId, WindowState]:
        """Return what is free.

        Raises:
            NotLeasedError: the owner's lease has less.
        """
        ordered = in_order(returns)
        names = [drawing.window.id for drawing in ordered]
        with self._transaction() as connection:
            repeated, owners = _guard(connection, owner, seq)
            rows = rows_of(_find(connection, names))
            if not repeated:
                rows = judge_return(rows, ordered, owners=owners)
                _update(connection, rows)
                for drawing in ordered:
                    if not connection.execute(_TAKE_FROM_LEASE, _lease_of(owner, drawing)).rowcount:
                        raise NotLeasedError(f"{owner} has not {drawing.amount} of {drawing.window.id}")
                connection.executemany(_CLEAR_LEASE, [_lease_of(owner, drawing)[:3] for drawing in ordered])
                connection.execute(_SET_OPERATION, (seq, owner))
                self._commit(connection)
        return {name: row.state for name, row in rows.items()}

    def recall(self, windows: Collection[WindowId]) -> dict[WindowId, WindowState]:
        """Ask all workers to return what is free."""
        with self._transaction() as connection:
            connection.execute(_RECALL, (_listed(windows),))
            found = _find(connection, windows)
            self._commit(connection)
        return states_of(found)

    def states(self, windows: Collection[WindowId]) -> dict[WindowId, WindowState]:
        """How windows stand."""
        with self._answering() as connection:
            return states_of(_find(connection, windows))

    def pulse(self, owner: OwnerId) -> Pulse:
        """What the owner has to know."""
        with self._answering() as connection:
            return pulse_of(connection.execute(_PULSE, {"owner": owner}).fetchall())

    def close(self) -> None:
        """Disconnect; what was not committed is undone."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _commit(self, connection: sqlite3.Connection) -> None:
        connection.execute("COMMIT")

    @contextmanager
    def _transaction(self) -> Generator[sqlite3.Connection]:
        """Lock the file; whatever was not committed inside is undone."""
        with self._answering() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            finally:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    @contextmanager
    def _answering(self) -> Generator[sqlite3.Connection]:
        """Connect if need be; after an error of SQLite's, begin afresh the next time."""
        try:
            if self._connection is None:
                self._connection = self._connect()
            yield self._connection
        except sqlite3.Error as error:
            self.close()
            raise StoreUnavailableError(f"{self._path.name}: {error}") from error

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            f"{self._path.as_uri()}?mode=rw",
            uri=True,
            timeout=self._busy_timeout_s,
            isolation_level=None,
            check_same_thread=False,
        )
        # What was drawn must survive a power loss before it is spent.
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection


def _guard(connection: sqlite3.Connection, owner: OwnerId, seq: int) -> tuple[bool, int]:
    """Whether the operation happened already, and how many owners are open."""
    op_seq, state, owners = connection.execute(_FIND_OWNER, (owner,)).fetchone() or (0, "unknown", 0)
    return is_repeated(owner, seq, op_seq=op_seq, state=state), owners


def _find(connection: sqlite3.Connection, windows: Collection[WindowId]) -> list[tuple[Any, ...]]:
    return connection.execute(_FIND_WINDOWS, (_listed(windows),)).fetchall()


def _listed(windows: Collection[WindowId]) -> str:
    return msgspec.json.encode(sorted(windows)).decode()


def _update(connection: sqlite3.Connection, rows: dict[WindowId, Row]) -> None:
    connection.executemany(_UPDATE_WINDOW, [msgspec.structs.asdict(row) for row in rows.values()])


def _lease_of(owner: OwnerId, drawing: Drawing) -> tuple[str, str, str, int]:
    return drawing.window.id, owner, drawing.lease_class.value, drawing.amount

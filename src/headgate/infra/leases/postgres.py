"""Leases in Postgres: two round trips for a draw, however many windows it has.

The first takes the locks, in the order of all writers (owner, windows ascending, leases), and reads; the second writes
and commits. Nothing is in the second before the first was answered, so that a connection that breaks in between has
changed nothing, and one that breaks later holds the owner's lock until its outcome is certain: whoever asks again with
the same number waits for it.
"""

from collections.abc import Collection, Generator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import msgspec
import psycopg
from psycopg.rows import TupleRow

from headgate.domain.budget import WindowId
from headgate.domain.ids import OwnerId
from headgate.infra.leases import postgres_statements as sql
from headgate.infra.leases.rules import NotLeasedError, Row, in_order, is_repeated, judge_draw, judge_return
from headgate.infra.leases.statements import pulse_of, rows_of, states_of
from headgate.infra.postgres import connect
from headgate.ledger.windows import Drawing, Drawn, Pulse, WindowState
from headgate.pipeline.ports import StoreUnavailableError

_Connection = psycopg.Connection[TupleRow]


class _Locked(NamedTuple):
    """What the first round trip found."""

    repeated: bool
    owners: int
    rows: dict[WindowId, Row]
    leases: dict[tuple[str, str], int]


class PostgresLeaseStore:
    """The lease store in a Postgres database that was migrated. For one thread at a time."""

    def __init__(self, url: str) -> None:
        """Connect lazily: a store that is not there yet is a store that does not answer."""
        self._url = url
        self._connection: _Connection | None = None

    def open(self, owner: OwnerId, *, node: str, boot_id: str) -> None:
        """Register the owner."""
        with self._answering() as connection, connection.pipeline():
            connection.execute(sql.BEGIN, prepare=False)
            connection.execute(sql.INSERT_OWNER, (owner, node, boot_id))
            connection.execute(sql.INSERT_CURSOR, (owner,))
            connection.execute(sql.COMMIT, prepare=False)

    def draw(self, owner: OwnerId, seq: int, drawings: Sequence[Drawing]) -> Drawn:
        """Take from all windows or from none."""
        ordered = in_order(drawings)
        with self._transaction() as connection:
            locked = _lock(connection, owner, seq, ordered, insert=True)
            if locked.repeated:
                return Drawn(frozenset(), {name: row.state for name, row in locked.rows.items()})
            judged = judge_draw(locked.rows, ordered, owners=locked.owners)
            if not judged.missed:
                with connection.pipeline():
                    connection.execute(sql.UPDATE_WINDOWS, (_json(list(judged.rows.values())),))
                    connection.execute(sql.ADD_TO_LEASES, (owner, _amounts(ordered)))
                    connection.execute(sql.SET_OPERATION, (seq, owner))
                    connection.execute(sql.COMMIT, prepare=False)
        return Drawn(judged.missed, judged.states)

    def give_back(self, owner: OwnerId, seq: int, returns: Sequence[Drawing]) -> dict[WindowId, WindowState]:
        """Return what is free.

        Raises:
            NotLeasedError: the owner's lease has less.
        """
        ordered = in_order(returns)
        with self._transaction() as connection:
            locked = _lock(connection, owner, seq, ordered, insert=False)
            if locked.repeated:
                return {name: row.state for name, row in locked.rows.items()}
            for drawing in ordered:
                if locked.leases.get((drawing.window.id, drawing.lease_class), 0) < drawing.amount:
                    raise NotLeasedError(f"{owner} has not {drawing.amount} of {drawing.window.id}")
            rows = judge_return(locked.rows, ordered, owners=locked.owners)
            with connection.pipeline():
                connection.execute(sql.UPDATE_WINDOWS, (_json(list(rows.values())),))
                connection.execute(sql.TAKE_FROM_LEASES, (_amounts(ordered), owner))
                connection.execute(sql.CLEAR_LEASES, (owner, list(rows)))
                connection.execute(sql.SET_OPERATION, (seq, owner))
                connection.execute(sql.COMMIT, prepare=False)
        return {name: row.state for name, row in rows.items()}

    def recall(self, windows: Collection[WindowId]) -> dict[WindowId, WindowState]:
        """Ask all workers to return what is free."""
        with self._answering() as connection:
            return states_of(connection.execute(sql.RECALL, (list(windows),)).fetchall())

    def states(self, windows: Collection[WindowId]) -> dict[WindowId, WindowState]:
        """How windows stand."""
        with self._answering() as connection:
            return states_of(connection.execute(sql.FIND_WINDOWS, (list(windows),)).fetchall())

    def pulse(self, owner: OwnerId) -> Pulse:
        """What the owner has to know."""
        with self._answering() as connection:
            return pulse_of(connection.execute(sql.PULSE, {"owner": owner}).fetchall())

    def close(self) -> None:
        """Disconnect; what was not committed is undone."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    @contextmanager
    def _transaction(self) -> Generator[_Connection]:
        """Whatever was not committed inside is undone."""
        with self._answering() as connection:
            try:
                yield connection
            finally:
                if connection.info.transaction_status == psycopg.pq.TransactionStatus.INTRANS:
                    connection.execute(sql.ROLLBACK, prepare=False)

    @contextmanager
    def _answering(self) -> Generator[_Connection]:
        """Connect if need be; after an error of Postgres's, begin afresh the next time."""
        try:
            if self._connection is None:
                self._connection = connect(self._url, name="headgate leases")
            yield self._connection
        except psycopg.Error as error:
            self.close()
            raise StoreUnavailableError(str(error)) from error


def _lock(connection: _Connection, owner: OwnerId, seq: int, ordered: Sequence[Drawing], *, insert: bool) -> _Locked:
    """Begin, lock everything and read it, in one round trip."""
    names = [drawing.window.id for drawing in ordered]
    with connection.pipeline():
        connection.execute(sql.BEGIN, prepare=False)
        owner_row = connection.execute(sql.LOCK_OWNER, (owner,))
        if insert:
            connection.execute(sql.INSERT_WINDOWS, (_json([drawing.window for drawing in ordered]),))
        windows = connection.execute(sql.LOCK_WINDOWS, (names,))
        leases = connection.execute(sql.LOCK_LEASES, (owner, names))
    op_seq, state, owners = owner_row.fetchone() or (0, "unknown", 0)
    return _Locked(
        repeated=is_repeated(owner, seq, op_seq=op_seq, state=state),
        owners=owners,
        rows=rows_of(windows.fetchall()),
        leases={(window, lease_class): remaining for window, lease_class, remaining in leases.fetchall()},
    )


def _amounts(ordered: Sequence[Drawing]) -> str:
    return _json(
        [{"window_id": one.window.id, "lease_class": one.lease_class, "amount": one.amount} for one in ordered]
    )


def _json(document: Any) -> str:
    return msgspec.json.encode(document).decode()

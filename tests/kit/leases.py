"""Windows and draws for tests, and the three lease stores with a look behind them."""

import shutil
import sqlite3
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import msgspec
import psycopg

from headgate.domain.budget import BudgetId, BudgetUnit, LeaseClass, Scope, WindowId
from headgate.domain.ids import OwnerId
from headgate.infra.leases.memory import MemoryLeaseStore
from headgate.infra.leases.postgres import PostgresLeaseStore
from headgate.infra.leases.sqlite import SqliteLeaseStore
from headgate.infra.leases.threaded import ThreadedLeaseStore
from headgate.ledger.windows import Drawing, WindowSpec
from headgate.pipeline.ports import LeaseStore
from tests.kit.folders import migrated_file


def window(name: str = "w", limit: int = 100, **changes: Any) -> WindowSpec:
    """A window; its hard limit is its limit unless it is given."""
    whole = WindowSpec(
        id=WindowId(name),
        budget_id=BudgetId("b" * 32),
        organization_id="0" * 32,
        scope=Scope.USER,
        subject="anna",
        label="2026-11-20",
        epoch=0,
        unit=BudgetUnit.MONEY,
        limit=limit,
        hard=limit,
        limit_version=1,
        starts_at=1_795_132_800,
        ends_at=1_795_219_200,
        currency="USD",
        usd_rate="1",
    )
    return msgspec.structs.replace(whole, **changes)


def take(spec: WindowSpec, amount: int, *, critical: bool = False, typical: int = 1) -> Drawing:
    """A draw out of a window, or a return to it."""
    lease_class = LeaseClass.CRITICAL if critical else LeaseClass.NORMAL
    return Drawing(window=spec, lease_class=lease_class, amount=amount, typical=typical)


class Kept(NamedTuple):
    """What a store keeps of a window."""

    limit: int
    hard: int
    limit_version: int
    spent: int
    leased: int
    excess: int


class Backend(Protocol):
    """One store, as many workers reach it."""

    def connect(self) -> LeaseStore:
        """A worker's own way to the store."""
        ...

    def windows(self) -> dict[WindowId, Kept]:
        """All windows."""
        ...

    def leases(self) -> dict[tuple[WindowId, OwnerId], int]:
        """What all leases have left, whatever their class."""
        ...

    def close_owner(self, owner: OwnerId) -> None:
        """Close an owner and release what it had drawn, as recovery does."""
        ...

    async def end(self) -> None:
        """Disconnect everybody."""
        ...


def audit(backend: Backend) -> None:
    """The invariant of the money protocol, over everything that the store keeps."""
    leased: dict[WindowId, int] = {}
    for (name, _), remaining in backend.leases().items():
        leased[name] = leased.get(name, 0) + remaining
    for name, kept in backend.windows().items():
        assert leased.get(name, 0) == kept.leased, name
        assert kept.spent + kept.leased <= kept.hard + kept.excess, name


class MemoryBackend:
    """The twin in memory, shared by all."""

    def __init__(self) -> None:
        self.store = MemoryLeaseStore(time.time)

    def connect(self) -> LeaseStore:
        return self.store

    def windows(self) -> dict[WindowId, Kept]:
        return {
            name: Kept(row.limit, row.hard, row.limit_version, row.spent, row.leased, row.excess)
            for name, row in self.store.rows.items()
        }

    def leases(self) -> dict[tuple[WindowId, OwnerId], int]:
        found: dict[tuple[WindowId, OwnerId], int] = {}
        for name, leases in self.store.leases.items():
            for (owner, _), remaining in leases.items():
                found[name, owner] = found.get((name, owner), 0) + remaining
        return found

    def close_owner(self, owner: OwnerId) -> None:
        self.store.close(owner)

    async def end(self) -> None:
        return None


class SqlBackend:
    """A database; `query` runs a statement by hand, past the store."""

    def __init__(self) -> None:
        self._stores: list[ThreadedLeaseStore] = []

    def query(self, statement: str) -> Sequence[tuple[Any, ...]]:
        raise NotImplementedError

    def together(self, statements: Sequence[str]) -> None:
        """Run statements on one connection."""
        raise NotImplementedError

    def blocking(self) -> SqliteLeaseStore | PostgresLeaseStore:
        raise NotImplementedError

    def connect(self) -> LeaseStore:
        store = ThreadedLeaseStore(self.blocking())
        self._stores.append(store)
        return store

    def windows(self) -> dict[WindowId, Kept]:
        columns = "id, limit_amount, hard_limit, limit_version, spent, leased, excess"
        return {WindowId(row[0]): Kept(*row[1:]) for row in self.query(f"SELECT {columns} FROM headgate_window")}

    def leases(self) -> dict[tuple[WindowId, OwnerId], int]:
        found = self.query("SELECT window_id, owner_id, remaining FROM headgate_lease")
        leases: dict[tuple[WindowId, OwnerId], int] = {}
        for name, owner, remaining in found:
            leases[WindowId(name), OwnerId(owner)] = leases.get((name, owner), 0) + remaining
        return leases

    def close_owner(self, owner: OwnerId) -> None:
        for (name, own), remaining in self.leases().items():
            if own == owner:
                self.query(f"UPDATE headgate_window SET leased = leased - {remaining} WHERE id = '{name}'")
        self.query(f"DELETE FROM headgate_lease WHERE owner_id = '{owner}'")
        self.query(f"UPDATE headgate_owner SET state = 'closed' WHERE id = '{owner}'")

    async def end(self) -> None:
        for store in self._stores:
            await store.close()


class SqliteBackend(SqlBackend):
    """A migrated file."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.path = folder / "leases.sqlite3"
        shutil.copy(migrated_file(), self.path)

    def query(self, statement: str) -> Sequence[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            return connection.execute(statement).fetchall()

    def together(self, statements: Sequence[str]) -> None:
        with closing(sqlite3.connect(self.path, isolation_level=None)) as connection:
            for statement in statements:
                connection.execute(statement)

    def blocking(self) -> SqliteLeaseStore:
        return SqliteLeaseStore(self.path)


class PostgresBackend(SqlBackend):
    """A migrated database."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def query(self, statement: str) -> Sequence[tuple[Any, ...]]:
        with psycopg.connect(self.url, autocommit=True) as connection:
            cursor = connection.execute(statement)
            return cursor.fetchall() if cursor.description else []

    def together(self, statements: Sequence[str]) -> None:
        with psycopg.connect(self.url, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def blocking(self) -> PostgresLeaseStore:
        return PostgresLeaseStore(self.url)

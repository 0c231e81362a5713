"""The books and the budgets, in memory: what a database keeps, and what ingest and the control plane do to it."""

from collections.abc import Callable, Sequence
from typing import NamedTuple, Protocol

import msgspec

from headgate.domain.budget import BudgetId, BudgetUnit, LeaseClass, Period, Scope, WindowId
from headgate.domain.ids import OwnerId
from headgate.infra.leases.memory import MemoryLeaseStore
from headgate.ledger.calendar import calendar_id
from headgate.ledger.postings import event_id_of, orphan_charges
from headgate.ledger.records import Charge, Held, Sent, Settled
from headgate.ledger.windows import WindowSpec
from headgate.pipeline.ports import LeaseStore
from headgate.snapshot.contract import Budget, SubjectEpoch
from tests.kit.fakes import FakeClock

ORGANIZATION = "0" * 32
SOFT_MULTIPLIER = 2


class WindowRow(NamedTuple):
    """What is kept of a window."""

    limit: int
    hard: int
    limit_version: int
    spent: int
    leased: int
    excess: int
    overrun: int


class Terms(NamedTuple):
    """What a budget is."""

    scope: Scope
    period: Period
    unit: BudgetUnit
    limit: int
    soft: bool


class Ended(NamedTuple):
    """An attempt that was settled."""

    sent: Sent
    settled: Settled


LeaseKey = tuple[WindowId, OwnerId, LeaseClass]


class Books(Protocol):
    """A place where windows, leases, events and budgets are kept. Times are the clock's."""

    organization_id: str

    def connect(self) -> LeaseStore:
        """A worker's own way to the lease store; nothing is ever awaited in it."""
        ...

    def open_budget(self, terms: Terms) -> Budget:
        """Create a budget; as it is published."""
        ...

    def change_limit(self, budget: Budget, limit: int) -> Budget:
        """Change a limit, in the windows that are not over too; as it is published."""
        ...

    def reset(self, budget: Budget, user: str | None) -> Budget:
        """Start the windows of a budget anew, or the one of a user; as it is published."""
        ...

    def post(self, owner: OwnerId, ended: Sequence[Ended]) -> frozenset[str]:
        """Post the next stretch of a journal; the events that were not there before."""
        ...

    def close(self, owner: OwnerId, orphans: Sequence[Sent], *, lost_power: bool) -> frozenset[str]:
        """Close an owner whose journal is posted; the orphans that were booked.

        `lost_power`: what remains is taken for spent.
        """
        ...

    def windows(self) -> dict[WindowId, WindowRow]:
        """All windows."""
        ...

    def leases(self) -> dict[LeaseKey, int]:
        """All leases that have something left."""
        ...

    def end(self) -> None:
        """Let go of everything."""
        ...


class MemoryBooks:
    """The twin in memory."""

    def __init__(self, clock: FakeClock) -> None:
        self.organization_id = ORGANIZATION
        self._store = MemoryLeaseStore(clock.now)
        self._clock = clock
        self._soft: dict[BudgetId, bool] = {}
        self._posted: set[str] = set()
        self.opened: dict[WindowId, WindowSpec] = {}
        """Windows that were drawn from, for when they end."""

    def connect(self) -> LeaseStore:
        return self._store

    def open_budget(self, terms: Terms) -> Budget:
        number = len(self._soft)
        budget = Budget(
            id=BudgetId(f"{number:032x}"),
            organization_id=ORGANIZATION,
            name=f"budget {number}",
            scope=terms.scope,
            period=terms.period,
            calendar=calendar_id(terms.period, "UTC"),
            unit=terms.unit,
            limit=terms.limit,
            hard=terms.limit * (SOFT_MULTIPLIER if terms.soft else 1),
        )
        self._soft[budget.id] = terms.soft
        return budget

    def change_limit(self, budget: Budget, limit: int) -> Budget:
        hard = limit * (SOFT_MULTIPLIER if self._soft[budget.id] else 1)
        version = budget.limit_version + 1
        now = self._clock.now()
        for name in list(self._store.rows):
            ends_at = self.opened[name].ends_at
            if self.opened[name].budget_id == budget.id and (ends_at is None or ends_at > now):
                self._store.limit(name, limit, hard, version)
        return msgspec.structs.replace(budget, limit=limit, hard=hard, limit_version=version)

    def reset(self, budget: Budget, user: str | None) -> Budget:
        known = {each.subject: each.epoch for each in budget.subject_epochs}
        if user is None:
            epoch = budget.epoch + max(known.values(), default=0) + 1
            return msgspec.structs.replace(budget, epoch=epoch, subject_epochs=())
        known[user] = known.get(user, 0) + 1
        epochs = tuple(SubjectEpoch(subject, known[subject]) for subject in sorted(known))
        return msgspec.structs.replace(budget, subject_epochs=epochs)

    def post(self, owner: OwnerId, ended: Sequence[Ended]) -> frozenset[str]:
        new: set[str] = set()
        for sent, settled in ended:
            event = event_id_of(sent)
            if event not in self._posted:
                self._posted.add(event)
                new.add(event)
                self._store.post(owner, sent.holds, settled.charges)
        return frozenset(new)

    def close(self, owner: OwnerId, orphans: Sequence[Sent], *, lost_power: bool) -> frozenset[str]:
        new: set[str] = set()
        for sent in orphans:
            event = event_id_of(sent)
            if event not in self._posted:
                self._posted.add(event)
                new.add(event)
                charged = {each.window: Charge(each.cost, each.from_lease) for each in orphan_charges(sent)}
                holds = [hold for hold in sent.holds if hold.window in charged]
                self._store.post(owner, holds, [charged[hold.window] for hold in holds])
        for (name, own, lease_class), left in self.leases().items():
            if lost_power and own == owner:
                self._store.post(owner, [Held(name, lease_class, left)], [Charge(left, left)])
        self._store.close(owner)
        return frozenset(new)

    def windows(self) -> dict[WindowId, WindowRow]:
        overruns = self._store.overruns
        return {
            name: WindowRow(
                row.limit, row.hard, row.limit_version, row.spent, row.leased, row.excess, overruns.get(name, 0)
            )
            for name, row in self._store.rows.items()
        }

    def leases(self) -> dict[LeaseKey, int]:
        return {
            (name, owner, lease_class): remaining
            for name, leases in self._store.leases.items()
            for (owner, lease_class), remaining in leases.items()
        }

    def end(self) -> None:
        return None


Open = Callable[[FakeClock], Books]
"""Opens books that have nothing in them."""

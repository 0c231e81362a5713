"""The lease store's twin in memory: the same answers, nothing on disk, and ways to fail on purpose."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from enum import Enum

import msgspec

from headgate.domain.budget import LeaseClass, WindowId
from headgate.domain.ids import OwnerId
from headgate.infra.leases.rules import (
    Judged,
    NotLeasedError,
    Row,
    in_order,
    is_repeated,
    judge_draw,
    judge_return,
    limited,
)
from headgate.ledger.records import Charge, Held
from headgate.ledger.windows import Drawing, Drawn, Pulse, WindowState
from headgate.pipeline.ports import OwnerClosedError, StoreUnavailableError


class Failure(Enum):
    """What happens to the next operation."""

    BEFORE_COMMIT = "before commit"
    """Nothing happened, and nobody says so."""
    AFTER_COMMIT = "after commit"
    """It happened, and nobody says so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerRow:
    """One owner as the store knows it."""

    op_seq: int = 0
    state: str = "open"


class MemoryLeaseStore:
    """The `LeaseStore` port in memory. One instance is shared by all owners, as a database is.

    Nothing is awaited inside: every method is one indivisible step.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        """Start empty, with the clock that pulses tell."""
        self.failures: list[Failure] = []
        """Of the operations to come, in their order; reads fail too, and then nothing happened."""
        self.away = False
        """True: nothing is answered, and nothing happens."""
        self.owners: dict[OwnerId, OwnerRow] = {}
        self.rows: dict[WindowId, Row] = {}
        self.overruns: dict[WindowId, int] = {}
        self.leases: dict[WindowId, dict[tuple[OwnerId, LeaseClass], int]] = {}
        self._now = now

    async def open(self, owner: OwnerId, *, node: str, boot_id: str) -> None:
        """Register the owner."""
        del node, boot_id
        failure = self._begin()
        self.owners.setdefault(owner, OwnerRow())
        _end(failure)

    async def draw(self, owner: OwnerId, seq: int, drawings: Sequence[Drawing]) -> Drawn:
        """Take from all windows or from none."""
        failure = self._begin()
        ordered = in_order(drawings)
        repeated = self._repeated(owner, seq)
        judged = judge_draw(self.rows, () if repeated else ordered, owners=self._open_owners())
        if not repeated and not judged.missed:
            self._write_draw(owner, seq, ordered, judged)
        _end(failure)
        names = {drawing.window.id for drawing in ordered}
        return Drawn(judged.missed, self._states(names) | judged.states)

    async def give_back(self, owner: OwnerId, seq: int, returns: Sequence[Drawing]) -> dict[WindowId, WindowState]:
        """Return what is free.

        Raises:
            NotLeasedError: the owner's lease has less.
        """
        failure = self._begin()
        ordered = in_order(returns)
        names = {drawing.window.id for drawing in ordered}
        if not self._repeated(owner, seq):
            for drawing in ordered:
                if self.remaining(owner, drawing.window.id, drawing.lease_class) < drawing.amount:
                    raise NotLeasedError(f"{owner} has not {drawing.amount} of {drawing.window.id}")
            held = {name: self.rows[name] for name in names}
            self.rows.update(judge_return(held, ordered, owners=self._open_owners()))
            for drawing in ordered:
                self._lease(owner, drawing.window.id, drawing.lease_class, -drawing.amount)
            self.owners[owner] = replace(self.owners[owner], op_seq=seq)
            self._check(names)
        _end(failure)
        return self._states(names)

    async def recall(self, windows: Collection[WindowId]) -> dict[WindowId, WindowState]:
        """Ask all workers to return what is free."""
        failure = self._begin()
        for name in self.rows.keys() & windows:
            self.rows[name] = msgspec.structs.replace(self.rows[name], recall_gen=self.rows[name].recall_gen + 1)
        _end(failure)
        return self._states(windows)

    async def states(self, windows: Collection[WindowId]) -> dict[WindowId, WindowState]:
        """How windows stand."""
        _end(self._begin())
        return self._states(windows)

    async def pulse(self, owner: OwnerId) -> Pulse:
        """What the owner has to know."""
        _end(self._begin())
        known = self.owners.get(owner, OwnerRow(state="unknown"))
        leased = {name for name, leases in self.leases.items() if any(own == owner for own, _ in leases)}
        return Pulse(
            now=self._now(),
            op_seq=known.op_seq,
            open=known.state == "open",
            owners=self._open_owners(),
            attention={name: s for name, s in self._states(leased).items() if s.scarce or s.recall_gen},
        )

    def remaining(self, owner: OwnerId, window: WindowId, lease_class: LeaseClass) -> int:
        """What the owner's lease still has."""
        return self.leases.get(window, {}).get((owner, lease_class), 0)

    def post(self, owner: OwnerId, holds: Sequence[Held], charges: Sequence[Charge]) -> None:
        """Do what ingest does with a settled attempt, for `Sent.holds` and `Settled.charges`. Rule 17.

        Raises:
            OwnerClosedError: the owner is not open.
        """
        self._require_open(owner)
        for hold, charge in zip(holds, charges, strict=True):
            row = self.rows[hold.window]
            taken = min(charge.from_lease, self.remaining(owner, hold.window, hold.lease_class))
            self._lease(owner, hold.window, hold.lease_class, -taken)
            self._settle(row, spent=row.spent + charge.cost, leased=row.leased - taken)
            self.overruns[hold.window] = self.overruns.get(hold.window, 0) + charge.cost - taken
        self._check({hold.window for hold in holds})

    def close(self, owner: OwnerId) -> None:
        """Do what recovery does when the owner's journal is posted to its end. Rule 19.

        Raises:
            OwnerClosedError: the owner is not open.
        """
        self._require_open(owner)
        for name, leases in self.leases.items():
            for own, lease_class in list(leases):
                if own == owner:
                    row, rest = self.rows[name], leases[own, lease_class]
                    self._lease(own, name, lease_class, -rest)
                    self._settle(row, spent=row.spent, leased=row.leased - rest)
        self.owners[owner] = replace(self.owners[owner], state="closed")
        self._check(self.rows)

    def limit(self, window: WindowId, limit: int, hard: int, limit_version: int) -> None:
        """Do what the control plane does when a limit changes: the newer version wins. Rule 24."""
        self.rows[window] = limited(self.rows[window], limit, hard, limit_version)
        self._check({window})

    def _begin(self) -> Failure | None:
        failure = self.failures.pop(0) if self.failures else None
        if self.away or failure is Failure.BEFORE_COMMIT:
            raise StoreUnavailableError("no answer, and nothing happened")
        return failure

    def _repeated(self, owner: OwnerId, seq: int) -> bool:
        known = self.owners.get(owner, OwnerRow(state="unknown"))
        return is_repeated(owner, seq, op_seq=known.op_seq, state=known.state)

    def _require_open(self, owner: OwnerId) -> OwnerRow:
        known = self.owners.get(owner)
        if known is None or known.state != "open":
            raise OwnerClosedError(f"{owner} is not open")
        return known

    def _write_draw(self, owner: OwnerId, seq: int, ordered: Sequence[Drawing], judged: Judged) -> None:
        self.rows.update(judged.rows)
        for drawing in ordered:
            self._lease(owner, drawing.window.id, drawing.lease_class, drawing.amount)
        self.owners[owner] = replace(self.owners[owner], op_seq=seq)
        self._check(judged.rows)

    def _lease(self, owner: OwnerId, window: WindowId, lease_class: LeaseClass, change: int) -> None:
        leases = self.leases.setdefault(window, {})
        leases[owner, lease_class] = leases.get((owner, lease_class), 0) + change
        if not leases[owner, lease_class]:
            del leases[owner, lease_class]

    def _settle(self, row: Row, *, spent: int, leased: int) -> None:
        excess = max(0, spent + leased - row.hard)
        self.rows[row.id] = msgspec.structs.replace(row, spent=spent, leased=leased, excess=excess)

    def _states(self, windows: Collection[WindowId]) -> dict[WindowId, WindowState]:
        return {name: self.rows[name].state for name in sorted(windows) if name in self.rows}

    def _open_owners(self) -> int:
        return sum(owner.state == "open" for owner in self.owners.values())

    def _check(self, windows: Collection[WindowId]) -> None:
        for name in windows:
            row, leases = self.rows[name], self.leases.get(name, {})
            assert row.leased == sum(leases.values()), f"{name}: {row.leased} leased, but {leases}"
            assert all(remaining > 0 for remaining in leases.values()), f"{name}: {leases}"
            assert row.spent >= 0, f"{name}: {row.spent} spent"
            assert row.spent + row.leased <= row.hard + row.excess, f"{name} is overdrawn: {row}"


def _end(failure: Failure | None) -> None:
    if failure is Failure.AFTER_COMMIT:
        raise StoreUnavailableError("no answer, and it happened")

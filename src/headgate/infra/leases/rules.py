"""The arithmetic of draws and returns, one for every store: what a locked row becomes.

A store locks the owner and the rows, asks here, and writes what it is told or nothing. Rules 6, 7 and 9 of the money
protocol.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import msgspec

from headgate.domain.budget import LeaseClass, WindowId
from headgate.domain.ids import OwnerId
from headgate.ledger.windows import Drawing, WindowSpec, WindowState
from headgate.pipeline.ports import OwnerClosedError


class NotLeasedError(Exception):
    """An owner gives back what it has not drawn: our own mistake. Nothing was changed."""


class Row(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A window's row, without what never changes. Amounts in the window's unit."""

    id: WindowId
    limit: int
    hard: int
    limit_version: int
    spent: int
    leased: int
    excess: int
    scarce: bool
    recall_gen: int

    @property
    def state(self) -> WindowState:
        """What workers may know of it."""
        return WindowState(self.limit, self.hard, self.spent, self.leased, self.scarce, self.recall_gen)


class Judged(NamedTuple):
    """What a draw makes of the rows."""

    missed: frozenset[WindowId]
    rows: dict[WindowId, Row]
    """After it; as they were before, under the newer limits, when a window was missed."""

    @property
    def states(self) -> dict[WindowId, WindowState]:
        """Of every window of the draw."""
        return {name: row.state for name, row in self.rows.items()}


def in_order(drawings: Iterable[Drawing]) -> list[Drawing]:
    """Put drawings into the order in which every writer locks: ascending by window; one per window and class.

    The normal lease comes before the critical one, which may go further.

    Raises:
        ValueError: an amount is not more than 0.
    """
    merged: dict[tuple[str, bool], Drawing] = {}
    for drawing in drawings:
        if drawing.amount <= 0:
            raise ValueError(f"{drawing.window.id}: {drawing.amount} is no amount to draw or to return")
        key = (drawing.window.id, drawing.lease_class is LeaseClass.CRITICAL)
        other = merged.get(key)
        if other is not None:
            drawing = msgspec.structs.replace(  # noqa: PLW2901 - two needs of one lease are one need
                drawing, amount=other.amount + drawing.amount, typical=max(other.typical, drawing.typical)
            )
        merged[key] = drawing
    return [merged[key] for key in sorted(merged)]


def is_repeated(owner: OwnerId, seq: int, *, op_seq: int, state: str) -> bool:
    """Whether an operation happened already; False: it is the owner's next.

    Raises:
        OwnerClosedError: the owner is not open (what it had drawn was released), or `seq` is neither.
    """
    if state != "open":
        raise OwnerClosedError(f"{owner} is {state}")
    if seq not in {op_seq, op_seq + 1}:
        raise OwnerClosedError(f"{owner} is at operation {op_seq}, not at {seq} or the one before it")
    return seq == op_seq


def opened(spec: WindowSpec) -> Row:
    """A window that was never drawn from."""
    return Row(
        id=spec.id,
        limit=spec.limit,
        hard=spec.hard,
        limit_version=spec.limit_version,
        spent=0,
        leased=0,
        excess=0,
        scarce=False,
        recall_gen=0,
    )


def limited(row: Row, limit: int, hard: int, limit_version: int) -> Row:
    """Take over a newer limit; an older one, or the same, changes nothing."""
    if limit_version <= row.limit_version:
        return row
    excess = max(0, row.spent + row.leased - hard)
    return msgspec.structs.replace(row, limit=limit, hard=hard, limit_version=limit_version, excess=excess)


def judge_draw(rows: Mapping[WindowId, Row], drawings: Sequence[Drawing], *, owners: int) -> Judged:
    """Decide a draw: all windows or none.

    Args:
        rows: as they stand, locked; a window that is missing was never drawn from.
        drawings: as `in_order` gives them.
        owners: how many workers are open.
    """
    before: dict[WindowId, Row] = {}
    for drawing in drawings:
        spec = drawing.window
        row = before.get(spec.id) or rows.get(spec.id) or opened(spec)
        before[spec.id] = limited(row, spec.limit, spec.hard, spec.limit_version)
    after, missed = dict(before), set[WindowId]()
    for drawing in drawings:
        row = after[drawing.window.id]
        if row.spent + row.leased + drawing.amount > row.state.cap(drawing.lease_class):
            missed.add(row.id)
        else:
            after[row.id] = _with_leased(row, row.leased + drawing.amount, drawing.typical, owners)
    return Judged(frozenset(missed), before if missed else after)


def judge_return(rows: Mapping[WindowId, Row], drawings: Sequence[Drawing], *, owners: int) -> dict[WindowId, Row]:
    """What the rows are after a return of what the owner's leases really have.

    Raises:
        NotLeasedError: a window has no row, or less is leased in it than is given back.
    """
    after = dict(rows)
    for drawing in drawings:
        row = after.get(drawing.window.id)
        if row is None or row.leased < drawing.amount:
            raise NotLeasedError(f"{drawing.window.id} has not {drawing.amount} leased")
        after[row.id] = _with_leased(row, row.leased - drawing.amount, drawing.typical, owners)
    return after


def _with_leased(row: Row, leased: int, typical: int, owners: int) -> Row:
    # After a draw the excess is zero: it succeeds only below the hard limit. After a return it may only have shrunk.
    return msgspec.structs.replace(
        row,
        leased=leased,
        excess=max(0, row.spent + leased - row.hard),
        scarce=row.limit - row.spent - leased < 2 * owners * typical,
    )

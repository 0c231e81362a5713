"""Writes: what postings do to windows and leases. Rules 5, 9, 17 and 19 of the money protocol.

Every function is called inside a transaction that holds the owner's row, so that nobody else touches its leases.
Windows are written in ascending order, so that two postings cannot wait for each other.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from django.db import connection
from django.utils import timezone

from headgate.control.budgets.models import Adjustment, Window
from headgate.domain.budget import LeaseClass, WindowId
from headgate.domain.ids import OwnerId
from headgate.ledger.postings import WindowCharge

_WINDOW = """
    UPDATE headgate_window
    SET spent = spent + %(cost)s, leased = leased - %(from_lease)s, overrun = overrun + %(overrun)s,
        excess = CASE WHEN spent + %(cost)s + leased - %(from_lease)s > hard_limit
                      THEN spent + %(cost)s + leased - %(from_lease)s - hard_limit ELSE 0 END
    WHERE id = %(window)s
"""
_LEASE = """
    UPDATE headgate_lease SET remaining = remaining - %(from_lease)s
    WHERE window_id = %(window)s AND owner_id = %(owner)s AND lease_class = %(lease_class)s
"""
_REMAINING = "SELECT window_id, lease_class, remaining FROM headgate_lease WHERE owner_id = %s"
_CLOSE = "DELETE FROM headgate_lease WHERE owner_id = %(owner)s"


class Loss(NamedTuple):
    """Why the end of a journal is not known, and what becomes of the leases that it would have told about."""

    kind: str
    """Of the adjustment."""
    spent: bool
    """What remains is taken for spent; else it is released, and the adjustment changes nothing but says so."""
    reason: str
    actor: str


POWER_LOSS = Loss(
    kind="power_loss",
    spent=True,
    reason="The machine lost power: what its worker had drawn and not posted is taken for spent.",
    actor="recovery",
)


class Remained(NamedTuple):
    """What was leased to an owner when its books were closed."""

    windows: int
    """In how many windows it had something."""
    leased: dict[str, int]
    """By unit, over all of them: an amount that was held in three windows counts three times."""


class WindowMissingError(Exception):
    """A record names a window that has no row; the journal is parked."""


def settle_windows(owner_id: OwnerId, charges: Iterable[WindowCharge]) -> None:
    """Move what was charged from leased to spent; what no lease covers is spent all the same, and an overrun.

    Raises:
        WindowMissingError: a window is not there.
    """
    costs: dict[WindowId, int] = defaultdict(int)
    covered: dict[tuple[WindowId, LeaseClass], int] = defaultdict(int)
    for charge in charges:
        costs[charge.window] += charge.cost
        covered[charge.window, charge.lease_class] += charge.from_lease
    if not costs:
        return
    remaining = _remaining(owner_id)
    for window in sorted(costs):
        # A lease is gone when an operator wrote its owner's journal off, or the store lost the draw: no more is taken.
        taken = {
            lease_class: min(covered.get((window, lease_class), 0), remaining.get((window, lease_class), 0))
            for lease_class in LeaseClass
        }
        _move(window, costs[window], sum(taken.values()))
        for lease_class, from_lease in taken.items():
            if from_lease:
                _execute(_LEASE, window=window, owner=owner_id, lease_class=lease_class, from_lease=from_lease)


def close_leases(owner_id: OwnerId, *, spent: bool) -> dict[WindowId, int]:
    """Release what remains of an owner's leases, or take it for spent; what remained, in each window's unit."""
    leased: dict[WindowId, int] = defaultdict(int)
    for (window, _), amount in _remaining(owner_id).items():
        leased[window] += amount
    for window in sorted(leased):
        _move(window, leased[window] if spent else 0, leased[window])
    _execute(_CLOSE, owner=owner_id)
    return {window: amount for window, amount in leased.items() if amount}


def book_loss(owner_id: OwnerId, remained: Mapping[WindowId, int], loss: Loss) -> Remained:
    """Say with an adjustment per window what became of leases that were closed without the end of their journal."""
    leased: dict[str, int] = defaultdict(int)
    now = timezone.now()
    for window_id, amount in remained.items():
        window = Window.objects.get(pk=window_id)
        leased[window.unit] += amount
        Adjustment.objects.create(
            id=uuid.uuid5(uuid.NAMESPACE_OID, f"{owner_id}/{window_id}").hex,
            budget_id=window.budget_id,
            organization_id=window.organization_id,
            kind=loss.kind,
            window_id=window_id,
            unit=window.unit,
            amount=amount if loss.spent else 0,
            reason=loss.reason,
            actor=loss.actor,
            created_at=now,
        )
    return Remained(len(remained), leased)


def _move(window: WindowId, cost: int, from_lease: int) -> None:
    overrun = max(cost - from_lease, 0)
    if not _execute(_WINDOW, window=window, cost=cost, from_lease=from_lease, overrun=overrun):
        message = f"{window} has no row"
        raise WindowMissingError(message)


def _remaining(owner_id: OwnerId) -> dict[tuple[WindowId, LeaseClass], int]:
    with connection.cursor() as cursor:
        cursor.execute(_REMAINING, [owner_id])
        return {(WindowId(row[0]), LeaseClass(row[1])): int(row[2]) for row in cursor.fetchall()}


def _execute(statement: str, **values: str | int) -> int:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        changed: int = cursor.rowcount
        return changed

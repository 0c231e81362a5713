"""Windows: one period of one budget, as the lease store keeps it and as a worker knows it."""

from typing import NamedTuple

import msgspec

from headgate.domain.budget import BudgetId, BudgetUnit, LeaseClass, Scope, WindowId


def window_id(budget_id: str, epoch: int, label: str, subject: str | None) -> WindowId:
    """Name a window: the same name on every node.

    Args:
        budget_id: whose window it is.
        epoch: the budget's own and the subject's together.
        label: as in `contract.Edge`.
        subject: of a budget that has one window for each subject; None where there is one for all of it.
    """
    name = f"{budget_id}.{epoch}.{label}"
    return WindowId(name if subject is None else f"{name}.{subject}")


def window_subject(scope: Scope, *, owned: bool, named: bool, organization_id: str, value: str) -> str | None:
    """Name the subject in a window's id; None for a budget that has one window for all of it.

    Args:
        scope: of the budget.
        owned: the budget belongs to an organisation.
        named: the budget has a subject of its own.
        organization_id: of the request.
        value: whose spending it is inside that organisation: an external id, a key's id; unused for `organization`.

    A shared budget of the installation keeps the subjects of different organisations apart.
    """
    if named or scope is Scope.SYSTEM or (scope is Scope.ORGANIZATION and owned):
        return None
    if scope is Scope.ORGANIZATION:
        return organization_id
    return value if owned else f"{organization_id}/{value}"


class WindowSpec(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Everything that the row of a window is opened with. The store inserts it when it is first drawn from."""

    id: WindowId
    budget_id: BudgetId
    organization_id: str | None
    """Of the subject; None for the system's."""
    scope: Scope
    subject: str
    """External id, or empty for a scope that has none."""
    label: str
    epoch: int
    unit: BudgetUnit
    limit: int
    hard: int
    limit_version: int
    starts_at: int
    """Epoch seconds."""
    ends_at: int | None
    """Epoch seconds, excluded; None: never."""
    currency: str
    usd_rate: str


class WindowState(NamedTuple):
    """What the store says of a window, in its unit."""

    limit: int
    hard: int
    spent: int
    leased: int
    """Drawn by workers: held for requests, idle, or settled and not posted yet."""
    scarce: bool
    """So little room that workers draw exactly what they need and return what they do not."""
    recall_gen: int
    """Grows whenever somebody waits for room: who sees it grow returns what is free."""

    def cap(self, lease_class: LeaseClass) -> int:
        """Up to where a lease of this class may be drawn."""
        return self.hard if lease_class is LeaseClass.CRITICAL else self.limit


class Drawing(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """What a draw takes out of one window, or a return gives back to it."""

    window: WindowSpec
    lease_class: LeaseClass
    amount: int
    """More than 0."""
    typical: int
    """A typical hold of the worker in this window, for the store to judge what is scarce."""


class Drawn(NamedTuple):
    """The answer to a draw: all windows or none."""

    missed: frozenset[WindowId]
    """Windows without room; empty: it happened."""
    states: dict[WindowId, WindowState]
    """Of every window of the draw, after it."""


class Pulse(NamedTuple):
    """What a worker hears from the store every tenth of a second."""

    now: float
    """The store's clock, epoch seconds."""
    op_seq: int
    """Of the last operation of this owner that the store knows."""
    open: bool
    """False: somebody closed this owner; nothing may be admitted any more."""
    owners: int
    """How many workers are open, this one included."""
    attention: dict[WindowId, WindowState]
    """Windows in which this owner has a lease and which are scarce or were ever recalled."""

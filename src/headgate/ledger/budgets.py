"""Which budgets a request counts against, and in which windows: compiled once per snapshot.

A lookup costs the same with one budget as with a hundred thousand: whoever asks is remembered with what was found.
"""

from bisect import bisect_right
from collections.abc import Iterable
from typing import Final, NamedTuple

from headgate.domain.budget import Scope
from headgate.domain.ids import KeyId, OrganizationId
from headgate.domain.principal import Attribution
from headgate.ledger.windows import WindowSpec, window_id, window_subject
from headgate.snapshot.contract import Budget, Calendar, Edge

REMEMBERED: Final = 50_000
"""Whoever asked last; past so many the memory is emptied, so that it stays flat."""

_BY_ATTRIBUTION: Final = (Scope.TEAM, Scope.PROJECT, Scope.APP, Scope.CLIENT, Scope.USER, Scope.AGENT)


class CalendarEndedError(Exception):
    """No window is known for now: the snapshot is too old, or the clock is."""


class Payer(NamedTuple):
    """Whose spending a request is."""

    organization_id: OrganizationId
    key_id: KeyId
    attribution: Attribution


_Edges = tuple[list[int], tuple[Edge, ...]]
"""Starts, to be searched, and the edges themselves."""


class InForce:
    """One budget as it applies to one subject, with its current window."""

    __slots__ = ("_calendar", "_epoch", "_named", "_organization_id", "_subject", "_until", "_window", "budget")

    def __init__(
        self, budget: Budget, calendar: _Edges, organization_id: str | None, subject: str, named: str | None
    ) -> None:
        self.budget = budget
        self._calendar = calendar
        self._organization_id = organization_id
        self._subject = subject
        self._named = named
        self._epoch = budget.epoch + sum(each.epoch for each in budget.subject_epochs if each.subject == named)
        self._window: WindowSpec | None = None
        self._until = 0.0

    def window(self, now: float) -> WindowSpec:
        """The window that this moment lies in.

        Args:
            now: epoch seconds of the store; never earlier than in a call before.

        Raises:
            CalendarEndedError: no edge is known for it.
        """
        if self._window is None or now >= self._until:
            self._window = self._open(now)
            ends_at = self._window.ends_at
            self._until = float("inf") if ends_at is None else ends_at
        return self._window

    def _open(self, now: float) -> WindowSpec:
        starts, edges = self._calendar
        index = bisect_right(starts, now) - 1
        edge = edges[index] if index >= 0 else None
        if edge is None or (edge.ends_at is not None and now >= edge.ends_at):
            message = f"budget {self.budget.name!r} has no window for {now:.0f}"
            raise CalendarEndedError(message)
        budget = self.budget
        return WindowSpec(
            id=window_id(budget.id, self._epoch, edge.label, self._named),
            budget_id=budget.id,
            organization_id=self._organization_id,
            scope=budget.scope,
            subject=self._subject,
            label=edge.label,
            epoch=self._epoch,
            unit=budget.unit,
            limit=budget.limit,
            hard=budget.hard,
            limit_version=budget.limit_version,
            starts_at=edge.starts_at,
            ends_at=edge.ends_at,
            currency=budget.currency,
            usd_rate=budget.usd_rate,
        )


class BudgetTable:
    """All budgets of a snapshot."""

    def __init__(self, budgets: Iterable[Budget], calendars: Iterable[Calendar]) -> None:
        """Index by scope, organisation and subject."""
        self._calendars = {each.id: ([edge.starts_at for edge in each.edges], each.edges) for each in calendars}
        self._index: dict[tuple[Scope, str | None, str | None], list[Budget]] = {}
        for budget in budgets:
            self._index.setdefault((budget.scope, budget.organization_id, budget.subject), []).append(budget)
        self._remembered: dict[Payer, tuple[tuple[Budget, ...], tuple[InForce, ...]]] = {}
        self._shared: dict[tuple[str, str | None], InForce] = {}

    def in_force(self, payer: Payer, of_key: tuple[Budget, ...] = ()) -> tuple[InForce, ...]:
        """Every budget that a request of this payer is held against.

        Args:
            payer: whose request it is.
            of_key: budgets that came with the key; another tuple means that the key was published anew.

        Raises:
            CalendarEndedError: a budget names a calendar that the snapshot does not have.
        """
        remembered = self._remembered.get(payer)
        if remembered is not None and remembered[0] is of_key:
            return remembered[1]
        if len(self._remembered) >= REMEMBERED:
            self._remembered.clear()
            self._shared.clear()
        found = self._find(payer, of_key)
        self._remembered[payer] = (of_key, found)
        return found

    def _find(self, payer: Payer, of_key: tuple[Budget, ...]) -> tuple[InForce, ...]:
        found = [self._bind(budget, payer, payer.key_id, shared=False) for budget in of_key]
        for scope, value in _values(payer):
            for organization in (None, payer.organization_id):
                for subject in (None,) if scope is Scope.SYSTEM else (None, value):
                    budgets = self._index.get((scope, organization, subject), ())
                    found.extend(self._bind(budget, payer, value, shared=True) for budget in budgets)
        return tuple(found)

    def _bind(self, budget: Budget, payer: Payer, value: str, *, shared: bool) -> InForce:
        organization_id = payer.organization_id
        named = window_subject(
            budget.scope,
            owned=budget.organization_id is not None,
            named=budget.subject is not None,
            organization_id=organization_id,
            value=value,
        )
        known = self._shared.get((budget.id, named)) if shared else None
        if known is not None:
            return known
        calendar = self._calendars.get(budget.calendar)
        if calendar is None:
            message = f"budget {budget.name!r} names calendar {budget.calendar!r}, which was not published"
            raise CalendarEndedError(message)
        owner = None if budget.scope is Scope.SYSTEM else organization_id
        bound = InForce(budget, calendar, owner, value, named)
        if shared:
            self._shared[budget.id, named] = bound
        return bound


def _values(payer: Payer) -> list[tuple[Scope, str]]:
    values = [
        (Scope.SYSTEM, ""),
        (Scope.ORGANIZATION, payer.organization_id),
        (Scope.KEY, payer.key_id),
    ]
    for scope in _BY_ATTRIBUTION:
        value: str | None = getattr(payer.attribution, scope.value)
        if value is not None:
            values.append((scope, value))
    return values

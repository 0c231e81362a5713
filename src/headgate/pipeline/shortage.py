"""What a caller reads when a budget does not admit a request."""

import datetime as dt
import math
from collections.abc import Mapping, Sequence

from headgate.domain.budget import BudgetUnit, LeaseClass, Scope, WindowId
from headgate.domain.errors import Forbidden, LimitExceeded, Unavailable
from headgate.domain.money import NanoUsd, nano_to_usd
from headgate.ledger.budgets import CalendarEndedError
from headgate.ledger.windows import WindowSpec
from headgate.pipeline.waiting import Short
from headgate.snapshot.contract import Budget

_KNOWN_BY_ID = {Scope.ORGANIZATION: " of this organisation", Scope.KEY: " of this virtual key"}
"""Whose ids say nothing to the caller, who is of the one and shows the other."""


def refusal(
    short: Sequence[Short], budgets: Mapping[WindowId, Budget], *, now: float, critical: bool = False
) -> LimitExceeded | Forbidden:
    """The refusal of a request, in the name of the first budget that has no room for it.

    Args:
        short: the windows without room, at least one.
        budgets: whose windows they are.
        now: epoch seconds.
        critical: whether the request could go to the hard limit.
    """
    first = short[0]
    budget = budgets[first.window.id]
    cap = first.state.cap(LeaseClass.CRITICAL if critical else LeaseClass.NORMAL)
    limit, spent, held, need = (
        amount_text(amount, budget.unit) for amount in (cap, first.state.spent, first.state.leased, first.need)
    )
    figures = f"{limit} per {budget.period.value}: {spent} are spent, {held} held; this request may use {need}."
    resets = _resets(first.window)
    if budget.policy is not None:
        return Forbidden(
            f'The cost limit of policy "{budget.policy}" is {figures}{resets}', code="policy_blocked", param=None
        )
    ends_at = first.window.ends_at
    return LimitExceeded(
        f"{why(first, budget)} allows {figures}{resets}",
        code="limit_exceeded",
        retry_after_s=None if ends_at is None else max(1, math.ceil(ends_at - now)),
        should_retry=False,
    )


def calendar_ended(error: CalendarEndedError) -> Unavailable:
    """The refusal when no window is known for now: what is not counted anywhere is not spent."""
    return Unavailable(f"Budgets cannot be kept: {error}.", code="calendar_ended", retry_after_s=5)


def why(short: Short, budget: Budget) -> str:
    """Name a budget, and whose it is."""
    if (whose := _KNOWN_BY_ID.get(budget.scope)) is None:
        subject = short.window.subject
        whose = f" of {budget.scope.value} {subject!r}" if budget.subject or subject else ""
    return f"Budget {budget.name!r}{whose}"


def amount_text(amount: int, unit: BudgetUnit) -> str:
    """An amount in words, exact."""
    if unit is BudgetUnit.MONEY:
        return f"{nano_to_usd(NanoUsd(amount)).normalize():f} USD"
    return f"{amount} {unit.value}"


def _resets(window: WindowSpec) -> str:
    if window.ends_at is None:
        return " It does not reset by itself."
    return f" It resets at {dt.datetime.fromtimestamp(window.ends_at, dt.UTC):%Y-%m-%dT%H:%M:%SZ}."

"""Reads: how a user stands in the budgets that bound him, as windows say at this moment."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Q, QuerySet

from headgate.control.budgets.models import Budget, Window
from headgate.control.budgets.queries import current_windows, live_budgets, published
from headgate.control.currencies.queries import rates_in_force
from headgate.control.rollups.queries import Span, spent_by
from headgate.domain.budget import BudgetUnit, Period, Scope
from headgate.domain.money import NanoUsd

_PERCENT = Decimal("0.01")


class Standing(NamedTuple):
    """What was spent of one period, and of which limit."""

    spend: NanoUsd
    """Of the user: what is spent of the budget's window, or of the period where no budget bounds him alone."""
    held: NanoUsd
    """Set aside of the budget's window, for calls or by workers."""
    limit: NanoUsd | None
    scope: Scope | None
    """Whose limit it is: the user's, or everybody's together; None: there is none."""
    budget: str | None
    resets_at: dt.datetime | None
    """None: there is no limit, or it never ends."""

    @property
    def percent_used(self) -> Decimal | None:
        """What is spent of the limit, two digits; of a limit of 0 everything is all of it. None: no limit."""
        if self.limit is None:
            return None
        return (Decimal(100 * self.spend) / self.limit if self.limit else Decimal(100)).quantize(_PERCENT)


class Used(NamedTuple):
    """A running window of a budget, so far as a standing needs it."""

    budget: Budget
    spent: int
    leased: int
    limit_amount: int
    ends_at: int | None


class Exhausted(NamedTuple):
    """A budget that admits nothing more of the user's now."""

    budget: str
    scope: Scope
    period: Period
    resets_at: dt.datetime | None


class UserStanding(NamedTuple):
    """A user of an organization, and what bounds him."""

    daily: Standing
    monthly: Standing
    exhausted: list[Exhausted]


def standing_of(user: str, organization_id: str, now: dt.datetime) -> UserStanding:
    """Return how a user stands. The limit shown is the one of which the largest part is spent and held.

    Where no budget bounds him by the month, it is everybody's, and what is shown is his part of it.
    """
    windows = [window for window in _windows(user, organization_id, now) if not window.budget.shadow]
    own = [_used(window) for window in windows if window.scope == Scope.USER]
    everybody = [_used(window) for window in windows if window.scope == Scope.SYSTEM]
    unopened = _unopened(user, organization_id, {window.budget_id for window in windows}, now)
    daily = fullest(own, unopened, Scope.USER, Period.DAY)
    monthly = fullest(own, unopened, Scope.USER, Period.MONTH) or _part_of(
        fullest(everybody, unopened, Scope.SYSTEM, Period.MONTH), user, organization_id, now
    )
    today = Span.last_days(1, now)
    return UserStanding(
        daily or unlimited(NanoUsd(spent_by(user, [organization_id], today))),
        monthly or unlimited(NanoUsd(spent_by(user, [organization_id], Span.month_of(now)))),
        [_exhausted(window) for window in windows if window.spent + window.leased >= window.limit_amount],
    )


def bounding(user: str, organization_id: str) -> Q:
    """Return which budgets bound a user of an organization, as one of its users."""
    mine = Q(organization_id=None) | Q(organization_id=organization_id)
    return mine & Q(scope=Scope.USER.value) & (Q(subject="") | Q(subject=user))


def _windows(user: str, organization_id: str, now: dt.datetime) -> QuerySet[Window]:
    own = Q(scope=Scope.USER.value, organization_id=organization_id, subject=user)
    organization = Q(scope=Scope.ORGANIZATION.value, organization_id=organization_id)
    running = current_windows(now).filter(own | organization | Q(scope=Scope.SYSTEM.value))
    # By budget and subject, for which there is an index: of every day that ever was there is a window.
    live = live_budgets().values("pk")
    running = running.filter(budget_id__in=live, subject__in=(user, organization_id, ""))
    return running.select_related("budget").order_by("pk")


def _unopened(user: str, organization_id: str, opened: Iterable[str], now: dt.datetime) -> list[tuple[Budget, NanoUsd]]:
    """Return budgets of money of which nothing was used in this period, with their limits."""
    rows = live_budgets().filter(unit=BudgetUnit.MONEY.value, shadow=False).exclude(pk__in=opened)
    return with_limits(rows.filter(bounding(user, organization_id) | Q(scope=Scope.SYSTEM.value)), now)


def with_limits(budgets: QuerySet[Budget], now: dt.datetime) -> list[tuple[Budget, NanoUsd]]:
    """Return budgets with their limits in nano-USD, at the exchange rates of now."""
    found = list(budgets.order_by("pk"))
    rates = rates_in_force(now.astimezone(dt.UTC).date()) if found else {}
    return [(budget, NanoUsd(published(budget, rates[budget.currency]).limit)) for budget in found]


def fullest(
    windows: Iterable[Used], unopened: Iterable[tuple[Budget, NanoUsd]], scope: Scope, period: Period
) -> Standing | None:
    """Return the standing in the budget of money of which the largest part is spent and held; None: there is none.

    Args:
        windows: those of the scope that run.
        unopened: budgets of which nothing was used in this period, with their limits.
        scope: whose limit it is.
        period: of how long.
    """
    money = [w for w in windows if w.budget.unit == BudgetUnit.MONEY and w.budget.period == period]
    most = max(money, key=_share, default=None)
    if most is not None:
        used = NanoUsd(most.spent), NanoUsd(most.leased), NanoUsd(most.limit_amount)
        return Standing(*used, scope, most.budget.name, _ends(most))
    unused = [(limit, budget) for budget, limit in unopened if budget.scope == scope and budget.period == period]
    if not unused:
        return None
    limit, budget = min(unused, key=lambda each: each[0])
    return Standing(NanoUsd(0), NanoUsd(0), limit, scope, budget.name, None)


def _part_of(everybody: Standing | None, user: str, organization_id: str, now: dt.datetime) -> Standing | None:
    if everybody is None:
        return None
    return everybody._replace(spend=NanoUsd(spent_by(user, [organization_id], Span.month_of(now))), held=NanoUsd(0))


def unlimited(spend: NanoUsd) -> Standing:
    """Return the standing of who has no limit."""
    return Standing(spend, NanoUsd(0), None, None, None, None)


def _used(window: Window) -> Used:
    return Used(window.budget, window.spent, window.leased, window.limit_amount, window.ends_at)


def _share(window: Used) -> Decimal:
    used = window.spent + window.leased
    return Decimal(used) / window.limit_amount if window.limit_amount else Decimal("Infinity")


def _exhausted(window: Window) -> Exhausted:
    return Exhausted(window.budget.name, Scope(window.scope), Period(window.budget.period), _ends(window))


def _ends(window: Used | Window) -> dt.datetime | None:
    return None if window.ends_at is None else dt.datetime.fromtimestamp(window.ends_at, tz=dt.UTC)

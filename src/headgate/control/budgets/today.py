"""Reads: how an organization stands, now, in the budgets that bound all of it. Windows are read, not roll-ups."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from django.db.models import Q

from headgate.control.budgets.levels import Level, level_of
from headgate.control.budgets.limits import limits
from headgate.control.budgets.models import Budget, Window
from headgate.control.budgets.queries import current_windows, live_budgets, multiplier_of
from headgate.control.currencies.queries import rates_in_force
from headgate.control.requestlog.models import RequestLog
from headgate.control.requestlog.records import LIMIT_EXCEEDED
from headgate.domain.budget import BudgetUnit, Period, Scope
from headgate.domain.money import NanoUsd, nano_to_usd
from headgate.ledger.calendar import edge_at, zone

_PERCENT = Decimal("0.01")
_DAY = dt.timedelta(days=1)


class Refusal(NamedTuple):
    """A request that a budget refused, where it is the newest one of its organization today."""

    at: dt.datetime
    message: str
    """What its caller read: names the budget and its limit."""


class BudgetStanding(NamedTuple):
    """The current period of a budget. Amounts in its unit: nano-USD, tokens or requests."""

    budget: Budget
    limit: int
    hard: int
    """What critical tasks may go to."""
    spent: int
    held: int
    """Set aside, for calls that run or by workers."""
    usd_rate: Decimal
    """USD per unit of the budget's currency, in this period."""
    ends_at: dt.datetime | None
    refused_last: bool
    """It refused the newest request, under the limit that it has now."""

    @property
    def percent_used(self) -> Decimal:
        """What is spent of the limit, two digits; of a limit of 0 everything is all of it."""
        return (Decimal(100 * self.spent) / self.limit if self.limit else Decimal(100)).quantize(_PERCENT)

    @property
    def used_up(self) -> bool:
        """Whether nothing is left."""
        return self.spent + self.held >= self.limit

    @property
    def level(self) -> Level:
        """How near its limit it is."""
        return level_of([(self.spent + self.held, self.limit)], refused=self.refused_last)

    @property
    def fullness(self) -> tuple[bool, Decimal, int]:
        """What budgets of one unit are compared by: the fullest one decides first."""
        used = self.spent + self.held
        share = Decimal(used) / self.limit if self.limit else Decimal("Infinity")
        return not self.budget.shadow, share, -self.limit


def bounding_all_of(organization_id: str) -> Q:
    """Return which budgets bound all of an organization, and no other one with it."""
    return Q(scope=Scope.ORGANIZATION.value) & (Q(organization_id=None) | Q(organization_id=organization_id))


def standings(organization_id: str, now: dt.datetime) -> tuple[list[BudgetStanding], Refusal | None]:
    """Return how each budget of all of the organization stands, the first made first, and what was refused last."""
    budgets = list(live_budgets().filter(bounding_all_of(organization_id)).order_by("created_at", "pk"))
    if not budgets:
        return [], None
    # By budget and subject, as the index has them: of users' windows there may be very many.
    rows = current_windows(now).filter(budget__in=[budget.pk for budget in budgets], subject=organization_id)
    windows = {row.budget_id: row for row in rows}
    rates = rates_in_force(now.astimezone(dt.UTC).date())
    refusal = _newest_refusal(organization_id, now)
    found = [_standing(budget, windows.get(budget.pk), rates, refusal, now) for budget in budgets]
    return found, refusal if any(each.refused_last for each in found) else None


def exhausted_installation(now: dt.datetime) -> list[str]:
    """Return the names of everybody's budgets that admit nothing more; their figures are the operator's only."""
    budgets = live_budgets().filter(scope=Scope.SYSTEM.value, shadow=False)
    # By budget and subject, as the index has them.
    rows = current_windows(now).filter(budget_id__in=budgets.values("pk"), subject="")
    return [
        row.budget.name
        for row in rows.select_related("budget").order_by("pk")
        if row.spent + row.leased >= row.limit_amount
    ]


def fullest(found: Iterable[BudgetStanding], unit: BudgetUnit) -> BudgetStanding | None:
    """Return the daily budget of a unit that decides first; None: the organization has none that refuses."""
    daily = [
        each
        for each in found
        if each.budget.unit == unit and each.budget.period == Period.DAY and not each.budget.shadow
    ]
    return max(daily, key=lambda each: each.fullness, default=None)


def _standing(
    budget: Budget, window: Window | None, rates: dict[str, Decimal], refusal: Refusal | None, now: dt.datetime
) -> BudgetStanding:
    if window is None:
        rate = rates[budget.currency]
        amounts = limits(budget.unit, budget.limit, usd_rate=rate, multiplier=multiplier_of(budget))
        edge = edge_at(Period(budget.period), zone(budget.time_zone), now=now.timestamp())
        limit, hard, spent, held, ends_at = amounts.limit, amounts.hard, 0, 0, edge.ends_at
    else:
        rate = Decimal(window.usd_rate)
        limit, hard, spent, held = window.limit_amount, window.hard_limit, window.spent, window.leased
        ends_at = window.ends_at
    ends = None if ends_at is None else dt.datetime.fromtimestamp(ends_at, tz=dt.UTC)
    refused = refusal is not None and _is_by(refusal, budget, (limit, hard))
    return BudgetStanding(budget, limit, hard, spent, held, rate, ends, refused)


def _newest_refusal(organization_id: str, now: dt.datetime) -> Refusal | None:
    """Return the organization's newest request of the last day, if a budget refused it."""
    rows = RequestLog.objects.filter(organization_id=organization_id, occurred_at__gte=now - _DAY)
    newest = rows.order_by("-occurred_at", "-request_id").values("occurred_at", "error", "message").first()
    if newest is None or newest["error"] != LIMIT_EXCEEDED:
        return None
    return Refusal(newest["occurred_at"], newest["message"] or "")


def _is_by(refusal: Refusal, budget: Budget, known: tuple[int, int]) -> bool:
    """Say whether a budget said so, since its last reset and under the limit that it has now."""
    if budget.reset_at is not None and refusal.at < budget.reset_at:
        return False
    ours = refusal.message.startswith(f"Budget {budget.name!r}")
    return ours and any(f" allows {_as_refused(budget, limit)} per " in refusal.message for limit in known)


def _as_refused(budget: Budget, limit: int) -> str:
    """Return a limit in the words of `pipeline/shortage.py`."""
    if budget.unit == BudgetUnit.MONEY:
        return f"{nano_to_usd(NanoUsd(limit)).normalize():f} USD"
    return f"{limit} {budget.unit}"

"""Writes: what an organization may spend in a day, in money and in tokens; and starting its day anew, rule 23.

Its own admins set limits of their own beside those of the operator: requests are held against both, so that what the
operator allows is never lifted.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import NamedTuple

from django.utils import timezone

from headgate.control.audit.operations import record_about
from headgate.control.budgets.models import Budget, Source
from headgate.control.budgets.operations import change_limit, check_new, check_reason, open_budget, retire
from headgate.control.budgets.queries import current_windows, live_budgets
from headgate.control.budgets.spending import Subject
from headgate.control.budgets.today import bounding_all_of
from headgate.control.budgets.user_resets import UserReset, reset_each
from headgate.control.currencies.queries import USD
from headgate.control.organizations.models import Organization, User
from headgate.control.publication.operations import lock_publication
from headgate.domain.budget import BudgetUnit, Period, Scope

_NAMES = {BudgetUnit.MONEY: "cost", BudgetUnit.TOKENS: "tokens", BudgetUnit.REQUESTS: "requests"}


class DailyLimit(NamedTuple):
    """What may be spent in a day."""

    unit: BudgetUnit
    limit: Decimal | None
    """In the currency, or whole tokens; None: there is to be no limit."""
    currency: str = USD
    soft: bool | None = None
    """Whether critical tasks may go to the soft multiplier times the limit; None: as it is, and a new one may."""


def daily_budget(organization: Organization, unit: BudgetUnit, source: Source) -> Budget | None:
    """Return the budget that `set_daily_limits` changes for who sets budgets of that source; the oldest of several."""
    own = live_budgets().filter(organization=organization, scope=Scope.ORGANIZATION.value, period=Period.DAY.value)
    return own.filter(unit=unit.value, source=source, shadow=False).order_by("created_at", "pk").first()


def set_daily_limits(
    organization: Organization,
    wanted: Iterable[DailyLimit],
    *,
    source: Source,
    actor: User,
    now: dt.datetime | None = None,
) -> list[BudgetUnit]:
    """Open, change or retire the organization's daily budgets, so that they say what is wanted; all of it or nothing.

    Args:
        organization: whose.
        wanted: at most one per unit; units that are not named stay as they are.
        source: `ADMIN` for the operator's budgets, `ORGANIZATION` for those of its own admins.
        actor: who.
        now: when.

    Returns:
        The units of which something changed; the same call a second time changes nothing.

    Raises:
        ValidationError: naming the field (`limit`, `currency`) and the remedy.
    """
    at = now or timezone.now()
    changed: list[BudgetUnit] = []
    with lock_publication():
        found = [(daily_budget(organization, each.unit, source), each) for each in wanted]
        # In the order of their ids: the one in which draws lock windows, which begin with them.
        for budget, each in sorted(found, key=lambda pair: "" if pair[0] is None else pair[0].pk):
            if _set(organization, budget, each, source, actor, at):
                changed.append(each.unit)
    return changed


def check_daily_limit(organization: Organization, wanted: DailyLimit) -> None:
    """Refuse a limit that cannot be kept, before anything is changed.

    Raises:
        ValidationError: naming the field and the remedy.
    """
    if wanted.limit is not None:
        check_new(_new(organization, wanted, Source.ADMIN), timezone.now())


def reset_daily(
    organization: Organization,
    *,
    may: Callable[[Budget], bool],
    reset_id: str,
    reason: str,
    actor: User,
    now: dt.datetime | None = None,
) -> UserReset:
    """Start the current day of all of an organization's daily budgets anew, by a dated adjustment each.

    Args:
        organization: whose.
        may: whether who asks may reset a budget.
        reset_id: given by who asks, at most 60 characters: a second time does nothing.
        reason: why.
        actor: who.
        now: when.

    Raises:
        ValidationError: no reason.
    """
    check_reason(reason)
    at = now or timezone.now()
    with lock_publication():
        daily = live_budgets().filter(bounding_all_of(organization.pk), period=Period.DAY.value)
        windows = current_windows(at).filter(budget__in=daily, subject=organization.pk, spent__gt=0)
        return reset_each(
            daily,
            dict(windows.values_list("budget_id", "spent")),
            Subject(organization.pk, organization.pk),
            may=may,
            reset_id=reset_id,
            reason=reason,
            actor=actor,
            told={"organization": organization.pk},
            at=at,
        )


def _set(
    organization: Organization,
    budget: Budget | None,
    wanted: DailyLimit,
    source: Source,
    actor: User,
    at: dt.datetime,
) -> bool:
    if wanted.limit is None:
        if budget is not None:
            record_about(actor, "retired", retire(budget, now=at))
        return budget is not None
    if budget is None:
        return _open(_new(organization, wanted, source), actor, at)
    if budget.currency != wanted.currency:
        return _replace(organization, budget, wanted, source, actor, at)
    soft = budget.soft if wanted.soft is None else wanted.soft
    if (budget.limit, budget.soft) == (wanted.limit, soft):
        return False
    before = _said(budget)
    row = change_limit(budget, wanted.limit, soft=soft, now=at)
    record_about(actor, "changed", row, {"before": before, "after": _said(row)})
    return True


def _open(budget: Budget, actor: User, at: dt.datetime) -> bool:
    record_about(actor, "added", open_budget(budget, now=at), _said(budget))
    return True


def _replace(
    organization: Organization, budget: Budget, wanted: DailyLimit, source: Source, actor: User, at: dt.datetime
) -> bool:
    """A window keeps its currency: another currency is another budget, which counts from where this one did."""
    fresh = _new(organization, wanted, source)
    fresh.soft = budget.soft if wanted.soft is None else wanted.soft
    fresh.time_zone, fresh.reset_at = budget.time_zone, budget.reset_at
    fresh.clamp, fresh.top_up = budget.clamp, budget.top_up
    check_new(fresh, at)
    record_about(actor, "retired", retire(budget, now=at))
    return _open(fresh, actor, at)


def _new(organization: Organization, wanted: DailyLimit, source: Source) -> Budget:
    assert wanted.limit is not None
    whose = "Own daily" if source == Source.ORGANIZATION else "Daily"
    return Budget(
        organization=organization,
        name=f"{whose} {_NAMES[wanted.unit]}",
        scope=Scope.ORGANIZATION.value,
        period=Period.DAY.value,
        unit=wanted.unit.value,
        limit=wanted.limit,
        currency=wanted.currency if wanted.unit is BudgetUnit.MONEY else USD,
        soft=wanted.soft is not False,
        source=source,
    )


def _said(budget: Budget) -> dict[str, str]:
    counted = budget.currency if budget.unit == BudgetUnit.MONEY else budget.unit
    return {"limit": f"{budget.limit.normalize():f} {counted}", "soft": str(budget.soft)}

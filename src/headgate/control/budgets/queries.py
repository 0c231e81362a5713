"""Reads: budgets as the data plane knows them, and windows as they stand."""

import datetime as dt
from decimal import Decimal

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from headgate.control.budgets.limits import limits
from headgate.control.budgets.models import Budget, SubjectEpoch, Window
from headgate.control.budgets.spending import Subject, named
from headgate.control.currencies.queries import USD, literal, rates_in_force
from headgate.control.keys.models import VirtualKey
from headgate.domain.budget import BudgetId, BudgetUnit, Period, Scope
from headgate.ledger.calendar import calendar, calendar_id
from headgate.snapshot import contract

_OF_ONE_KEY = Q(scope=Scope.KEY.value) & ~Q(subject="")


def live_budgets() -> QuerySet[Budget]:
    """Return the budgets that are not retired."""
    return Budget.objects.filter(retired_at=None)


def published_budgets(now: dt.datetime) -> tuple[contract.Budget, ...]:
    """Return every budget but those of single keys, in a stable order; limits at the exchange rates of now."""
    return _published(live_budgets().exclude(_OF_ONE_KEY), now)


def budgets_of_key(key: VirtualKey) -> tuple[contract.Budget, ...]:
    """Return the budgets of this key alone."""
    return _published(live_budgets().filter(_OF_ONE_KEY, subject=key.pk), timezone.now())


def keys_with_converted_budgets() -> QuerySet[VirtualKey]:
    """Return the virtual keys that have to be published anew when exchange rates change."""
    converted = live_budgets().filter(_OF_ONE_KEY).exclude(currency=USD)
    return VirtualKey.objects.filter(pk__in=converted.values("subject"), revoked_at=None)


def published_calendars(now: dt.datetime) -> tuple[contract.Calendar, ...]:
    """Return the edges of every period and time zone in use, those of single keys' budgets included."""
    used = live_budgets().order_by("period", "time_zone").values_list("period", "time_zone").distinct()
    at = now.timestamp()
    return tuple(calendar(Period(period), time_zone, now=at) for period, time_zone in used)


def current_windows(now: dt.datetime) -> QuerySet[Window]:
    """Return the windows that requests are held in now: of this period, and of the newest epoch."""
    at = int(now.timestamp())
    newer = SubjectEpoch.objects.filter(
        budget_id=OuterRef("budget_id"),
        organization_id=OuterRef("organization_id"),
        subject=OuterRef("subject"),
        epoch__gt=OuterRef("epoch") - OuterRef("budget__epoch"),
    )
    running = Window.objects.filter(epoch__gte=F("budget__epoch"), starts_at__lte=at).filter(_not_ended(at))
    return running.exclude(Exists(newer))


def unended_windows(budget: Budget, now: dt.datetime) -> QuerySet[Window]:
    """Return the windows of a budget, of whatever epoch, that are not over, ascending by id."""
    return Window.objects.filter(_not_ended(int(now.timestamp())), budget=budget).order_by("pk")


def _not_ended(at: int) -> Q:
    return Q(ends_at=None) | Q(ends_at__gt=at)


def _published(budgets: QuerySet[Budget], now: dt.datetime) -> tuple[contract.Budget, ...]:
    rows = list(budgets.order_by("pk").prefetch_related("subject_epochs"))
    if not rows:
        return ()
    rates = rates_in_force(now.astimezone(dt.UTC).date())
    return tuple(published(row, rates[row.currency]) for row in rows)


def published(row: Budget, usd_rate: Decimal) -> contract.Budget:
    """Return a budget as the contract has it, with its limit at a rate."""
    amounts = limits(row.unit, row.limit, usd_rate=usd_rate, multiplier=multiplier_of(row))
    return contract.Budget(
        id=BudgetId(row.pk),
        organization_id=row.organization_id,
        name=row.name,
        scope=Scope(row.scope),
        subject=row.subject or None,
        period=Period(row.period),
        calendar=calendar_id(Period(row.period), row.time_zone),
        unit=BudgetUnit(row.unit),
        limit=amounts.limit,
        hard=amounts.hard,
        limit_version=row.limit_version,
        epoch=row.epoch,
        subject_epochs=_subject_epochs(row),
        currency=row.currency,
        usd_rate=literal(usd_rate),
        clamp=row.clamp,
        top_up=row.top_up,
        policy=row.policy_name or None,
        shadow=row.shadow,
    )


def multiplier_of(row: Budget) -> Decimal:
    """Return the hard limit over the limit."""
    return row.soft_multiplier if row.soft else Decimal(1)


def _subject_epochs(row: Budget) -> tuple[contract.SubjectEpoch, ...]:
    found = {
        str(named(row, Subject(each.organization_id, each.subject))): each.epoch for each in row.subject_epochs.all()
    }
    return tuple(contract.SubjectEpoch(subject, found[subject]) for subject in sorted(found))

"""Writes on windows, beside those of the data plane. Rule 9: whoever is no draw recomputes the excess.

Rows are locked in the order of their ids, like everywhere, and all of this comes last in its transaction: who draws
waits for these rows.
"""

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Collate, Greatest

from headgate.control.budgets.limits import limits
from headgate.control.budgets.models import Budget, Window
from headgate.control.budgets.queries import multiplier_of, published, unended_windows
from headgate.control.budgets.spending import Subject, named, posted
from headgate.control.currencies.queries import usd_rate
from headgate.domain.budget import Period
from headgate.ledger.calendar import edge_at, zone
from headgate.ledger.windows import window_id

_BATCH = 500


def open_windows(budget: Budget, now: dt.datetime) -> list[Window]:
    """Insert the current windows of a new budget or epoch, spent as the events posted so far say: rule 24."""
    edge = edge_at(Period(budget.period), zone(budget.time_zone), now=now.timestamp())
    contract = published(budget, usd_rate(budget.currency, on=now.astimezone(dt.UTC).date()))
    rows = [
        Window(
            id=window_id(budget.pk, budget.epoch, edge.label, named(budget, subject)),
            budget=budget,
            organization_id=subject.organization_id,
            scope=budget.scope,
            subject=subject.value,
            label=edge.label,
            epoch=budget.epoch,
            unit=budget.unit,
            starts_at=edge.starts_at,
            ends_at=edge.ends_at,
            limit_amount=contract.limit,
            hard_limit=contract.hard,
            limit_version=budget.limit_version,
            currency=budget.currency,
            usd_rate=contract.usd_rate,
            spent=spent,
            excess=max(0, spent - contract.hard),
        )
        for subject, spent in posted(budget, edge).items()
    ]
    return Window.objects.bulk_create(sorted(rows, key=lambda row: row.pk), batch_size=_BATCH)


def rewrite_limits(budget: Budget, now: dt.datetime) -> None:
    """Give the windows that are not over the budget's limit, at the rate that each of them was opened with."""
    rows = locked(unended_windows(budget, now))
    for rate in sorted({row.usd_rate for row in rows}):
        amounts = limits(budget.unit, budget.limit, usd_rate=Decimal(rate), multiplier=multiplier_of(budget))
        _update(
            (row.pk for row in rows if row.usd_rate == rate),
            limit_amount=amounts.limit,
            hard_limit=amounts.hard,
            limit_version=budget.limit_version,
            excess=Greatest(Value(0), F("spent") + F("leased") - Value(amounts.hard)),
        )


def recall(budget: Budget, now: dt.datetime) -> None:
    """Ask the workers to return what is free in the windows that are not over."""
    _update(row.pk for row in locked(unended_windows(budget, now)))


def recall_only(windows: Iterable[Window]) -> None:
    """Ask the workers to return what is free in these windows, which the caller has locked."""
    _update(row.pk for row in windows)


def change_spent(window: Window, amount: int) -> None:
    """Change what is spent in a window that the caller has locked."""
    spent = F("spent") + Value(amount)
    _update([window.pk], spent=spent, excess=Greatest(Value(0), spent + F("leased") - F("hard_limit")))


def locked(windows: QuerySet[Window]) -> list[Window]:
    """Lock windows in the order of their ids, as bytes: the one in which draws and ingest lock them."""
    order = Collate("pk", "C") if connection.vendor == "postgresql" else "pk"
    return list(windows.order_by(order).select_for_update(no_key=True))


def locked_by_id(ids: Iterable[str]) -> Iterator[Window]:
    """Lock windows of which there may be very many; in the same order."""
    wanted = sorted(ids)
    for start in range(0, len(wanted), _BATCH):
        yield from locked(Window.objects.filter(pk__in=wanted[start : start + _BATCH]))


def subject_of(window: Window) -> Subject:
    """Return whose window it is."""
    return Subject(window.organization_id, window.subject)


def _update(ids: Iterable[str], **values: Any) -> None:
    wanted = list(ids)
    for start in range(0, len(wanted), _BATCH):
        rows = Window.objects.filter(pk__in=wanted[start : start + _BATCH])
        rows.update(recall_gen=F("recall_gen") + 1, **values)

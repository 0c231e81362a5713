"""Writes: cost events and request log rows that are old enough go; their roll-ups stay.

They go only when the roll-ups have all of them. On Postgres a month goes as a table, on SQLite rows go in small
transactions, for whoever draws from a budget waits for the file meanwhile.
"""

import datetime as dt
from typing import NamedTuple

from django.db import connection, models, transaction
from django.db.models import Min
from django.utils import timezone

from headgate.control.ledger.models import CostEvent
from headgate.control.partitions import drop_months, months_before
from headgate.control.requestlog.models import RequestLog
from headgate.control.rollups.models import Removal
from headgate.control.rollups.queries import days_of_books, kept_from
from headgate.control.rollups.upserts import adapted
from headgate.control.rollups.verification import Difference, shortfalls
from headgate.control.sinks.models import Delivery

BATCH = 500
"""Rows that go in one transaction, where they go one by one."""
_BOOKS: tuple[type[models.Model], ...] = (CostEvent, RequestLog)


class Outcome(NamedTuple):
    """What became of old rows."""

    before: dt.date
    """What happened before was to go."""
    cost_events: int
    requests: int
    missing: list[Difference]
    """What the roll-ups lack; while there is anything, nothing goes."""


def remove_old_rows(days: int, now: dt.datetime) -> Outcome | None:
    """Remove rows that are older than so many days; on Postgres whole months of them.

    Returns:
        None when there are none.
    """
    before = _edge(days, now)
    span = days_of_books()
    if span is None or span[0] >= before:
        return None
    if missing := shortfalls(span[0], before):
        return Outcome(before, 0, 0, missing)
    # First of all: from here on nobody compares these days, or makes their roll-ups anew out of what is left of them.
    with transaction.atomic():
        removal = Removal.objects.create(removed_at=timezone.now(), before=_midnight(before), cost_events=0, requests=0)
    counts = [_remove(model, before) for model in _BOOKS]
    Removal.objects.filter(pk=removal.pk).update(cost_events=counts[0], requests=counts[1])
    return Outcome(before, counts[0], counts[1], [])


def _edge(days: int, now: dt.datetime) -> dt.date:
    """Return the first day that is kept: on Postgres the first of its month, and never one that a sink is to see."""
    before = now.astimezone(dt.UTC).date() - dt.timedelta(days=days)
    waiting: dt.datetime | None = Delivery.objects.filter(refusal=None).aggregate(oldest=Min("occurred_at"))["oldest"]
    if waiting is not None:
        before = min(before, waiting.astimezone(dt.UTC).date())
    kept = kept_from()
    if connection.vendor != "sqlite":
        before = before.replace(day=1)
    return max(before, kept.date()) if kept else before


def _remove(model: type[models.Model], before: dt.date) -> int:
    """Remove a table's rows; returns how many."""
    table = model._meta.db_table
    if connection.vendor != "sqlite":
        months = months_before(table, before)
        count = sum(_count(month) for month in months)
        drop_months(table, months)
        return count
    statement = f"DELETE FROM {table} WHERE rowid IN (SELECT rowid FROM {table} WHERE occurred_at < %s LIMIT {BATCH})"  # noqa: S608 - our names
    removed = 0
    while True:
        with connection.cursor() as cursor:
            cursor.execute(statement, [adapted(_midnight(before))])
            if not cursor.rowcount:
                return removed
            removed += cursor.rowcount


def _count(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT count(*) FROM {table}")  # noqa: S608 - our name
        row = cursor.fetchone()
        return int(row[0]) if row else 0


def _midnight(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)

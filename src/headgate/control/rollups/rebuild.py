"""Writes: roll-ups made anew from the books, a day at a time."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection, transaction

from headgate.control.ledger.models import CostEvent
from headgate.control.requestlog.models import RequestLog
from headgate.control.rollups.models import TrafficDay
from headgate.control.rollups.operations import write
from headgate.control.rollups.queries import days_of_books, days_of_rollups, kept_from
from headgate.control.rollups.tables import KINDS
from headgate.control.rollups.upserts import id_bounds, raise_rows, table_of
from headgate.ledger.rollups import (
    EVENT_COLUMNS,
    LOG_COLUMNS,
    TABLES,
    RollUp,
    Table,
    coarser,
    day_number,
    in_order,
    period_of_id,
    row_id,
)

_DAY = dt.timedelta(days=1)
_CHUNK = 5_000


def rebuild(
    since: dt.date | None = None, until: dt.date | None = None, *, done: Callable[[dt.date], object] = lambda _: None
) -> int:
    """Make the roll-ups of UTC days anew; of days whose rows are not kept any longer they stay as they are.

    Postings wait while a day is being made, a second for every 50,000 rows or so; nobody else does.

    Args:
        since: the first day; None: the oldest that has rows.
        until: the first day after; None: the day after the newest that has rows.
        done: called after each day.

    Returns:
        How many days were made.
    """
    span = days_of_books()
    if span is None:
        return 0
    first, last = span
    kept = kept_from()
    day = max(filter(None, (since or first, kept and kept.date())))
    count = 0
    while day < (until or last + _DAY):
        _rebuild_day(day)
        done(day)
        day += _DAY
        count += 1
    return count


def build_missing() -> int:
    """Make all roll-ups if there are none, or those that are added up from others: after the upgrade that brought them.

    Returns:
        How many days were made.
    """
    if not TrafficDay.objects.exists():
        return rebuild()
    return sum(_build_from_source(table) for table in TABLES if table.source is not None)


def _build_from_source(table: Table) -> int:
    """Make a table's days up to the oldest one that it has. From the newest on, so that it can go on after an end."""
    source, span = table.source, days_of_rollups()
    assert source is not None
    oldest = KINDS[source].objects.order_by("pk").values_list("pk", flat=True).first()
    made = KINDS[table].objects.order_by("pk").values_list("pk", flat=True).first()
    if span is None or oldest is None or (made and period_of_id(made) == period_of_id(oldest)):
        return 0
    first, day = span
    count = 0
    while day >= first:
        with transaction.atomic():
            _keep_postings_out()
            _remove(table, day)
            edges = (row_id(day_number(each)) for each in (day, day + _DAY))
            rows = KINDS[source].objects.filter(**dict(zip(("pk__gte", "pk__lt"), edges, strict=True))).order_by()
            values = rows.values_list("pk", *source.groups, *source.sums).iterator(chunk_size=_CHUNK)
            width = 1 + len(source.groups)
            finer = (((period_of_id(pk), *rest[: width - 1]), rest[width - 1 :]) for pk, *rest in values)
            raise_rows(table, in_order(coarser(table, finer)))
        day -= _DAY
        count += 1
    return count


def _rebuild_day(day: dt.date) -> None:
    start = dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)
    with transaction.atomic():
        _keep_postings_out()
        for table in TABLES:
            _remove(table, day)
        summed = RollUp()
        summed.add_events(_rows(CostEvent, EVENT_COLUMNS, start))
        summed.add_logs(_rows(RequestLog, LOG_COLUMNS, start))
        write(summed)


def _remove(table: Table, day: dt.date) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            f"DELETE FROM {table_of(table)} WHERE id >= %s AND id < %s",  # noqa: S608 - our name
            id_bounds(table, day, day + _DAY),
        )


def _keep_postings_out() -> None:
    """Wait for postings that have raised roll-ups, and let none do so: what is in the books now is all there is.

    A posting that comes meanwhile has rows that nobody sees yet, and raises what is made here when it is done.
    On SQLite the transaction has the database for itself.
    """
    if connection.vendor != "sqlite":
        with connection.cursor() as cursor:
            cursor.execute(f"LOCK TABLE {', '.join(map(table_of, TABLES))} IN SHARE ROW EXCLUSIVE MODE")


def _rows(model: Any, columns: tuple[str, ...], start: dt.datetime) -> Iterator[tuple[Any, ...]]:
    rows = model.objects.filter(occurred_at__gte=start, occurred_at__lt=start + _DAY).order_by()
    for at, *values in rows.values_list(*columns).iterator(chunk_size=_CHUNK):
        yield (at.timestamp(), *values)

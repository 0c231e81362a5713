"""Writes: roll-ups made anew from the books, a day at a time."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

from django.db import connection, transaction

from headgate.control.ledger.models import CostEvent
from headgate.control.requestlog.models import RequestLog
from headgate.control.rollups.models import TrafficDay
from headgate.control.rollups.operations import write
from headgate.control.rollups.queries import days_of_books, kept_from
from headgate.control.rollups.upserts import id_bounds, table_of
from headgate.ledger.rollups import EVENT_COLUMNS, LOG_COLUMNS, TABLES, RollUp

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
    """Make all roll-ups if there are none: after the upgrade that brought them. Returns how many days were made."""
    return 0 if TrafficDay.objects.exists() else rebuild()


def _rebuild_day(day: dt.date) -> None:
    start = dt.datetime.combine(day, dt.time(), tzinfo=dt.UTC)
    with transaction.atomic():
        _keep_postings_out()
        with connection.cursor() as cursor:
            for table in TABLES:
                cursor.execute(
                    f"DELETE FROM {table_of(table)} WHERE id >= %s AND id < %s",  # noqa: S608 - our name
                    id_bounds(table, day, day + _DAY),
                )
        summed = RollUp()
        summed.add_events(_rows(CostEvent, EVENT_COLUMNS, start))
        summed.add_logs(_rows(RequestLog, LOG_COLUMNS, start))
        write(summed)


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

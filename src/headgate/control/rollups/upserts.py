"""How roll-ups are written: rows that are there are raised, others inserted. Work for every request ever served.

Statements have a few fixed sizes, so that each is put together once, and both drivers' caches of prepared statements
serve all of them.
"""

import datetime as dt
from collections.abc import Sequence
from functools import cache, lru_cache
from typing import Any

from django.db import connection
from psycopg import RawCursor

from headgate.domain.money import LARGEST_NANO
from headgate.ledger.rollups import HISTOGRAM, Row, Table, day_number, row_id

_SIZES = (64, 16, 4, 1)
_EPOCH_DAY = dt.date(1970, 1, 1)
_HOUR_S = 3600


def table_of(table: Table) -> str:
    """Return the name of a roll-up's table."""
    return f"headgate_rollup_{table.name}"


def period_column(table: Table) -> str:
    """Return the column that says when."""
    return "day" if table.daily else "hour"


def raise_rows(table: Table, rows: Sequence[Row]) -> None:
    """Raise rows by sums. They are locked in the order in which they are given, which has to be that of their ids.

    Must be called inside a transaction.
    """
    if not rows:
        return
    connection.ensure_connection()
    raw: Any = connection.connection
    sqlite = connection.vendor == "sqlite"
    # Django's cursor for Postgres writes values into the statement, which costs more than all the rest.
    cursor = raw.cursor() if sqlite else RawCursor(raw)
    start = 0
    with connection.wrap_database_errors:
        for size in _SIZES:
            while len(rows) - start >= size:
                chunk = rows[start : start + size]
                values = [
                    value
                    for row in chunk
                    for value in (
                        row.id.hex if sqlite else row.id,
                        _period(table, row.period, sqlite=sqlite),
                        *row.group,
                        *row.sums,
                    )
                ]
                cursor.execute(_statement(table, size, sqlite), values)
                start += size


@cache
def _statement(table: Table, count: int, sqlite: bool) -> str:
    columns = ("id", period_column(table), *table.groups, *table.sums)
    width = len(columns)
    place = ("?{}" if sqlite else "${}").format
    numbers = range(1, count * width + 1)
    rows = (", ".join(map(place, numbers[start : start + width])) for start in range(0, count * width, width))
    raised = ", ".join(f"{name} = {_sum(table, name)}" for name in table.sums)
    # Only names of our own columns are put into the statement; every value is a parameter.
    return (
        f"INSERT INTO {table_of(table)} ({', '.join(columns)}) VALUES ({'), ('.join(rows)}) "  # noqa: S608
        f"ON CONFLICT (id) DO UPDATE SET {raised}"
    )


def _sum(table: Table, name: str) -> str:
    """Return what a column is raised to. A sum that a column cannot hold stops at its edge: nothing stops the books."""
    kept = f"{table_of(table)}.{name}"
    if name in HISTOGRAM:
        return f"{kept} + excluded.{name}"
    return f"CASE WHEN {kept} > {LARGEST_NANO} - excluded.{name} THEN {LARGEST_NANO} ELSE {kept} + excluded.{name} END"


def _period(table: Table, number: int, *, sqlite: bool) -> Any:
    moment = period_of(number, daily=table.daily)
    if not sqlite:
        return moment
    return _as_text(moment)


def period_of(number: int, *, daily: bool) -> dt.datetime | dt.date:
    """Return the hour or day of that number since 1970."""
    if daily:
        return _EPOCH_DAY + dt.timedelta(days=number)
    return dt.datetime.fromtimestamp(number * _HOUR_S, tz=dt.UTC)


@lru_cache(maxsize=64)
def _as_text(moment: dt.datetime | dt.date) -> str:
    """As Django writes it into SQLite: UTC, without saying so."""
    return str(moment.replace(tzinfo=None) if isinstance(moment, dt.datetime) else moment)


def id_bounds(table: Table, since: dt.date, until: dt.date) -> tuple[Any, Any]:
    """Return the least id of a day, and of a later one: what lies between is of the days from the one to the other."""
    periods = [day_number(day) * (1 if table.daily else 24) for day in (since, until)]
    first, end = map(row_id, periods)
    return (first.hex, end.hex) if connection.vendor == "sqlite" else (first, end)


def adapted(bound: dt.date | dt.datetime) -> Any:
    """Return a day or moment as the database compares it."""
    if isinstance(bound, dt.datetime):
        return connection.ops.adapt_datetimefield_value(bound)
    return connection.ops.adapt_datefield_value(bound)

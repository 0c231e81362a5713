"""Monthly partitions of the tables that grow for ever, on Postgres: a month is a table, and can go as one.

There is no partition for "everything else": rows that fell into it would keep their month from ever getting one. So a
month must have its partition before its first row is posted; `make_room` sees to it, whatever the row's date.
"""

import datetime as dt
from collections.abc import Callable, Iterable
from itertools import product
from typing import Any

from django.db import connection, transaction

PARTITIONED = ("headgate_cost_event", "headgate_request_log")
MONTHS_AHEAD = 3
_DAY_S = 86_400
_LOCK = 0x68656164_70617274
"""Of an advisory lock: two nodes must not make the same partition at once."""
_KNOWN_DAYS: set[int] = set()
"""Days since 1970 whose months have partitions, as far as this process knows."""

_PARTITION = """
    ALTER TABLE {table} RENAME TO {table}_plain;
    CREATE TABLE {table} (LIKE {table}_plain INCLUDING DEFAULTS INCLUDING CONSTRAINTS) PARTITION BY RANGE (occurred_at);
    ALTER TABLE {table} ALTER COLUMN {key} TYPE {key_type} COLLATE "C";
    ALTER TABLE {table} ADD PRIMARY KEY ({key}, occurred_at);
    DROP TABLE {table}_plain
"""
_PARTITIONS = """
    SELECT child.relname FROM pg_inherits JOIN pg_class child ON child.oid = inhrelid
    WHERE inhparent IN (SELECT to_regclass(name) FROM unnest(%s::text[]) AS name)
"""
# Attached rather than created as a partition: that would wait for every reader, and every posting for it.
_MAKE = """
    CREATE TABLE IF NOT EXISTS {table}_{month:%Y_%m} (LIKE {table} INCLUDING ALL);
    ALTER TABLE {table} ATTACH PARTITION {table}_{month:%Y_%m}
        FOR VALUES FROM ('{month:%Y-%m-%d} 00:00:00+00') TO ('{end:%Y-%m-%d} 00:00:00+00')
"""


def partition_by_month(app: str, model: str) -> Callable[[Any, Any], None]:
    """Return a migration step that partitions a new table by the month (in UTC) of `occurred_at`; nothing on SQLite.

    The primary key becomes (key, occurred_at), for Postgres wants the partition in it. Its key is compared byte by
    byte, as SQLite does it: a range of ids must not depend on the language that the database was made for. Indexes are
    to be added by later steps.
    """

    def forwards(apps: Any, schema_editor: Any) -> None:
        if schema_editor.connection.vendor == "sqlite":
            return
        options = apps.get_model(app, model)._meta
        # What Django still wants to index is the key for LIKE, which a key that is compared byte by byte does itself.
        schema_editor.deferred_sql = [
            later
            for later in schema_editor.deferred_sql
            if isinstance(later, str) or not later.references_table(options.db_table)
        ]
        words = {"key": options.pk.column, "key_type": options.pk.db_type(schema_editor.connection)}
        schema_editor.execute(_PARTITION.format(table=options.db_table, **words))

    return forwards


def make_room(moments: Iterable[float]) -> None:
    """Make the partitions that rows of these moments (epoch seconds) go to, where they are missing.

    Call it before the transaction that posts. What is known to be there is not asked for again; see `forget`.
    """
    if connection.vendor == "sqlite":
        return
    days = {int(moment // _DAY_S) for moment in moments} - _KNOWN_DAYS
    if days:
        _make_partitions({_first_of_month(dt.date(1970, 1, 1) + dt.timedelta(days=day)) for day in days})
        transaction.on_commit(lambda: _KNOWN_DAYS.update(days))


def make_months_around(today: dt.date) -> None:
    """Make the partitions of the last month, this one and the next three."""
    if connection.vendor == "sqlite":
        return
    month = _first_of_month(_first_of_month(today) - dt.timedelta(days=1))
    months = {month}
    for _ in range(1 + MONTHS_AHEAD):
        month = _next_month(month)
        months.add(month)
    _make_partitions(months)


def months_before(table: str, day: dt.date) -> list[str]:
    """Return the partitions of a table whose months are over before a day."""
    with connection.cursor() as cursor:
        existing = _existing(cursor)
    ends = {f"{table}_{month:%Y_%m}": _next_month(month) for month in map(_month_in, existing) if month is not None}
    return sorted(name for name, end in ends.items() if name in existing and end <= day)


def drop_months(table: str, partitions: Iterable[str]) -> None:
    """Drop partitions of a table. Must not be called in a transaction.

    They are detached first, which waits for nobody's reading and keeps nobody from posting.
    """
    for partition in partitions:
        with connection.cursor() as cursor:
            cursor.execute(f"ALTER TABLE {table} DETACH PARTITION {partition} CONCURRENTLY")
            cursor.execute(f"DROP TABLE {partition}")
    forget()


def forget() -> None:
    """Look again next time: somebody may have dropped a partition."""
    _KNOWN_DAYS.clear()


def _make_partitions(months: Iterable[dt.date]) -> None:
    wanted = {f"{table}_{month:%Y_%m}": (table, month) for table, month in product(PARTITIONED, sorted(months))}
    with connection.cursor() as cursor:
        if wanted.keys() <= _existing(cursor):
            return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_LOCK])
        for name in wanted.keys() - _existing(cursor):
            table, month = wanted[name]
            cursor.execute(_MAKE.format(table=table, month=month, end=_next_month(month)))


def _existing(cursor: Any) -> set[str]:
    cursor.execute(_PARTITIONS, [list(PARTITIONED)])
    return {name for (name,) in cursor.fetchall()}


def _month_in(partition: str) -> dt.date | None:
    """Return the month that a partition's name ends with."""
    year, _, month = partition[-7:].partition("_")
    return dt.date(int(year), int(month), 1) if year.isdecimal() and month.isdecimal() else None


def _first_of_month(day: dt.date) -> dt.date:
    return day.replace(day=1)


def _next_month(month: dt.date) -> dt.date:
    return _first_of_month(month + dt.timedelta(days=31))

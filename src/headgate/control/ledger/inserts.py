"""Bulk inserts of postings, past the ORM's per-field machinery: this is work for every request that was ever served.

How a column stores a value is asked of Django once per column, not once per value; statements have a few fixed sizes,
so that each is put together once, and SQLite's cache of prepared statements serves all of them.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from functools import cache, lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec
from django.db import connection, models
from psycopg import RawCursor

from headgate.control.partitions import PARTITIONED

_SIZES = (64, 16, 4, 1)
_encode_json = msgspec.json.Encoder().encode


class Insert(NamedTuple):
    """How one kind of posting goes into its table."""

    table: str
    key: str
    unique: str
    """What must not be there twice: the key, on Postgres together with the column that partitions the table."""
    columns: str
    place: Callable[[int], str]
    """The placeholder of a parameter, numbered from 1, in the words of the connection's driver."""
    values_of: Callable[[Any], tuple[Any, ...]]
    moments: tuple[int, ...]
    documents: tuple[int, ...]
    texts: tuple[int, ...]

    def rows(self, postings: Sequence[msgspec.Struct]) -> Iterator[list[Any]]:
        """Values as the database stores them."""
        store_moment = _moment_as_text if connection.vendor == "sqlite" else _moment
        for posting in postings:
            row = list(self.values_of(posting))
            for index in self.moments:
                row[index] = store_moment(row[index])
            for index in self.documents:
                if row[index] is not None:
                    row[index] = _encode_json(row[index]).decode()
            for index in self.texts:
                value = row[index]
                if value is None:
                    continue
                if value.__class__ is not str:
                    row[index] = value = str(value)
                if "\0" in value:
                    # Postgres takes every character but this one, and nothing that a caller writes may stop the books.
                    row[index] = value.replace("\0", "\N{REPLACEMENT CHARACTER}")
            yield row


def insert_once(
    model: type[models.Model], posting: type[msgspec.Struct], postings: Sequence[msgspec.Struct]
) -> frozenset[str]:
    """Insert postings that are not there yet; return the primary keys of those that were inserted.

    Must be called inside a transaction.
    """
    if not postings:
        return frozenset()
    connection.ensure_connection()
    raw: Any = connection.connection
    # Django's cursor for Postgres writes values into the statement, which costs more than all the rest of a posting.
    cursor = raw.cursor() if connection.vendor == "sqlite" else RawCursor(raw)
    insert = _insert(model, posting, connection.vendor)
    rows = list(insert.rows(postings))
    inserted: set[str] = set()
    start = 0
    with connection.wrap_database_errors:
        for size in _SIZES:
            while len(rows) - start >= size:
                values = [value for row in rows[start : start + size] for value in row]
                inserted.update(str(row[0]) for row in cursor.execute(_statement(insert, size), values).fetchall())
                start += size
    return frozenset(inserted)


@cache
def _statement(insert: Insert, count: int) -> str:
    """Insert so many rows that are not there yet; answers with the keys of those that were inserted."""
    width = insert.columns.count(",") + 1
    numbers = range(1, count * width + 1)
    rows = (", ".join(map(insert.place, numbers[start : start + width])) for start in range(0, count * width, width))
    # Only names of our own columns are put into the statement; every value is a parameter.
    return (
        f"INSERT INTO {insert.table} ({insert.columns}) VALUES ({'), ('.join(rows)}) "  # noqa: S608
        f"ON CONFLICT ({insert.unique}) DO NOTHING RETURNING {insert.key}"
    )


@cache
def _insert(model: type[models.Model], posting: type[msgspec.Struct], vendor: str) -> Insert:
    names = posting.__struct_fields__
    fields = [next(field for field in model._meta.concrete_fields if field.column == name) for name in names]
    quote = connection.ops.quote_name
    key = quote(str(model._meta.pk.column))
    partitioned = vendor != "sqlite" and model._meta.db_table in PARTITIONED
    return Insert(
        table=quote(model._meta.db_table),
        key=key,
        unique=f"{key}, {quote('occurred_at')}" if partitioned else key,
        columns=", ".join(quote(name) for name in names),
        place="?{}".format if vendor == "sqlite" else "${}".format,
        values_of=attrgetter(*names),
        moments=_positions(fields, models.DateTimeField),
        documents=_positions(fields, models.JSONField),
        texts=_positions(fields, models.CharField, models.TextField, models.ForeignKey),
    )


def _positions(fields: "list[models.Field[Any, Any]]", *kinds: type) -> tuple[int, ...]:
    return tuple(index for index, field in enumerate(fields) if isinstance(field, kinds))


def _moment(epoch_seconds: float) -> dt.datetime:
    return dt.datetime.fromtimestamp(epoch_seconds, tz=dt.UTC)


def _moment_as_text(epoch_seconds: float) -> str:
    """As Django writes moments into SQLite: UTC, without saying so."""
    second, fraction = divmod(round(epoch_seconds * 1_000_000), 1_000_000)
    return f"{_second_as_text(second)}.{fraction:06d}" if fraction else _second_as_text(second)


@lru_cache(maxsize=64)
def _second_as_text(epoch_second: int) -> str:
    return str(dt.datetime.fromtimestamp(epoch_second, tz=dt.UTC).replace(tzinfo=None))

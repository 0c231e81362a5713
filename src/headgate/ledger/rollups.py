"""Roll-ups: sums of cost events and request log rows per hour or day and group, made from the rows that are posted.

Each table has the groups that somebody asks for together (decisions 0015 and 0018). A sum is a list of integers, so
that adding up is exact and independent of the order.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any, NamedTuple
from uuid import UUID

from headgate.domain.outcome import Outcome
from headgate.ledger.latency import BUCKETS, bucket_of

COUNTS = (
    "requests",
    "errors",
    "refused",
    "timed",
    "latency_us",
    "attempts",
    "charged",
    "estimated",
    "unpriced",
    "amount_nano",
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
)
"""What is summed up: the first five of requests, the others of attempts."""
HISTOGRAM = tuple(f"b{bucket:02}" for bucket in range(BUCKETS))
"""Columns of the buckets of latencies."""
EVENT_COLUMNS = (
    "occurred_at",
    "organization_id",
    "end_user",
    "team",
    "project",
    "app",
    "client",
    "agent",
    "key_id",
    "provider",
    "original_model",
    "task",
    "endpoint",
    "outcome",
    "amount_nano",
    "estimated",
    "prompt_tokens",
    "completion_tokens",
    "total_tokens",
)
"""What a cost event is summed up from."""
LOG_COLUMNS = (*EVENT_COLUMNS[:14], "error", "latency_ms")
"""What a row of the request log is summed up from."""
ANSWERED_ESTIMATES = frozenset({"usage_missing", "usage_unbelievable", "cut_short"})
"""Why a request is booked at its hold although its client got a whole answer."""
LONGEST_LABEL = 250
"""Characters: a longer value has its end replaced by a digest, for what is indexed has a bound."""
_HOUR_US = 3_600_000_000
_EPOCH_DAY = dt.date(1970, 1, 1)
_DIMENSIONS = 13
"""So many columns, the moment included, say when and whose; what is counted follows."""
_DIGEST_BYTES = 12
_CHARGED = (Outcome.OK, Outcome.ESTIMATED)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Table:
    """One kind of roll-up. Each is itself alone: nothing compares its columns."""

    name: str
    """Of its table in the database, without the common prefix."""
    daily: bool
    """Per UTC day; else per hour."""
    groups: tuple[str, ...]
    """Columns, beside the hour or the day, that tell its rows apart."""
    sums: tuple[str, ...]
    """Columns that are summed up."""
    source: "Table | None" = None
    """A finer table of the same days, whose rows it adds up; None: it adds up the books."""


TRAFFIC = ("organization_id", "provider", "model", "endpoint", "task")
TRAFFIC_HOUR = Table(name="traffic_hour", daily=False, groups=TRAFFIC, sums=COUNTS + HISTOGRAM)
TRAFFIC_DAY = Table(name="traffic_day", daily=True, groups=TRAFFIC, sums=COUNTS + HISTOGRAM)
USER_HOUR = Table(name="user_hour", daily=False, groups=("organization_id", "end_user"), sums=COUNTS)
USER_LATENCY = Table(
    name="user_latency", daily=True, groups=("organization_id", "end_user", "bucket"), sums=("requests",)
)
SPEND_DAY = Table(
    name="spend_day",
    daily=True,
    groups=(
        "organization_id",
        "end_user",
        "team",
        "project",
        "app",
        "client",
        "agent",
        "key_id",
        "provider",
        "model",
        "task",
        "endpoint",
    ),
    sums=COUNTS,
)
CALLED_DAY = Table(name="called_day", daily=True, groups=TRAFFIC[1:], sums=TRAFFIC_DAY.sums, source=TRAFFIC_DAY)
USER_DAY = Table(name="user_day", daily=True, groups=USER_HOUR.groups, sums=COUNTS, source=SPEND_DAY)
TABLES = (TRAFFIC_HOUR, TRAFFIC_DAY, USER_HOUR, USER_LATENCY, SPEND_DAY, CALLED_DAY, USER_DAY)
"""In the order in which they are written, which is the same for everybody who writes them."""

Group = tuple[Any, ...]
"""Number of the hour or day since 1970, and the values of a table's groups."""


class Row(NamedTuple):
    """What one group is to be raised by."""

    id: UUID
    """Of the row: the same for the same group, whoever sums up."""
    period: int
    """Number of the hour or day since 1970."""
    group: tuple[Any, ...]
    sums: list[int]


class RollUp:
    """Adds rows up: first to one sum for all that is alike, then to the rows of each table."""

    def __init__(self) -> None:
        """There is nothing yet."""
        self._alike: dict[Group, list[int]] = {}
        self._latencies: dict[Group, dict[int, int]] = {}

    def add_events(self, events: Iterable[tuple[Any, ...]]) -> None:
        """Add cost events, as the values of `EVENT_COLUMNS`; `occurred_at` in epoch seconds."""
        alike = self._alike
        for values in events:
            outcome, amount, estimated, prompt, completion, total = values[_DIMENSIONS:]
            key = (round(values[0] * 1_000_000) // _HOUR_US, *values[1:_DIMENSIONS])
            sums = alike.get(key)
            if sums is None:
                sums = alike[key] = [0] * len(COUNTS)
            sums[5] += 1
            if outcome in _CHARGED:
                sums[6] += 1
            if estimated:
                sums[7] += 1
            if amount is None:
                sums[8] += 1
            else:
                sums[9] += amount
            if total is not None:
                sums[10] += prompt
                sums[11] += completion
                sums[12] += total

    def add_logs(self, logs: Iterable[tuple[Any, ...]]) -> None:
        """Add rows of the request log, as the values of `LOG_COLUMNS`; `occurred_at` in epoch seconds."""
        alike, latencies = self._alike, self._latencies
        for values in logs:
            outcome, error, latency_ms = values[_DIMENSIONS:]
            key = (round(values[0] * 1_000_000) // _HOUR_US, *values[1:_DIMENSIONS])
            sums = alike.get(key)
            if sums is None:
                sums = alike[key] = [0] * len(COUNTS)
            sums[0] += 1
            if outcome == Outcome.REFUSED:
                sums[2] += 1
                continue
            if failed(outcome, error):
                sums[1] += 1
            if latency_ms is not None:
                latency_us = round(latency_ms * 1000)
                sums[3] += 1
                sums[4] += latency_us
                counts = latencies.setdefault(key, {})
                bucket = bucket_of(latency_us)
                counts[bucket] = counts.get(bucket, 0) + 1

    def rows(self) -> dict[Table, list[Row]]:
        """Return what the rows of each table are to be raised by, ascending by id: who writes locks in this order."""
        tables: dict[Table, dict[Group, list[int]]] = {table: {} for table in TABLES}
        for key, sums in self._alike.items():
            counts = self._latencies.get(key, {})
            for table, group in _groups(key):
                row = tables[table].get(group)
                if row is None:
                    row = tables[table][group] = [0] * len(table.sums)
                for position, value in enumerate(sums):
                    row[position] += value
                if table.sums is not COUNTS:
                    for bucket, count in counts.items():
                        row[len(COUNTS) + bucket] += count
                elif table is USER_HOUR:
                    _count_latencies(tables[USER_LATENCY], group, counts)
        for table in TABLES:
            if table.source is not None:
                tables[table] = coarser(table, tables[table.source].items())
        return {table: in_order(rows) for table, rows in tables.items()}


def coarser(table: Table, rows: Iterable[tuple[Group, Sequence[int]]]) -> dict[Group, list[int]]:
    """Add rows of a table's source up to rows of the table."""
    assert table.source is not None
    kept = [0, *(1 + table.source.groups.index(name) for name in table.groups)]
    found: dict[Group, list[int]] = {}
    for finer, sums in rows:
        group = tuple([finer[position] for position in kept])
        row = found.get(group)
        found[group] = list(sums) if row is None else [one + other for one, other in zip(row, sums, strict=True)]
    return found


def in_order(rows: Mapping[Group, list[int]]) -> list[Row]:
    """Name rows, and return them ascending by id."""
    return sorted([Row(row_id(key[0], key[1:]), key[0], key[1:], sums) for key, sums in rows.items()])


def _groups(key: Group) -> list[tuple[Table, Group]]:
    """Return the tables that something alike belongs to, and its group in each."""
    hour = key[0]
    whole = tuple([None if value is None else label(value) for value in key[1:]])
    organization, user, *_, provider, model, task, endpoint = whole
    traffic = (organization, provider, model, endpoint, task)
    found: list[tuple[Table, Group]] = [
        (TRAFFIC_HOUR, (hour, *traffic)),
        (TRAFFIC_DAY, (hour // 24, *traffic)),
        (SPEND_DAY, (hour // 24, *whole)),
    ]
    if user is not None:
        found.append((USER_HOUR, (hour, organization, user)))
    return found


def _count_latencies(rows: dict[Group, list[int]], user_hour: Group, counts: Mapping[int, int]) -> None:
    """Count the latencies of a user's hour in that day's row of each bucket."""
    hour, organization, user = user_hour
    for bucket, count in counts.items():
        group = (hour // 24, organization, user, bucket)
        row = rows.get(group)
        if row is None:
            rows[group] = [count]
        else:
            row[0] += count


def failed(outcome: str, error: str | None) -> bool:
    """Say whether a request that we let through did not get its answer, whosever fault it was."""
    if outcome == Outcome.ESTIMATED:
        return error not in ANSWERED_ESTIMATES
    return outcome not in {Outcome.OK, Outcome.REFUSED}


def label(value: str) -> str:
    """Return a value as it stands in roll-ups: with a bound, and without the character that Postgres refuses."""
    # As the raw row has it.
    kept = value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if len(kept) <= LONGEST_LABEL:
        return kept
    digest = blake2b(kept.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"{kept[: LONGEST_LABEL - len(digest) - 1]}~{digest}"


def day_number(day: dt.date) -> int:
    """Return the number of a day since 1970."""
    return (day - _EPOCH_DAY).days


def row_id(period: int, group: Sequence[Any] | None = None) -> UUID:
    """Name a row: its period in front, so that rows of one time lie together, and a digest of its group.

    Without a group it is the id that all rows of the period, and of later ones, are not below.
    """
    start = period.to_bytes(4, "big")
    if group is None:
        return UUID(bytes=start + bytes(_DIGEST_BYTES))
    words = "".join(["-" if word is None else f"{len(text := str(word))}:{text}" for word in group])
    digest = blake2b(words.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_BYTES).digest()
    return UUID(bytes=start + digest)


def period_of_id(name: UUID) -> int:
    """Return the number of the hour or day of a row."""
    return int.from_bytes(name.bytes[:4], "big")

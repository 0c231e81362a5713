"""Roll-ups: sums of cost events and request log rows per hour or day and group, made from the rows that are posted.

There are five tables, each with the groups that somebody asks for together (decision 0015). A sum is a list of
integers, so that adding up is exact and independent of the order.
"""

from collections.abc import Iterable, Mapping
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
_DAY_US = 24 * _HOUR_US
_ATTEMPTS = COUNTS.index("attempts")
_CHARGED = (Outcome.OK, Outcome.ESTIMATED)


class Table(NamedTuple):
    """One kind of roll-up."""

    name: str
    """Of its table in the database, without the common prefix."""
    daily: bool
    """Per UTC day; else per hour."""
    groups: tuple[str, ...]
    """Columns, beside the hour or the day, that tell its rows apart."""
    sums: tuple[str, ...]
    """Columns that are summed up."""


TRAFFIC = ("organization_id", "provider", "model", "endpoint", "task")
TRAFFIC_HOUR = Table("traffic_hour", daily=False, groups=TRAFFIC, sums=COUNTS + HISTOGRAM)
TRAFFIC_DAY = Table("traffic_day", daily=True, groups=TRAFFIC, sums=COUNTS + HISTOGRAM)
USER_HOUR = Table("user_hour", daily=False, groups=("organization_id", "end_user"), sums=COUNTS)
USER_LATENCY = Table("user_latency", daily=True, groups=("organization_id", "end_user", "bucket"), sums=("requests",))
SPEND_DAY = Table(
    "spend_day",
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
TABLES = (TRAFFIC_HOUR, TRAFFIC_DAY, USER_HOUR, USER_LATENCY, SPEND_DAY)
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
    """Adds rows up. What it has is given per table, in the order of the ids."""

    def __init__(self) -> None:
        """There is nothing yet."""
        self._rows: Mapping[Table, dict[Group, list[int]]] = {table: {} for table in TABLES}

    def add_events(self, events: Iterable[tuple[Any, ...]]) -> None:
        """Add cost events, as the values of `EVENT_COLUMNS`; `occurred_at` in epoch seconds."""
        for at, *dimensions, outcome, amount, estimated, prompt, completion, total in events:
            sums = (
                1,
                1 if outcome in _CHARGED else 0,
                1 if estimated else 0,
                1 if amount is None else 0,
                amount or 0,
                prompt or 0,
                completion or 0,
                total or 0,
            )
            self._add(at, dimensions, _ATTEMPTS, sums, None)

    def add_logs(self, logs: Iterable[tuple[Any, ...]]) -> None:
        """Add rows of the request log, as the values of `LOG_COLUMNS`; `occurred_at` in epoch seconds."""
        for at, *dimensions, outcome, error, latency_ms in logs:
            refused = outcome == Outcome.REFUSED
            timed = latency_ms is not None and not refused
            latency_us = round(latency_ms * 1000) if latency_ms is not None and timed else 0
            sums = (1, 1 if failed(outcome, error) else 0, 1 if refused else 0, 1 if timed else 0, latency_us)
            self._add(at, dimensions, 0, sums, bucket_of(latency_us) if timed else None)

    def rows(self, table: Table) -> list[Row]:
        """Return what a table's rows are to be raised by, ascending by id: whoever writes locks in this order."""
        found = [Row(_id(key), key[0], key[1:], sums) for key, sums in self._rows[table].items()]
        return sorted(found)

    def _add(self, at: float, dimensions: list[Any], start: int, sums: tuple[int, ...], bucket: int | None) -> None:
        moment_us = round(at * 1_000_000)
        hour, day = moment_us // _HOUR_US, moment_us // _DAY_US
        whole = tuple([None if value is None else label(value) for value in dimensions])
        organization, user, *_, provider, model, task, endpoint = whole
        traffic = (organization, provider, model, endpoint, task)
        for table, period in ((TRAFFIC_HOUR, hour), (TRAFFIC_DAY, day)):
            row = self._sum(table, (period, *traffic), start, sums)
            if bucket is not None:
                row[len(COUNTS) + bucket] += 1
        self._sum(SPEND_DAY, (day, *whole), start, sums)
        if user is not None:
            self._sum(USER_HOUR, (hour, organization, user), start, sums)
            if bucket is not None:
                self._sum(USER_LATENCY, (day, organization, user, bucket), 0, (1,))

    def _sum(self, table: Table, key: Group, start: int, sums: tuple[int, ...]) -> list[int]:
        rows = self._rows[table]
        row = rows.get(key)
        if row is None:
            row = rows[key] = [0] * len(table.sums)
        for position, value in enumerate(sums, start):
            row[position] += value
        return row


def failed(outcome: str, error: str | None) -> bool:
    """Say whether a request that we let through did not get its answer, whosever fault it was."""
    if outcome == Outcome.ESTIMATED:
        return error not in ANSWERED_ESTIMATES
    return outcome not in {Outcome.OK, Outcome.REFUSED}


def label(value: str) -> str:
    """Return a value as it stands in roll-ups: with a bound, and without the character that Postgres refuses."""
    # As the raw row has it.
    kept = str(value).replace("\0", "\N{REPLACEMENT CHARACTER}")
    if len(kept) <= LONGEST_LABEL:
        return kept
    digest = blake2b(kept.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
    return f"{kept[: LONGEST_LABEL - len(digest) - 1]}~{digest}"


def _id(key: Group) -> UUID:
    """Name a row: its period in front, so that rows of one time lie together, and a digest of its group."""
    words = "".join(["-" if word is None else f"{len(text := str(word))}:{text}" for word in key[1:]])
    digest = blake2b(words.encode("utf-8", "surrogatepass"), digest_size=12).digest()
    return UUID(bytes=key[0].to_bytes(4, "big", signed=True) + digest)

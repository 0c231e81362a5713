"""Reads: roll-ups, for whoever shows them. Every function says whose rows it reads; none reads others'.

    seen = Seen(organizations=frozenset({organization.pk}))
    span = Span.last_days(7, now)
    totals(seen, span).cost_usd
    breakdown(seen, span, ("provider",))
    series(seen, span, Interval.DAY, now=now)

Days are UTC days.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, NamedTuple, Self

from django.db.models import F, Max, Min, Q, QuerySet, Sum

from headgate.control.ledger.models import CostEvent
from headgate.control.requestlog.models import RequestLog
from headgate.control.rollups.figures import Figures
from headgate.control.rollups.models import Removal, TrafficDay, UserDay
from headgate.control.rollups.tables import KINDS
from headgate.domain.money import NanoUsd
from headgate.ledger.latency import BUCKETS
from headgate.ledger.rollups import (
    CALLED_DAY,
    COUNTS,
    HISTOGRAM,
    SPEND_DAY,
    TRAFFIC,
    TRAFFIC_DAY,
    TRAFFIC_HOUR,
    USER_DAY,
    USER_HOUR,
    USER_LATENCY,
    Table,
    day_number,
    label,
    row_id,
)

DIMENSIONS = {
    "organization": "organization_id",
    "user": "end_user",
    "team": "team",
    "project": "project",
    "app": "app",
    "client": "client",
    "agent": "agent",
    "key": "key_id",
    "provider": "provider",
    "model": "model",
    "task": "task",
    "endpoint": "endpoint",
}
"""What can be asked for, and the column that it is in."""
CALLED = ("provider", "model", "task", "endpoint")
"""What tells requests apart by what was asked of whom."""
DAY = "day"
"""What lines of a breakdown can be of, too."""
TRAFFIC_DIMENSIONS = tuple(name for name, column in DIMENSIONS.items() if column in TRAFFIC)
"""Those that have latencies in buckets, together or alone; the user has them alone."""
MOST_DAYS_WITH_LATENCIES = 31
MOST_PICKED = 101
"""So many users at most are looked up one by one."""
_SMALLEST = {False: (TRAFFIC_HOUR, USER_HOUR), True: (CALLED_DAY, TRAFFIC_DAY, USER_DAY, SPEND_DAY)}
"""Tables by the hour and by the day, the one with the fewest rows first."""
_DAY = dt.timedelta(days=1)
_HOUR = dt.timedelta(hours=1)


class Seen(NamedTuple):
    """Whose rows are read."""

    organizations: frozenset[str] | None
    """Ids; None: all of them, for the installation's operator."""
    user: str | None = None
    """External id of the only user whose rows are read; None: everybody's."""


class Span(NamedTuple):
    """UTC days, from the first to before the last."""

    since: dt.date
    until: dt.date

    @classmethod
    def last_days(cls, days: int, now: dt.datetime) -> Self:
        """Return today and the days before it, so many together."""
        until = now.astimezone(dt.UTC).date() + _DAY
        return cls(until - days * _DAY, until)

    @classmethod
    def month_of(cls, now: dt.datetime) -> Self:
        """Return the UTC month, up to today."""
        today = now.astimezone(dt.UTC).date()
        return cls(today.replace(day=1), today + _DAY)


class Interval(StrEnum):
    """How long each point of a series is. Weeks begin on Monday; the first and the last may be cut."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


class Point(NamedTuple):
    """One stretch of a series."""

    start: dt.datetime
    figures: Figures


class Line(NamedTuple):
    """One line of a breakdown."""

    values: tuple[Any, ...]
    """Of the dimensions that were asked for; None: not given. A day is a date."""
    figures: Figures


class Overview(NamedTuple):
    """A span at a glance."""

    whole: Figures
    by: dict[str, list[Line]]
    """For each of `CALLED`, the most expensive first."""


Where = Mapping[str, str | None]
"""Dimension -> the value that rows must have; None: they have none."""


def totals(seen: Seen, span: Span, where: Where | None = None, *, latencies: bool = True) -> Figures:
    """Return the sums of a span; without latencies, where nobody reads them, in a quarter of the time."""
    table = _table(_needed(seen, where), hourly=False)
    figures = Figures.of_row(_rows(table, seen, span, where).aggregate(**_sums(table, latencies=latencies)))
    return _with_latencies_of_user(figures, seen, span, where) if latencies else figures


def series(seen: Seen, span: Span, interval: Interval, *, now: dt.datetime, where: Where | None = None) -> list[Point]:
    """Return a point for every stretch of a span up to now, also where nothing happened.

    Latencies come with spans of up to `MOST_DAYS_WITH_LATENCIES` days: they take four times as long to read.

    Raises:
        ValueError: sums by the hour are kept for a user, or by provider, model, task and endpoint, but not for both.
    """
    hourly = interval is Interval.HOUR
    table = _table(_needed(seen, where), hourly=hourly)
    period = "hour" if hourly else "day"
    latencies = (span.until - span.since).days <= MOST_DAYS_WITH_LATENCIES
    groups = _rows(table, seen, span, where).order_by().values(period)
    found = {_moment(row[period]): Figures.of_row(row) for row in groups.annotate(**_sums(table, latencies=latencies))}
    nothing = _nothing(table) if latencies else Figures()
    step = _HOUR if hourly else _DAY
    start, end = _moment(span.since), min(_moment(span.until), now)
    points = []
    while start < end:
        points.append(Point(start, found.get(start, nothing)))
        start += step
    return _by_week(points) if interval is Interval.WEEK else points


def breakdown(
    seen: Seen,
    span: Span,
    by: Sequence[str],
    *,
    where: Where | None = None,
    named_only: bool = False,
    latencies: bool = True,
    only: Sequence[str] | None = None,
    order: str = "amount_nano",
    limit: int | None = None,
    offset: int = 0,
) -> list[Line]:
    """Return the sums of a span for each combination of dimensions, the largest first.

    Args:
        seen: whose rows.
        span: of which days.
        by: names of `DIMENSIONS`, or `DAY`.
        where: what the rows must have.
        named_only: leave out what belongs to no user, where users are told apart.
        latencies: read them too, where they are kept; it takes four times as long.
        only: the sums that are read, `order` among them; the others are 0. None: all.
        order: the sum that they are sorted by, then by the dimensions' own values.
        limit: how many lines at most.
        offset: how many lines are left out before.
    """
    columns = [name if name == DAY else DIMENSIONS[name] for name in by]
    needed = (_needed(seen, where) | set(columns)) - {DAY}
    table = _table(needed, hourly=False)
    rows = _rows(table, seen, span, where)
    if named_only and "end_user" in columns:
        rows = rows.exclude(end_user=None)
    sorting = (F(order).desc(), *(F(column).asc(nulls_last=True) for column in columns))
    end = None if limit is None else offset + limit
    if table is USER_DAY and limit is not None and limit <= MOST_PICKED:
        # Users are many: who they are is found out by one sum, and only their own rows are added up whole.
        largest = _groups(rows, sorted(columns), [order]).order_by(*sorting)
        picked = [tuple(row[column] for column in columns) for row in largest[offset:end]]
        lines = {
            line.values: line for line in _lines(_groups(_of_any(rows, columns, picked), columns, COUNTS), columns)
        }
        return [lines[values] for values in picked]
    sums = only or (table.sums if latencies else COUNTS)
    groups = _groups(rows, columns, sums).order_by(*sorting)
    return _lines(groups[offset:end], columns)


def _groups(rows: QuerySet[Any], columns: Sequence[str], sums: Sequence[str]) -> QuerySet[Any]:
    groups: QuerySet[Any] = rows.order_by().values(*columns).annotate(**{name: Sum(name) for name in sums})
    return groups


def _lines(groups: QuerySet[Any], columns: Sequence[str]) -> list[Line]:
    return [Line(tuple(row[column] for column in columns), Figures.of_row(row)) for row in groups]


def _of_any(rows: QuerySet[Any], columns: Sequence[str], picked: Sequence[tuple[Any, ...]]) -> QuerySet[Any]:
    """Return rows with values that occur in what was picked: all of its rows, and some more."""
    for position, column in enumerate(columns):
        values = {each[position] for each in picked}
        nothing = Q(**{column: None}) if None in values else Q()
        rows = rows.filter(nothing | Q(**{f"{column}__in": values - {None}}))
    return rows


def overview(seen: Seen, span: Span) -> Overview:
    """Return the sums of a span, and its breakdowns by what was called, read at once."""
    found = breakdown(seen, span, CALLED)
    whole = added([line.figures for line in found]) if found else _nothing(_table(_needed(seen, None), hourly=False))
    by = {name: _folded(found, position) for position, name in enumerate(CALLED)}
    return Overview(_with_latencies_of_user(whole, seen, span, None), by)


def top_spenders(seen: Seen, span: Span, limit: int = 10) -> list[Line]:
    """Return the users who spent most, by organization and external id."""
    return breakdown(seen, span, ("organization", "user"), named_only=True, limit=limit)


def organizations_of_user(seen: Seen, user: str, limit: int = 2) -> list[str]:
    """Return organizations, among those that may be seen, in which a user of that external id ever asked."""
    rows = UserDay.objects.filter(end_user=label(user))
    if seen.organizations is not None:
        rows = rows.filter(organization_id__in=seen.organizations)
    return list(rows.order_by("organization_id").values_list("organization_id", flat=True).distinct()[:limit])


class Spend(NamedTuple):
    """What a user spent, without what has no price."""

    day: NanoUsd
    month: NanoUsd


def spend_of_users(seen: Seen, now: dt.datetime) -> dict[tuple[str, str], Spend]:
    """Return what each user who asked this UTC month has spent today and this month, by organization and external id.

    Long ids are as they stand in roll-ups.
    """
    rows = _rows(USER_DAY, seen, Span.month_of(now), None).exclude(end_user=None).order_by()
    today = Sum("amount_nano", filter=Q(day=Span.last_days(1, now).since))
    sums = rows.values_list("end_user", "organization_id").annotate(today=today, month=Sum("amount_nano"))
    # Postgres adds integers up to numbers of another kind.
    return {(owner, user): Spend(NanoUsd(int(day or 0)), NanoUsd(int(month or 0))) for user, owner, day, month in sums}


def spent_by(user: str, organizations: Iterable[str], span: Span) -> int:
    """Return what a user spent in organizations, in nano-USD, without what has no price."""
    return totals(Seen(frozenset(organizations), user), span, latencies=False).amount_nano


def kept_from() -> dt.datetime | None:
    """Return since when the books are whole: what happened before was removed; None: nothing ever was."""
    before: dt.datetime | None = Removal.objects.aggregate(before=Max("before"))["before"]
    return before


def days_of_books() -> tuple[dt.date, dt.date] | None:
    """Return the first and the last UTC day that the books have rows of; None: they are empty."""
    events = CostEvent.objects.aggregate(first=Min("occurred_at"), last=Max("occurred_at"))
    requests = RequestLog.objects.aggregate(first=Min("occurred_at"), last=Max("occurred_at"))
    moments = [moment.astimezone(dt.UTC) for edges in (events, requests) for moment in edges.values() if moment]
    return (min(moments).date(), max(moments).date()) if moments else None


def days_of_rollups() -> tuple[dt.date, dt.date] | None:
    """Return the first and the last UTC day that there are roll-ups of; None: there are none."""
    edges = TrafficDay.objects.aggregate(first=Min("day"), last=Max("day"))
    return (edges["first"], edges["last"]) if edges["first"] else None


def _table(needed: set[str], *, hourly: bool) -> Table:
    """Return the smallest table that tells the columns apart."""
    for table in _SMALLEST[not hourly]:
        if needed <= set(table.groups):
            return table
    dimensions = ", ".join(sorted(needed - {"organization_id"}))
    message = f"no sums by the hour are kept for {dimensions}"
    raise ValueError(message)


def _needed(seen: Seen, where: Where | None) -> set[str]:
    columns = {DIMENSIONS[name] for name in where or ()}
    columns |= {"organization_id"} if seen.organizations is not None else set()
    return columns | ({"end_user"} if seen.user is not None else set())


def _rows(table: Table, seen: Seen, span: Span, where: Where | None) -> QuerySet[Any]:
    """Return a table's rows of a span: the ids of a span lie together, those of an organization are in an index."""
    scale = 1 if table.daily else 24
    first, end = (row_id(day_number(day) * scale) for day in span)
    rows: QuerySet[Any] = KINDS[table].objects.filter(pk__gte=first, pk__lt=end)
    if seen.organizations is not None:
        # By day or hour too: it is what follows the organization in the index.
        edges = tuple(span) if table.daily else tuple(map(_moment, span))
        period = "day" if table.daily else "hour"
        bounds = {f"{period}__gte": edges[0], f"{period}__lt": edges[1]}
        rows = rows.filter(organization_id__in=seen.organizations, **bounds)
    if seen.user is not None:
        rows = rows.filter(end_user=label(seen.user))
    given = {DIMENSIONS[name]: value if value is None else label(value) for name, value in (where or {}).items()}
    return rows.filter(**given)


def _sums(table: Table, *, latencies: bool = True) -> dict[str, Sum]:
    return {name: Sum(name) for name in (table.sums if latencies else COUNTS)}


def _nothing(table: Table) -> Figures:
    return Figures(latencies=(0,) * BUCKETS if HISTOGRAM[0] in table.sums else None)


def _with_latencies_of_user(figures: Figures, seen: Seen, span: Span, where: Where | None) -> Figures:
    """Add a user's latencies, which are kept for all of his requests together."""
    if seen.user is None or where or figures.latencies is not None:
        return figures
    counts = [0] * BUCKETS
    rows = _rows(USER_LATENCY, seen, span, None).order_by().values("bucket").annotate(count=Sum("requests"))
    for row in rows:
        counts[row["bucket"]] = int(row["count"])
    return figures._replace(latencies=tuple(counts))


def _folded(lines: Sequence[Line], position: int) -> list[Line]:
    """Return lines by one of their dimensions alone."""
    groups: dict[Any, list[Figures]] = {}
    for line in lines:
        groups.setdefault(line.values[position], []).append(line.figures)
    folded = [Line((value,), added(figures)) for value, figures in groups.items()]
    return sorted(folded, key=lambda line: (-line.figures.amount_nano, line.values[0] is None, line.values[0] or ""))


def _by_week(days: Sequence[Point]) -> list[Point]:
    weeks: dict[dt.datetime, list[Figures]] = {}
    starts: dict[dt.datetime, dt.datetime] = {}
    for day in days:
        monday = day.start - day.start.weekday() * _DAY
        starts.setdefault(monday, day.start)
        weeks.setdefault(monday, []).append(day.figures)
    return [Point(starts[monday], added(figures)) for monday, figures in weeks.items()]


def added(figures: Sequence[Figures]) -> Figures:
    """Return the sum of all."""
    latencies = [each.latencies for each in figures if each.latencies is not None]
    whole = tuple(map(sum, zip(*latencies, strict=True))) if len(latencies) == len(figures) else None
    sums: dict[str, Any] = {name: sum(getattr(each, name) for each in figures) for name in COUNTS}
    return Figures(**sums, latencies=whole)


def _moment(period: dt.date | dt.datetime) -> dt.datetime:
    if isinstance(period, dt.datetime):
        return period
    return dt.datetime.combine(period, dt.time(), tzinfo=dt.UTC)

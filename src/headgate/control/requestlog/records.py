"""Reads: the cost record of each request, with what its user has spent that day and month."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Any, NamedTuple

from django.db.models import F, Q, QuerySet, Sum, Value
from django.utils import timezone

from headgate.control.budgets.models import Budget, Window
from headgate.control.requestlog.models import RequestLog
from headgate.control.rollups.figures import SLOW_US
from headgate.control.rollups.models import TrafficHour, UserDay, UserHour
from headgate.control.rollups.queries import Seen
from headgate.domain.budget import BudgetUnit, Scope
from headgate.domain.money import NanoUsd
from headgate.domain.outcome import Outcome
from headgate.ledger.latency import BOUNDS_US
from headgate.ledger.rollups import ANSWERED_ESTIMATES, HISTOGRAM, label

LIMIT_EXCEEDED = "limit_exceeded"
"""Of a request that a budget refused."""
_HOUR = dt.timedelta(hours=1)
_SPANS = (3, 30)
"""Days in which the newest requests of a kind are looked for first."""
_User = tuple[str, str]
"""Organization and external id."""


class Position(NamedTuple):
    """Where a page of records ended."""

    occurred_at: dt.datetime
    request_id: str


class Record(NamedTuple):
    """A request and what it cost."""

    row: RequestLog
    daily_spend: NanoUsd | None
    """Of its user, on its UTC day, up to now; None: it has no user."""
    monthly_spend: NanoUsd | None
    limit_exceeded: bool
    """A budget refused it, or a budget of its user was spent in the period that it fell into."""


class Kind(StrEnum):
    """Which requests are asked for."""

    ALL = "all"
    FAILED = "failed"
    """Those that we let through and that got no whole answer."""
    SLOW = "slow"
    """Those that we let through and that took more than 5 s."""


def newest_records(seen: Seen, *, limit: int, before: Position | None = None, kind: Kind = Kind.ALL) -> list[Record]:
    """Return requests with their costs, the newest first.

    Args:
        seen: whose.
        limit: how many at most.
        before: where the page before ended.
        kind: which.

    Raises:
        ValueError: slow ones of a user are asked for; no sums by the hour say where those are.
    """
    if kind is Kind.SLOW and seen.user is not None:
        message = "slow requests are not told apart by user"
        raise ValueError(message)
    rows = _visible(seen)
    if before is not None:
        older = Q(occurred_at__lt=before.occurred_at)
        rows = rows.filter(older | Q(occurred_at=before.occurred_at, request_id__lt=before.request_id))
    rows = rows.filter(_CONDITIONS[kind])
    if seen.user is not None or kind is not Kind.ALL:
        # The log has no index for these: roll-ups say in which hours there is something to be found.
        hours = _hours(seen, limit, before, kind)
        if not hours:
            return []
        rows = rows.filter(_within(hours))
    return _records(list(rows.order_by("-occurred_at", "-request_id")[:limit]))


def record_of(request_id: str, seen: Seen) -> Record | None:
    """Return one request with its cost; None: there is none that may be seen."""
    found = _records(list(_visible(seen).filter(pk=request_id)[:1]))
    return found[0] if found else None


_FAILED = Q(outcome__in=[Outcome.REJECTED, Outcome.UNREACHED, Outcome.FAULT]) | (
    Q(outcome=Outcome.ESTIMATED) & (Q(error=None) | ~Q(error__in=sorted(ANSWERED_ESTIMATES)))
)

_SLOW = Q(latency_ms__gt=SLOW_US / 1000) & ~Q(outcome=Outcome.REFUSED)
_CONDITIONS = {Kind.ALL: Q(), Kind.FAILED: _FAILED, Kind.SLOW: _SLOW}
_COUNTED: dict[Kind, Any] = {
    Kind.ALL: F("requests"),
    Kind.FAILED: F("errors"),
    Kind.SLOW: sum((F(name) for name in HISTOGRAM[BOUNDS_US.index(SLOW_US) + 1 :]), Value(0)),
}
"""What of a roll-up says how many of them there are."""


def _visible(seen: Seen) -> QuerySet[RequestLog]:
    rows = RequestLog.objects.all()
    if seen.organizations is not None:
        rows = rows.filter(organization_id__in=seen.organizations)
    return rows if seen.user is None else rows.filter(end_user=seen.user)


def _hours(seen: Seen, limit: int, before: Position | None, kind: Kind) -> list[dt.datetime]:
    """Return hours that hold so many of the newest ones, the newest first."""
    rows: QuerySet[Any] = TrafficHour.objects.all()
    if seen.user is not None:
        rows = UserHour.objects.filter(end_user=label(seen.user))
    if seen.organizations is not None:
        rows = rows.filter(organization_id__in=seen.organizations)
    if before is not None:
        rows = rows.filter(hour__lte=before.occurred_at)
    counted = rows.annotate(counted=_COUNTED[kind]).filter(counted__gt=0)
    counts = counted.order_by().values("hour").annotate(count=Sum("counted"))
    start = before.occurred_at if before is not None else timezone.now()
    # Most often a few days are enough, and a walk over all hours that there ever were is not needed.
    for days in _SPANS:
        hours, enough = _enough(counts.filter(hour__gte=start - dt.timedelta(days=days)), limit, before)
        if enough:
            return hours
    return _enough(counts, limit, before)[0]


def _enough(counts: QuerySet[Any], limit: int, before: Position | None) -> tuple[list[dt.datetime], bool]:
    """Return the newest hours that hold so many, and whether they do."""
    hours: list[dt.datetime] = []
    found = 0
    # One more, for of the first nobody knows how much is on the pages before.
    for hour, count in counts.order_by("-hour").values_list("hour", "count")[: limit + 1]:
        hours.append(hour)
        if before is None or hour + _HOUR <= before.occurred_at:
            found += count
        if found >= limit:
            return hours, True
    return hours, False


def _within(hours: Sequence[dt.datetime]) -> Q:
    """Return a condition for hours; what follows each other is one stretch."""
    condition = Q()
    for start, end in _stretches(sorted(hours)):
        condition |= Q(occurred_at__gte=start, occurred_at__lt=end)
    return condition


def _stretches(hours: Sequence[dt.datetime]) -> Iterable[tuple[dt.datetime, dt.datetime]]:
    start = end = hours[0]
    for hour in hours:
        if hour != end:
            yield start, end
            start = hour
        end = hour + _HOUR
    yield start, end


def _records(rows: Sequence[RequestLog]) -> list[Record]:
    users = {(str(row.organization_id), row.end_user) for row in rows if row.end_user is not None}
    spent = _Spent(users, [_day(row) for row in rows])
    windows = _spent_windows(users)
    return [_record(row, spent, windows) for row in rows]


def _record(row: RequestLog, spent: "_Spent", windows: dict[_User, list[Window]]) -> Record:
    refused = row.error == LIMIT_EXCEEDED
    if row.end_user is None:
        return Record(row, None, None, refused)
    user = (str(row.organization_id), str(row.end_user))
    day, at = _day(row), row.occurred_at.timestamp()
    over = any(w.starts_at <= at and (w.ends_at is None or at < w.ends_at) for w in windows.get(user, ()))
    return Record(row, spent.on(user, day), spent.in_month(user, day), refused or over)


class _Spent:
    """What users spent on days and in months, read at once."""

    def __init__(self, users: Iterable[_User], days: Sequence[dt.date]) -> None:
        self._days: Counter[tuple[_User, dt.date]] = Counter()
        self._months: Counter[tuple[_User, tuple[int, int]]] = Counter()
        known = list(users)
        if not known:
            return
        rows = UserDay.objects.filter(
            organization_id__in={organization for organization, _ in known},
            end_user__in={label(user) for _, user in known},
            day__gte=min(days).replace(day=1),
            day__lt=_next_month(max(days)),
        )
        sums = rows.order_by().values("organization_id", "end_user", "day").annotate(amount=Sum("amount_nano"))
        for row in sums:
            user, day = (row["organization_id"], str(row["end_user"])), row["day"]
            self._days[user, day] += int(row["amount"])
            self._months[user, (day.year, day.month)] += int(row["amount"])

    def on(self, user: _User, day: dt.date) -> NanoUsd:
        return NanoUsd(self._days[(user[0], label(user[1])), day])

    def in_month(self, user: _User, day: dt.date) -> NanoUsd:
        return NanoUsd(self._months[(user[0], label(user[1])), (day.year, day.month)])


def _spent_windows(users: Iterable[_User]) -> dict[_User, list[Window]]:
    """Return windows of users' budgets of money of which nothing is left."""
    known = list(users)
    found: dict[_User, list[Window]] = {}
    if known:
        # By budget and subject, for which there is an index.
        budgets = Budget.objects.filter(scope=Scope.USER.value, unit=BudgetUnit.MONEY.value, shadow=False)
        rows = Window.objects.filter(
            budget_id__in=budgets.values("pk"),
            organization_id__in={organization for organization, _ in known},
            subject__in={user for _, user in known},
            spent__gte=F("limit_amount"),
        )
        for window in rows.order_by():
            found.setdefault((str(window.organization_id), window.subject), []).append(window)
    return found


def _day(row: RequestLog) -> dt.date:
    return row.occurred_at.astimezone(dt.UTC).date()


def _next_month(day: dt.date) -> dt.date:
    return (day.replace(day=1) + dt.timedelta(days=31)).replace(day=1)

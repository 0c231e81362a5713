"""Edges of days and months in a time zone, as UTC epoch seconds.

A day starts at the first instant that bears its local date. Where midnight does not exist that is when the clocks have
jumped over it, where it comes twice the first of the two; what the clocks then repeat of the day before belongs to the
new one, for a label never goes back. A date that a zone skipped has no window.
"""

import datetime as dt
from zoneinfo import ZoneInfo

from headgate.domain.budget import Period
from headgate.snapshot.contract import Calendar, Edge

DAYS_AHEAD = 60
MONTHS_AHEAD = 14
TOTAL = Edge(label="total", starts_at=0, ends_at=None)
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_DAY = dt.timedelta(days=1)


def zone(name: str) -> dt.tzinfo:
    """Return the time zone of that IANA name. UTC needs no table of the machine.

    Raises:
        ValueError: no such zone.
    """
    if name == "UTC":
        return dt.UTC
    try:
        return ZoneInfo(name)
    except (KeyError, OSError) as error:
        message = f"{name!r} is no time zone; one is called, for example, Europe/Berlin"
        raise ValueError(message) from error


def calendar_id(period: Period, time_zone: str) -> str:
    """Return the name under which the calendar is published."""
    return f"{period}:{time_zone}"


def calendar(period: Period, time_zone: str, *, now: float) -> Calendar:
    """Compute the windows around now: from the day before yesterday, or from last month, on and well into the future.

    Args:
        period: how long a window lasts.
        time_zone: IANA name.
        now: epoch seconds.

    Raises:
        ValueError: no such zone.
    """
    return Calendar(id=calendar_id(period, time_zone), edges=edges(period, zone(time_zone), now=now))


def edges(period: Period, where: dt.tzinfo, *, now: float) -> tuple[Edge, ...]:
    """Return the windows around now, ascending and without gaps; at least one bears now."""
    if period is Period.TOTAL:
        return (TOTAL,)
    today = _local_date(int(now // 1), where)
    if period is Period.MONTH:
        return _months(_month_after(today, -1), MONTHS_AHEAD + 1, where)
    return _days(today - 2 * _DAY, DAYS_AHEAD + 2, where)


def edge_at(period: Period, where: dt.tzinfo, *, now: float) -> Edge:
    """Return the window that bears this instant."""
    return next(
        edge
        for edge in reversed(edges(period, where, now=now))
        if edge.starts_at <= now and (edge.ends_at is None or now < edge.ends_at)
    )


def first_instant(day: dt.date, where: dt.tzinfo) -> int:
    """Return the first instant that bears the local date, or a later one where the zone skipped it; epoch seconds."""
    early, late = sorted(_at_midnight(day, where, fold) for fold in (0, 1))
    if early == late or _local_date(early, where) == day:
        return early
    # Midnight was jumped over, somewhere in between.
    while early + 1 < late:
        middle = (early + late) // 2
        if _local_date(middle, where) < day:
            early = middle
        else:
            late = middle
    return late


def _days(first: dt.date, count: int, where: dt.tzinfo) -> tuple[Edge, ...]:
    days = [first + number * _DAY for number in range(count + 2)]
    starts = [first_instant(day, where) for day in days]
    return tuple(
        Edge(label=day.isoformat(), starts_at=start, ends_at=end)
        for day, start, end in zip(days[:-1], starts[:-1], starts[1:], strict=True)
        if start < end
    )


def _months(first: dt.date, count: int, where: dt.tzinfo) -> tuple[Edge, ...]:
    months = [_month_after(first, number) for number in range(count + 2)]
    starts = [first_instant(month, where) for month in months]
    return tuple(
        Edge(label=month.isoformat()[:7], starts_at=start, ends_at=end)
        for month, start, end in zip(months[:-1], starts[:-1], starts[1:], strict=True)
    )


def _month_after(day: dt.date, months: int) -> dt.date:
    years, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return dt.date(years, month + 1, 1)


def _at_midnight(day: dt.date, where: dt.tzinfo, fold: int) -> int:
    midnight = dt.datetime(day.year, day.month, day.day, tzinfo=where, fold=fold)
    since = midnight.astimezone(dt.UTC) - _EPOCH
    return since.days * 86_400 + since.seconds


def _local_date(at: int, where: dt.tzinfo) -> dt.date:
    return (_EPOCH + dt.timedelta(seconds=at)).astimezone(where).date()

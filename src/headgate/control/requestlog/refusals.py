"""Reads: whose last request of the day a budget refused."""

import datetime as dt
from typing import Any

from django.db.models import Max, QuerySet, Sum

from headgate.control.ended import ended_otherwise
from headgate.control.requestlog.models import RequestLog
from headgate.control.requestlog.records import LIMIT_EXCEEDED
from headgate.control.rollups.models import TrafficHour
from headgate.domain.outcome import Outcome

MOST_READ = 30_000
"""Requests: that many are read in time."""
_User = tuple[str, str]
"""Organization and external id."""


def refused_last(organizations: frozenset[str] | None, now: dt.datetime) -> set[_User]:
    """Return users, as organization and external id, whose newest request since UTC midnight a budget refused.

    Where that were very many requests, it is those of the last hours alone.

    Args:
        organizations: ids of those whose users are asked for; None: all.
        now: when.
    """
    rows = RequestLog.objects.filter(occurred_at__gte=_since(now)).exclude(end_user=None)
    if organizations is not None:
        rows = rows.filter(organization_id__in=organizations)
    refusals = ended_otherwise(rows.filter(outcome=Outcome.REFUSED.value, error=LIMIT_EXCEEDED))
    refused = _newest(refusals)
    if not refused:
        return set()
    since = rows.filter(occurred_at__gte=min(refused.values()), end_user__in={user for _, user in refused})
    newest = _newest(since)
    return {user for user, at in refused.items() if newest[user] == at}


def _since(now: dt.datetime) -> dt.datetime:
    """Return the first hour of today since which there were not too many requests."""
    hour = now.astimezone(dt.UTC).replace(minute=0, second=0, microsecond=0)
    midnight = hour.replace(hour=0)
    found = 0
    counts = TrafficHour.objects.filter(hour__gte=midnight).order_by("-hour").values_list("hour")
    for at, count in counts.annotate(count=Sum("requests")):
        found += count
        if found > MOST_READ:
            following: dt.datetime = at + dt.timedelta(hours=1)
            return min(hour, following)
    return midnight


def _newest(rows: QuerySet[Any]) -> dict[_User, dt.datetime]:
    found = rows.order_by().values_list("organization_id", "end_user").annotate(at=Max("occurred_at"))
    return {(organization, user): at for organization, user, at in found}

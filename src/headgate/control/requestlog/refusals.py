"""Reads: whose last request of the day a budget refused."""

import datetime as dt
from typing import Any

from django.db.models import Max, QuerySet

from headgate.control.ended import ended_otherwise
from headgate.control.requestlog.models import RequestLog
from headgate.control.requestlog.records import LIMIT_EXCEEDED
from headgate.domain.outcome import Outcome

_User = tuple[str, str]
"""Organization and external id."""


def refused_last(organizations: frozenset[str] | None, now: dt.datetime) -> set[_User]:
    """Return users, as organization and external id, whose newest request since UTC midnight a budget refused.

    Args:
        organizations: ids of those whose users are asked for; None: all.
        now: when.
    """
    midnight = now.astimezone(dt.UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = RequestLog.objects.filter(occurred_at__gte=midnight).exclude(end_user=None)
    if organizations is not None:
        rows = rows.filter(organization_id__in=organizations)
    refusals = ended_otherwise(rows.filter(outcome=Outcome.REFUSED.value, error=LIMIT_EXCEEDED))
    refused = _newest(refusals)
    if not refused:
        return set()
    since = rows.filter(occurred_at__gte=min(refused.values()), end_user__in={user for _, user in refused})
    newest = _newest(since)
    return {user for user, at in refused.items() if newest[user] == at}


def _newest(rows: QuerySet[Any]) -> dict[_User, dt.datetime]:
    found = rows.order_by().values_list("organization_id", "end_user").annotate(at=Max("occurred_at"))
    return {(organization, user): at for organization, user, at in found}

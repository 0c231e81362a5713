"""Reads: roll-ups."""

import datetime as dt

from django.db.models import Max, Min

from headgate.control.ledger.models import CostEvent
from headgate.control.requestlog.models import RequestLog
from headgate.control.rollups.models import Removal, TrafficDay


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

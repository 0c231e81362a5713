"""Reads: the requests of a user's organizations, and their sums."""

import datetime as dt
from typing import NamedTuple

from django.db.models import Count, Q, QuerySet, Sum

from headgate.control.ledger.models import CostEvent
from headgate.control.organizations.models import User
from headgate.control.organizations.queries import administrated_by
from headgate.control.requestlog.models import RequestLog
from headgate.domain.money import NanoUsd
from headgate.domain.outcome import Outcome


class Summary(NamedTuple):
    """What happened since a moment."""

    requests: int
    failed: int
    """Requests that did not end well, whosever fault it was."""
    cost: NanoUsd
    """Sum of the cost events."""
    unpriced: int
    """Cost events without an amount; `cost` leaves them out."""
    tokens: int


def summary_since(since: dt.datetime, *, user: User) -> Summary:
    """Sum up what the user may see."""
    requests = visible_requests(user).filter(occurred_at__gte=since)
    counted = requests.aggregate(
        requests=Count("pk"),
        failed=Count("pk", filter=~Q(outcome__in=[Outcome.OK, Outcome.ESTIMATED])),
    )
    events = _visible(CostEvent.objects.all(), user).filter(occurred_at__gte=since)
    spent = events.aggregate(
        cost=Sum("amount_nano", default=0),
        unpriced=Count("pk", filter=Q(amount_nano=None)),
        tokens=Sum("total_tokens", default=0),
    )
    return Summary(**counted, **spent)


def visible_requests(user: User) -> QuerySet[RequestLog]:
    """Return the requests of the organizations that the user administrates."""
    return _visible(RequestLog.objects.all(), user)


def cost_events_of(request_id: str) -> QuerySet[CostEvent]:
    """Return the cost events of a request, first attempt first."""
    return CostEvent.objects.filter(request_id=request_id, **ids_of(request_id)).order_by("attempt")


def ids_of(request_id: str) -> dict[str, str]:
    """Return the bounds of the ids of a request's cost events, which begin with its own."""
    # ";" is the character behind ":".
    return {"event_id__gt": f"{request_id}:", "event_id__lt": f"{request_id};"}


def _visible(rows: QuerySet, user: User) -> QuerySet:
    return rows if user.is_superuser else rows.filter(organization__in=administrated_by(user))

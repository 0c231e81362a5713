"""How LangSmith is doing: for pages, `GET /api/v1/ai/analytics/langsmith/health/` and whoever asks on a terminal."""

import datetime as dt
from typing import Final

import msgspec
from django.conf import settings
from django.db.models import Min
from django.utils import timezone

from headgate.control.sinks.environment import LangSmithSettings
from headgate.control.sinks.models import Delivery, SinkState

LANGSMITH: Final = "langsmith"
FRESH: Final = dt.timedelta(minutes=5)
"""What was last seen longer ago than that says nothing of now: a worker asks once a minute."""


class SinkHealth(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of LangSmith. Field names are those of the endpoint."""

    connected: bool
    """It answered when it was last asked or told, and that was lately."""
    project: str
    tracing: bool
    """Requests are told of; False: `reason` says why not."""
    reason: str | None
    endpoint: str
    sampling_rate: float
    last_error: str | None
    """What it last said or did; None: it answered."""
    tried_at: dt.datetime | None
    answered_at: dt.datetime | None
    behind: int
    """Requests that it is still to be told of."""
    behind_s: float
    """Age of the oldest of them."""
    refused: int
    """Requests that it will not take."""
    project_url: str | None
    """Of its pages about the project; None: it has not said."""


def langsmith_health(now: dt.datetime | None = None) -> SinkHealth:
    """Say how LangSmith is doing."""
    moment = now or timezone.now()
    given: LangSmithSettings = settings.LANGSMITH
    state = SinkState.objects.filter(pk=LANGSMITH).first()
    mine = Delivery.objects.filter(sink=LANGSMITH)
    oldest = mine.filter(refusal=None).aggregate(oldest=Min("occurred_at"))["oldest"]
    lately = state is not None and moment - state.tried_at <= FRESH
    return SinkHealth(
        connected=given.why_off is None and state is not None and state.error is None and lately,
        project=given.project,
        tracing=given.why_off is None,
        reason=given.why_off,
        endpoint=given.endpoint,
        sampling_rate=given.sampling_rate,
        last_error=state.error if state else None,
        tried_at=state.tried_at if state else None,
        answered_at=state.answered_at if state else None,
        behind=mine.filter(refusal=None).count(),
        behind_s=max((moment - oldest).total_seconds(), 0.0) if oldest else 0.0,
        refused=mine.filter(refusal__isnull=False).count(),
        project_url=state.address if state else None,
    )

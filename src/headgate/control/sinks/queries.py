"""Reads: what a sink is to be told next, and all that is known of it."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from typing import Final, NamedTuple

from headgate.control.ledger.models import CostEvent
from headgate.control.organizations.models import Organization
from headgate.control.requestlog.content import NOTHING, Texts, texts_of
from headgate.control.requestlog.models import RequestLog
from headgate.control.sinks.models import Delivery
from headgate.domain.trace import TraceContext

_LATEST: Final = dt.timedelta(days=1)
"""An attempt begins so long after its request came, at most: it bounds the partitions that are looked into."""
_SPARE_NUMBERS: Final = 3
"""Numbers of attempts that came to nothing before they were sent, and are not counted."""


class Waiting(NamedTuple):
    """One delivery with what is told."""

    id: int
    log: RequestLog
    organization_id: str
    organization: str
    """Its name."""
    key_id: str
    events: Sequence[CostEvent]
    """First attempt first; those that are in the books by now."""
    trace: TraceContext | None
    texts: Texts
    """Only of an organization that keeps them, now as then."""


def waiting(sink: str, limit: int) -> tuple[list[Waiting], list[int]]:
    """Return the oldest deliveries of a sink, and the ids of those whose request is gone from the log."""
    deliveries = list(Delivery.objects.filter(sink=sink, refusal=None).order_by("id")[:limit])
    if not deliveries:
        return [], []
    moments = [each.occurred_at for each in deliveries]
    within = (min(moments), max(moments))
    logs = {
        log.request_id: log
        for log in RequestLog.objects.filter(pk__in=[each.request_id for each in deliveries], occurred_at__range=within)
    }
    events = _events(list(logs.values()), within)
    owners = Organization.objects.in_bulk({log.organization_id for log in logs.values()})
    keeping = [log.request_id for log in logs.values() if _keeps_text(owners.get(log.organization_id))]
    texts = texts_of(keeping) if keeping else {}
    found = [
        Waiting(
            each.id,
            log,
            log.organization_id,
            owners[log.organization_id].name if log.organization_id in owners else "",
            log.key_id,
            events[log.request_id],
            TraceContext(**each.context) if each.context else None,
            texts.get(log.request_id, NOTHING),
        )
        for each in deliveries
        if (log := logs.get(each.request_id)) is not None
    ]
    return found, [each.id for each in deliveries if each.request_id not in logs]


def _keeps_text(organization: Organization | None) -> bool:
    return organization is not None and organization.capture_content


def _events(logs: Sequence[RequestLog], within: tuple[dt.datetime, dt.datetime]) -> "defaultdict[str, list[CostEvent]]":
    ids = [
        f"{log.request_id}:{number}"
        for log in logs
        if log.attempts
        for number in range(1, log.attempts + _SPARE_NUMBERS)
    ]
    found: defaultdict[str, list[CostEvent]] = defaultdict(list)
    events = CostEvent.objects.filter(pk__in=ids, occurred_at__range=(within[0], within[1] + _LATEST))
    for event in events.order_by("attempt"):
        found[event.request_id].append(event)
    return found

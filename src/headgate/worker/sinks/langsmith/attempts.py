"""The attempts of a request, out of its row in the log and its cost events.

The log says what every attempt came to, unless the only one went well; the cost events say what was counted and when.
"""

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from headgate.control.ledger.models import CostEvent
from headgate.control.requestlog.models import RequestLog
from headgate.domain.money import NanoUsd, nano_to_usd
from headgate.domain.outcome import Outcome


class Attempted(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt."""

    provider: str
    deployment_id: str
    model: str
    """That answered, or was asked."""
    outcome: str
    status: int | None
    error: str | None
    began: dt.datetime
    ended: dt.datetime
    cost: Decimal | None
    """USD; None: unpriced, or nothing is booked."""
    card_id: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    upstream_request_id: str | None = None
    service_tier: str | None = None


def attempts_of(log: RequestLog, events: Sequence[CostEvent]) -> list[Attempted]:
    """Every attempt that was sent, first to last."""
    if not log.tries:
        return [_of_event(event) for event in events]
    left = list(events)
    found: list[Attempted] = []
    moment = log.occurred_at
    for tried in log.tries:
        event = _take(left, tried)
        attempt = _of_tried(tried, moment) if event is None else _of_event(event, tried)
        found.append(attempt)
        moment = attempt.ended
    return found


def _take(events: list[CostEvent], tried: Mapping[str, Any]) -> CostEvent | None:
    """The next event of the same deployment; what never reached a provider has none, and one may still be to come."""
    if tried["outcome"] == Outcome.UNREACHED:
        return None
    for index, event in enumerate(events):
        if event.deployment_id == tried["deployment_id"]:
            return events.pop(index)
    return None


def _of_event(event: CostEvent, tried: Mapping[str, Any] | None = None) -> Attempted:
    failed = event.outcome != Outcome.OK and (event.error or event.outcome)
    ended = event.settled_at if tried is None else event.occurred_at + dt.timedelta(milliseconds=tried["ms"])
    return Attempted(
        provider=event.provider or "",
        deployment_id=event.deployment_id,
        model=event.response_model or event.request_model or "",
        outcome=event.outcome,
        status=event.status,
        error=str(failed) if failed else None,
        began=event.occurred_at,
        ended=max(ended, event.occurred_at),
        cost=_usd(event.amount_nano),
        card_id=event.card_id,
        prompt_tokens=event.prompt_tokens,
        completion_tokens=event.completion_tokens,
        upstream_request_id=event.upstream_request_id,
        service_tier=event.service_tier,
    )


def _of_tried(tried: Mapping[str, Any], began: dt.datetime) -> Attempted:
    return Attempted(
        provider=tried["provider"],
        deployment_id=tried["deployment_id"],
        model=tried["model"],
        outcome=tried["outcome"],
        status=tried["status"],
        error=tried["error"],
        began=began,
        ended=began + dt.timedelta(milliseconds=tried["ms"]),
        cost=_usd(tried["cost_nano"]),
    )


def _usd(amount: int | None) -> Decimal | None:
    return None if amount is None else nano_to_usd(NanoUsd(amount))

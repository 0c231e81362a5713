"""From what the books know of a request to LangSmith's runs: one for the request, below it one for each attempt.

The request is a `chain` and has no usage of its own, so that LangSmith, which adds up what is below a run, counts every
token once. Amounts go as decimal literals into its numbers, and as text into the metadata.
"""

import datetime as dt
import uuid
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Final

import orjson

from headgate.control.ledger.models import CostEvent
from headgate.control.requestlog.models import RequestLog
from headgate.control.sinks.queries import Waiting
from headgate.domain.ids import RequestId
from headgate.domain.money import NanoUsd, nano_to_usd
from headgate.domain.outcome import Outcome
from headgate.domain.trace import run_id_of
from headgate.worker.sinks.langsmith.attempts import Attempted, attempts_of
from headgate.worker.sinks.langsmith.parents import Parent, parent_of

Run = dict[str, Any]

_LABELS: Final = ("end_user", "team", "project", "app", "client", "agent", "task")
_FAILED_FROM: Final = 400


def runs_of(waiting: Waiting, project: str) -> list[Run]:
    """Make the runs of a request, the request's own first.

    Args:
        waiting: what the books know.
        project: where they go, unless the caller's trace is somewhere else.
    """
    log, parent = waiting.log, parent_of(waiting.trace)
    request = _request_run(waiting, parent, project)
    attempts = attempts_of(log, waiting.events)
    below = [_attempt_run(request, log, number, each) for number, each in enumerate(attempts, 1)]
    if below:
        # Of several attempts the last one answered.
        below[-1] |= {"inputs": request["inputs"], "outputs": request["outputs"]}
    return [request, *below]


def _request_run(waiting: Waiting, parent: Parent | None, project: str) -> Run:
    log = waiting.log
    run_id = run_id_of(RequestId(log.request_id))
    began = log.occurred_at
    ended = began + dt.timedelta(milliseconds=log.latency_ms) if log.latency_ms is not None else _last(waiting.events)
    run: Run = {
        "id": run_id,
        "trace_id": parent.trace_id if parent else run_id,
        "dotted_order": _dotted_order(parent.dotted_order if parent else None, began, run_id),
        "name": f"ai.generate.{log.task}" if log.task else "ai.generate",
        "run_type": "chain",
        "start_time": began,
        "end_time": ended or began,
        "session_name": parent.project if parent and parent.project else project,
        "inputs": _said(waiting.texts.request),
        "outputs": _said(waiting.texts.answer),
        "error": _error(log),
        "tags": sorted({*(parent.tags if parent else ()), *_tags(log)}),
        "extra": {"metadata": {**(parent.metadata if parent else {}), **_metadata(waiting)}},
    }
    if parent is not None:
        run["parent_run_id"] = parent.run_id
    return run


def _attempt_run(request: Run, log: RequestLog, number: int, attempt: Attempted) -> Run:
    run_id = run_id_of(RequestId(log.request_id), number)
    return {
        "id": run_id,
        "trace_id": request["trace_id"],
        "parent_run_id": request["id"],
        "dotted_order": _dotted_order(request["dotted_order"], attempt.began, run_id),
        "name": f"{attempt.provider}/{attempt.model}",
        "run_type": "llm",
        "start_time": attempt.began,
        "end_time": attempt.ended,
        "session_name": request["session_name"],
        "inputs": {},
        "outputs": {},
        "error": attempt.error,
        "tags": [attempt.provider],
        "extra": {"metadata": _attempt_metadata(log, number, attempt)},
    }


def _metadata(waiting: Waiting) -> dict[str, Any]:
    log = waiting.log
    cost = None if log.cost_nano is None else nano_to_usd(NanoUsd(log.cost_nano))
    said: dict[str, Any] = {
        "request_id": log.request_id,
        "organization_id": waiting.organization_id,
        "organization": waiting.organization,
        "key_id": waiting.key_id,
        "user_id": log.end_user,
        **{name: getattr(log, name) for name in _LABELS[1:]},
        "endpoint": log.endpoint,
        "model": log.original_model,
        "provider": log.provider,
        "outcome": log.outcome,
        "status": log.status,
        "attempts": log.attempts,
        "stream": log.stream,
        "route": log.route,
        "arm": log.arm,
        "degraded_to": log.degraded_to,
        "prompt_tokens": log.prompt_tokens,
        "completion_tokens": log.completion_tokens,
        "total_tokens": log.total_tokens,
        "cost_usd": None if cost is None else f"{cost:f}",
        "estimated": log.outcome == Outcome.ESTIMATED,
        "latency_ms": log.latency_ms,
        "first_content_ms": log.first_content_ms,
        "prompt_sha256": log.prompt_sha256,
        "verdicts": log.verdicts or None,
    }
    return {name: value for name, value in said.items() if value is not None}


def _attempt_metadata(log: RequestLog, number: int, attempt: Attempted) -> dict[str, Any]:
    said: dict[str, Any] = {
        "request_id": log.request_id,
        "attempt": number,
        "deployment_id": attempt.deployment_id,
        "outcome": attempt.outcome,
        "status": attempt.status,
        "ls_provider": attempt.provider,
        "ls_model_name": attempt.model,
        "ls_model_type": "chat",
        "card_id": attempt.card_id,
        "cost_usd": None if attempt.cost is None else f"{attempt.cost:f}",
        "upstream_request_id": attempt.upstream_request_id,
        "service_tier": attempt.service_tier,
        "usage_metadata": _usage(attempt),
    }
    return {name: value for name, value in said.items() if value is not None}


def _usage(attempt: Attempted) -> dict[str, Any] | None:
    """In LangSmith's words; what is not known is left out, for it is not zero."""
    usage: dict[str, Any] = {}
    if attempt.prompt_tokens is not None and attempt.completion_tokens is not None:
        usage = {
            "input_tokens": attempt.prompt_tokens,
            "output_tokens": attempt.completion_tokens,
            "total_tokens": attempt.prompt_tokens + attempt.completion_tokens,
        }
    if attempt.cost is not None:
        usage["total_cost"] = _literal(attempt.cost)
    return usage or None


def _literal(amount: Decimal) -> orjson.Fragment:
    """The digits of an amount as they stand, where JSON has a number."""
    return orjson.Fragment(f"{amount:f}".encode("ascii"))


def _said(text: str | None) -> dict[str, Any]:
    """As LangSmith wants it, an object: what was cut short is none any more, and goes as text."""
    if text is None:
        return {}
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return {"text": text}


def _tags(log: RequestLog) -> list[str]:
    return [tag for tag in ("headgate", log.provider, log.task) if tag]


def _error(log: RequestLog) -> str | None:
    failed = log.status is None or log.status >= _FAILED_FROM or (log.error is not None and log.message is not None)
    if not failed:
        return None
    return ": ".join(part for part in (log.error, log.message) if part) or f"HTTP {log.status}"


def _dotted_order(above: str | None, began: dt.datetime, run_id: uuid.UUID) -> str:
    own = began.astimezone(dt.UTC).strftime("%Y%m%dT%H%M%S%fZ") + str(run_id)
    return own if above is None else f"{above}.{own}"


def _last(events: Sequence[CostEvent]) -> dt.datetime | None:
    return max((event.settled_at for event in events), default=None)

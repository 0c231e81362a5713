"""Which requests are told of to LangSmith: decided once, when they are posted."""

from collections.abc import Sequence
from functools import partial

import msgspec

from headgate.control.sinks.environment import LangSmithSettings
from headgate.control.sinks.health import LANGSMITH
from headgate.control.sinks.sampling import is_sampled
from headgate.domain.trace import TraceContext, run_id_of
from headgate.ledger.postings import Announce, DeliveryPosting, RequestLogPosting, told_to_nobody
from headgate.worker.sinks.langsmith.parents import parent_of


def announcing(settings: LangSmithSettings) -> Announce:
    """Make the rule of the settings."""
    return told_to_nobody if settings.why_off else partial(_announce, settings.sampling_rate)


def _announce(rate: float, log: RequestLogPosting, trace: TraceContext | None) -> Sequence[DeliveryPosting]:
    if rate < 1:
        parent = parent_of(trace)
        if not is_sampled(str(parent.trace_id if parent else run_id_of(log.request_id)), rate):
            return ()
    return (
        DeliveryPosting(
            sink=LANGSMITH,
            request_id=log.request_id,
            occurred_at=log.occurred_at,
            context=None if trace is None else msgspec.to_builtins(trace),
        ),
    )

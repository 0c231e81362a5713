"""What a caller says of its trace: recorded, never acted on here."""

from collections.abc import Mapping
from typing import Final

from headgate.domain.trace import TraceContext

LANGSMITH_HEADER: Final = "langsmith-trace"
BAGGAGE_HEADER: Final = "baggage"
MAX_CHARS: Final = 1024
"""Of each: they stand in a record whose room was reserved before they were known."""


def trace_context_of(headers: Mapping[str, str]) -> TraceContext | None:
    """Take it from a request's headers; None: it says nothing, or more than is recorded."""
    langsmith = headers.get(LANGSMITH_HEADER)
    if not langsmith or len(langsmith) > MAX_CHARS:
        return None
    baggage = headers.get(BAGGAGE_HEADER, "")
    return TraceContext(langsmith=langsmith, baggage=baggage if 0 < len(baggage) <= MAX_CHARS else None)

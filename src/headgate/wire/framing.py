"""How the documents of a streamed answer are put one after another."""

from enum import StrEnum


class Framing(StrEnum):
    """What a stream looks like; the value is its media type."""

    SSE = "text/event-stream"
    """Server-sent events (`wire/sse.py`)."""
    JSON_ARRAY = "application/json"
    """One JSON array whose elements arrive one by one (`wire/json_array.py`): Gemini without `alt=sse`."""

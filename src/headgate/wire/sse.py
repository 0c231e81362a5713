"""Server-sent events, sans I/O: bytes in any cut go in, complete raw events come out.

Source: the WHATWG HTML standard, "Server-sent events". A raw event keeps its bytes, terminator included, so that the
concatenation of all events and the rest is exactly what came in.
"""

import re
from typing import NamedTuple

_BLANK_LINE = re.compile(rb"\n\r?\n")


class Event(NamedTuple):
    """One parsed event."""

    name: str
    """The `event:` field, empty when there is none."""
    data: bytes
    """The `data:` lines joined with a newline."""


class EventSplitter:
    """Cuts a byte stream into complete raw events."""

    def __init__(self) -> None:
        """Start with nothing buffered."""
        self._rest = b""

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take a chunk; give the raw events that are complete now."""
        buffer = self._rest + chunk if self._rest else chunk
        events: list[bytes] = []
        start = 0
        for match in _BLANK_LINE.finditer(buffer):
            end = match.end()
            events.append(buffer[start:end])
            start = end
        self._rest = buffer[start:] if start else buffer
        return events

    def finish(self) -> bytes:
        """Give what is left without a blank line behind it."""
        rest, self._rest = self._rest, b""
        return rest


def parse_event(raw: bytes) -> Event:
    """Parse one raw event; comments and unknown fields are ignored, as the standard says."""
    name = ""
    data: list[bytes] = []
    for line in raw.splitlines():
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            data.append(value)
        elif field == b"event":
            name = value.decode("utf-8", "replace")
    return Event(name, b"\n".join(data))


def render_event(data: bytes, name: str = "") -> bytes:
    """Render one event; `data` must be a single line (JSON without line breaks is)."""
    if name:
        return b"event: " + name.encode() + b"\ndata: " + data + b"\n\n"
    return b"data: " + data + b"\n\n"

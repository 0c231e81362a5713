"""What an endpoint other than chat makes of a request, before it is played over ASGI."""

from collections.abc import Mapping

import msgspec

from headgate.simulator.knobs import Knobs
from headgate.simulator.prices import Counts
from headgate.simulator.script import Script

JSON = b"application/json"
EVENTS = b"text/event-stream; charset=utf-8"


class Asked(msgspec.Struct, frozen=True):
    """A request as it came."""

    path: str
    body: bytes
    headers: Mapping[bytes, bytes]
    defaults: Knobs
    """Of the process."""
    unique: str
    """Hexadecimal digits that no other answer has."""
    created: int
    """Epoch seconds."""
    query: str = ""

    @property
    def knobs_header(self) -> bytes | None:
        """Value of `x-simulate`."""
        return self.headers.get(b"x-simulate")


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """Its answer."""

    model: str
    """Without the `sim/` prefix."""
    knobs: Knobs
    counts: Counts
    """What is billed for it; of a stream, without the output, which is counted as it is played."""
    content_type: bytes = JSON
    body: bytes = b""
    script: Script | None = None
    """Set where it is streamed."""

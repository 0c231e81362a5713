"""What goes into the pipeline and what comes out."""

from collections.abc import AsyncGenerator, Mapping

import msgspec

from headgate.domain.ids import RequestId
from headgate.domain.principal import Attribution
from headgate.pipeline.doors import Door


class Request(msgspec.Struct, frozen=True, kw_only=True):
    """A request as the door took it."""

    id: RequestId
    door: Door
    arrived_at: float
    """Epoch seconds."""
    started: float
    """Monotonic seconds, for measuring."""
    key_hash: bytes
    """SHA-256 of the virtual key that the caller showed."""
    headers: Mapping[str, str]
    """Lower-case names."""
    attribution: Attribution
    """What the caller asks to be charged to."""
    body: bytes
    path: str = ""
    """As the client wrote it, where the door's own says less (`/v1beta/models/{model}:generateContent`)."""
    query: str = ""
    """As it came; a key may be in it, so that it is neither logged nor passed on."""


class Reply(msgspec.Struct, kw_only=True):
    """An answer for the client."""

    status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes = b""
    stream: AsyncGenerator[bytes] | None = None
    """Set for a streamed answer; must be read to its end also when nobody listens any more, or closed."""
    client_gone_at: float | None = None
    """Monotonic seconds; the server sets it when the client hangs up, so that the stream can bound its reading."""

"""How a request is named in traces: what its caller said of the trace that it belongs to, and names of its own.

Names are made of the request's id and nothing else, so that telling of a request twice tells of one.
"""

import hashlib
import uuid

import msgspec

from headgate.domain.ids import RequestId


class TraceContext(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a caller's headers say of its trace, as they came."""

    langsmith: str | None = None
    """`langsmith-trace`: the caller's run and those above it, outermost first."""
    baggage: str | None = None
    """`baggage`: metadata, tags and project of the caller's run, among others."""


def run_id_of(request_id: RequestId, attempt: int | None = None) -> uuid.UUID:
    """Name a request, or one attempt of it: a UUID of version 7 with the request's own time.

    The same name at every time and in every process.
    """
    text = request_id if attempt is None else f"{request_id}:{attempt}"
    digest = hashlib.sha256(f"headgate run {text}".encode()).digest()
    milliseconds = _milliseconds(request_id)
    value = milliseconds << 80 | int.from_bytes(digest[:10])
    value = value & ~(0xF << 76) | 7 << 76
    value = value & ~(0x3 << 62) | 2 << 62
    return uuid.UUID(int=value)


def _milliseconds(request_id: RequestId) -> int:
    """Of the epoch, as the id has them; 0 for one that was made elsewhere."""
    parts = request_id.split("_")
    return int(parts[1]) & 0xFFFF_FFFF_FFFF if len(parts) == 3 and parts[1].isdecimal() else 0

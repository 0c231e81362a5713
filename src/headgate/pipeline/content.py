"""From the text of a request and its answer to records: redacted, bounded, in pieces that any journal has room for."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import msgspec

from headgate.ledger.records import Captured, Side
from headgate.pipeline.request import Request
from headgate.policy.redaction import redact, redact_all

LOOKED_AT: Final = 256 * 1024
"""Bytes of a request that are looked at: most of a larger one is data, which is not kept."""
MAX_CHARS: Final = 64 * 1024
"""Of each side, that are kept."""
PIECE_BYTES: Final = 8 * 1024
"""A record must be smaller than what a journal leaves unused at the end of a segment."""
_encode: Final = msgspec.json.Encoder().encode


def captured(request: Request, organization_id: str, answer: Mapping[str, Any] | None) -> Iterator[Captured]:
    """Give the records of a request's text.

    Args:
        request: as it came.
        organization_id: whose it is.
        answer: what was heard of the answer; None: nothing.
    """
    if request.body[:1] == b"{":
        yield from _pieces(request, organization_id, Side.REQUEST, _asked(request.body))
    if answer is not None:
        yield from _pieces(request, organization_id, Side.ANSWER, _encode(redact_all(dict(answer))).decode())


def _asked(body: bytes) -> str:
    """The text of a request; what is too long is no JSON any more, but a text all the same."""
    if len(body) <= LOOKED_AT:
        try:
            return _encode(redact_all(msgspec.json.decode(body))).decode()
        except (msgspec.DecodeError, RecursionError):
            pass
    return redact(body[:LOOKED_AT].decode("utf-8", "replace"))


def _pieces(request: Request, organization_id: str, side: Side, text: str) -> Iterator[Captured]:
    rest = text[:MAX_CHARS].encode("utf-8", "replace")
    number = 0
    while rest:
        piece = _whole_characters(rest[:PIECE_BYTES])
        yield Captured(
            request_id=request.id,
            organization_id=organization_id,
            at=request.arrived_at,
            side=side,
            number=number,
            text=piece.decode(),
        )
        rest = rest[len(piece) :]
        number += 1


def _whole_characters(cut: bytes) -> bytes:
    """Without the beginning of a character at the end."""
    for length in range(1, 5):
        if length > len(cut) or cut[-length] < 0x80:
            return cut
        if cut[-length] >= 0xC0:
            needed = 2 if cut[-length] < 0xE0 else 3 if cut[-length] < 0xF0 else 4
            return cut if needed == length else cut[:-length]
    return cut

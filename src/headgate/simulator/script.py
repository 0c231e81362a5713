"""A streamed answer before it is played: what to send, in which order, and what each piece took to generate."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec


class Piece(NamedTuple):
    """One event of a stream. It is a content chunk when it has both bytes and tokens."""

    data: bytes
    """Empty: hidden reasoning, which takes time and money and shows nothing."""
    output: int = 0
    """Tokens of visible output generated with it."""
    reasoning: int = 0
    """Tokens of reasoning generated with it."""
    content: bool = False
    """It is a content chunk although it took no tokens: sound, where that is not counted in tokens."""


class Script(msgspec.Struct, frozen=True):
    """A whole stream."""

    opening: bytes
    """Sent before anything is generated."""
    pieces: Iterable[Piece]
    closing: bytes
    """Finish reason, usage and end marker."""
    error_event: bytes
    """What this format sends when a stream fails half-way."""
    malformed_event: bytes
    """An event that breaks off inside its JSON."""

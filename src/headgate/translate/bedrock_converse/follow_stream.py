"""Follows a stream of Bedrock's Converse format: see `translate/ending.py`."""

from typing import Final

import msgspec

from headgate.translate.bedrock_converse import answer_shapes as shapes
from headgate.translate.bedrock_converse.frames import failure_of, kind_of
from headgate.wire.eventstream import FrameSplitter, MalformedFrameError, parse_frame

BLOCK_TOKENS: Final = 16
"""More than what stands around a block or a call and is not seen."""
_SILENT: Final = frozenset({"messageStart", "contentBlockStop"})
_ENDS: Final = frozenset({"messageStop", "metadata"})
_decode: Final = msgspec.json.Decoder(shapes.StreamEvent).decode


class ConverseFollower:
    """Follows one stream."""

    def __init__(self) -> None:
        """Nothing has passed yet."""
        self._frames = FrameSplitter()
        self._blocks: set[int] = set()
        self._over = False

    @property
    def over(self) -> bool:
        """A stop reason was seen, or a failure."""
        return self._over

    def feed(self, chunk: bytes) -> int:
        """Follow the frames of a chunk; the most tokens that they can be."""
        was_damaged = self._frames.damage is not None
        most = sum([self._take(raw) for raw in self._frames.feed(chunk)])
        if was_damaged:
            return most + len(chunk)
        # What came from the damage on cannot be told apart: all of it counts.
        return most if self._frames.damage is None else most + len(self._frames.finish())

    def _take(self, raw: bytes) -> int:
        try:
            frame = parse_frame(raw)
            kind = kind_of(frame)
            if failure_of(frame) is not None or kind in _ENDS:
                self._over = True
                return 0
            if kind in _SILENT:
                return 0
            event = _decode(frame.payload)
        except (MalformedFrameError, msgspec.DecodeError):
            return len(raw)
        # A block of text begins with its first piece.
        around = 0 if event.content_block_index in self._blocks else BLOCK_TOKENS
        self._blocks.add(event.content_block_index)
        return around + (len(frame.payload) if (said := _said(event)) is None else len(said.encode("utf-8", "replace")))


def _said(event: shapes.StreamEvent) -> str | None:
    """What the event adds to the answer; None: something that is not known here."""
    if event.start is not None:
        return event.start.tool_use.name if event.start.tool_use is not None else None
    delta = event.delta
    if delta is None:
        return None
    if delta.text is not None:
        return delta.text
    if delta.tool_use is not None:
        return delta.tool_use.input
    thought = delta.reasoning_content
    if thought is None:
        return None
    return (thought.text or "") + (thought.signature or "") + (thought.redacted_content or "")

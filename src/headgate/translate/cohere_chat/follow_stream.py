"""Follows a stream of Cohere's chat format: see `translate/ending.py`."""

from typing import Final

import msgspec

from headgate.translate.cohere_chat import answer_shapes as shapes
from headgate.wire.sse import EventSplitter, parse_event

PART_TOKENS: Final = 16
"""More than what stands around an item or a call and is not seen."""


class _Event(msgspec.Struct):
    """One event: only what is touched."""

    type: str = ""
    delta: shapes.EventDelta | None = None


class _Kind(msgspec.Struct):
    type: str = ""


_SILENT: Final = frozenset({"message-start", "content-end", "tool-call-end", "citation-start", "citation-end"})
_decode: Final = msgspec.json.Decoder(_Event).decode
_decode_kind: Final = msgspec.json.Decoder(_Kind).decode


class CohereFollower:
    """Follows one stream."""

    def __init__(self) -> None:
        """Nothing has passed yet."""
        self._events = EventSplitter()
        self._over = False

    @property
    def over(self) -> bool:
        """The last event was seen, or an error."""
        return self._over

    def feed(self, chunk: bytes) -> int:
        """Follow the events of a chunk; the most tokens that they can be."""
        return sum(self._take(parse_event(raw).data) for raw in self._events.feed(chunk))

    def _take(self, data: bytes) -> int:
        if not data or data.strip() == b"[DONE]":
            return 0
        try:
            kind = _decode_kind(data).type
            if kind in _SILENT:
                return 0
            event = _decode(data)
        except msgspec.DecodeError:
            return len(data)
        if kind in {"message-end", "error"}:
            self._over = True
            return 0
        message = event.delta.message if event.delta is not None else None
        if message is None:
            return len(data)
        return (PART_TOKENS if kind.endswith("-start") else 0) + _size(message)


def _size(message: shapes.EventMessage) -> int:
    said = message.tool_plan or ""
    if isinstance(message.content, shapes.ContentDelta):
        said += (message.content.text or "") + (message.content.thinking or "")
    if isinstance(message.tool_calls, shapes.Call) and (function := message.tool_calls.function) is not None:
        said += (function.name or "") + (function.arguments or "")
    return len(said.encode("utf-8", "replace"))

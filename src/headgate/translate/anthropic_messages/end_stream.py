"""Ends a stream of Anthropic's messages format before its model does: see `translate/ending.py`."""

from typing import Final

import msgspec

from headgate.domain.conversation import StopReason
from headgate.domain.usage import Usage
from headgate.translate.anthropic_messages.render_answer import message_head, render_usage
from headgate.translate.anthropic_messages.stop_reasons import render_stop_reason
from headgate.translate.decoding import ABSENT, encode, is_given
from headgate.wire.sse import EventSplitter, parse_event, render_event

BLOCK_TOKENS: Final = 16
"""More than what stands around a block or a call and is not seen."""
_DELTAS: Final = frozenset({"text_delta", "thinking_delta", "signature_delta", "input_json_delta"})
_BLOCKS: Final = frozenset({"text", "thinking", "redacted_thinking", "tool_use"})
"""Of other kinds (what a server's tool found, say) every byte counts."""


class _Delta(msgspec.Struct):
    type: str = ""
    text: str = ""
    thinking: str = ""
    signature: str = ""
    partial_json: str = ""
    stop_reason: str | None = None


class _Block(msgspec.Struct):
    type: str = ""
    text: str = ""
    thinking: str = ""
    signature: str = ""
    data: str = ""
    name: str = ""
    input: msgspec.Raw = ABSENT


class _Event(msgspec.Struct):
    """One event: only what is touched."""

    type: str = ""
    index: int = 0
    delta: _Delta | None = None
    content_block: _Block | None = None


_decode: Final = msgspec.json.Decoder(_Event).decode


class AnthropicEnding:
    """Follows one stream."""

    def __init__(self, *, created: int, model: str) -> None:
        """Nothing has passed yet."""
        self._head = message_head(f"msg_{created}", model)
        self._events = EventSplitter()
        self._begun = False
        self._open: dict[int, None] = {}
        self._told = False
        self._stopped = False

    @property
    def over(self) -> bool:
        """A stop reason, an error or the last event was seen."""
        return self._told or self._stopped

    def feed(self, chunk: bytes) -> int:
        """Follow the events of a chunk; the most tokens that they can be."""
        return sum(self._take(parse_event(raw).data) for raw in self._events.feed(chunk))

    def finish(self, usage: Usage | None) -> bytes:
        """Close every block, tell the stop reason and the usage, stop."""
        if self._stopped:
            return b""
        ending = b"" if self._begun else self._begin(usage)
        ending += b"".join(_render({"type": "content_block_stop", "index": index}) for index in self._open)
        if not self._told:
            stop = {"stop_reason": render_stop_reason(StopReason.MAX_TOKENS), "stop_sequence": None}
            ending += _render({"type": "message_delta", "delta": stop, "usage": render_usage(usage)})
        self._stopped = True
        return ending + _render({"type": "message_stop"})

    def _take(self, data: bytes) -> int:
        if not data:
            return 0
        try:
            event = _decode(data)
        except msgspec.DecodeError:
            return len(data)
        match event.type:
            case "content_block_delta":
                return _delta_size(event.delta, data)
            case "content_block_start":
                self._open[event.index] = None
                return BLOCK_TOKENS + _block_size(event.content_block, data)
            case "content_block_stop":
                self._open.pop(event.index, None)
            case "message_start":
                self._begun = True
            case "message_delta":
                self._told = self._told or bool(event.delta and event.delta.stop_reason)
            case "message_stop" | "message" | "error":
                self._stopped = True
            case _:
                pass
        return 0

    def _begin(self, usage: Usage | None) -> bytes:
        open_ended = {"content": [], "stop_reason": None, "stop_sequence": None, "usage": render_usage(usage)}
        return _render({"type": "message_start", "message": {**self._head, **open_ended}})


def _delta_size(delta: _Delta | None, data: bytes) -> int:
    if delta is None or delta.type not in _DELTAS:
        return len(data)
    return _bytes(delta.text + delta.thinking + delta.signature + delta.partial_json)


def _block_size(block: _Block | None, data: bytes) -> int:
    if block is None or block.type not in _BLOCKS:
        return len(data)
    arguments = len(bytes(block.input)) if is_given(block.input) else 0
    return arguments + _bytes(block.text + block.thinking + block.signature + block.data + block.name)


def _bytes(text: str) -> int:
    return len(text.encode("utf-8", "replace"))


def _render(event: dict[str, object]) -> bytes:
    return render_event(encode(event, "event"), str(event["type"]))

"""Deltas -> streamed answer of Anthropic's messages format.

    BEGIN --first delta--> OPEN --finish()--> ENDED
      message_start          every block closed, message_delta, message_stop
    BEGIN, OPEN --Failed--> ENDED: the error event

One block is open at a time, in the order in which the parts began. What belongs to a later block waits until every
block before it is closed; a tool call is closed as soon as its arguments are a whole JSON object or it is said to end.
"""

from collections import deque
from enum import Enum, auto

import msgspec

from headgate.domain.conversation import (
    Delta,
    Failed,
    Finished,
    PartEnded,
    RedactedThinkingArrived,
    SignatureDelta,
    Started,
    StopReason,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
)
from headgate.domain.usage import Usage
from headgate.translate.anthropic_messages.render_answer import message_head, render_usage
from headgate.translate.anthropic_messages.stop_reasons import render_stop_reason
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import decode, encode
from headgate.wire.sse import render_event


class _State(Enum):
    BEGIN = auto()
    OPEN = auto()
    ENDED = auto()


class _Kind(Enum):
    TEXT = auto()
    THINKING = auto()
    REDACTED = auto()
    CALL = auto()


class _Block:
    """A block that is open, or waits to be."""

    def __init__(self, kind: _Kind, head: dict[str, object], key: int | None = None) -> None:
        self.kind = kind
        self.head = head
        self.key = key
        self.waiting: list[dict[str, object]] = []
        self.arguments: list[str] = []
        self.ended = kind is _Kind.REDACTED

    def is_whole(self) -> bool:
        """Whether nothing can follow in it."""
        if self.ended or self.kind is not _Kind.CALL:
            return True
        if not self.arguments or not self.arguments[-1].rstrip().endswith("}"):
            return False
        try:
            decode("".join(self.arguments).encode("utf-8", "replace"), dict[str, msgspec.Raw], "")
        except UntranslatableError:
            return False
        return True


def render_stream_error(message: str, code: str) -> bytes:
    """The error event that ends a stream; `code` is Anthropic's kind of error where it is one."""
    kind = code if code.endswith("_error") else "api_error"
    return _render({"type": "error", "error": {"type": kind, "message": message}})


class AnthropicStreamRenderer:
    """Writes one stream."""

    def __init__(self, *, created: int) -> None:
        """`created` is epoch seconds; it only names an answer that has no id."""
        self._created = created
        self._state = _State.BEGIN
        self._blocks: deque[_Block] = deque()
        self._closed_calls: set[int] = set()
        self._index = -1
        self._is_open = False
        self._usage: Usage | None = None
        self._finished: Finished | None = None

    def feed(self, delta: Delta) -> bytes:
        """Write one delta."""
        if self._state is _State.ENDED:
            return b""
        match delta:
            case UsageReported(usage=usage):
                self._usage = usage
                return b""
            case Finished():
                self._finished = delta
                return b""
            case Failed(message=message, error_type=error_type):
                return self._fail(message, error_type or "api_error")
            case Started():
                return self._begin(delta)
            case ToolCallDelta(key=key) if key in self._closed_calls and delta.arguments.strip():
                return self._fail("The arguments of a tool call went on after they were whole.", "api_error")
            case _:
                begun = self._begin(Started())
                self._take(delta)
                return begun + self._advance()

    def finish(self) -> bytes:
        """Close what is open. An answer that was cut ends as one that ran out of tokens."""
        if self._state is _State.ENDED:
            return b""
        ending = self._begin(Started())
        for block in self._blocks:
            block.ended = True
        ending += self._advance()
        self._state = _State.ENDED
        finished = self._finished or Finished(stop_reason=StopReason.MAX_TOKENS)
        stop = {"stop_reason": render_stop_reason(finished.stop_reason), "stop_sequence": finished.stop_sequence}
        ending += _render({"type": "message_delta", "delta": stop, "usage": render_usage(self._usage)})
        return ending + _render({"type": "message_stop"})

    def _begin(self, head: Started) -> bytes:
        if self._state is not _State.BEGIN:
            return b""
        self._state = _State.OPEN
        self._usage = head.usage or self._usage
        message: dict[str, object] = {
            **message_head(head.id or f"msg_{self._created}", head.model),
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": render_usage(self._usage),
        }
        return _render({"type": "message_start", "message": message})

    def _fail(self, message: str, kind: str) -> bytes:
        self._state = _State.ENDED
        return render_stream_error(message, kind)

    def _take(self, delta: Delta) -> None:
        match delta:
            case TextDelta(text=text) if text:
                self._last(_Kind.TEXT).waiting.append({"type": "text_delta", "text": text})
            case ThinkingDelta(text=text) if text:
                self._last(_Kind.THINKING).waiting.append({"type": "thinking_delta", "thinking": text})
            case SignatureDelta(signature=signature) if signature:
                self._last(_Kind.THINKING).waiting.append({"type": "signature_delta", "signature": signature})
            case RedactedThinkingArrived(data=data):
                self._blocks.append(_Block(_Kind.REDACTED, {"type": "redacted_thinking", "data": data}))
            case ToolCallStarted() if delta.key not in self._closed_calls and self._call(delta.key) is None:
                head: dict[str, object] = {"type": "tool_use", "id": delta.id, "name": delta.name, "input": {}}
                self._blocks.append(_Block(_Kind.CALL, head, delta.key))
            case ToolCallDelta(key=key, arguments=arguments) if arguments:
                call = self._call(key)
                if call is not None:
                    call.arguments.append(arguments)
                    call.waiting.append({"type": "input_json_delta", "partial_json": arguments})
            case PartEnded(key=key):
                ended = self._call(key) if key is not None else self._last_that_is_not_a_call()
                if ended is not None:
                    ended.ended = True
            case _:
                pass

    def _last(self, kind: _Kind) -> _Block:
        """The last block, if it is of this kind and goes on; else a new one."""
        if not self._blocks or self._blocks[-1].kind is not kind or self._blocks[-1].ended:
            head: dict[str, object] = {"type": "text", "text": ""}
            if kind is _Kind.THINKING:
                head = {"type": "thinking", "thinking": "", "signature": ""}
            self._blocks.append(_Block(kind, head))
        return self._blocks[-1]

    def _last_that_is_not_a_call(self) -> _Block | None:
        return self._blocks[-1] if self._blocks and self._blocks[-1].kind is not _Kind.CALL else None

    def _call(self, key: int) -> _Block | None:
        return next((block for block in self._blocks if block.kind is _Kind.CALL and block.key == key), None)

    def _advance(self) -> bytes:
        """Write what may be written now: the first block, and those behind it as far as each before is whole."""
        written = b""
        while self._blocks:
            block = self._blocks[0]
            written += self._write(block)
            if not (block.ended or len(self._blocks) > 1) or not block.is_whole():
                break
            written += self._close(block)
        return written

    def _write(self, block: _Block) -> bytes:
        events: list[dict[str, object]] = []
        if not self._is_open:
            self._is_open = True
            self._index += 1
            events.append({"type": "content_block_start", "index": self._index, "content_block": block.head})
        for delta in block.waiting:
            event: dict[str, object] = {"type": "content_block_delta", "index": self._index, "delta": delta}
            events.append(event)
        block.waiting.clear()
        return b"".join(_render(event) for event in events)

    def _close(self, block: _Block) -> bytes:
        self._blocks.popleft()
        self._is_open = False
        if block.key is not None:
            self._closed_calls.add(block.key)
        return _render({"type": "content_block_stop", "index": self._index})


def _render(event: dict[str, object]) -> bytes:
    return render_event(encode(event, "event"), str(event["type"]))

"""Deltas -> streamed answer of OpenAI's chat completions format.

    BEGIN --first delta--> OPEN --finish()--> ENDED
      the role chunk         the finish reason, the usage if it was asked for, [DONE]
    BEGIN, OPEN --Failed--> ENDED: the error event, and no [DONE], so that no client takes the answer for whole

Calls of tools may interleave here: each fragment carries the index of its call.
"""

from enum import Enum, auto
from typing import Final

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
from headgate.translate.decoding import encode
from headgate.translate.openai_chat.render_answer import render_usage
from headgate.translate.openai_chat.stop_reasons import render_stop_reason
from headgate.wire.sse import render_event

_DONE: Final = b"data: [DONE]\n\n"


class _State(Enum):
    BEGIN = auto()
    OPEN = auto()
    ENDED = auto()


class _Call:
    """A tool call that has been announced."""

    def __init__(self, index: int) -> None:
        self.index = index
        self.has_arguments = False


def render_stream_error(message: str, code: str) -> bytes:
    """The error event that ends a stream."""
    error = {"message": message, "type": "upstream_error", "param": None, "code": code}
    return render_event(encode({"error": error}, "error"))


class OpenAiStreamRenderer:
    """Writes one stream."""

    def __init__(self, *, created: int, include_usage: bool) -> None:
        """`created` is epoch seconds; `include_usage`: the client asked for the usage chunk."""
        self._created = created
        self._include_usage = include_usage
        self._state = _State.BEGIN
        self._head = Started()
        self._calls: dict[int, _Call] = {}
        self._thoughts = 0
        self._in_thought = False
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
                self._state = _State.ENDED
                return render_stream_error(message, error_type or "upstream_broken")
            case Started():
                return self._begin(delta)
            case _:
                return self._begin(self._head) + self._content(delta)

    def finish(self) -> bytes:
        """Close what is open. An answer that was cut ends as one that ran out of tokens."""
        if self._state is _State.ENDED:
            return b""
        ending = self._begin(self._head) + b"".join(self._end_call(call) for call in self._calls.values())
        self._state = _State.ENDED
        reason = self._finished.stop_reason if self._finished else StopReason.MAX_TOKENS
        ending += self._chunk({}, finish_reason=render_stop_reason(reason))
        if self._include_usage and self._usage is not None:
            ending += self._event({"choices": [], "usage": render_usage(self._usage)})
        return ending + _DONE

    def _begin(self, head: Started) -> bytes:
        if self._state is not _State.BEGIN:
            return b""
        self._state = _State.OPEN
        self._head = head
        self._usage = head.usage or self._usage
        return self._chunk({"role": "assistant", "content": ""})

    def _content(self, delta: Delta) -> bytes:
        match delta:
            case TextDelta(text=text):
                self._in_thought = False
                return self._chunk({"content": text}) if text else b""
            case ThinkingDelta(text=text):
                self._think()
                return self._chunk({"reasoning_content": text}) if text else b""
            case SignatureDelta(signature=signature):
                self._think()
                return self._detail({"type": "reasoning.text", "signature": signature})
            case RedactedThinkingArrived(data=data):
                self._in_thought = False
                self._think()
                self._in_thought = False
                return self._detail({"type": "reasoning.encrypted", "data": data})
            case ToolCallStarted() | ToolCallDelta():
                return self._call(delta)
            case PartEnded(key=key):
                self._in_thought = False
                return self._end_call(self._calls[key]) if key in self._calls else b""
            case _:
                return b""

    def _think(self) -> None:
        if not self._in_thought:
            self._in_thought = True
            self._thoughts += 1

    def _detail(self, detail: dict[str, object]) -> bytes:
        return self._chunk({"reasoning_details": [{**detail, "index": self._thoughts - 1}]})

    def _call(self, delta: ToolCallStarted | ToolCallDelta) -> bytes:
        self._in_thought = False
        call = self._calls.get(delta.key)
        if isinstance(delta, ToolCallStarted):
            if call is not None:
                return b""
            call = self._calls[delta.key] = _Call(len(self._calls))
            function = {"name": delta.name, "arguments": ""}
            begun = {"index": call.index, "id": delta.id, "type": "function", "function": function}
            return self._chunk({"tool_calls": [begun]})
        if call is None or not delta.arguments:
            return b""
        return self._arguments(call, delta.arguments)

    def _end_call(self, call: _Call) -> bytes:
        # Clients parse the arguments: nothing at all is no JSON.
        return b"" if call.has_arguments else self._arguments(call, "{}")

    def _arguments(self, call: _Call, arguments: str) -> bytes:
        call.has_arguments = True
        return self._chunk({"tool_calls": [{"index": call.index, "function": {"arguments": arguments}}]})

    def _chunk(self, delta: dict[str, object], *, finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        return self._event({"choices": [choice]})

    def _event(self, content: dict[str, object]) -> bytes:
        event = {
            "id": self._head.id or f"chatcmpl-{self._created}",
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": self._head.model,
            **content,
        }
        return render_event(encode(event, "chunk"))

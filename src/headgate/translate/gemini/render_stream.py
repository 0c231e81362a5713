"""Deltas -> streamed answer of Gemini's format, as server-sent events.

    OPEN --finish()--> ENDED: an event with the finish reason and the usage, which is the last one
    OPEN --Failed--> ENDED: an event with the error, and no finish reason, so that no client takes the answer for whole

A call goes out in one piece, as soon as its arguments are a whole JSON object or it is said to end. Parts keep their
order: what belongs to a later one waits until the calls before it are whole.
"""

from collections import deque
from typing import Final

import msgspec

from headgate.domain.conversation import (
    Delta,
    Failed,
    Finished,
    PartEnded,
    RedactedThinking,
    RedactedThinkingArrived,
    SignatureDelta,
    Started,
    StopReason,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
)
from headgate.domain.usage import Usage
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import decode, encode
from headgate.translate.gemini.render_answer import (
    candidate,
    message_head,
    render_call,
    render_finish,
    render_part,
    render_usage,
)
from headgate.wire.sse import render_event

_STATUSES: Final = {
    "authentication_error": (401, "UNAUTHENTICATED"),
    "invalid_request_error": (400, "INVALID_ARGUMENT"),
    "not_found_error": (404, "NOT_FOUND"),
    "overloaded_error": (503, "UNAVAILABLE"),
    "permission_error": (403, "PERMISSION_DENIED"),
    "rate_limit_error": (429, "RESOURCE_EXHAUSTED"),
    "upstream_timeout": (504, "DEADLINE_EXCEEDED"),
}


def render_stream_error(message: str, code: str) -> bytes:
    """The error event that ends a stream."""
    status, word = _STATUSES.get(code, (502, "UNAVAILABLE"))
    error = {"code": status, "message": message, "status": word}
    return render_event(encode({"error": error}, "error"))


class _Call:
    """A call that waits until it is whole."""

    def __init__(self, begun: ToolCallStarted) -> None:
        self.id = begun.id
        self.name = begun.name
        self.arguments: list[str] = []
        self.ended = False

    def is_whole(self) -> bool:
        """Whether nothing can follow in it."""
        if self.ended or not self.arguments or not self.arguments[-1].rstrip().endswith("}"):
            return self.ended
        try:
            decode("".join(self.arguments).encode("utf-8", "replace"), dict[str, msgspec.Raw], "")
        except UntranslatableError:
            return False
        return True


class GeminiStreamRenderer:
    """Writes one stream."""

    def __init__(self, *, created: int) -> None:
        """`created` is epoch seconds; it only names an answer that has no id."""
        self._created = created
        self._ended = False
        self._head = Started()
        self._waiting: deque[dict[str, object] | _Call] = deque()
        """Parts in their order; the first one is a call that is not whole, or there is none."""
        self._calls: dict[int, _Call] = {}
        self._broken_call: str | None = None
        self._usage: Usage | None = None
        self._finished: Finished | None = None

    def feed(self, delta: Delta) -> bytes:
        """Write one delta."""
        if self._ended:
            return b""
        match delta:
            case Started():
                self._head = delta
                self._usage = delta.usage or self._usage
            case UsageReported(usage=usage):
                self._usage = usage
            case Finished():
                self._finished = delta
            case Failed(message=message, error_type=error_type):
                self._ended = True
                return render_stream_error(message, error_type or "upstream_broken")
            case _:
                self._take(delta)
        return self._advance()

    def finish(self) -> bytes:
        """Close what is open. An answer that was cut ends as one that ran out of tokens."""
        if self._ended:
            return b""
        for call in self._calls.values():
            call.ended = True
        ending = self._advance()
        self._ended = True
        reason = self._finished.stop_reason if self._finished else StopReason.MAX_TOKENS
        last = candidate([{"text": ""}], render_finish(reason, broken_call=self._broken_call))
        usage: dict[str, object] = {} if self._usage is None else {"usageMetadata": render_usage(self._usage)}
        return ending + self._event(last, usage)

    def _take(self, delta: Delta) -> None:
        match delta:
            case TextDelta(text=text) if text:
                self._waiting.extend(render_part(Text(text=text)))
            case ThinkingDelta(text=text) if text:
                self._waiting.extend(render_part(Thinking(text=text)))
            case SignatureDelta(signature=signature) if signature:
                self._waiting.extend(render_part(Thinking(text="", signature=signature)))
            case RedactedThinkingArrived(data=data):
                self._waiting.extend(render_part(RedactedThinking(data=data)))
            case ToolCallStarted(key=key) if key not in self._calls:
                self._calls[key] = _Call(delta)
                self._waiting.append(self._calls[key])
            case ToolCallDelta(key=key, arguments=arguments) if arguments and key in self._calls:
                self._calls[key].arguments.append(arguments)
            case PartEnded(key=int(key)) if key in self._calls:
                self._calls[key].ended = True
            case _:
                pass

    def _advance(self) -> bytes:
        """Write what may be written now."""
        written = b""
        while self._waiting:
            part = self._waiting[0]
            if isinstance(part, _Call):
                if not part.is_whole():
                    break
                part = self._whole(part)
            self._waiting.popleft()
            if part is not None:
                written += self._event(candidate([part], {}), {})
        return written

    def _whole(self, call: _Call) -> dict[str, object] | None:
        rendered = render_call(call.id, call.name, "".join(call.arguments))
        if rendered is None:
            self._broken_call = call.name
        return rendered

    def _event(self, piece: dict[str, object], usage: dict[str, object]) -> bytes:
        head = message_head(self._head.id or f"gen-{self._created}", self._head.model)
        document = encode({"candidates": [piece], **usage, **head}, "event")
        # A model may write arguments over several lines: no line break may stand in an event, and none is in a string.
        return render_event(document.replace(b"\n", b" ").replace(b"\r", b" "))

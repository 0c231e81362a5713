"""Streamed answer of Cohere's chat format -> deltas."""

from collections.abc import Callable
from typing import Final

from headgate.domain.conversation import (
    Delta,
    Failed,
    Finished,
    PartEnded,
    Started,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
)
from headgate.translate.codec import UntranslatableError
from headgate.translate.cohere_chat import answer_shapes as shapes
from headgate.translate.cohere_chat.parse_answer import NO_ARGUMENTS
from headgate.translate.cohere_chat.stop_reasons import FAILED, parse_stop_reason
from headgate.translate.cohere_chat.usage import cohere_usage
from headgate.translate.content import synthetic_id
from headgate.translate.decoding import decode, is_given
from headgate.translate.error_message import error_message
from headgate.wire.sse import Event, EventSplitter, parse_event

_BROKE_OFF: Final = "The answer broke off before its end."
_DONE: Final = b"[DONE]"
"""Follows the last event of most streams, and says nothing that it did not."""


class CohereStreamParser:
    """Reads one stream."""

    def __init__(self) -> None:
        self._events = EventSplitter()
        self._keys: dict[int, int] = {}
        """Index on the wire -> key of the call that it names now."""
        self._calls = 0
        self._plans = False
        """What it says before its calls is being said."""
        self._finished = False
        self._failed = False
        self._handlers: dict[str, Callable[[shapes.StreamEvent, shapes.EventDelta], list[Delta]]] = {
            "message-start": self._message_start,
            "content-start": self._content,
            "content-delta": self._content,
            "content-end": self._content_end,
            "tool-plan-delta": self._tool_plan,
            "tool-call-start": self._call_start,
            "tool-call-delta": self._call_delta,
            "tool-call-end": self._call_end,
            "message-end": self._message_end,
        }

    def feed(self, chunk: bytes) -> list[Delta]:
        """Read bytes in any cut.

        Raises:
            UntranslatableError: naming the field of the event.
        """
        deltas: list[Delta] = []
        for raw in self._events.feed(chunk):
            deltas += self._event(parse_event(raw))
        return deltas

    def finish(self) -> list[Delta]:
        """The stream ended: an event without a blank line behind it still counts; an answer without an end failed."""
        try:
            deltas = self._event(parse_event(self._events.finish()))
        except UntranslatableError:
            deltas = []  # Half an event is none.
        if not self._finished and not self._failed:
            deltas.append(Failed(message=_BROKE_OFF))
        return deltas

    def _event(self, event: Event) -> list[Delta]:
        if self._failed or self._finished or not event.data or event.data.strip() == _DONE:
            return []
        parsed = decode(event.data, shapes.StreamEvent, "")
        kind = parsed.type or event.name
        handler = self._handlers.get(kind)
        if handler is not None:
            delta = decode(parsed.delta, shapes.EventDelta, "delta") if is_given(parsed.delta) else shapes.EventDelta()
            return handler(parsed, delta)
        if kind == "error" or (not kind and is_given(parsed.message)):
            self._failed = True
            return [Failed(message=error_message(200, event.data))]
        # Citations and kinds that are added later are passed over.
        return []

    def _message_start(self, event: shapes.StreamEvent, delta: shapes.EventDelta) -> list[Delta]:
        _ = delta
        return [Started(id=event.id or "")]

    def _content(self, event: shapes.StreamEvent, delta: shapes.EventDelta) -> list[Delta]:
        _ = event
        content = delta.message.content if delta.message is not None else None
        if not isinstance(content, shapes.ContentDelta):
            return []
        if content.type not in {None, "text", "thinking"}:
            raise UntranslatableError("delta.message.content.type", f"{content.type!r} has no counterpart")
        deltas: list[Delta] = self._end_plan()
        if content.thinking:
            deltas.append(ThinkingDelta(text=content.thinking))
        if content.text:
            deltas.append(TextDelta(text=content.text))
        return deltas

    def _content_end(self, event: shapes.StreamEvent, delta: shapes.EventDelta) -> list[Delta]:
        _ = event, delta
        return [PartEnded()]

    def _tool_plan(self, event: shapes.StreamEvent, delta: shapes.EventDelta) -> list[Delta]:
        _ = event
        plan = delta.message.tool_plan if delta.message is not None else None
        if not plan:
            return []
        self._plans = True
        return [TextDelta(text=plan)]

    def _end_plan(self) -> list[Delta]:
        ended, self._plans = self._plans, False
        return [PartEnded()] if ended else []

    def _call_start(self, event: shapes.StreamEvent, delta: shapes.EventDelta) -> list[Delta]:
        call = _call_of(delta)
        function = call.function or shapes.CalledFunction()
        if not function.name:
            raise UntranslatableError("delta.message.tool_calls.function.name", "is required where a call begins")
        key = self._calls
        self._calls += 1
        self._keys[event.index or 0] = key
        started = ToolCallStarted(key=key, id=call.id or synthetic_id(key), name=function.name)
        return [*self._end_plan(), started, *_arguments(key, function)]

    def _call_delta(self, event: shapes.StreamEvent, delta: shapes.EventDelta) -> list[Delta]:
        key = self._keys.get(event.index or 0)
        if key is None:
            raise UntranslatableError("index", "names no tool call that has begun")
        return _arguments(key, _call_of(delta).function or shapes.CalledFunction())

    def _call_end(self, event: shapes.StreamEvent, delta: shapes.EventDelta) -> list[Delta]:
        _ = delta
        key = self._keys.get(event.index or 0)
        return [] if key is None else [PartEnded(key=key)]

    def _message_end(self, event: shapes.StreamEvent, delta: shapes.EventDelta) -> list[Delta]:
        _ = event
        usage = cohere_usage(delta.usage)
        told: list[Delta] = [] if usage is None else [UsageReported(usage=usage)]
        reason = delta.finish_reason or ""
        if reason in FAILED or delta.error:
            self._failed = True
            return [*told, Failed(message=delta.error or _BROKE_OFF, error_type=delta.error_type)]
        self._finished = True
        return [*told, Finished(stop_reason=parse_stop_reason(reason, has_calls=bool(self._calls)))]


def _call_of(delta: shapes.EventDelta) -> shapes.Call:
    call = delta.message.tool_calls if delta.message is not None else None
    return call if isinstance(call, shapes.Call) else shapes.Call()


def _arguments(key: int, function: shapes.CalledFunction) -> list[Delta]:
    arguments = function.arguments
    # Arguments are an object: this word can only stand for none at all.
    return [ToolCallDelta(key=key, arguments=arguments)] if arguments and arguments != NO_ARGUMENTS else []

"""Streamed answer of Anthropic's messages format -> deltas."""

from collections.abc import Callable
from typing import Final

from headgate.domain.conversation import (
    Delta,
    Failed,
    Finished,
    PartEnded,
    RedactedThinkingArrived,
    SignatureDelta,
    Started,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
)
from headgate.translate.anthropic_messages import answer_shapes as shapes
from headgate.translate.anthropic_messages.request_shapes import RedactedThinkingBlock, ThinkingBlock, ToolUseBlock
from headgate.translate.anthropic_messages.stop_reasons import parse_stop_reason
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import decode, is_given, object_text
from headgate.translate.error_message import error_message
from headgate.translate.usage import anthropic_usage
from headgate.wire.sse import Event, EventSplitter, parse_event

_BROKE_OFF: Final = "The answer broke off before its end."
_EMPTY_OBJECT: Final = "{}"
_SILENT_DELTAS: Final = frozenset({"citations_delta"})
"""Deltas that say nothing which is kept; see `docs/reference/translation.md`."""
_DONE: Final = b"[DONE]"
"""Not of this format, but some who speak it add it."""


class AnthropicStreamParser:
    """Reads one stream."""

    def __init__(self) -> None:
        self._events = EventSplitter()
        self._usage: dict[str, object] = {}
        self._calls: set[int] = set()
        self._finished = False
        self._failed = False
        self._handlers: dict[str, Callable[[shapes.StreamEvent], list[Delta]]] = {
            "message_start": self._message_start,
            "content_block_start": self._block_start,
            "content_block_delta": self._block_delta,
            "content_block_stop": self._block_stop,
            "message_delta": self._message_delta,
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
        if self._failed or not event.data or event.data.strip() == _DONE:
            return []
        parsed = decode(event.data, shapes.StreamEvent, "")
        kind = parsed.type or event.name
        if kind == "error" or is_given(parsed.error):
            self._failed = True
            return [Failed(message=error_message(200, event.data), error_type=_error_type(parsed))]
        handler = self._handlers.get(kind)
        # New kinds of event may appear at any time, the format says, and are to be passed over.
        return handler(parsed) if handler is not None else []

    def _message_start(self, event: shapes.StreamEvent) -> list[Delta]:
        head = event.message or shapes.MessageHead()
        self._merge_usage(head.usage)
        return [Started(id=head.id or "", model=head.model or "", usage=anthropic_usage(self._usage))]

    def _block_start(self, event: shapes.StreamEvent) -> list[Delta]:
        match event.content_block:
            case shapes.TextBlock(text=text):
                return [TextDelta(text=text)] if text else []
            case ThinkingBlock(thinking=text, signature=signature):
                begun: list[Delta] = [ThinkingDelta(text=text)] if text else []
                return [*begun, SignatureDelta(signature=signature)] if signature else begun
            case RedactedThinkingBlock(data=data):
                return [RedactedThinkingArrived(data=data)]
            case ToolUseBlock() as call:
                key = _index(event)
                self._calls.add(key)
                begun = [ToolCallStarted(key=key, id=call.id, name=call.name)]
                arguments = object_text(call.input, "content_block.input")
                return begun if arguments == _EMPTY_OBJECT else [*begun, ToolCallDelta(key=key, arguments=arguments)]
            case None:
                raise UntranslatableError("content_block", "is required")

    def _block_delta(self, event: shapes.StreamEvent) -> list[Delta]:
        delta = event.delta or shapes.EventDelta()
        match delta.type:
            case "text_delta":
                return [TextDelta(text=delta.text)] if delta.text else []
            case "thinking_delta":
                return [ThinkingDelta(text=delta.thinking)] if delta.thinking else []
            case "signature_delta":
                return [SignatureDelta(signature=delta.signature)] if delta.signature else []
            case "input_json_delta":
                return self._arguments(event, delta.partial_json)
            case _ if delta.type in _SILENT_DELTAS:
                return []
            case _:
                raise UntranslatableError("delta.type", f"{delta.type!r} has no counterpart in the client's format")

    def _arguments(self, event: shapes.StreamEvent, partial_json: str | None) -> list[Delta]:
        key = _index(event)
        if key not in self._calls:
            raise UntranslatableError("index", "names no tool call that has begun")
        return [ToolCallDelta(key=key, arguments=partial_json)] if partial_json else []

    def _block_stop(self, event: shapes.StreamEvent) -> list[Delta]:
        key = _index(event)
        return [PartEnded(key=key if key in self._calls else None)]

    def _message_delta(self, event: shapes.StreamEvent) -> list[Delta]:
        deltas: list[Delta] = []
        self._merge_usage(event.usage)
        usage = anthropic_usage(self._usage) if event.usage else None
        if usage is not None:
            deltas.append(UsageReported(usage=usage))
        delta = event.delta
        if delta is not None and delta.stop_reason:
            self._finished = True
            stop = parse_stop_reason(delta.stop_reason)
            deltas.append(Finished(stop_reason=stop, stop_sequence=delta.stop_sequence))
        return deltas

    def _merge_usage(self, reported: dict[str, object] | None) -> None:
        # Figures are cumulative: a later one replaces an earlier one, and one that is absent leaves it.
        self._usage |= {name: value for name, value in (reported or {}).items() if value is not None}


def _index(event: shapes.StreamEvent) -> int:
    if event.index is None:
        raise UntranslatableError("index", "is required")
    return event.index


def _error_type(event: shapes.StreamEvent) -> str | None:
    try:
        kind = decode(event.error, dict[str, object], "error").get("type")
    except UntranslatableError:
        return None
    return kind if isinstance(kind, str) else None

"""Streamed answer of OpenAI's Responses format -> deltas."""

from collections.abc import Callable
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
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
)
from headgate.translate.codec import UntranslatableError
from headgate.translate.decoding import decode, is_given
from headgate.translate.error_message import error_message
from headgate.translate.openai_responses import answer_shapes as shapes
from headgate.translate.openai_responses.parse_answer import (
    call_id,
    call_name,
    is_refusal,
    reasoning_of,
    refuse_foreign,
)
from headgate.translate.openai_responses.parse_items import BETWEEN_THOUGHTS, thinking_of
from headgate.translate.openai_responses.stop_reasons import COMPLETED, INCOMPLETE, parse_stop_reason
from headgate.translate.usage_responses import responses_usage
from headgate.wire.sse import Event, EventSplitter, parse_event

_BROKE_OFF: Final = "The answer broke off before its end."
_DONE: Final = b"[DONE]"
"""Not of this format, but some who speak it add it."""


class _Open:
    """An item whose end was not seen yet."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.place: tuple[str, int] | None = None
        """Kind and index of the part that grew last."""
        self.said = False
        """Something of it was given on."""


class ResponsesStreamParser:
    """Reads one stream."""

    def __init__(self) -> None:
        self._events = EventSplitter()
        self._items: dict[int, _Open] = {}
        self._started = False
        self._has_calls = False
        self._refused = False
        self._over = False
        self._handlers: dict[str, Callable[[shapes.Event], list[Delta]]] = {
            "response.created": self._response_began,
            "response.in_progress": self._response_began,
            "response.output_item.added": self._item_added,
            "response.output_text.delta": self._text,
            "response.refusal.delta": self._refusal,
            "response.reasoning_text.delta": self._thought,
            "response.reasoning_summary_text.delta": self._summary,
            "response.function_call_arguments.delta": self._arguments,
            "response.function_call_arguments.done": self._arguments_done,
            "response.output_item.done": self._item_done,
            "response.completed": self._response_ended,
            "response.incomplete": self._response_ended,
            "response.failed": self._response_failed,
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
        if not self._over:
            deltas.append(Failed(message=_BROKE_OFF))
        return deltas

    def _event(self, event: Event) -> list[Delta]:
        if self._over or not event.data or event.data.strip() == _DONE:
            return []
        parsed = decode(event.data, shapes.Event, "")
        kind = parsed.type or event.name
        if kind == "error" or is_given(parsed.error):
            return [self._fail(event.data, parsed.code)]
        handler = self._handlers.get(kind)
        # What else there is repeats what was said, or tells of the tools of a provider, whose items are refused.
        return handler(parsed) if handler is not None else []

    def _fail(self, data: bytes, code: str | None) -> Failed:
        self._over = True
        return Failed(message=error_message(200, data), error_type=code)

    def _response_began(self, event: shapes.Event) -> list[Delta]:
        if self._started or event.response is None:
            return []
        self._started = True
        return [Started(id=event.response.id or "", model=event.response.model or "")]

    def _item_added(self, event: shapes.Event) -> list[Delta]:
        item = decode(event.item, shapes.Item, "item")
        refuse_foreign(item, "item")
        index = _index(event)
        self._items[index] = _Open(item.type)
        if item.type != shapes.FUNCTION_CALL:
            return []
        self._has_calls = True
        begun: list[Delta] = [ToolCallStarted(key=index, id=call_id(item, "item"), name=call_name(item, "item"))]
        return [*begun, *self._more_arguments(event, item.arguments)]

    def _text(self, event: shapes.Event) -> list[Delta]:
        text = _delta(event)
        return self._grown(event, "text", event.content_index or 0, TextDelta(text=text)) if text else []

    def _refusal(self, event: shapes.Event) -> list[Delta]:
        self._refused = True
        return self._text(event)

    def _thought(self, event: shapes.Event) -> list[Delta]:
        text = _delta(event)
        return self._grown(event, "thought", event.content_index or 0, ThinkingDelta(text=text)) if text else []

    def _summary(self, event: shapes.Event) -> list[Delta]:
        text = _delta(event)
        return self._grown(event, "summary", event.summary_index or 0, ThinkingDelta(text=text)) if text else []

    def _grown(self, event: shapes.Event, kind: str, part: int, delta: TextDelta | ThinkingDelta) -> list[Delta]:
        """What grows; where another part of the item did before, what stands between the two."""
        item = self._item(event, shapes.MESSAGE if kind == "text" else shapes.REASONING)
        place = (kind, part)
        moved = item.place is not None and item.place != place
        item.place, item.said = place, True
        if not moved:
            return [delta]
        return [PartEnded() if kind == "text" else ThinkingDelta(text=BETWEEN_THOUGHTS), delta]

    def _item(self, event: shapes.Event, kind: str) -> _Open:
        # An item that was never announced begins with what is said of it.
        return self._items.setdefault(_index(event), _Open(kind))

    def _arguments(self, event: shapes.Event) -> list[Delta]:
        return self._more_arguments(event, _delta(event))

    def _arguments_done(self, event: shapes.Event) -> list[Delta]:
        item = self._items.get(_index(event))
        return [] if item is None or item.said else self._more_arguments(event, event.arguments)

    def _more_arguments(self, event: shapes.Event, arguments: str | None) -> list[Delta]:
        index = _index(event)
        item = self._items.get(index)
        if item is None or item.kind != shapes.FUNCTION_CALL:
            raise UntranslatableError("output_index", "names no tool call that has begun")
        if not arguments:
            return []
        item.said = True
        return [ToolCallDelta(key=index, arguments=arguments)]

    def _item_done(self, event: shapes.Event) -> list[Delta]:
        index = _index(event)
        item = decode(event.item, shapes.Item, "item")
        deltas = [] if index in self._items else self._item_added(event)
        opened = self._items[index]
        if opened.kind == shapes.FUNCTION_CALL:
            rest = [] if opened.said else self._more_arguments(event, item.arguments)
            deltas += [*rest, PartEnded(key=index)]
        elif opened.kind == shapes.REASONING:
            deltas += _thinking_done(item, said=opened.said)
        else:
            deltas += self._message_done(opened, item)
        del self._items[index]
        return deltas

    def _message_done(self, opened: _Open, item: shapes.Item) -> list[Delta]:
        self._refused = self._refused or is_refusal(item)
        if opened.said:
            return [PartEnded()]
        texts = [part.refusal or part.text for part in item.content or ()]
        return [delta for text in texts if text for delta in (TextDelta(text=text), PartEnded())]

    def _response_ended(self, event: shapes.Event) -> list[Delta]:
        self._over = True
        response = event.response or shapes.Response()
        deltas = self._response_began(event)
        usage = responses_usage(response.usage, response.tool_usage, response.output or ())
        if usage is not None:
            deltas.append(UsageReported(usage=usage))
        details = response.incomplete_details
        stop = parse_stop_reason(
            response.status or (INCOMPLETE if event.type == "response.incomplete" else COMPLETED),
            details.reason if details is not None else None,
            has_calls=self._has_calls,
            refused=self._refused,
        )
        return [*deltas, Finished(stop_reason=stop)]

    def _response_failed(self, event: shapes.Event) -> list[Delta]:
        error = event.response.error if event.response is not None else event.error
        said = msgspec.json.encode({"error": error})
        return [self._fail(said, None)]


def _index(event: shapes.Event) -> int:
    if event.output_index is None:
        raise UntranslatableError("output_index", "is required")
    return event.output_index


def _delta(event: shapes.Event) -> str:
    return decode(event.delta, str, "delta") if is_given(event.delta) else ""


def _thinking_done(item: shapes.Item, *, said: bool) -> list[Delta]:
    """What only the provider can read comes at the end, and so does what nobody has streamed (not `said`)."""
    deltas: list[Delta] = []
    for part in thinking_of(reasoning_of(item)):
        if isinstance(part, RedactedThinking):
            deltas += [PartEnded(), RedactedThinkingArrived(data=part.data)]
            continue
        if part.text and not said:
            deltas.append(ThinkingDelta(text=part.text))
        if part.signature:
            deltas.append(SignatureDelta(signature=part.signature))
    return [*deltas, PartEnded()]

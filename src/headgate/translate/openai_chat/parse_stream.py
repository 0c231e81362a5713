"""Streamed answer of OpenAI's chat completions format -> deltas."""

from typing import Final

from headgate.domain.conversation import (
    Delta,
    Failed,
    Finished,
    RedactedThinkingArrived,
    SignatureDelta,
    Started,
    StopReason,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
)
from headgate.providers.provider import UsageQuirk
from headgate.translate.codec import UntranslatableError
from headgate.translate.content import synthetic_id
from headgate.translate.decoding import decode, is_given
from headgate.translate.error_message import error_message
from headgate.translate.openai_chat import answer_shapes as shapes
from headgate.translate.openai_chat.parse_answer import content_parts, refuse_foreign_content
from headgate.translate.openai_chat.parse_messages import arguments_text
from headgate.translate.openai_chat.stop_reasons import FAILED, parse_stop_reason
from headgate.translate.usage import openai_chat_usage
from headgate.wire.sse import Event, EventSplitter, parse_event

_DONE: Final = b"[DONE]"
_BROKE_OFF: Final = "The answer broke off before its end."
_LEGACY_KEY: Final = -1


class OpenAiStreamParser:
    """Reads one stream."""

    def __init__(self, quirks: frozenset[UsageQuirk]) -> None:
        """`quirks` are the operator's deviations in usage."""
        self._quirks = quirks
        self._events = EventSplitter()
        self._started = False
        self._calls: dict[int, str] = {}
        """Key of a tool call -> its id."""
        self._keys: dict[int, int] = {}
        """Index on the wire -> key of the call that it names now."""
        self._newest_key = 0
        self._refused = False
        self._done = False
        self._finished = False
        self._failed = False

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
            deltas.append(self._finish("stop") if self._done else Failed(message=_BROKE_OFF))
        return deltas

    def _event(self, event: Event) -> list[Delta]:
        if self._failed or not event.data:
            return []
        if event.data.strip() == _DONE:
            self._done = True
            return []
        if event.name == "error":
            return [self._fail(event.data)]
        chunk = decode(event.data, shapes.Completion, "")
        if is_given(chunk.error):
            return [self._fail(event.data)]
        return self._chunk(chunk)

    def _fail(self, data: bytes) -> Failed:
        self._failed = True
        return Failed(message=error_message(200, data))

    def _chunk(self, chunk: shapes.Completion) -> list[Delta]:
        deltas: list[Delta] = []
        choices = chunk.choices or []
        if not self._started and (choices or chunk.id):
            self._started = True
            deltas.append(Started(id=chunk.id or "", model=chunk.model or ""))
        for choice in choices:
            deltas += self._choice(choice)
        usage = openai_chat_usage(chunk.usage, self._quirks)
        if usage is not None:
            deltas.append(UsageReported(usage=usage))
        return deltas

    def _choice(self, choice: shapes.Choice) -> list[Delta]:
        if choice.index:
            raise UntranslatableError("choices", "exactly one is translated")
        deltas = self._content(choice.delta) if choice.delta is not None else []
        if choice.finish_reason in FAILED:
            self._failed = True
            deltas.append(Failed(message=_BROKE_OFF))
        elif choice.finish_reason and not self._finished:
            deltas.append(self._finish(choice.finish_reason))
        return deltas

    def _finish(self, reason: str) -> Finished:
        self._finished = True
        stop: StopReason = parse_stop_reason(reason, has_calls=bool(self._calls), refused=self._refused)
        return Finished(stop_reason=stop)

    def _content(self, delta: shapes.Content) -> list[Delta]:
        refuse_foreign_content(delta, "choices[0].delta")
        deltas = _thinking(delta)
        for part in content_parts(delta.content):
            if isinstance(part, Thinking):
                deltas.append(ThinkingDelta(text=part.text))
                deltas += [SignatureDelta(signature=part.signature)] if part.signature else []
            else:
                deltas.append(TextDelta(text=part.text))
        if delta.refusal:
            self._refused = True
            deltas.append(TextDelta(text=delta.refusal))
        for i, call in enumerate(delta.tool_calls or ()):
            deltas += self._call(call, f"choices[0].delta.tool_calls[{i}]")
        legacy = delta.function_call
        if legacy is not None and (legacy.name or _LEGACY_KEY in self._calls):
            deltas += self._grow(_LEGACY_KEY, synthetic_id(0), legacy, "choices[0].delta.function_call")
        return deltas

    def _call(self, call: shapes.Call, field: str) -> list[Delta]:
        function = call.function
        if function is None:
            if call.type not in {None, "function"}:
                raise UntranslatableError(f"{field}.type", f"{call.type} calls have no counterpart")
            return []
        key = self._key(call, begins=bool(function.name))
        return self._grow(key, call.id or synthetic_id(key), function, field)

    def _key(self, call: shapes.Call, *, begins: bool) -> int:
        """A call is named by its index; without one, or with another call's, a new id and a name begin a new call."""
        key = self._newest_key if call.index is None else self._keys.get(call.index, call.index)
        known = self._calls.get(key)
        if known is not None and begins and call.id and call.id != known:
            key = max(self._calls) + 1
        if call.index is not None:
            self._keys[call.index] = key
        self._newest_key = key
        return key

    def _grow(self, key: int, call_id: str, function: shapes.CalledFunction, field: str) -> list[Delta]:
        deltas: list[Delta] = []
        if key not in self._calls:
            if not function.name:
                raise UntranslatableError(f"{field}.function.name", "is required where a call begins")
            self._calls[key] = call_id
            deltas.append(ToolCallStarted(key=key, id=call_id, name=function.name))
        arguments = arguments_text(function.arguments, f"{field}.function.arguments")
        if arguments:
            deltas.append(ToolCallDelta(key=key, arguments=arguments))
        return deltas


def _thinking(delta: shapes.Content) -> list[Delta]:
    """Thinking comes under one or two names at once; a signature or what is encrypted only in the details."""
    deltas: list[Delta] = []
    plain = delta.reasoning_content or delta.reasoning
    if plain:
        deltas.append(ThinkingDelta(text=plain))
    for detail in delta.reasoning_details or ():
        text = detail.text or detail.summary
        if text and not plain:
            deltas.append(ThinkingDelta(text=text))
        if detail.signature:
            deltas.append(SignatureDelta(signature=detail.signature))
        if detail.data:
            deltas.append(RedactedThinkingArrived(data=detail.data))
    return deltas

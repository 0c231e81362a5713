"""Ends a stream of OpenAI's chat completions format before its model does: see `translate/ending.py`."""

from collections.abc import Iterator, Mapping
from typing import Final, cast

import msgspec

from headgate.domain.conversation import StopReason
from headgate.domain.usage import Usage
from headgate.translate.decoding import encode
from headgate.translate.openai_chat.render_answer import render_usage
from headgate.translate.openai_chat.stop_reasons import render_stop_reason
from headgate.wire.sse import EventSplitter, parse_event, render_event

CALL_TOKENS: Final = 16
"""More than what stands around a call of a tool and is not seen."""
_DONE: Final = b"[DONE]"
_OF_ONE_CHUNK: Final = frozenset({"choices", "usage", "obfuscation", "x_groq"})
"""Top-level fields of a chunk that are not repeated in another."""
_NO_TOKENS: Final = frozenset({"role", "index", "id", "type", "format"})
"""Fields of a delta that the model did not write, wherever they stand in it."""


class _Choice(msgspec.Struct):
    index: int = 0
    delta: dict[str, object] | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct):
    """One chunk: only what is touched."""

    choices: list[_Choice] | None = None
    error: object = None


_decode: Final = msgspec.json.Decoder(_Chunk).decode
_decode_head: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode


class OpenAiEnding:
    """Follows one stream."""

    def __init__(self, *, created: int, model: str, include_usage: bool) -> None:
        """Nothing has passed yet; `include_usage`: the client asked for the usage chunk."""
        self._head: dict[str, object] = {
            "id": f"chatcmpl-{created}",
            "object": "chat.completion.chunk",
            "created": created,
            "model": model,
        }
        self._last = b""
        self._include_usage = include_usage
        self._events = EventSplitter()
        self._finished: dict[int, bool] = {}
        self._stopped = False

    @property
    def over(self) -> bool:
        """Every choice has its finish reason, or an error or the last event was seen."""
        return self._stopped or (bool(self._finished) and all(self._finished.values()))

    def feed(self, chunk: bytes) -> int:
        """Follow the events of a chunk; the most tokens that they can be."""
        return sum(self._take(parse_event(raw).data) for raw in self._events.feed(chunk))

    def finish(self, usage: Usage | None) -> bytes:
        """Finish every choice that is open, tell the usage, stop."""
        if self._stopped:
            return b""
        head = self._head | _head_of(self._last)
        begun = self._finished or {0: False}
        delta: dict[str, object] = {} if self._finished else {"role": "assistant", "content": ""}
        reason = render_stop_reason(StopReason.MAX_TOKENS)
        ending = b"".join(
            _render(head, choices=[{"index": index, "delta": delta, "logprobs": None, "finish_reason": reason}])
            for index, finished in begun.items()
            if not finished
        )
        if self._include_usage and usage is not None:
            ending += _render(head, choices=[], usage=render_usage(usage))
        self._stopped = True
        return ending + render_event(_DONE)

    def _take(self, data: bytes) -> int:
        if not data:
            return 0
        if data.strip() == _DONE:
            self._stopped = True
            return 0
        try:
            chunk = _decode(data)
        except msgspec.DecodeError:
            return len(data)
        if chunk.error is not None:
            self._stopped = True
            return 0
        self._last = data
        size = 0
        for choice in chunk.choices or ():
            self._finished[choice.index] = self._finished.get(choice.index, False) or bool(choice.finish_reason)
            size += _size(choice.delta) if choice.delta else 0
        return size


def _size(delta: Mapping[str, object]) -> int:
    """Bytes of all text in a delta. Thinking that comes under two names counts twice: still a bound."""
    return sum(len(text.encode("utf-8", "replace")) for text in _texts(delta)) + CALL_TOKENS * _calls(delta)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, inner in cast("Mapping[str, object]", value).items():
            if name not in _NO_TOKENS:
                yield from _texts(inner)
    elif isinstance(value, list):
        for inner in cast("list[object]", value):
            yield from _texts(inner)
    elif value is not None and not isinstance(value, bool):
        # Arguments of a tool that are no string, as some operators send them: their figures are written digit by digit.
        yield str(value)


def _calls(delta: Mapping[str, object]) -> int:
    """Calls that begin here: only their first fragment has a name."""
    calls = delta.get("tool_calls")
    return len(cast("list[object]", calls)) if isinstance(calls, list) and b'"name"' in msgspec.json.encode(calls) else 0


def _head_of(data: bytes) -> dict[str, object]:
    if not data:
        return {}
    return {name: raw for name, raw in _decode_head(data).items() if name not in _OF_ONE_CHUNK}


def _render(head: Mapping[str, object], **content: object) -> bytes:
    return render_event(encode({**head, **content}, "chunk"))

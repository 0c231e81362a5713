"""Ends a stream of OpenAI's chat completions format before its model does: see `translate/ending.py`."""

from collections.abc import Mapping
from typing import Final

import msgspec

from headgate.domain.conversation import StopReason
from headgate.domain.usage import Usage
from headgate.translate.decoding import ABSENT, encode, is_given
from headgate.translate.openai_chat.render_answer import render_usage
from headgate.translate.openai_chat.stop_reasons import render_stop_reason
from headgate.wire.sse import EventSplitter, parse_event, render_event

CALL_TOKENS: Final = 16
"""More than what stands around a call of a tool and is not seen."""
_DONE: Final = b"[DONE]"
_OF_ONE_CHUNK: Final = frozenset({"choices", "usage", "obfuscation", "x_groq"})
"""Top-level fields of a chunk that are not repeated in another."""
_THINKING: Final = ("reasoning_content", "reasoning", "reasoning_details")
"""The same thinking under up to three names."""


class Choice(msgspec.Struct):
    """One choice in a chunk."""

    index: int = 0
    text: msgspec.Raw = ABSENT
    """Of a text completion."""
    delta: dict[str, msgspec.Raw] | None = None
    finish_reason: str | None = None


class _Chunk(msgspec.Struct):
    """One chunk: only what is touched."""

    choices: list[Choice] | None = None
    error: msgspec.Raw = ABSENT


class _Function(msgspec.Struct):
    name: msgspec.Raw = ABSENT
    arguments: msgspec.Raw = ABSENT


class _Call(msgspec.Struct):
    function: _Function


_decode: Final = msgspec.json.Decoder(_Chunk).decode
_decode_head: Final = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_decode_calls: Final = msgspec.json.Decoder(list[_Call]).decode
_decode_text: Final = msgspec.json.Decoder(str).decode


class OpenAiEnding:
    """Follows one stream."""

    id_prefix = "chatcmpl-"
    object_name = "chat.completion.chunk"

    def __init__(self, *, created: int, model: str, include_usage: bool) -> None:
        """Nothing has passed yet; `include_usage`: the client asked for the usage chunk."""
        self._head: dict[str, object] = {
            "id": f"{self.id_prefix}{created}",
            "object": self.object_name,
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
        content = self.last_content(begun=bool(self._finished))
        reason = render_stop_reason(StopReason.MAX_TOKENS)
        ending = b"".join(
            _render_chunk(head, choices=[{"index": index, **content, "logprobs": None, "finish_reason": reason}])
            for index, finished in begun.items()
            if not finished
        )
        if self._include_usage and usage is not None and usage.prompt_tokens:
            ending += _render_chunk(head, choices=[], usage=render_usage(usage))
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
            self._finished.setdefault(0, False)
            return len(data)
        if is_given(chunk.error):
            self._stopped = True
            return 0
        self._last = data
        size = 0
        for choice in chunk.choices or ():
            self._finished[choice.index] = self._finished.get(choice.index, False) or bool(choice.finish_reason)
            size += self.size_of(choice)
        return size

    def size_of(self, choice: Choice) -> int:
        """The most tokens that a choice's piece can be."""
        return _size(choice.delta) if choice.delta else 0

    def last_content(self, *, begun: bool) -> dict[str, object]:
        """What stands in the last chunk of a choice beside its end; not `begun`: it is the first one too."""
        return {"delta": {} if begun else {"role": "assistant", "content": ""}}


def _size(delta: Mapping[str, msgspec.Raw]) -> int:
    sizes = {name: _call_size(raw) if name == "tool_calls" else text_size(raw) for name, raw in delta.items()}
    thinking = max(sizes.pop(name, 0) for name in _THINKING)
    sizes.pop("role", None)
    return thinking + sum(sizes.values())


def _call_size(raw: msgspec.Raw) -> int:
    try:
        calls = [call.function for call in _decode_calls(raw)]
    except msgspec.DecodeError:
        return text_size(raw)
    names = [text_size(function.name) for function in calls]
    # Only the first fragment of a call has a name.
    return sum(CALL_TOKENS + name for name in names if name) + sum(text_size(each.arguments) for each in calls)


def text_size(raw: msgspec.Raw) -> int:
    """Bytes of a string; of anything else its JSON, which is no shorter than what the model wrote."""
    if bytes(raw) == b"null":
        return 0
    try:
        return len(_decode_text(raw).encode("utf-8", "replace"))
    except msgspec.DecodeError:
        return len(bytes(raw))


def _head_of(data: bytes) -> dict[str, object]:
    if not data:
        return {}
    return {name: raw for name, raw in _decode_head(data).items() if name not in _OF_ONE_CHUNK}


def _render_chunk(head: Mapping[str, object], **content: object) -> bytes:
    return render_event(encode({**head, **content}, "chunk"))

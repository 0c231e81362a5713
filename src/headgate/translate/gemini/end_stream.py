"""Ends a stream of Gemini's format before its model does: see `translate/ending.py`."""

from typing import Final

import msgspec

from headgate.domain.conversation import StopReason
from headgate.domain.usage import Usage
from headgate.translate.decoding import ABSENT, encode, is_given
from headgate.translate.gemini.render_answer import candidate, message_head, render_finish, render_usage
from headgate.translate.gemini.stop_reasons import reason_word
from headgate.wire.framing import Framing
from headgate.wire.json_array import ArrayRenderer, ArraySplitter
from headgate.wire.sse import EventSplitter, parse_event, render_event

PART_TOKENS: Final = 16
"""More than what stands around a call or another part and is not seen."""


class _Content(msgspec.Struct):
    parts: list[dict[str, msgspec.Raw]] | None = None


class _Candidate(msgspec.Struct, rename="camel"):
    content: _Content | None = None
    finish_reason: str | int | None = None
    index: int = 0


class _Body(msgspec.Struct, rename="camel"):
    """One event: only what is touched."""

    candidates: list[_Candidate] | None = None
    prompt_feedback: msgspec.Raw = ABSENT
    error: msgspec.Raw = ABSENT
    model_version: str | None = None
    response_id: str | None = None


_decode: Final = msgspec.json.Decoder(_Body).decode
_decode_text: Final = msgspec.json.Decoder(str).decode


class GeminiEnding:
    """Follows one stream."""

    def __init__(self, framing: Framing, *, created: int, model: str) -> None:
        """Nothing has passed yet."""
        self._framing = framing
        self._events = EventSplitter()
        self._array = ArraySplitter()
        self._begun = False
        self._model = model
        self._id = f"gen-{created}"
        self._finished: dict[int, bool] = {}
        self._stopped = False

    @property
    def over(self) -> bool:
        """Every candidate has its finish reason, or an error or the end was seen."""
        return self._stopped or (bool(self._finished) and all(self._finished.values()))

    def feed(self, chunk: bytes) -> int:
        """Follow the events of a chunk; the most tokens that they can be."""
        if self._framing is Framing.SSE:
            return sum(self._take(parse_event(raw).data) for raw in self._events.feed(chunk))
        size = 0
        for piece in self._array.feed(chunk):
            self._stopped = self._stopped or piece.is_end
            size += self._take(piece.element)
        return size

    def finish(self, usage: Usage | None) -> bytes:
        """Finish every candidate that is open, with the usage in the same event, and close the array if it is one."""
        if self._stopped:
            return b""
        self._stopped = True
        opened = self._finished or {0: False}
        reason = render_finish(StopReason.MAX_TOKENS, broken_call=None)
        open_ones = [index for index, finished in opened.items() if not finished]
        last: dict[str, object] = {
            "candidates": [candidate([{"text": ""}], reason, index=index) for index in open_ones],
            **message_head(self._id, self._model),
        }
        if usage is not None and usage.prompt_tokens:
            last["usageMetadata"] = render_usage(usage)
        document = encode(last, "event")
        if self._framing is Framing.SSE:
            return render_event(document)
        array = ArrayRenderer(begun=self._begun)
        return array.element(document) + array.end()

    def _take(self, data: bytes) -> int:
        if not data:
            return 0
        self._begun = True
        try:
            body = _decode(data)
        except msgspec.DecodeError:
            self._finished.setdefault(0, False)
            return len(data)
        if is_given(body.error):
            self._stopped = True
            return 0
        self._model = body.model_version or self._model
        self._id = body.response_id or self._id
        if is_given(body.prompt_feedback) and not body.candidates:
            self._stopped = True
        size = 0
        for each in body.candidates or ():
            told = self._finished.get(each.index, False) or bool(reason_word(each.finish_reason))
            self._finished[each.index] = told
            parts = each.content.parts if each.content is not None else None
            size += sum(_size(part) for part in parts or ())
        return size


def _size(part: dict[str, msgspec.Raw]) -> int:
    """Bytes of a text; of any other part its JSON, which is no shorter than what the model wrote."""
    if set(part) <= {"text", "thought"}:
        try:
            return len(_decode_text(part.get("text", b'""')).encode("utf-8", "replace"))
        except msgspec.DecodeError:
            pass
    return PART_TOKENS + sum(len(bytes(raw)) for name, raw in part.items() if name != "thought")

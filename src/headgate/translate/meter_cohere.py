"""Meter of Cohere's chat format."""

from typing import Final

import msgspec

from headgate.translate.codec import Reading
from headgate.translate.cohere_chat.stop_reasons import FAILED
from headgate.translate.cohere_chat.usage import cohere_usage
from headgate.translate.meter_events import ABSENT, StreamCutter, as_object, event_data, is_null, raw_events

_CONTENT: Final = frozenset({"content-delta", "tool-plan-delta", "tool-call-start", "tool-call-delta"})
"""Events that show something; an item that has only begun shows nothing yet."""


class _Delta(msgspec.Struct):
    finish_reason: str | None = None
    usage: msgspec.Raw = ABSENT
    error: str | None = None


class _Event(msgspec.Struct):
    """One streamed event, or a whole body: only what is touched."""

    type: str | None = None
    delta: msgspec.Raw = ABSENT
    message: msgspec.Raw = ABSENT
    finish_reason: str | None = None
    usage: msgspec.Raw = ABSENT


_decoder: Final = msgspec.json.Decoder(_Event)
_delta_decoder: Final = msgspec.json.Decoder(_Delta)
_text_decoder: Final = msgspec.json.Decoder(str)


class CohereMeter:
    """Reads one answer; see `codec.Meter`."""

    __slots__ = ("_cutter", "reading")

    def __init__(self) -> None:
        self.reading = Reading()
        self._cutter = StreamCutter()

    def read_body(self, body: bytes) -> None:
        """Read a whole body; never raises."""
        event = _decode(body)
        if event is None or is_null(event.message):
            return
        self.reading.has_content = True
        self._end(event.finish_reason, event.usage, None)

    def feed(self, chunk: bytes) -> bytes:
        """Take bytes of a stream; give complete events, unchanged."""
        complete = self._cutter.complete(chunk)
        if not self.reading.has_content or _is_marked(complete):
            self._read(complete)
        return complete

    def finish(self) -> bytes:
        """The stream ended: give what is left."""
        rest = self._cutter.rest()
        self._read(rest)
        return rest

    def _read(self, complete: bytes) -> None:
        for raw in raw_events(complete):
            # The rule of `feed`, event by event: how events bunch up in chunks must not change what is read.
            if self.reading.has_content and not _is_marked(raw):
                continue
            event = _decode(data) if (data := event_data(raw)) else None
            if event is not None:
                self._take(event)

    def _take(self, event: _Event) -> None:
        if event.type in _CONTENT:
            self.reading.has_content = True
        elif event.type == "message-end":
            delta = _decode_delta(event.delta)
            self._end(delta.finish_reason, delta.usage, delta.error)
            self.reading.ended = self.reading.error is None
        elif event.type in {"error", None} and not is_null(event.message):
            self.reading.error = _text(event.message) or "unknown error"

    def _end(self, reason: str | None, usage: msgspec.Raw, error: str | None) -> None:
        reading = self.reading
        reading.finish_reason = reason
        reading.usage = cohere_usage(as_object(usage)) or reading.usage
        if error or reason in FAILED:
            reading.error = error or reason
        else:
            reading.complete = True


def _is_marked(complete: bytes) -> bool:
    """Whether an event matters after the first content: the last one, or an error."""
    return b'"message-end"' in complete or b'"error"' in complete or b'"type"' not in complete


def _decode(data: bytes) -> _Event | None:
    try:
        return _decoder.decode(data)
    except msgspec.DecodeError:
        return None


def _decode_delta(raw: msgspec.Raw) -> _Delta:
    try:
        return _delta_decoder.decode(raw)
    except msgspec.DecodeError:
        return _Delta()


def _text(raw: msgspec.Raw) -> str:
    try:
        return _text_decoder.decode(raw)
    except msgspec.DecodeError:
        return ""

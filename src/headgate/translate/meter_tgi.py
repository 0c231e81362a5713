"""Meter of Text Generation Inference's generate format."""

from typing import Final

import msgspec

from headgate.translate.codec import Reading, UntranslatableError
from headgate.translate.meter_events import StreamCutter, error_message, event_data, is_null, raw_events
from headgate.translate.tgi_generate import answer_shapes as shapes
from headgate.translate.tgi_generate.parse_answer import the_one
from headgate.translate.tgi_generate.usage import tgi_usage

_body_decoder: Final = msgspec.json.Decoder(shapes.Body)
_event_decoder: Final = msgspec.json.Decoder(shapes.StreamEvent)
_any: Final = msgspec.json.Decoder()
_UNFINISHED: Final = b'"generated_text":null'
"""Every event but the last one says so."""


class TgiMeter:
    """Reads one answer; see `codec.Meter`."""

    __slots__ = ("_cutter", "reading")

    def __init__(self) -> None:
        self.reading = Reading()
        self._cutter = StreamCutter()

    def read_body(self, body: bytes) -> None:
        """Read a whole body; never raises."""
        try:
            generation = the_one(_body_decoder.decode(body))
        except (msgspec.DecodeError, UntranslatableError):
            return
        if generation.generated_text is not None:
            self.reading.has_content = True
            self._end(generation.details)

    def feed(self, chunk: bytes) -> bytes:
        """Take bytes of a stream; give complete events, unchanged."""
        complete = self._cutter.complete(chunk)
        self._read(complete)
        return complete

    def finish(self) -> bytes:
        """The stream ended: give what is left."""
        rest = self._cutter.rest()
        self._read(rest)
        return rest

    def _read(self, complete: bytes) -> None:
        for raw in raw_events(complete):
            if self.reading.has_content and _UNFINISHED in raw:
                continue
            event = _decode(data) if (data := event_data(raw)) else None
            if event is not None:
                self._take(event)

    def _take(self, event: shapes.StreamEvent) -> None:
        reading = self.reading
        if not is_null(event.error):
            reading.error = _message_of(event.error)
            return
        token = event.token
        reading.has_content = reading.has_content or (token is not None and bool(token.text) and not token.special)
        if event.generated_text is not None:
            self._end(event.details)
            reading.ended = True

    def _end(self, details: shapes.Details | None) -> None:
        reading = self.reading
        reading.complete = True
        reading.finish_reason = details.finish_reason if details is not None else None
        reading.usage = tgi_usage(details)


def _decode(data: bytes) -> shapes.StreamEvent | None:
    try:
        return _event_decoder.decode(data)
    except msgspec.DecodeError:
        return None


def _message_of(raw: msgspec.Raw) -> str:
    try:
        return error_message(_any.decode(raw))
    except msgspec.DecodeError:
        return "unknown error"

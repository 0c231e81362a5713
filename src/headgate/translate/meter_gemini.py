"""Meter of Gemini's format, streamed as server-sent events or as one JSON array.

Every event carries `usageMetadata`, and only the last one counts: while events pass, the last bytes that hold figures
are kept, and read once, at the end. The format has no last event, and older models write a finish reason into every
one; so what may be the end is held back until something follows or the stream is over. By then its usage is known, and
a client that has the end finds it on record.
"""

from typing import Final

import msgspec

from headgate.translate.codec import Reading
from headgate.translate.gemini.stop_reasons import reason_word
from headgate.translate.meter_events import (
    ABSENT,
    StreamCutter,
    as_object,
    error_message,
    event_data,
    is_null,
    raw_events,
)
from headgate.translate.usage_gemini import gemini_usage, grounded_searches, service_tier
from headgate.wire.json_array import ArraySplitter

_ARRAY: Final = b"["
_FIGURES: Final = b'TokenCount":'
_END_MARKS: Final = (b'"finishReason"', b'"error"', b'"blockReason"')
_SILENT: Final = frozenset({"text", "thought"})
_NOTHING: Final = (b'""', b"true", b"false", b"null")
_GROUNDING: Final = (b'"webSearchQueries"', b'"maps"')


class _Content(msgspec.Struct):
    parts: list[dict[str, msgspec.Raw]] | None = None


class _Candidate(msgspec.Struct, rename="camel"):
    content: _Content | None = None
    finish_reason: str | int | None = None
    grounding_metadata: msgspec.Raw = ABSENT


class _Feedback(msgspec.Struct, rename="camel"):
    block_reason: str | int | None = None


class _Body(msgspec.Struct, rename="camel"):
    """One event, or a whole body: only what is touched."""

    candidates: list[_Candidate] | None = None
    prompt_feedback: _Feedback | None = None
    usage_metadata: msgspec.Raw = ABSENT
    model_version: str | None = None
    error: msgspec.Raw = ABSENT


_decoder: Final = msgspec.json.Decoder(_Body)


class GeminiMeter:
    """Reads one answer; see `codec.Meter`."""

    __slots__ = ("_array", "_begun", "_cutter", "_figures", "_held", "_lead", "_searches", "reading")

    def __init__(self) -> None:
        """Nothing came yet."""
        self.reading = Reading()
        self._begun = False
        self._lead = b""
        """White space in front: what follows tells how the stream is framed."""
        self._cutter = StreamCutter()
        self._array: ArraySplitter | None = None
        self._figures = b""
        """The last event with figures, or events among which it is."""
        self._held = b""
        """The last event, if it may be the end."""
        self._searches = 0

    def read_body(self, body: bytes) -> None:
        """Read a whole body; never raises."""
        if self._read(body):
            self._read_figures(body)
            self.reading.complete = True
            self.reading.has_content = True

    def feed(self, chunk: bytes) -> bytes:
        """Take bytes of a stream; give complete events, unchanged."""
        if not self._begun:
            chunk = self._begin(chunk)
        if self._array is not None:
            return self._feed_array(self._array, chunk)
        complete = self._cutter.complete(chunk)
        if not complete:
            return b""
        passed, self._held = self._held, b""
        if self.reading.has_content and not _marked(complete):
            if _FIGURES in complete:
                self._figures = complete
            return passed + complete if passed else complete
        return passed + self._look(raw_events(complete))

    def finish(self) -> bytes:
        """The stream ended: give what is left."""
        held, self._held = self._held, b""
        if self._array is not None:
            rest = self._array.finish()
        else:
            rest = self._lead + self._cutter.rest()
            if _decode(event_data(rest)) is not None:  # Half an event is none.
                self._look([rest])
        self._lead = self._held = b""
        self._read_last_figures()
        return held + rest

    def _begin(self, chunk: bytes) -> bytes:
        chunk = self._lead + chunk
        self._begun = bool(chunk.lstrip())
        self._lead = b"" if self._begun else chunk
        if chunk.lstrip().startswith(_ARRAY):
            self._array = ArraySplitter()
        return chunk if self._begun else b""

    def _look(self, events: list[bytes]) -> bytes:
        """Look at each event; give all but the last, if it may be the end."""
        passed = b""
        for raw in events:
            passed += self._held
            self._held = b""
            if self._take(raw, event_data(raw)):
                self._held = raw
            else:
                passed += raw
        return passed

    def _feed_array(self, array: ArraySplitter, chunk: bytes) -> bytes:
        passed = b""
        for piece in array.feed(chunk):
            passed += self._held
            self._held = b""
            if piece.is_end:
                self._read_last_figures()
                self.reading.ended = self.reading.complete
            elif self._take(piece.element, piece.element):
                self._held = piece.raw
                continue
            passed += piece.raw
        return passed

    def _take(self, raw: bytes, data: bytes) -> bool:
        """Read an event if it says anything that matters; whether it may be the last one."""
        if not data:
            return False
        if _FIGURES in raw:
            self._figures = raw
        if self.reading.has_content and not _marked(raw):
            return False
        return self._read(data) and self.reading.complete and any(mark in raw for mark in _END_MARKS)

    def _read(self, data: bytes) -> bool:
        body = _decode(data)
        if body is None:
            return False
        reading = self.reading
        reading.response_model = body.model_version or reading.response_model
        for candidate in body.candidates or ():
            if reason := reason_word(candidate.finish_reason):
                reading.finish_reason, reading.complete = reason, True
            if not reading.has_content and candidate.content is not None:
                reading.has_content = any(_says_something(part) for part in candidate.content.parts or ())
            if grounding := as_object(candidate.grounding_metadata):
                self._searches = max(self._searches, grounded_searches(grounding, reading.response_model))
        if body.prompt_feedback is not None and (blocked := reason_word(body.prompt_feedback.block_reason)):
            reading.finish_reason, reading.complete = blocked, True
        if not is_null(body.error):
            reading.error = error_message(as_object(body.error) or {})
        return True

    def _read_last_figures(self) -> None:
        """Read the last event with figures: of server-sent ones there may be others in front of it."""
        if self._array is not None:
            self._read_figures(self._figures)
            return
        for raw in reversed(raw_events(self._figures)):
            if _FIGURES in raw:
                self._read_figures(event_data(raw) or raw)
                return

    def _read_figures(self, data: bytes) -> None:
        body = _decode(data)
        reported = as_object(body.usage_metadata) if body is not None else None
        if reported:
            self.reading.usage = gemini_usage(reported, searches=self._searches)
            self.reading.service_tier = service_tier(reported)


def _says_something(part: dict[str, msgspec.Raw]) -> bool:
    """Whether a part shows anything; one with an empty text shows nothing yet."""
    return any(name not in _SILENT or bytes(raw) not in _NOTHING for name, raw in part.items())


def _marked(raw: bytes) -> bool:
    """Whether some event in these bytes has to be parsed.

    A quotation mark inside a JSON string is escaped, so that text which talks about these does not look like them.
    """
    return any(mark in raw for mark in _END_MARKS) or any(mark in raw for mark in _GROUNDING)


def _decode(data: bytes) -> _Body | None:
    try:
        return _decoder.decode(data)
    except msgspec.DecodeError:
        return _decode_loosely(data)


def _decode_loosely(data: bytes) -> _Body | None:
    """Read what can be read of an event in which some field has an unexpected type."""
    try:
        fields = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        return None
    body = _Body(usage_metadata=fields.get("usageMetadata", ABSENT), error=fields.get("error", ABSENT))
    kinds = (
        ("modelVersion", "model_version", str),
        ("candidates", "candidates", list[_Candidate]),
        ("promptFeedback", "prompt_feedback", _Feedback),
    )
    for name, attribute, kind in kinds:
        if name in fields:
            try:
                setattr(body, attribute, msgspec.json.decode(fields[name], type=kind))
            except msgspec.DecodeError:
                continue
    return body

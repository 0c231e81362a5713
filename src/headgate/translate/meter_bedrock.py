"""Meter of Bedrock's Converse format."""

from typing import Final

import msgspec

from headgate.translate.bedrock_converse.frames import DAMAGED, failure_of, kind_of
from headgate.translate.bedrock_converse.usage import converse_usage
from headgate.translate.codec import Reading
from headgate.translate.meter_events import ABSENT, as_object, is_null, priced_tier
from headgate.wire.eventstream import FrameSplitter, MalformedFrameError, headers_end, parse_frame

_DELTA: Final = b"contentBlockDelta"


class _Tier(msgspec.Struct):
    type: str | None = None


class _Router(msgspec.Struct, rename="camel"):
    invoked_model_id: str | None = None


class _Trace(msgspec.Struct, rename="camel"):
    prompt_router: _Router | None = None


class _Document(msgspec.Struct, rename="camel"):
    """A whole body, or the payload of a frame: only what is touched."""

    output: msgspec.Raw = ABSENT
    start: msgspec.Raw = ABSENT
    stop_reason: str | None = None
    usage: msgspec.Raw = ABSENT
    service_tier: _Tier | None = None
    trace: _Trace | None = None


_decoder: Final = msgspec.json.Decoder(_Document)


class ConverseMeter:
    """Reads one answer; see `codec.Meter`. Frames of content are not looked into once content was seen."""

    __slots__ = ("_damaged", "_frames", "reading")

    def __init__(self) -> None:
        self.reading = Reading()
        self._frames = FrameSplitter()
        self._damaged = False

    def read_body(self, body: bytes) -> None:
        """Read a whole body; never raises."""
        document = _decode(body)
        if is_null(document.output):
            return
        self.reading.has_content = True
        self.reading.complete = True
        self.reading.finish_reason = document.stop_reason
        self._bill(document)

    def feed(self, chunk: bytes) -> bytes:
        """Take bytes of a stream; give complete frames, unchanged, and everything from a damage on."""
        if self._damaged:
            return chunk
        frames = self._frames.feed(chunk)
        for raw in frames:
            self._take(raw)
        if self._frames.damage is not None:
            self._damaged = True
            self.reading.error = self.reading.error or f"{DAMAGED}: {self._frames.damage}."
            frames.append(self._frames.finish())
        return frames[0] if len(frames) == 1 else b"".join(frames)

    def finish(self) -> bytes:
        """The stream ended: give what is left."""
        return self._frames.finish()

    def _take(self, raw: bytes) -> None:
        reading = self.reading
        if reading.has_content and raw.find(_DELTA, 0, headers_end(raw)) >= 0:
            return
        try:
            frame = parse_frame(raw)
        except MalformedFrameError as error:
            reading.error = f"{DAMAGED}: {error}."
            return
        if (failure := failure_of(frame)) is not None:
            reading.error = failure.message
            return
        match kind_of(frame):
            case "contentBlockDelta":
                reading.has_content = True
            case "contentBlockStart":
                reading.has_content = reading.has_content or not is_null(_decode(frame.payload).start)
            case "messageStop":
                reading.finish_reason = _decode(frame.payload).stop_reason
                reading.complete = True
            case "metadata":
                self._bill(_decode(frame.payload))
                reading.ended = True
            case _:
                pass

    def _bill(self, document: _Document) -> None:
        """What the answer says of its cost."""
        reading = self.reading
        reading.usage = converse_usage(as_object(document.usage)) or reading.usage
        if document.service_tier is not None:
            reading.service_tier = priced_tier(document.service_tier.type)
        if document.trace is not None and document.trace.prompt_router is not None:
            # A router's own name says nothing of what it costs: the model that it chose does.
            reading.response_model = document.trace.prompt_router.invoked_model_id


def _decode(body: bytes) -> _Document:
    try:
        return _decoder.decode(body)
    except msgspec.DecodeError:
        return _decode_loosely(body)


def _decode_loosely(body: bytes) -> _Document:
    """Read what can be read where some field has an unexpected type."""
    try:
        fields = msgspec.json.decode(body, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        return _Document()
    document = _Document(output=fields.get("output", ABSENT), usage=fields.get("usage", ABSENT))
    for name, wire, kind in (
        ("stop_reason", "stopReason", str),
        ("service_tier", "serviceTier", _Tier),
        ("trace", "trace", _Trace),
    ):
        if wire in fields:
            try:
                setattr(document, name, msgspec.json.decode(fields[wire], type=kind))
            except msgspec.DecodeError:
                continue
    return document

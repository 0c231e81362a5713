"""Meter of Anthropic's messages format."""

from typing import Final

import msgspec

from headgate.translate.codec import Reading
from headgate.translate.meter_events import (
    ABSENT,
    StreamCutter,
    as_object,
    error_message,
    event_data,
    priced_tier,
    raw_events,
    reported_cost,
)
from headgate.translate.usage import anthropic_usage


class _Message(msgspec.Struct):
    model: str | None = None
    usage: msgspec.Raw = ABSENT


class _Delta(msgspec.Struct):
    stop_reason: str | None = None


class _Block(msgspec.Struct):
    type: str | None = None


class _Event(msgspec.Struct):
    """One streamed event, or a whole body: only what is touched."""

    type: str | None = None
    message: _Message | None = None
    delta: _Delta | None = None
    content_block: _Block | None = None
    usage: msgspec.Raw = ABSENT
    error: msgspec.Raw = ABSENT
    model: str | None = None
    stop_reason: str | None = None


_decoder: Final = msgspec.json.Decoder(_Event)
_any: Final = msgspec.json.Decoder()


class AnthropicMeter:
    """Reads one answer; see `codec.Meter`."""

    __slots__ = ("_cutter", "_usage", "reading")

    def __init__(self) -> None:
        self.reading = Reading()
        self._cutter = StreamCutter()
        # The usage of message_delta is cumulative, so that its fields replace those of message_start.
        self._usage: dict[str, object] = {}

    def read_body(self, body: bytes) -> None:
        """Read a whole body; never raises."""
        event = _decode(body)
        if event is None:
            return
        self._take_whole(event)
        if event.type == "error":
            self._fail(event)

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
        reading = self.reading
        match event.type:
            case "content_block_delta":
                reading.has_content = True
            case "content_block_start":
                # An empty text or thinking block shows nothing yet; a tool call does.
                if event.content_block is not None and event.content_block.type not in ("text", "thinking"):
                    reading.has_content = True
            case "message_start":
                if event.message is not None:
                    reading.response_model = event.message.model or reading.response_model
                    self._merge(event.message.usage)
            case "message_delta":
                if event.delta is not None and event.delta.stop_reason:
                    reading.finish_reason = event.delta.stop_reason
                    reading.complete = True
                self._merge(event.usage)
            case "message_stop":
                reading.complete = reading.ended = True
            case "error":
                self._fail(event)
            case "message":
                # Vertex answers a streamed request with the whole message in one event now and then.
                self._take_whole(event)
            case _:
                pass

    def _take_whole(self, message: _Event) -> None:
        self._merge(message.usage)
        self.reading.response_model = message.model
        self.reading.finish_reason = message.stop_reason
        self.reading.has_content = True
        self.reading.complete = True

    def _fail(self, event: _Event) -> None:
        try:
            error: object = _any.decode(event.error)
        except msgspec.DecodeError:
            error = None
        self.reading.error = error_message(error)

    def _merge(self, raw: msgspec.Raw) -> None:
        usage = as_object(raw)
        if not usage:
            return
        # A later null says nothing: the earlier figure stands.
        self._usage.update((name, value) for name, value in usage.items() if value is not None)
        reading = self.reading
        reading.usage = anthropic_usage(self._usage) or reading.usage
        cost = reported_cost(usage)
        reading.reported_cost = reading.reported_cost if cost is None else cost
        geography = "us" if self._usage.get("inference_geo") == "us" else None
        reading.service_tier = priced_tier(self._usage.get("speed"), self._usage.get("service_tier"), geography)


def _is_marked(complete: bytes) -> bool:
    """Whether an event matters after the first content: message_delta, message_stop, an error."""
    return b'"message_' in complete or b'"error"' in complete


def _decode(data: bytes) -> _Event | None:
    try:
        return _decoder.decode(data)
    except msgspec.DecodeError:
        return _decode_loosely(data)


def _decode_loosely(data: bytes) -> _Event | None:
    """Read what can be read of an event in which some field has an unexpected type."""
    try:
        fields = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        return None
    event = _Event(usage=fields.get("usage", ABSENT), error=fields.get("error", ABSENT))
    kinds = (("type", str), ("model", str), ("stop_reason", str), ("message", _Message), ("delta", _Delta))
    for name, kind in kinds:
        if name in fields:
            try:
                setattr(event, name, msgspec.json.decode(fields[name], type=kind))
            except msgspec.DecodeError:
                continue
    return event

"""Meter of OpenAI's Responses format, and of everybody who speaks it."""

from typing import Final

import msgspec

from headgate.translate.codec import Reading
from headgate.translate.meter_events import (
    ABSENT,
    StreamCutter,
    as_object,
    error_message,
    event_data,
    is_null,
    priced_tier,
    raw_events,
    reported_cost,
)
from headgate.translate.usage_responses import responses_usage

_ENDS: Final = frozenset({"response.completed", "response.incomplete", "response.failed"})
_BEGINS: Final = frozenset({"response.created", "response.in_progress", "response.queued"})
_SILENT_ITEMS: Final = frozenset({"message", "reasoning"})
"""Items that show nothing by beginning."""
_WHOLE: Final = frozenset({"completed", "incomplete", "complete", None})


class _Details(msgspec.Struct):
    reason: str | None = None


class _Response(msgspec.Struct):
    """A body, or what an event says of the answer as a whole: only what is touched."""

    id: str | None = None
    model: str | None = None
    status: str | None = None
    store: bool | None = None
    service_tier: str | None = None
    incomplete_details: _Details | None = None
    output: list[msgspec.Raw] | None = None
    usage: msgspec.Raw = ABSENT
    tool_usage: msgspec.Raw = ABSENT
    error: msgspec.Raw = ABSENT


class _Item(msgspec.Struct):
    type: str | None = None


class _Event(msgspec.Struct):
    type: str | None = None
    response: msgspec.Raw = ABSENT
    item: _Item | None = None
    error: msgspec.Raw = ABSENT
    message: str | None = None


_decode_event: Final = msgspec.json.Decoder(_Event).decode
_decode_response: Final = msgspec.json.Decoder(_Response).decode
_any: Final = msgspec.json.Decoder()


class ResponsesMeter:
    """Reads one answer; see `codec.Meter`."""

    __slots__ = ("_cutter", "reading")

    def __init__(self) -> None:
        self.reading = Reading()
        self._cutter = StreamCutter()

    def read_body(self, body: bytes) -> None:
        """Read a whole body; never raises. One that is still being worked on, or failed, is not complete."""
        response = _response(msgspec.Raw(body))
        if response is None:
            return
        self._take(response)
        self.reading.has_content = bool(response.output)
        self.reading.complete = response.status in _WHOLE and response.output is not None

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
            event = _event(data) if (data := event_data(raw)) else None
            if event is not None:
                self._look_at(event)

    def _look_at(self, event: _Event) -> None:
        reading, kind = self.reading, event.type or ""
        if kind in _ENDS:
            reading.ended = True
            reading.complete = kind != "response.failed"
            if (response := _response(event.response)) is not None:
                self._take(response)
            if kind == "response.failed" and reading.error is None:
                reading.error = "the provider failed"
        elif kind == "error" or not is_null(event.error):
            reading.error = error_message(_loose(event.error)) if not is_null(event.error) else event.message or "error"
        elif kind in _BEGINS:
            response = _response(event.response)
            if response is not None:
                self._name(response)
        elif kind.endswith(".delta") or (kind.startswith("response.output_item") and _shows(event.item)):
            reading.has_content = True

    def _name(self, response: _Response) -> None:
        """Take over who answers, and what the answer is called unless the provider says that it does not keep it."""
        reading = self.reading
        reading.response_model = response.model or reading.response_model
        if response.store is not False:
            reading.kept_id = response.id or reading.kept_id

    def _take(self, response: _Response) -> None:
        """Take over what the answer as a whole says. Before its end the tier is only a wish."""
        reading = self.reading
        self._name(response)
        details = response.incomplete_details
        reading.finish_reason = (details and details.reason) or response.status
        reading.service_tier = priced_tier(response.service_tier)
        if not is_null(response.error):
            reading.error = error_message(_loose(response.error))
        usage = as_object(response.usage)
        if usage:
            output = response.output or ()
            reading.usage = responses_usage(usage, as_object(response.tool_usage), output)
            reading.reported_cost = reported_cost(usage)


def _shows(item: _Item | None) -> bool:
    return item is not None and item.type not in _SILENT_ITEMS


def _is_marked(complete: bytes) -> bool:
    """Whether an event matters after the first content: the end, or an error."""
    return (
        b'"response.completed"' in complete
        or b'"response.incomplete"' in complete
        or b'"response.failed"' in complete
        or complete.count(b'"error"') != complete.count(b'"error":null')
    )


def _event(data: bytes) -> _Event | None:
    try:
        return _decode_event(data)
    except msgspec.DecodeError:
        return _event_loosely(data)


def _event_loosely(data: bytes) -> _Event | None:
    """Read what can be read of an event in which some field has an unexpected type."""
    try:
        fields = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        return None
    event = _Event(response=fields.get("response", ABSENT), error=fields.get("error", ABSENT))
    _put(event, fields, (("type", str), ("item", _Item), ("message", str)))
    return event


def _response(raw: msgspec.Raw) -> _Response | None:
    try:
        return _decode_response(raw)
    except msgspec.DecodeError:
        return _response_loosely(raw)


def _response_loosely(raw: msgspec.Raw) -> _Response | None:
    try:
        fields = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        return None
    response = _Response(
        usage=fields.get("usage", ABSENT),
        tool_usage=fields.get("tool_usage", ABSENT),
        error=fields.get("error", ABSENT),
    )
    names = ("id", str), ("model", str), ("status", str), ("service_tier", str), ("store", bool)
    _put(response, fields, (*names, ("incomplete_details", _Details), ("output", list[msgspec.Raw])))
    return response


def _put(into: msgspec.Struct, fields: dict[str, msgspec.Raw], kinds: tuple[tuple[str, type], ...]) -> None:
    for name, kind in kinds:
        if name in fields:
            try:
                setattr(into, name, msgspec.json.decode(fields[name], type=kind))
            except msgspec.DecodeError:
                continue


def _loose(raw: msgspec.Raw) -> object:
    try:
        return _any.decode(raw)
    except msgspec.DecodeError:
        return None

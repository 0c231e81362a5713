"""Meter of OpenAI's chat completions and text completions formats, and of everybody who speaks them."""

from typing import Final

import msgspec

from headgate.providers.provider import UsageQuirk
from headgate.translate.codec import Reading
from headgate.translate.meter_events import (
    ABSENT,
    StreamCutter,
    as_object,
    error_message,
    event_data,
    exact_amount,
    is_null,
    priced_tier,
    raw_events,
    reported_cost,
)
from headgate.translate.usage import openai_chat_usage
from headgate.translate.usage_plain import plain_usage


class _Choice(msgspec.Struct):
    text: msgspec.Raw = ABSENT
    """Of a text completion."""
    delta: msgspec.Raw = ABSENT
    message: msgspec.Raw = ABSENT
    finish_reason: msgspec.Raw = ABSENT


class _Groq(msgspec.Struct):
    usage: msgspec.Raw = ABSENT
    error: msgspec.Raw = ABSENT


class _Chunk(msgspec.Struct):
    """One streamed chunk, or a whole body: only what is touched."""

    model: str | None = None
    choices: list[_Choice] | None = None
    usage: msgspec.Raw = ABSENT
    service_tier: str | None = None
    error: msgspec.Raw = ABSENT
    x_groq: _Groq | None = None
    cost: msgspec.Raw = ABSENT


_decoder: Final = msgspec.json.Decoder(_Chunk)
_any: Final = msgspec.json.Decoder()


class OpenAIChatMeter:
    """Reads one answer; see `codec.Meter`."""

    __slots__ = ("_cutter", "_hide_usage", "_quirks", "reading")

    def __init__(self, quirks: frozenset[UsageQuirk], *, hide_usage: bool) -> None:
        self.reading = Reading()
        self._quirks = quirks
        self._hide_usage = hide_usage
        self._cutter = StreamCutter()

    def read_body(self, body: bytes) -> None:
        """Read a whole body; never raises."""
        chunk = _decode(body)
        if chunk is None:
            return
        self._read(chunk)
        self.reading.complete = True
        self.reading.has_content = bool(chunk.choices)

    def feed(self, chunk: bytes) -> bytes:
        """Take bytes of a stream; give complete events, unchanged."""
        complete = self._cutter.complete(chunk)
        if self.reading.has_content and not _is_marked(complete):
            return complete
        return self._pass(complete)

    def finish(self) -> bytes:
        """The stream ended: give what is left."""
        return self._pass(self._cutter.rest())

    def _pass(self, complete: bytes) -> bytes:
        # Blank lines in front of an event that is left out may belong to the one before: they stay.
        return b"".join(raw if self._keeps(raw) else _blank_lines(raw) for raw in raw_events(complete))

    def _keeps(self, raw: bytes) -> bool:
        # The rule of `feed`, event by event: how events bunch up in chunks must not change what is read.
        if self.reading.has_content and not _is_marked(raw):
            return True
        data = event_data(raw)
        if data == b"[DONE]":
            self.reading.complete = self.reading.ended = True
            return True
        chunk = _decode(data) if data else None
        if chunk is None:
            return True
        carries_usage = self._read(chunk)
        return not (self._hide_usage and carries_usage and chunk.choices == [] and is_null(chunk.error))

    def _read(self, chunk: _Chunk) -> bool:
        """Take over what the chunk says; True when it carries usage."""
        reading = self.reading
        if chunk.model:
            reading.response_model = chunk.model
        for choice in chunk.choices or ():
            if reason := _text(choice.finish_reason):
                reading.finish_reason = reason
                reading.complete = True
            if not reading.has_content:
                reading.has_content = (
                    _has_content(choice.delta) or _has_content(choice.message) or _text(choice.text) is not None
                )
        error = chunk.x_groq.error if chunk.x_groq and is_null(chunk.error) else chunk.error
        if not is_null(error):
            reading.error = error_message(_loose(error))
        if not is_null(chunk.cost) and (venice := as_object(chunk.cost)):
            reading.reported_cost = exact_amount(venice.get("usd"))
        reading.service_tier = priced_tier(chunk.service_tier) or reading.service_tier
        if not self._quirks and chunk.x_groq is None and (plain := plain_usage(chunk.usage)) is not None:
            reading.usage = plain
            return True
        usage = as_object(chunk.usage) or (as_object(chunk.x_groq.usage) if chunk.x_groq else None)
        if usage is None:
            return False
        reading.usage = openai_chat_usage(usage, self._quirks) or reading.usage
        cost = reported_cost(usage)
        reading.reported_cost = reading.reported_cost if cost is None else cost
        size = usage.get("search_context_size")
        searched = f"search-{size}" if isinstance(size, str) else None
        reading.service_tier = priced_tier(usage.get("service_tier"), searched) or reading.service_tier
        return True


def _blank_lines(raw: bytes) -> bytes:
    return raw[: len(raw) - len(raw.lstrip(b"\r\n"))]


def _is_marked(complete: bytes) -> bool:
    """Whether some event in these bytes has to be parsed.

    A quotation mark inside a JSON string is escaped, so that text which talks about usage does not look like it.
    """
    return (
        (b'"usage"' in complete and complete.count(b'"usage"') != complete.count(b'"usage":null'))
        or complete.count(b'"finish_reason"') != complete.count(b'"finish_reason":null')
        or b"[DONE]" in complete
        or b'"error"' in complete
    )


def _decode(data: bytes) -> _Chunk | None:
    try:
        return _decoder.decode(data)
    except msgspec.DecodeError:
        return _decode_loosely(data)


def _decode_loosely(data: bytes) -> _Chunk | None:
    """Read what can be read of a chunk in which some field has an unexpected type."""
    try:
        fields = msgspec.json.decode(data, type=dict[str, msgspec.Raw])
    except msgspec.DecodeError:
        return None
    chunk = _Chunk(usage=fields.get("usage", ABSENT), error=fields.get("error", ABSENT))
    for name, kind in (("model", str), ("service_tier", str), ("choices", list[_Choice]), ("x_groq", _Groq)):
        if name in fields:
            try:
                setattr(chunk, name, msgspec.json.decode(fields[name], type=kind))
            except msgspec.DecodeError:
                continue
    return chunk


def _loose(raw: msgspec.Raw) -> object:
    try:
        return _any.decode(raw)
    except msgspec.DecodeError:
        return None


def _text(raw: msgspec.Raw) -> str | None:
    value = _loose(raw) if not is_null(raw) else None
    return value if isinstance(value, str) and value else None


def _has_content(raw: msgspec.Raw) -> bool:
    """Whether a delta carries anything beside the role: text, reasoning, a tool call, a refusal, audio."""
    fields = as_object(raw)
    return fields is not None and any(value for name, value in fields.items() if name != "role")

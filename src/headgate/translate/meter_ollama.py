"""Meter of Ollama's chat format."""

from typing import Final

import msgspec

from headgate.translate.codec import Reading
from headgate.translate.meter_events import ABSENT, as_object, error_message, is_null
from headgate.translate.ollama_chat.usage import ollama_usage
from headgate.wire.ndjson import LineSplitter

_any: Final = msgspec.json.Decoder()


class _Line(msgspec.Struct):
    """A line, or a whole body: only what is touched."""

    model: str | None = None
    message: msgspec.Raw = ABSENT
    done: bool = False
    done_reason: str | None = None
    error: msgspec.Raw = ABSENT


_decoder: Final = msgspec.json.Decoder(_Line)


class OllamaMeter:
    """Reads one answer; see `codec.Meter`."""

    __slots__ = ("_lines", "reading")

    def __init__(self) -> None:
        self.reading = Reading()
        self._lines = LineSplitter()

    def read_body(self, body: bytes) -> None:
        """Read a whole body; never raises."""
        self._read(body)

    def feed(self, chunk: bytes) -> bytes:
        """Take bytes of a stream; give complete lines, unchanged."""
        lines = self._lines.feed(chunk)
        for line in lines:
            if not self.reading.has_content or _is_marked(line):
                self._read(line)
        return b"".join(lines)

    def finish(self) -> bytes:
        """The stream ended: give what is left."""
        rest = self._lines.finish()
        self._read(rest)
        return rest

    def _read(self, raw: bytes) -> None:
        line = _decode(raw)
        if line is None:
            return
        reading = self.reading
        reading.response_model = line.model or reading.response_model
        reading.has_content = reading.has_content or _has_content(line.message)
        if not is_null(line.error):
            reading.error = _message_of(line.error)
        elif line.done:
            reading.finish_reason = line.done_reason
            reading.complete = reading.ended = True
            reading.usage = ollama_usage(as_object(msgspec.Raw(raw)) or {})


def _is_marked(line: bytes) -> bool:
    """Whether a line matters after the first content: any but those that say that they are not the last."""
    return b'"error"' in line or not (b'"done":false' in line or b'"done": false' in line)


def _decode(raw: bytes) -> _Line | None:
    try:
        return _decoder.decode(raw)
    except msgspec.DecodeError:
        return None


def _has_content(raw: msgspec.Raw) -> bool:
    fields = as_object(raw) or {}
    return any(fields.get(name) for name in ("content", "thinking", "tool_calls"))


def _message_of(raw: msgspec.Raw) -> str:
    try:
        return error_message(_any.decode(raw))
    except msgspec.DecodeError:
        return "unknown error"

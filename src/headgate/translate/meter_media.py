"""Meters of images, speech and transcriptions: what an answer cost, read while it passes as it comes.

These answers are large, or no JSON at all. A meter of one holds back the last chunk only, so that what was spent is on
record before a client has all of it. Where an answer says nothing of its cost, what the request proves of it is taken:
the characters of a text, the images in an answer. Anything less certain is left unknown.
"""

from base64 import b64decode
from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

import msgspec

from headgate.domain.formats import Format
from headgate.domain.usage import Unit, Usage
from headgate.providers.provider import Provider, UsageQuirk
from headgate.translate.codec import Meter, Reading
from headgate.translate.meter_events import (
    ABSENT,
    StreamCutter,
    as_object,
    error_message,
    event_data,
    is_null,
    object_decoder,
    raw_events,
)
from headgate.translate.usage_media import image_usage, speech_usage, transcription_usage
from headgate.wire.json_skim import ObjectSkimmer

MEDIA: Final = frozenset(
    {
        Format.OPENAI_IMAGES,
        Format.OPENAI_IMAGE_EDITS,
        Format.OPENAI_SPEECH,
        Format.OPENAI_TRANSCRIPTIONS,
        Format.OPENAI_TRANSLATIONS,
    }
)
IMAGES: Final = frozenset({Format.OPENAI_IMAGES, Format.OPENAI_IMAGE_EDITS})


class Asked(NamedTuple):
    """What the request says of its own cost."""

    usage: Usage | None = None
    """Proved by it: characters that are spoken."""
    images: int = 1
    """The most that are made."""
    tier: str | None = None
    """Which price an image has."""


class _BehindMeter:
    """Gives every chunk when the next one is here."""

    def __init__(self) -> None:
        self.reading = Reading()
        self._last = b""

    def read_body(self, body: bytes) -> None:
        """Read a whole body; never raises."""
        self.feed(body)
        self.finish()

    def feed(self, chunk: bytes) -> bytes:
        """Give what came before."""
        passed, self._last = self._last, chunk
        self.reading.has_content = True
        return passed

    def finish(self) -> bytes:
        """Everything came: give the last of it."""
        self.reading.complete = True
        last, self._last = self._last, b""
        return last


class SoundMeter(_BehindMeter):
    """Sound that comes as it is; see `codec.Meter`."""

    def __init__(self, asked: Asked) -> None:
        super().__init__()
        self._asked = asked

    def finish(self) -> bytes:
        """What was asked to be spoken was."""
        self.reading.usage = self._asked.usage
        return super().finish()


class ImagesMeter(_BehindMeter):
    """A JSON object with images in it; see `codec.Meter`."""

    def __init__(self, asked: Asked) -> None:
        super().__init__()
        self._asked = asked
        self._skimmer = ObjectSkimmer("data")

    def feed(self, chunk: bytes) -> bytes:
        """Look at what passes."""
        self._skimmer.feed(chunk)
        return super().feed(chunk)

    def finish(self) -> bytes:
        """The tokens that it tells, else the images that are there."""
        last, reading = super().finish(), self.reading
        document = self._skimmer.document()
        reading.complete = document is not None
        usage = as_object(document["usage"]) if document and "usage" in document else None
        if usage:
            reading.usage = image_usage(usage)
        elif document is not None and self._skimmer.elements:
            reading.usage = Usage({Unit.IMAGE: self._skimmer.elements})
            reading.service_tier = self._asked.tier
        return last


class TranscriptionMeter(_BehindMeter):
    """A transcription as JSON, or as a text that says nothing of its cost; see `codec.Meter`."""

    def __init__(self, quirks: frozenset[UsageQuirk]) -> None:
        super().__init__()
        self._quirks = quirks

    def read_body(self, body: bytes) -> None:
        """Read a whole body; never raises."""
        super().read_body(body)
        try:
            answer = object_decoder.decode(body)
        except (msgspec.DecodeError, ArithmeticError):
            return
        self.reading.usage = transcription_usage(answer, self._quirks)


class _Event(msgspec.Struct):
    """One streamed event, without what is in it."""

    type: str | None = None
    usage: msgspec.Raw = ABSENT
    error: msgspec.Raw = ABSENT


class EventsMeter:
    """The same answers as events: the last ones tell the usage, and nothing costs after them. See `codec.Meter`."""

    def __init__(self, read_usage: Callable[[Mapping[str, object]], Usage | None], ends: str, *, results: int) -> None:
        """Take what is particular to a format.

        Args:
            read_usage: of an event's usage object.
            ends: how the type of an event ends that completes a result.
            results: how many results the request can have.
        """
        self.reading = Reading()
        self._read_usage = read_usage
        self._ends = ends
        self._due = results
        self._cutter = StreamCutter()

    def read_body(self, body: bytes) -> None:
        """Read a whole stream; never raises."""
        self.feed(body)
        self.finish()

    def feed(self, chunk: bytes) -> bytes:
        """Take bytes of a stream; give complete events, unchanged."""
        return self._pass(self._cutter.complete(chunk))

    def finish(self) -> bytes:
        """The stream ended: give what is left."""
        return self._pass(self._cutter.rest())

    def _pass(self, complete: bytes) -> bytes:
        for raw in raw_events(complete):
            self._take(event_data(raw))
        return complete

    def _take(self, data: bytes) -> None:
        reading = self.reading
        if data == b"[DONE]":
            reading.complete = reading.ended = True
            return
        try:
            event = _decode_event(data)
        except msgspec.DecodeError:
            return
        if not is_null(event.error):
            reading.error = error_message(as_object(event.error))
            return
        reading.has_content = True
        if event.type is not None and event.type.endswith(self._ends):
            self._due -= 1
            reading.complete = True
            reading.ended = self._due <= 0
            if usage := as_object(event.usage):
                reading.usage = _sum(reading.usage, self._read_usage(usage))


class UnpackingMeter:
    """Speech that came as events, for they tell its usage, while the caller wants the sound; see `codec.Meter`."""

    def __init__(self) -> None:
        self._events = EventsMeter(speech_usage, ".done", results=1)
        self._cutter = StreamCutter()
        self._held = b""
        self.reading = self._events.reading

    def read_body(self, body: bytes) -> None:
        """Read a whole stream; never raises."""
        self.feed(body)
        self.finish()

    def feed(self, chunk: bytes) -> bytes:
        """Give the sound that came before."""
        complete = self._cutter.complete(chunk)
        self._events.feed(complete)
        sound = b"".join(_sound_of(event_data(raw)) for raw in raw_events(complete))
        if self.reading.ended:
            passed, self._held = self._held + sound, b""
        elif sound:
            passed, self._held = self._held, sound
        else:
            passed = b""
        return passed

    def finish(self) -> bytes:
        """The stream ended: give the last of the sound."""
        last, self._held = self._held, b""
        return last


class _Sound(msgspec.Struct):
    """One event with sound in it."""

    type: str | None = None
    audio: str | None = None


def _sound_of(data: bytes) -> bytes:
    try:
        event = _decode_sound(data)
        return b64decode(event.audio) if event.audio else b""
    except (msgspec.DecodeError, ValueError):
        return b""


_decode_sound: Final = msgspec.json.Decoder(_Sound).decode
_decode_event: Final = msgspec.json.Decoder(_Event).decode


def media_meter_for(
    format: Format,  # noqa: A002 - the noun of the domain
    provider: Provider,
    asked: Asked,
    *,
    events: bool,
    unpack: bool = False,
) -> Meter:
    """A fresh meter for one answer of a format in `MEDIA`.

    Args:
        format: what was asked.
        provider: whose deviations apply.
        asked: what the request says of its cost.
        events: whether the answer comes as server-sent events.
        unpack: only we asked for events: give the sound in them.
    """
    quirks = provider.usage_quirks
    if format in IMAGES:
        return EventsMeter(image_usage, ".completed", results=asked.images) if events else ImagesMeter(asked)
    if format is Format.OPENAI_SPEECH and events and unpack:
        return UnpackingMeter()
    if format is Format.OPENAI_SPEECH:
        return EventsMeter(speech_usage, ".done", results=1) if events else SoundMeter(asked)
    if events:
        return EventsMeter(lambda usage: transcription_usage({"usage": usage}, quirks), ".done", results=1)
    return TranscriptionMeter(quirks)


def _sum(before: Usage | None, more: Usage | None) -> Usage | None:
    if before is None or more is None:
        return before or more
    units = before.quantities.keys() | more.quantities.keys()
    return Usage({unit: before.quantities.get(unit, 0) + more.quantities.get(unit, 0) for unit in units})

"""Exchanges of images, speech and transcriptions: passed through as they come, whatever their answers are made of."""

from typing import Final

import msgspec

from headgate.domain.errors import UpstreamError
from headgate.domain.formats import Format
from headgate.domain.usage import Unit, Usage
from headgate.pipeline.doors import Door
from headgate.pipeline.exchange import Exchange
from headgate.pipeline.intake import Intake
from headgate.pipeline.ports import UpstreamAnswer
from headgate.pricing.compiled import CompiledCard
from headgate.pricing.request_shape import RequestShape
from headgate.routing.target import Target
from headgate.translate.meter_media import IMAGES, Asked, media_meter_for

_LARGE: Final = IMAGES | {Format.OPENAI_SPEECH}
"""Formats whose answers are not kept in one piece."""
_EVENTS: Final = "text/event-stream"
_SOUNDS: Final = {
    "opus": "audio/opus",
    "aac": "audio/aac",
    "flac": "audio/flac",
    "wav": "audio/wav",
    "pcm": "audio/pcm",
}
_MP3: Final = "audio/mpeg"

_encode: Final = msgspec.json.Encoder().encode
_text: Final = msgspec.json.Decoder(str)


class MediaExchange(Exchange):
    """One attempt. Speech that is billed by tokens is asked for as events, which tell them, and unpacked here."""

    def __init__(
        self,
        door: Door,
        intake: Intake,
        target: Target,
        *,
        card: CompiledCard | None,
        shape: RequestShape | None,
        created: int,
    ):
        """As `Exchange`; `card` and `shape` are those of the plan."""
        self._asked = asked_of(card, shape)
        self._provider = target.provider
        self._unpacks = (
            door.format is Format.OPENAI_SPEECH
            and not intake.stream
            and self._asked.usage is None
            and target.provider.speech_tells_usage
        )
        self._wanted = intake
        if self._unpacks:
            fields = {**intake.fields, "stream_format": msgspec.Raw(_encode("sse"))}
            intake = msgspec.structs.replace(intake, fields=fields)
        super().__init__(door, intake, target, max_output=None, created=created)
        self._content_type = ""
        self._length: str | None = None
        self._has_events = False

    @property
    def relays(self) -> bool:
        """Large answers always, the others where they are streamed."""
        return self.format in _LARGE or self._wanted.stream

    def receive(self, answer: UpstreamAnswer) -> bool:
        """Events or not is what the answer says: some models do not stream, whatever they are asked."""
        told = answer.header("content-type") or ""
        self._has_events = told.startswith(_EVENTS)
        unpack = self._unpacks and self._has_events
        self._content_type = self._sound() if unpack else told
        self._length = None if unpack else answer.header("content-length")
        self.meter = media_meter_for(self.format, self._provider, self._asked, events=self._has_events, unpack=unpack)
        return self.format in _LARGE or self._has_events

    @property
    def content_type(self) -> str:
        """As the provider has it."""
        return self._content_type or "application/octet-stream"

    @property
    def whole_type(self) -> str:
        """Subtitles and plain texts are no JSON."""
        return self.content_type

    @property
    def content_length(self) -> str | None:
        """As the provider has it: a client that was told can see that an answer broke off."""
        return self._length

    def broken(self, error: UpstreamError) -> bytes:
        """Only events can tell of an error; of anything else the end is missing."""
        return super().broken(error) if self._has_events and not self._unpacks else b""

    def _sound(self) -> str:
        try:
            wanted = _text.decode(self._wanted.fields["response_format"])
        except (KeyError, msgspec.DecodeError):
            return _MP3
        return _SOUNDS.get(wanted, _MP3)


def asked_of(card: CompiledCard | None, shape: RequestShape | None) -> Asked:
    """What a request proves of its own cost, where the card bills that."""
    if shape is None:
        return Asked()
    counted = dict(shape.counted)
    characters = counted.get(Unit.CHARACTER)
    billed = card is None or Unit.CHARACTER in card.standard.brackets[-1].atto
    return Asked(
        usage=Usage({Unit.CHARACTER: characters}) if characters and billed else None,
        images=counted.get(Unit.IMAGE, 1),
        tier=shape.tier,
    )

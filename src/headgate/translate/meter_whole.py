"""Meters of formats that are never streamed."""

import msgspec

from headgate.translate.codec import Reading
from headgate.translate.meter_events import ABSENT, as_object, reported_cost
from headgate.translate.usage import openai_embeddings_usage
from headgate.translate.usage_gemini import gemini_usage
from headgate.translate.usage_media import rerank_usage


class _Body(msgspec.Struct):
    """An embeddings body without its vectors."""

    model: str | None = None
    usage: msgspec.Raw = ABSENT


class _Ranking(msgspec.Struct):
    """A ranking without its documents."""

    model: str | None = None
    meta: dict[str, object] | None = None
    usage: dict[str, object] | None = None


class _Verdicts(msgspec.Struct):
    """A moderation without its verdicts."""

    model: str | None = None
    usage: msgspec.Raw = ABSENT


class _GeminiBody(msgspec.Struct, rename="camel"):
    """The same of Gemini's format, of one content or of several."""

    usage_metadata: msgspec.Raw = ABSENT


_decoder = msgspec.json.Decoder(_Body)
_gemini_decoder = msgspec.json.Decoder(_GeminiBody)
_ranking_decoder = msgspec.json.Decoder(_Ranking)
_verdicts_decoder = msgspec.json.Decoder(_Verdicts)


class _WholeMeter:
    """Passes a stream through untouched: these formats have none."""

    def __init__(self) -> None:
        self.reading = Reading()

    def feed(self, chunk: bytes) -> bytes:
        """Give the bytes as they came."""
        return chunk

    def finish(self) -> bytes:
        """Nothing is held back."""
        return b""


class EmbeddingsMeter(_WholeMeter):
    """Reads an embeddings answer; see `codec.Meter`."""

    def read_body(self, body: bytes) -> None:
        """Read a whole body; never raises."""
        reading = self.reading
        try:
            answer = _decoder.decode(body)
        except msgspec.DecodeError:
            return
        reading.complete = True
        reading.has_content = True
        reading.response_model = answer.model
        usage = as_object(answer.usage)
        if usage:
            reading.usage = openai_embeddings_usage(usage)
            reading.reported_cost = reported_cost(usage)


class GeminiEmbeddingsMeter(_WholeMeter):
    """Reads an answer of Gemini's embedding endpoints; only newer models report usage. See `codec.Meter`."""

    def read_body(self, body: bytes) -> None:
        """Read a whole body; never raises."""
        try:
            answer = _gemini_decoder.decode(body)
        except msgspec.DecodeError:
            return
        self.reading.complete = True
        self.reading.has_content = True
        self.reading.usage = gemini_usage(as_object(answer.usage_metadata))


class CountTokensMeter(_WholeMeter):
    """Counting tokens is free of charge at Anthropic and Google: a reading without usage."""

    def read_body(self, body: bytes) -> None:
        """Note that an answer came; never raises."""
        self.reading.complete = bool(body)
        self.reading.has_content = bool(body)


class RerankMeter(_WholeMeter):
    """Reads a ranking, of Cohere's shape or of those that look like it; see `codec.Meter`."""

    def read_body(self, body: bytes) -> None:
        """Read a whole body; never raises."""
        try:
            answer = _ranking_decoder.decode(body)
        except msgspec.DecodeError:
            return
        reading = self.reading
        reading.complete = True
        reading.has_content = True
        reading.response_model = answer.model
        reading.usage = rerank_usage({"meta": answer.meta, "usage": answer.usage})


class ModerationsMeter(_WholeMeter):
    """Reads a moderation, which says what it used at hardly any operator; see `codec.Meter`."""

    def read_body(self, body: bytes) -> None:
        """Read a whole body; never raises."""
        try:
            answer = _verdicts_decoder.decode(body)
        except msgspec.DecodeError:
            return
        reading = self.reading
        reading.complete = True
        reading.has_content = True
        reading.response_model = answer.model
        reading.usage = openai_embeddings_usage(as_object(answer.usage))
        reading.countless = reading.usage is None

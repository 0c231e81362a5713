"""Answers `POST /v1/audio/speech` with a tone: a WAV file whose length follows the text, or `pcm` without a header.

`speech` bills characters; `speech-tokens` bills tokens, and tells them when it streams events. Source: OpenAI's API
reference, "Create speech".
"""

from base64 import b64encode
from collections.abc import Iterator
from typing import Annotated, Literal

import msgspec

from headgate.simulator.knobs import Knobs
from headgate.simulator.models import Kind, Model
from headgate.simulator.prices import Counts
from headgate.simulator.prose import seed_of
from headgate.simulator.reading import decode, effective_knobs, require_model, require_room
from headgate.simulator.refusals import Refusal, injected_refusal, render_openai_error
from headgate.simulator.script import Piece, Script
from headgate.simulator.served import EVENTS, Asked, Served
from headgate.simulator.sound import tone, wave_header
from headgate.simulator.tokens import count_tokens

SAMPLES_PER_CHARACTER = 480
SAMPLES_PER_TOKEN = 400
_PIECE = 4_000
_json = msgspec.json.encode


class _Request(msgspec.Struct, frozen=True):
    model: str | None = None
    input: str | None = None
    voice: str | None = None
    response_format: Literal["mp3", "opus", "aac", "flac", "wav", "pcm"] = "mp3"
    speed: Annotated[float, msgspec.Meta(ge=0.25, le=4)] = 1.0
    stream_format: Literal["audio", "sse"] = "audio"
    simulate: Knobs | None = None


_requests = msgspec.json.Decoder(_Request)


def serve_speech(asked: Asked) -> Served:
    """Speak a text.

    Raises:
        Refusal: 400 or 404, the request is at fault.
    """
    request = decode(_requests, asked.body)
    model = require_model(request.model, Kind.SPEECH)
    for name, value in (("input", request.input), ("voice", request.voice)):
        if not value:
            raise Refusal(400, f"Give '{name}'.", param=name, code="missing_required_parameter", model=model.name)
    text = request.input or ""
    require_room(model, count_tokens(text))
    sse = request.stream_format == "sse"
    if sse and not model.by_token:
        message = f"{model.id} does not stream events."
        raise Refusal(400, message, param="stream_format", code="unsupported_value", model=model.name)
    samples = round(len(text) * SAMPLES_PER_CHARACTER / request.speed)
    plain = request.response_format == "pcm"
    sound = (b"" if plain else wave_header(samples)) + tone(
        seed_of((text.encode(), (request.voice or "").encode())), samples
    )
    knobs = effective_knobs(request.simulate, asked.knobs_header, asked.defaults)
    script = Script(
        opening=b"",
        pieces=_pieces(sound, model, sse=sse),
        closing=_closing(text, sound, knobs) if sse else b"",
        error_event=b"data: " + render_openai_error(injected_refusal(500, None)) + b"\n\n" if sse else b"",
        malformed_event=b'data: {"type":"speech\n\n' if sse else b"",
    )
    return Served(
        model=model.name,
        knobs=knobs,
        counts=Counts(input=count_tokens(text)) if model.by_token else Counts(character=len(text)),
        content_type=EVENTS if sse else b"audio/pcm" if plain else b"audio/wav",
        script=script,
    )


def _pieces(sound: bytes, model: Model, *, sse: bool) -> Iterator[Piece]:
    told = 0
    for start in range(0, len(sound), _PIECE):
        piece = sound[start : start + _PIECE]
        data = piece
        if sse:
            data = b"data: %s\n\n" % _json({"type": "speech.audio.delta", "audio": b64encode(piece).decode()})
        tokens = _tokens(min(start + _PIECE, len(sound))) - told
        told += tokens
        yield Piece(data, output=tokens if model.by_token else 0, content=True)


def _closing(text: str, sound: bytes, knobs: Knobs) -> bytes:
    event: dict[str, object] = {"type": "speech.audio.done"}
    if not knobs.no_usage:
        given, made = count_tokens(text), _tokens(len(sound))
        event["usage"] = {"input_tokens": given, "output_tokens": made, "total_tokens": given + made}
    return b"data: %s\n\n" % _json(event)


def _tokens(samples: int) -> int:
    return -(-samples // SAMPLES_PER_TOKEN)

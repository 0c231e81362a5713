"""Answers `POST /v1/embeddings`: texts that share words get vectors that point the same way."""

import base64
import math
import re
import struct
import zlib
from typing import Annotated, Literal

import msgspec

from headgate.simulator.knobs import Knobs
from headgate.simulator.models import Kind, Model
from headgate.simulator.prices import Counts
from headgate.simulator.reading import decode, effective_knobs, require_model, require_room
from headgate.simulator.refusals import Refusal
from headgate.simulator.tokens import count_tokens

DEFAULT_DIMENSIONS = 256
_WORD = re.compile(r"\w+")


class _Request(msgspec.Struct, frozen=True):
    model: str | None = None
    input: str | list[str | int | list[int]] | None = None
    dimensions: Annotated[int, msgspec.Meta(ge=1, le=4_096)] | None = None
    encoding_format: Literal["float", "base64"] = "float"
    simulate: Knobs | None = None


class EmbeddingAsk(msgspec.Struct, frozen=True, kw_only=True):
    """One embeddings request, parsed."""

    model: Model
    model_name: str
    words: tuple[tuple[str, ...], ...]
    """Per input, in lower case; the ids of an input that came as tokens."""
    tokens: int
    dimensions: int
    as_base64: bool
    """Little-endian 32-bit floats, as the official SDK asks for."""
    knobs: Knobs


_requests = msgspec.json.Decoder(_Request)


def read_embeddings(body: bytes, header: bytes | None, defaults: Knobs) -> EmbeddingAsk:
    """Parse a request to `/v1/embeddings`.

    Raises:
        Refusal: 400 or 404, the request is at fault.
    """
    request = decode(_requests, body)
    model = require_model(request.model, Kind.EMBEDDING)
    if not request.input:
        raise Refusal(400, "Give 'input'.", param="input", code="missing_required_parameter", model=model.name)
    read = [_read_input(one) for one in _inputs(request.input)]
    for _, tokens in read:
        require_room(model, tokens)
    return EmbeddingAsk(
        model=model,
        model_name=request.model or "",
        words=tuple(words for words, _ in read),
        tokens=sum(tokens for _, tokens in read),
        dimensions=request.dimensions or DEFAULT_DIMENSIONS,
        as_base64=request.encoding_format == "base64",
        knobs=effective_knobs(request.simulate, header, defaults),
    )


def render_embeddings(ask: EmbeddingAsk, counts: Counts, *, unique: str) -> bytes:
    """The JSON body of the answer.

    Args:
        ask: the request.
        counts: what is billed for it.
        unique: hexadecimal digits that no other answer has. OpenAI's answers have no id; Mistral's SDK wants one.
    """
    body: dict[str, object] = {
        "id": f"embd-{unique}",
        "object": "list",
        "data": [
            {"object": "embedding", "index": index, "embedding": _encode(embed(words, ask.dimensions), ask)}
            for index, words in enumerate(ask.words)
        ],
        "model": ask.model_name,
    }
    if not ask.knobs.no_usage:
        body["usage"] = {"prompt_tokens": counts.prompt, "total_tokens": counts.prompt}
    return msgspec.json.encode(body)


def words_in(text: str) -> tuple[str, ...]:
    """The words of a text, in lower case."""
    return tuple(_WORD.findall(text.lower()))


def embed(words: tuple[str, ...], dimensions: int) -> list[float]:
    """A vector of length 1: every word adds to one place that its hash picks, or subtracts there."""
    vector = [0.0] * dimensions
    for word in words:
        place, sign = divmod(zlib.crc32(word.encode()), 2)
        vector[place % dimensions] += 1.0 if sign else -1.0
    length = math.hypot(*vector)
    if not length:
        # No words, or words that cancel out: still a direction, so that cosines are defined.
        vector[0] = length = 1.0
    return [value / length for value in vector]


def _inputs(given: str | list[str | int | list[int]]) -> list[str | list[int]]:
    if isinstance(given, str):
        return [given]
    ids = [one for one in given if isinstance(one, int)]
    if not ids:
        return [one for one in given if not isinstance(one, int)]
    if len(ids) != len(given):
        raise Refusal(400, "'input' mixes token ids and texts.", param="input", code="invalid_value")
    return [ids]


def _read_input(one: str | list[int]) -> tuple[tuple[str, ...], int]:
    if isinstance(one, str):
        return words_in(one), count_tokens(one)
    return tuple(map(str, one)), len(one)


def _encode(vector: list[float], ask: EmbeddingAsk) -> list[float] | str:
    if not ask.as_base64:
        return vector
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()

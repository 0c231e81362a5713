"""Answers what Gemini's API is asked: the model and what is wanted of it stand in the path."""

from collections.abc import Callable
from functools import partial
from typing import Annotated, Final
from urllib.parse import parse_qs

import msgspec

from headgate.simulator.answer import answer, prompt_counts
from headgate.simulator.gemini_content import render_gemini, script_gemini
from headgate.simulator.gemini_reading import read_gemini
from headgate.simulator.knobs import Knobs
from headgate.simulator.models import MODELS, Kind, Model
from headgate.simulator.openai_embeddings import DEFAULT_DIMENSIONS, embed, words_in
from headgate.simulator.prices import PRICES, Counts
from headgate.simulator.reading import decode, effective_knobs, require_model, require_room
from headgate.simulator.refusals import Refusal
from headgate.simulator.served import Asked, Served
from headgate.simulator.tokens import count_tokens

_VERSIONS: Final = ("/v1beta/models/", "/v1/models/")
_EVENTS: Final = b"text/event-stream"
_ARRAY: Final = b"application/json; charset=UTF-8"
_NOTHING: Final = Counts()


def find_gemini(path: str) -> Callable[[Asked], Served] | None:
    """What answers a request to a path; None where it is no path of Gemini's API."""
    start = next((version for version in _VERSIONS if path.startswith(version)), None)
    if start is None:
        return None
    model, _, action = path.removeprefix(start).rpartition(":")
    serve = _ACTIONS.get(action)
    return None if serve is None else partial(serve, model)


def render_gemini_models() -> bytes:
    """The list of all models."""
    return msgspec.json.encode({"models": [_listed(model) for model in MODELS.values()]})


def _listed(model: Model) -> dict[str, object]:
    return {
        "name": f"models/{model.id}",
        "displayName": model.title,
        "inputTokenLimit": model.context_window,
        "outputTokenLimit": model.max_output,
        "supportedGenerationMethods": ["embedContent" if model.kind is Kind.EMBEDDING else "generateContent"],
    }


def _generate(model_name: str, asked: Asked, *, stream: bool = False) -> Served:
    read = read_gemini(asked, model_name, stream=stream)
    ask = read.ask
    choices = answer(ask)
    prompt = _without_writes(prompt_counts(ask, PRICES[ask.model.name]))
    counts = msgspec.structs.replace(
        prompt,
        output=sum(choice.output_tokens for choice in choices),
        output_reasoning=sum(choice.reasoning_tokens for choice in choices),
    )
    if not stream:
        body = render_gemini(read, choices, counts, unique=asked.unique)
        return Served(model=ask.model.name, knobs=ask.knobs, counts=counts, body=body)
    as_array = "sse" not in parse_qs(asked.query).get("alt", ())
    script = script_gemini(read, choices, counts, unique=asked.unique, as_array=as_array)
    content_type = _ARRAY if as_array else _EVENTS
    return Served(model=ask.model.name, knobs=ask.knobs, counts=prompt, script=script, content_type=content_type)


def _without_writes(prompt: Counts) -> Counts:
    """Google caches by itself, and charges nothing for it."""
    written = prompt.cache_write + prompt.cache_write_1h
    return msgspec.structs.replace(prompt, input=prompt.input + written, cache_write=0, cache_write_1h=0)


def _count(model_name: str, asked: Asked) -> Served:
    ask = read_gemini(asked, model_name, stream=False, counting=True).ask
    details = [{"modality": "TEXT", "tokenCount": ask.prompt_tokens}]
    body = msgspec.json.encode({"totalTokens": ask.prompt_tokens, "promptTokensDetails": details})
    return Served(model=ask.model.name, knobs=ask.knobs, counts=_NOTHING, body=body)


class _Part(msgspec.Struct, frozen=True):
    text: str = ""


class _Content(msgspec.Struct, frozen=True):
    parts: list[_Part] = []


class _Embed(msgspec.Struct, frozen=True, rename="camel"):
    content: _Content | None = None
    output_dimensionality: Annotated[int, msgspec.Meta(ge=1, le=4_096)] | None = None
    simulate: Knobs | None = None


class _Batch(msgspec.Struct, frozen=True):
    requests: list[_Embed] = []
    simulate: Knobs | None = None


_embeds = msgspec.json.Decoder(_Embed)
_batches = msgspec.json.Decoder(_Batch)


def _embed_one(model_name: str, asked: Asked) -> Served:
    request = decode(_embeds, asked.body)
    return _embedded(model_name, asked, [request], request.simulate, single=True)


def _embed_batch(model_name: str, asked: Asked) -> Served:
    batch = decode(_batches, asked.body)
    return _embedded(model_name, asked, batch.requests, batch.simulate, single=False)


def _embedded(model_name: str, asked: Asked, requests: list[_Embed], knobs: Knobs | None, *, single: bool) -> Served:
    model = require_model(model_name, Kind.EMBEDDING)
    texts = ["\n".join(part.text for part in (request.content or _Content()).parts) for request in requests]
    if not texts or not all(texts):
        raise Refusal(400, "content is not specified", param="content", model=model.name)
    for text in texts:
        require_room(model, count_tokens(text))
    vectors = [
        {"values": embed(words_in(text), request.output_dimensionality or DEFAULT_DIMENSIONS)}
        for text, request in zip(texts, requests, strict=True)
    ]
    counts = Counts(input=sum(count_tokens(text) for text in texts))
    effective = effective_knobs(knobs, asked.knobs_header, asked.defaults)
    body: dict[str, object] = {"embedding": vectors[0]} if single else {"embeddings": vectors}
    if not effective.no_usage:
        body["usageMetadata"] = {"promptTokenCount": counts.prompt, "totalTokenCount": counts.prompt}
    return Served(model=model.name, knobs=effective, counts=counts, body=msgspec.json.encode(body))


_ACTIONS: Final[dict[str, Callable[[str, Asked], Served]]] = {
    "generateContent": _generate,
    "streamGenerateContent": partial(_generate, stream=True),
    "countTokens": _count,
    "embedContent": _embed_one,
    "batchEmbedContents": _embed_batch,
}

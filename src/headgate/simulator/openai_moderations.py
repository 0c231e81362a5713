"""Answers `POST /v1/moderations`: texts with a word of a list are flagged, and nothing is billed."""

import re

import msgspec

from headgate.simulator.knobs import Knobs
from headgate.simulator.models import Kind
from headgate.simulator.prices import Counts
from headgate.simulator.reading import decode, effective_knobs, require_model
from headgate.simulator.refusals import Refusal
from headgate.simulator.served import Asked, Served

_CATEGORIES = {
    "harassment": ("idiot", "stupid"),
    "hate": ("hate",),
    "self-harm": ("hurt myself",),
    "sexual": ("naked",),
    "violence": ("kill", "stab", "shoot"),
}


class _Part(msgspec.Struct, frozen=True):
    type: str
    text: str = ""


class _Request(msgspec.Struct, frozen=True):
    model: str | None = None
    input: str | list[str | _Part] | None = None
    simulate: Knobs | None = None


_requests = msgspec.json.Decoder(_Request)


def serve_moderations(asked: Asked) -> Served:
    """Judge every text; parts of one input are judged together.

    Raises:
        Refusal: 400 or 404, the request is at fault.
    """
    request = decode(_requests, asked.body)
    model = require_model(request.model or "moderate", Kind.MODERATION)
    if not request.input:
        raise Refusal(400, "Give 'input'.", param="input", code="missing_required_parameter", model=model.name)
    body = {
        "id": f"modr-{asked.unique[:29]}",
        "model": request.model or model.id,
        "results": [_judge(text.lower()) for text in _texts(request.input)],
    }
    return Served(
        model=model.name,
        knobs=effective_knobs(request.simulate, asked.knobs_header, asked.defaults),
        counts=Counts(),
        body=msgspec.json.encode(body),
    )


def _texts(given: str | list[str | _Part]) -> list[str]:
    if isinstance(given, str):
        return [given]
    texts = [one for one in given if isinstance(one, str)]
    return texts or ["\n".join(part.text for part in given if isinstance(part, _Part))]


def _judge(text: str) -> dict[str, object]:
    found = {
        category: any(re.search(rf"\b{word}\b", text) for word in words) for category, words in _CATEGORIES.items()
    }
    return {
        "flagged": any(found.values()),
        "categories": found,
        "category_scores": {category: 0.97 if hit else 0.0003 for category, hit in found.items()},
        "category_applied_input_types": {category: ["text"] for category in found},
    }

"""Good requests at the doors that are no chat, as a client writes them: JSON, or a form with files."""

import json
from typing import Any, NamedTuple

import httpx2

from headgate.simulator.pictures import draw_png
from headgate.simulator.sound import RATE, tone, wave_header
from tests.kit.doors import Answer
from tests.kit.gateway import GatewayProcess

COMPLETIONS, MODERATIONS, RERANK = "/v1/completions", "/v1/moderations", "/v1/rerank"
IMAGES, EDITS, SPEECH = "/v1/images/generations", "/v1/images/edits", "/v1/audio/speech"
TRANSCRIPTIONS, TRANSLATIONS = "/v1/audio/transcriptions", "/v1/audio/translations"


class File(NamedTuple):
    """A file in a form."""

    name: str
    content: bytes


def sound(seconds: float) -> bytes:
    """A WAV file."""
    samples = round(seconds * RATE)
    return wave_header(samples) + tone(7, samples)


GOOD: dict[str, dict[str, Any]] = {
    COMPLETIONS: {"model": "sim/small", "prompt": "Once upon a time", "max_tokens": 9},
    MODERATIONS: {"model": "sim/moderate", "input": "Have a nice day."},
    RERANK: {"model": "sim/rerank", "query": "water gate", "documents": ["The tide was low.", "A gate lets water in."]},
    IMAGES: {"model": "sim/image", "prompt": "A cat", "size": "256x256"},
    SPEECH: {"model": "sim/speech", "input": "What is a headgate?", "voice": "alloy"},
    EDITS: {"model": "sim/image", "prompt": "A cat", "size": "256x256", "image": File("a.png", draw_png(1, 8, 8))},
    TRANSCRIPTIONS: {"model": "sim/transcribe", "file": File("a.wav", sound(2.5))},
    TRANSLATIONS: {"model": "sim/transcribe", "file": File("a.wav", sound(2.5))},
}
FORMS = (EDITS, TRANSCRIPTIONS, TRANSLATIONS)
COSTS: dict[str, int] = {
    COMPLETIONS: 4 * 230 + 9 * 890,
    MODERATIONS: 0,
    RERANK: 1_900_000,
    IMAGES: 90_000_000,
    SPEECH: 19 * 14_000,
    EDITS: 90_000_000,
    TRANSCRIPTIONS: 3 * 90_000,
    TRANSLATIONS: 3 * 90_000,
}
"""Nano-USD of the good requests."""


def ask(gateway: GatewayProcess, path: str, *, key: str | None = None, headers: Any = (), **changes: Any) -> Answer:
    """Send the good request with changes; a field that becomes None is left out."""
    fields = {name: value for name, value in {**GOOD[path], **changes}.items() if value is not None}
    shown = {"authorization": f"Bearer {key or gateway.key}", **dict(headers)}
    if path in FORMS:
        files = {name: (value.name, value.content) for name, value in fields.items() if isinstance(value, File)}
        data = {name: value for name, value in fields.items() if not isinstance(value, File)}
        answer = httpx2.post(gateway.url + path, headers=shown, files=files or {"x": b""}, data=data, timeout=60)
    else:
        answer = httpx2.post(gateway.url + path, headers=shown, content=json.dumps(fields), timeout=60)
    return Answer(answer.status_code, {name.lower(): value for name, value in answer.headers.items()}, answer.content)

"""What operators offer beside chat and embeddings: text completions, moderation, images, sound, reranking.

Path below the operator's base address, from its own API reference. `azure_openai`, whose paths depend on the API
version, has them in its own row.
"""

from collections.abc import Mapping
from typing import Final

import msgspec

from headgate.domain.formats import Format
from headgate.providers.provider import Provider

_COMPLETIONS: Final = {Format.OPENAI_COMPLETIONS: "/completions"}
_IMAGES: Final = {Format.OPENAI_IMAGES: "/images/generations"}
_IMAGE_EDITS: Final = {Format.OPENAI_IMAGE_EDITS: "/images/edits"}
_HEARING: Final = {
    Format.OPENAI_TRANSCRIPTIONS: "/audio/transcriptions",
    Format.OPENAI_TRANSLATIONS: "/audio/translations",
}
_SPEECH: Final = {Format.OPENAI_SPEECH: "/audio/speech"}
_MODERATIONS: Final = {Format.OPENAI_MODERATIONS: "/moderations"}
_RERANK: Final = {Format.RERANK: "/rerank"}
_EVERYTHING: Final = {
    **_COMPLETIONS,
    **_MODERATIONS,
    **_IMAGES,
    **_IMAGE_EDITS,
    **_HEARING,
    **_SPEECH,
    **_RERANK,
}


def _below(prefix: str, paths: Mapping[Format, str]) -> Mapping[Format, str]:
    return {format_: prefix + path for format_, path in paths.items()}


_OFFERS: Final[Mapping[str, Mapping[Format, str]]] = {
    "openai": {format_: path for format_, path in _EVERYTHING.items() if format_ is not Format.RERANK},
    "groq": _below("/openai/v1", {**_HEARING, **_SPEECH}),
    "together": {**_COMPLETIONS, **_IMAGES, **_HEARING, **_SPEECH, **_RERANK},
    "fireworks": {**_COMPLETIONS, **_RERANK},
    "deepinfra": {**_COMPLETIONS, **_IMAGES, **_HEARING, **_SPEECH},
    "deepseek": _below("/beta", _COMPLETIONS),
    "openrouter": _COMPLETIONS,
    "novita": _COMPLETIONS,
    "writer": _below("/v1", _COMPLETIONS),
    "mistral": {**_MODERATIONS, Format.OPENAI_TRANSCRIPTIONS: "/audio/transcriptions"},
    "xai": _IMAGES,
    "venice": {**_IMAGES, **_SPEECH},
    "sambanova": {Format.OPENAI_TRANSCRIPTIONS: "/audio/transcriptions"},
    "cohere": _below("/v2", _RERANK),
    "voyage": _RERANK,
    "jina": _RERANK,
    "vllm": {**_COMPLETIONS, **_HEARING, **_RERANK},
    "tgi": _COMPLETIONS,
    "llamacpp": {**_COMPLETIONS, **_RERANK},
    "lmstudio": _COMPLETIONS,
    "ollama": _COMPLETIONS,
    "mistralrs": {**_COMPLETIONS, **_IMAGES, **_SPEECH},
    "sim": _below("/v1", _EVERYTHING),
}
_ENDS_AFTER_16: Final = frozenset({"openai", "azure_openai", "vllm", "sim"})
"""Operators whose text completions have 16 tokens unless the request says otherwise."""
_TELLS_SPEECH: Final = frozenset({"openai", "sim"})
"""Operators that stream speech as events, the last of which tells the usage."""


def with_offers(value: Provider) -> Provider:
    """The operator with all that it offers; what its own row says stays in front."""
    return msgspec.structs.replace(
        value,
        paths={**value.paths, **_OFFERS.get(value.name, {})},
        speech_tells_usage=value.name in _TELLS_SPEECH,
        completion_tokens=16 if value.name in _ENDS_AFTER_16 else None,
    )

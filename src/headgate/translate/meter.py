"""Meters: read what an answer says about its cost while its bytes pass through unchanged.

The hot path of every streamed chunk. A chunk of complete events in which no marker occurs is given back as it is; JSON
is parsed only for events that carry usage, an end, an error, or what is not known yet (the model, the first content).
"""

from collections.abc import Callable
from typing import Final

from headgate.domain.formats import Format
from headgate.providers.provider import Provider
from headgate.translate.codec import Meter
from headgate.translate.meter_anthropic import AnthropicMeter
from headgate.translate.meter_bedrock import ConverseMeter
from headgate.translate.meter_cohere import CohereMeter
from headgate.translate.meter_gemini import GeminiMeter
from headgate.translate.meter_ollama import OllamaMeter
from headgate.translate.meter_openai import OpenAIChatMeter
from headgate.translate.meter_responses import ResponsesMeter
from headgate.translate.meter_tgi import TgiMeter
from headgate.translate.meter_whole import (
    CountTokensMeter,
    EmbeddingsMeter,
    GeminiEmbeddingsMeter,
    ModerationsMeter,
    RerankMeter,
)

_BY_FORMAT: Final[dict[Format, Callable[[], Meter]]] = {
    Format.ANTHROPIC_MESSAGES: AnthropicMeter,
    Format.BEDROCK_CONVERSE: ConverseMeter,
    Format.COHERE_CHAT: CohereMeter,
    Format.GEMINI: GeminiMeter,
    Format.GEMINI_BATCH_EMBED_CONTENTS: GeminiEmbeddingsMeter,
    Format.GEMINI_EMBED_CONTENT: GeminiEmbeddingsMeter,
    Format.OLLAMA_CHAT: OllamaMeter,
    Format.OPENAI_EMBEDDINGS: EmbeddingsMeter,
    Format.OPENAI_MODERATIONS: ModerationsMeter,
    Format.RERANK: RerankMeter,
    Format.OPENAI_RESPONSES: ResponsesMeter,
    Format.TGI_GENERATE: TgiMeter,
}
"""Formats whose operators do not deviate. What is counted only, or not known, is read as free of charge."""
_CHOICES: Final = frozenset({Format.OPENAI_CHAT, Format.OPENAI_COMPLETIONS})


def meter_for(format: Format, provider: Provider, *, hide_usage: bool = False) -> Meter:  # noqa: A002 - the noun of the domain
    """A fresh meter for one answer.

    Args:
        format: what the provider answers in, not what the client reads.
        provider: whose deviations apply.
        hide_usage: only we asked for usage: leave the event that carries nothing else out of the stream (OpenAI's
            chat and text completions; the other formats send no such event).
    """
    if format in _CHOICES:
        return OpenAIChatMeter(provider.usage_quirks, hide_usage=hide_usage)
    return _BY_FORMAT.get(format, CountTokensMeter)()

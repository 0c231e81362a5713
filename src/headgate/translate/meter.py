"""Meters: read what an answer says about its cost while its bytes pass through unchanged.

The hot path of every streamed chunk. A chunk of complete events in which no marker occurs is given back as it is; JSON
is parsed only for events that carry usage, an end, an error, or what is not known yet (the model, the first content).
"""

from typing import Final

from headgate.domain.formats import Format
from headgate.providers.provider import Provider
from headgate.translate.codec import Meter
from headgate.translate.meter_anthropic import AnthropicMeter
from headgate.translate.meter_gemini import GeminiMeter
from headgate.translate.meter_openai import OpenAIChatMeter
from headgate.translate.meter_whole import CountTokensMeter, EmbeddingsMeter, GeminiEmbeddingsMeter

_GEMINI_EMBEDDINGS: Final = frozenset({Format.GEMINI_EMBED_CONTENT, Format.GEMINI_BATCH_EMBED_CONTENTS})


def meter_for(format: Format, provider: Provider, *, hide_usage: bool = False) -> Meter:  # noqa: A002 - the noun of the domain
    """A fresh meter for one answer.

    Args:
        format: what the provider answers in, not what the client reads.
        provider: whose deviations apply.
        hide_usage: only we asked for usage: leave the event that carries nothing else out of the stream (OpenAI chat;
            the other formats send no such event).
    """
    if format is Format.OPENAI_CHAT:
        return OpenAIChatMeter(provider.usage_quirks, hide_usage=hide_usage)
    if format is Format.ANTHROPIC_MESSAGES:
        return AnthropicMeter()
    if format is Format.GEMINI:
        return GeminiMeter()
    if format is Format.OPENAI_EMBEDDINGS:
        return EmbeddingsMeter()
    if format in _GEMINI_EMBEDDINGS:
        return GeminiEmbeddingsMeter()
    return CountTokensMeter()

"""The shortest way to read the usage object that nearly every chat answer has: OpenAI's own fields, text only.

Gives exactly what `usage.openai_chat_usage` gives (a property test compares the two), or None for every object
with another field, another type or a figure that needs care; then that function reads it.
"""

from typing import Final

import msgspec

from headgate.domain.usage import Unit, Usage


class _Prompt(msgspec.Struct, forbid_unknown_fields=True):
    cached_tokens: int = 0
    audio_tokens: int = 0
    cache_write_tokens: int = 0


class _Completion(msgspec.Struct, forbid_unknown_fields=True):
    reasoning_tokens: int = 0
    audio_tokens: int = 0
    accepted_prediction_tokens: int = 0
    rejected_prediction_tokens: int = 0


class _Plain(msgspec.Struct, forbid_unknown_fields=True):
    prompt_tokens: int
    completion_tokens: int
    total_tokens: int
    prompt_tokens_details: _Prompt | None = None
    completion_tokens_details: _Completion | None = None


_LARGEST: Final = 10**9
_decode: Final = msgspec.json.Decoder(_Plain).decode


def plain_usage(raw: msgspec.Raw) -> Usage | None:
    """Read a raw `usage` object, if it is a plain one."""
    try:
        usage = _decode(raw)
    except msgspec.DecodeError:
        return None
    prompt, completion = usage.prompt_tokens, usage.completion_tokens
    if not (0 <= prompt < _LARGEST and 0 <= completion < _LARGEST) or usage.total_tokens != prompt + completion:
        return None
    quantities: dict[Unit, int] = {}
    details = usage.prompt_tokens_details
    if details is not None and (details.cached_tokens or details.audio_tokens or details.cache_write_tokens):
        cached = details.cached_tokens
        if details.audio_tokens or details.cache_write_tokens or not 0 <= cached <= prompt:
            return None
        prompt -= cached
        quantities[Unit.CACHE_READ] = cached
    reasoning = 0
    out = usage.completion_tokens_details
    if out is not None:
        reasoning = out.reasoning_tokens
        special = out.audio_tokens or out.accepted_prediction_tokens or out.rejected_prediction_tokens
        if special or not 0 <= reasoning <= completion:
            return None
    if prompt:
        quantities[Unit.INPUT] = prompt
    if completion - reasoning:
        quantities[Unit.OUTPUT] = completion - reasoning
    if reasoning:
        quantities[Unit.OUTPUT_REASONING] = reasoning
    return Usage(quantities) if quantities else None

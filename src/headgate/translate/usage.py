"""Usage objects of the wire -> disjoint buckets, one function per format.

Figures overlap on the wire (cached tokens lie inside the prompt of OpenAI's format and beside it in Anthropic's), and
operators deviate; `docs/reference/usage.md` has the table. The rules that hold throughout: a part never exceeds its
whole, so that the buckets sum to what the provider reported and none is negative; a figure that is given under several
names is counted once; a total that cannot be read makes the whole usage unknown (None), never zero.
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Final, cast

from headgate.domain.usage import Unit, Usage
from headgate.providers.provider import UsageQuirk

LARGEST_COUNT: Final = 10**12
"""A larger count is not believed: it would make the amount overflow a BIGINT, and no model reads a trillion tokens."""

_NOTHING: Final[Mapping[str, object]] = {}
_CACHED_NAMES: Final = (
    "prompt_cache_hit_tokens",  # DeepSeek
    "cached_tokens",  # Moonshot
    "num_cached_tokens",  # Mistral, older
    "cache_read_input_tokens",  # Databricks, Venice
)


class _Unreadable(Exception):
    """A total is present but is not a count."""


def openai_chat_usage(usage: Mapping[str, object] | None, quirks: frozenset[UsageQuirk]) -> Usage | None:
    """Read a `usage` object of OpenAI's chat completions format.

    Args:
        usage: the decoded object, or None.
        quirks: how the operator deviates (`Provider.usage_quirks`).

    Returns:
        Disjoint buckets, or None where nothing readable was reported.
    """
    if not usage:
        return None
    try:
        prompt, completion = _total(usage, "prompt_tokens"), _total(usage, "completion_tokens")
    except _Unreadable:
        return None
    total = _count(usage, "total_tokens")
    buckets: dict[Unit, int] = {}
    prompt_details = _object(usage, "prompt_tokens_details") or _object(usage, "prompt_token_details")
    beside = UsageQuirk.AUDIO_OUTSIDE_PROMPT in quirks and total != prompt + completion
    _split_prompt(buckets, usage, prompt_details, prompt, audio_beside=beside)
    _split_completion(buckets, usage, completion, quirks, prompt, total)
    searches = _count(_object(usage, "server_tool_use"), "web_search_requests") or _count(
        _object(usage, "server_tool_use_details"), "web_search_requests"
    )
    _put(buckets, Unit.WEB_SEARCH, searches)
    return Usage(buckets) if buckets else None


def openai_embeddings_usage(usage: Mapping[str, object] | None) -> Usage | None:
    """Read a `usage` object of OpenAI's embeddings format: input only. None where nothing readable was reported."""
    if not usage:
        return None
    try:
        prompt = _total(usage, "prompt_tokens") or _total(usage, "total_tokens")
    except _Unreadable:
        return None
    return Usage({Unit.INPUT: prompt}) if prompt else None


def anthropic_usage(usage: Mapping[str, object] | None) -> Usage | None:
    """Read a `usage` object of Anthropic's messages format.

    In a stream it must be the merged object: fields of a later event replace those of an earlier one.

    Returns:
        Disjoint buckets, or None where nothing readable was reported.
    """
    if not usage:
        return None
    try:
        fresh, output = _total(usage, "input_tokens"), _total(usage, "output_tokens")
        read, written = _total(usage, "cache_read_input_tokens"), _total(usage, "cache_creation_input_tokens")
    except _Unreadable:
        return None
    lifetimes = _object(usage, "cache_creation")
    hour = _count(lifetimes, "ephemeral_1h_input_tokens")
    # With server tools the split sums to less than the total, and the total may be missing where the split is given.
    written = max(written, hour + _count(lifetimes, "ephemeral_5m_input_tokens"))
    for call in _sub_calls(usage):
        fresh += _count(call, "input_tokens")
        read += _count(call, "cache_read_input_tokens")
        written += _count(call, "cache_creation_input_tokens")
        hour += _count(_object(call, "cache_creation"), "ephemeral_1h_input_tokens")
        output += _count(call, "output_tokens")
    thinking = min(_count(_object(usage, "output_tokens_details"), "thinking_tokens"), output)
    buckets: dict[Unit, int] = {}
    _put(buckets, Unit.INPUT, fresh)
    _put(buckets, Unit.CACHE_READ, read)
    _put(buckets, Unit.CACHE_WRITE, written - hour)
    _put(buckets, Unit.CACHE_WRITE_1H, hour)
    _put(buckets, Unit.OUTPUT, output - thinking)
    _put(buckets, Unit.OUTPUT_REASONING, thinking)
    _put(buckets, Unit.WEB_SEARCH, _count(_object(usage, "server_tool_use"), "web_search_requests"))
    return Usage(buckets) if buckets else None


def _sub_calls(usage: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """Billed calls inside the call (compaction, an advisor) that Anthropic's own totals leave out."""
    calls = usage.get("iterations")
    if isinstance(calls, list):
        for call in cast("list[object]", calls):
            if isinstance(call, Mapping):
                fields = cast("Mapping[str, object]", call)
                if fields.get("type") not in ("message", "fallback_message"):
                    yield fields


def _split_prompt(
    buckets: dict[Unit, int],
    usage: Mapping[str, object],
    details: Mapping[str, object],
    prompt: int,
    *,
    audio_beside: bool,
) -> None:
    rest = prompt
    cached = _count(details, "cached_tokens")
    for name in _CACHED_NAMES:
        if name in usage:
            cached = max(cached, _count(usage, name))
    # Grok on Azure reports more cached than prompt tokens (a hidden preamble), but its total is prompt + completion.
    cached = min(cached, rest)
    rest -= cached
    written = max(_count(details, "cache_write_tokens"), _count(usage, "cache_creation_input_tokens"))
    written = min(written, rest)
    rest -= written
    of_cached = _object(details, "cached_tokens_details")
    cached_audio = min(_count(of_cached, "audio_tokens"), cached)
    cached_image = min(_count(of_cached, "image_tokens"), cached - cached_audio)
    audio = max(_count(details, "audio_tokens") - cached_audio, 0)
    if not audio_beside:
        audio = min(audio, rest)
        rest -= audio
    image = min(max(_count(details, "image_tokens") - cached_image, 0), rest)
    _put(buckets, Unit.INPUT, rest - image)
    _put(buckets, Unit.INPUT_AUDIO, audio)
    _put(buckets, Unit.INPUT_IMAGE, image)
    _put(buckets, Unit.CACHE_READ, cached - cached_audio - cached_image)
    _put(buckets, Unit.CACHE_READ_AUDIO, cached_audio)
    _put(buckets, Unit.CACHE_READ_IMAGE, cached_image)
    _put(buckets, Unit.CACHE_WRITE, written)


def _split_completion(
    buckets: dict[Unit, int],
    usage: Mapping[str, object],
    completion: int,
    quirks: frozenset[UsageQuirk],
    prompt: int,
    total: int,
) -> None:
    details = _object(usage, "completion_tokens_details")
    reasoning = _count(details, "reasoning_tokens") or _count(usage, "reasoning_tokens")
    rest = completion
    if UsageQuirk.SEARCH_TOKENS_APART in quirks:
        _put(buckets, Unit.OUTPUT_CITATION, _count(usage, "citation_tokens"))
        _put(buckets, Unit.WEB_SEARCH, _count(usage, "num_search_queries"))
    elif UsageQuirk.REASONING_IN_TOTAL_ONLY in quirks and not reasoning:
        reasoning = max(total - prompt - completion, 0)
    elif UsageQuirk.REASONING_OUTSIDE_COMPLETION not in quirks or total == prompt + completion:
        reasoning = min(reasoning, rest)
        rest -= reasoning
    audio = min(_count(details, "audio_tokens"), rest)
    image = min(_count(details, "image_tokens"), rest - audio)
    _put(buckets, Unit.OUTPUT, rest - audio - image)
    _put(buckets, Unit.OUTPUT_REASONING, reasoning)
    _put(buckets, Unit.OUTPUT_AUDIO, audio)
    _put(buckets, Unit.OUTPUT_IMAGE, image)


def _put(buckets: dict[Unit, int], unit: Unit, quantity: int) -> None:
    if quantity > 0:
        buckets[unit] = quantity


def _object(holder: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = holder.get(name)
    return cast("Mapping[str, object]", value) if isinstance(value, Mapping) else _NOTHING


def _count(holder: Mapping[str, object], name: str) -> int:
    """A part: what cannot be read counts as nothing, because the whole still holds it."""
    value = holder.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        return 0
    return int(value) if 0 < value <= LARGEST_COUNT and value % 1 == 0 else 0


def _total(holder: Mapping[str, object], name: str) -> int:
    value = holder.get(name)
    if value is None or value == 0:
        return 0
    count = _count(holder, name)
    if not count:
        raise _Unreadable
    return count

"""Usage objects of the wire -> disjoint buckets, one function per format.

Figures overlap on the wire (cached tokens lie inside the prompt of OpenAI's format and beside it in Anthropic's), and
operators deviate; `docs/reference/usage.md` has the table. The rules that hold throughout: a part never exceeds its
whole, so that the buckets sum to what the provider reported and none is negative; a figure that is given under several
names is counted once; a total that cannot be read makes the whole usage unknown (None), never zero.
"""

from collections.abc import Iterator, Mapping
from typing import Final, cast

from headgate.domain.usage import Unit, Usage
from headgate.providers.provider import UsageQuirk
from headgate.translate.counting import UnreadableError, count, member, put, whole

_CACHED_NAMES: Final = (
    "prompt_cache_hit_tokens",  # DeepSeek
    "cached_tokens",  # Moonshot
    "num_cached_tokens",  # Mistral, older
    "cache_read_input_tokens",  # Databricks, Venice
)


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
        prompt, completion = whole(usage, "prompt_tokens"), whole(usage, "completion_tokens")
    except UnreadableError:
        return None
    total = count(usage, "total_tokens")
    buckets: dict[Unit, int] = {}
    prompt_details = member(usage, "prompt_tokens_details") or member(usage, "prompt_token_details")
    beside = UsageQuirk.AUDIO_OUTSIDE_PROMPT in quirks and total != prompt + completion
    _split_prompt(buckets, usage, prompt_details, prompt, audio_beside=beside)
    _split_completion(buckets, usage, completion, quirks, prompt, total)
    searches = count(member(usage, "server_tool_use"), "web_search_requests") or count(
        member(usage, "server_tool_use_details"), "web_search_requests"
    )
    put(buckets, Unit.WEB_SEARCH, searches)
    return Usage(buckets) if buckets else None


def openai_embeddings_usage(usage: Mapping[str, object] | None) -> Usage | None:
    """Read a `usage` object of OpenAI's embeddings format: input only. None where nothing readable was reported."""
    if not usage:
        return None
    try:
        prompt = whole(usage, "prompt_tokens") or whole(usage, "total_tokens")
    except UnreadableError:
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
        fresh, output = whole(usage, "input_tokens"), whole(usage, "output_tokens")
        read, written = whole(usage, "cache_read_input_tokens"), whole(usage, "cache_creation_input_tokens")
    except UnreadableError:
        return None
    lifetimes = member(usage, "cache_creation")
    hour = count(lifetimes, "ephemeral_1h_input_tokens")
    # With server tools the split sums to less than the total, and the total may be missing where the split is given.
    written = max(written, hour + count(lifetimes, "ephemeral_5m_input_tokens"))
    for call in _sub_calls(usage):
        fresh += count(call, "input_tokens")
        read += count(call, "cache_read_input_tokens")
        written += count(call, "cache_creation_input_tokens")
        hour += count(member(call, "cache_creation"), "ephemeral_1h_input_tokens")
        output += count(call, "output_tokens")
    thinking = min(count(member(usage, "output_tokens_details"), "thinking_tokens"), output)
    buckets: dict[Unit, int] = {}
    put(buckets, Unit.INPUT, fresh)
    put(buckets, Unit.CACHE_READ, read)
    put(buckets, Unit.CACHE_WRITE, written - hour)
    put(buckets, Unit.CACHE_WRITE_1H, hour)
    put(buckets, Unit.OUTPUT, output - thinking)
    put(buckets, Unit.OUTPUT_REASONING, thinking)
    put(buckets, Unit.WEB_SEARCH, count(member(usage, "server_tool_use"), "web_search_requests"))
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
    cached = count(details, "cached_tokens")
    for name in _CACHED_NAMES:
        if name in usage:
            cached = max(cached, count(usage, name))
    # Grok on Azure reports more cached than prompt tokens (a hidden preamble), but its total is prompt + completion.
    cached = min(cached, rest)
    rest -= cached
    written = max(count(details, "cache_write_tokens"), count(usage, "cache_creation_input_tokens"))
    written = min(written, rest)
    rest -= written
    of_cached = member(details, "cached_tokens_details")
    cached_audio = min(count(of_cached, "audio_tokens"), cached)
    cached_image = min(count(of_cached, "image_tokens"), cached - cached_audio)
    audio = max(count(details, "audio_tokens") - cached_audio, 0)
    if not audio_beside:
        audio = min(audio, rest)
        rest -= audio
    image = min(max(count(details, "image_tokens") - cached_image, 0), rest)
    put(buckets, Unit.INPUT, rest - image)
    put(buckets, Unit.INPUT_AUDIO, audio)
    put(buckets, Unit.INPUT_IMAGE, image)
    put(buckets, Unit.CACHE_READ, cached - cached_audio - cached_image)
    put(buckets, Unit.CACHE_READ_AUDIO, cached_audio)
    put(buckets, Unit.CACHE_READ_IMAGE, cached_image)
    put(buckets, Unit.CACHE_WRITE, written)


def _split_completion(
    buckets: dict[Unit, int],
    usage: Mapping[str, object],
    completion: int,
    quirks: frozenset[UsageQuirk],
    prompt: int,
    total: int,
) -> None:
    details = member(usage, "completion_tokens_details")
    reasoning = count(details, "reasoning_tokens") or count(usage, "reasoning_tokens")
    rest = completion
    if UsageQuirk.SEARCH_TOKENS_APART in quirks:
        put(buckets, Unit.OUTPUT_CITATION, count(usage, "citation_tokens"))
        put(buckets, Unit.WEB_SEARCH, count(usage, "num_search_queries"))
    elif UsageQuirk.REASONING_IN_TOTAL_ONLY in quirks and not reasoning:
        reasoning = max(total - prompt - completion, 0)
    elif UsageQuirk.REASONING_OUTSIDE_COMPLETION not in quirks or total == prompt + completion:
        reasoning = min(reasoning, rest)
        rest -= reasoning
    audio = min(count(details, "audio_tokens"), rest)
    image = min(count(details, "image_tokens"), rest - audio)
    put(buckets, Unit.OUTPUT, rest - audio - image)
    put(buckets, Unit.OUTPUT_REASONING, reasoning)
    put(buckets, Unit.OUTPUT_AUDIO, audio)
    put(buckets, Unit.OUTPUT_IMAGE, image)

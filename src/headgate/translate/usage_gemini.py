"""`usageMetadata` of Gemini's format -> disjoint buckets; `docs/reference/usage.md` has the table.

Thoughts stand beside the candidates here and what the provider's own tools read beside the prompt; cached tokens lie
inside the prompt. Modalities are words, or numbers where a client of Google's binary protocol wrote them down.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Final, cast

from headgate.domain.usage import Unit, Usage
from headgate.translate.counting import UnreadableError, count, put, whole

_AUDIO: Final = ("AUDIO", 4)
_IMAGE: Final = ("IMAGE", 2)
_INPUT: Final = (Unit.INPUT, Unit.INPUT_AUDIO, Unit.INPUT_IMAGE)
_OUTPUT: Final = (Unit.OUTPUT, Unit.OUTPUT_AUDIO, Unit.OUTPUT_IMAGE)
_FEE_PER_PROMPT: Final = re.compile(r"gemini-[12]\b")
"""Before Gemini 3 a prompt that was grounded costs one fee, however many searches it took."""
_TIERS: Final = {"ON_DEMAND_FLEX": "flex", "ON_DEMAND_PRIORITY": "priority", "FLEX": "flex", "PRIORITY": "priority"}


def gemini_usage(usage: Mapping[str, object] | None, *, searches: int = 0) -> Usage | None:
    """Read a `usageMetadata` object.

    Args:
        usage: the decoded object, or None. Of a stream it must be the last one that has figures.
        searches: from `grounded_searches`, which stand elsewhere.

    Returns:
        Disjoint buckets, or None where nothing readable was reported. Google now and then counts an answer and not what
        it answers: that is not all that was used.
    """
    if not usage:
        return None
    try:
        prompt, tools = whole(usage, "promptTokenCount"), whole(usage, "toolUsePromptTokenCount")
        output, thoughts = whole(usage, "candidatesTokenCount"), whole(usage, "thoughtsTokenCount")
    except UnreadableError:
        return None
    if usage.get("promptTokenCount") is None and (output or thoughts):
        return None
    buckets: dict[Unit, int] = {}
    _put_prompt(buckets, usage, prompt)
    _put_by_modality(buckets, usage, "toolUsePromptTokensDetails", tools, _INPUT)
    _put_by_modality(buckets, usage, "candidatesTokensDetails", output, _OUTPUT)
    put(buckets, Unit.OUTPUT_REASONING, thoughts)
    if not buckets:
        return None
    put(buckets, Unit.WEB_SEARCH, searches)
    return Usage(buckets)


def service_tier(usage: Mapping[str, object]) -> str | None:
    """Only a tier that changes the price; None for the default one."""
    for name in ("trafficType", "serviceTier"):
        written = usage.get(name)
        if isinstance(written, str) and (tier := _TIERS.get(written.upper().removeprefix("SERVICE_TIER_"))):
            return tier
    return None


def grounded_searches(grounding: Mapping[str, object], model: str | None) -> int:
    """Searches with a fee that stand behind an answer: each query, or one for all of them on older models.

    An answer grounded in maps counts as one: its fee is no higher.
    """
    queries = grounding.get("webSearchQueries")
    asked = len([query for query in cast("list[object]", queries) if query]) if isinstance(queries, list) else 0
    if not asked:
        return int(any("maps" in chunk for chunk in _objects(grounding, "groundingChunks")))
    return 1 if _FEE_PER_PROMPT.search((model or "").lower()) else asked


def _put_prompt(buckets: dict[Unit, int], usage: Mapping[str, object], prompt: int) -> None:
    cached = min(count(usage, "cachedContentTokenCount"), prompt)
    cached_audio = min(_of_modality(usage, "cacheTokensDetails", _AUDIO), cached)
    cached_image = min(_of_modality(usage, "cacheTokensDetails", _IMAGE), cached - cached_audio)
    fresh = prompt - cached
    audio = min(max(_of_modality(usage, "promptTokensDetails", _AUDIO) - cached_audio, 0), fresh)
    image = min(max(_of_modality(usage, "promptTokensDetails", _IMAGE) - cached_image, 0), fresh - audio)
    put(buckets, Unit.INPUT, fresh - audio - image)
    put(buckets, Unit.INPUT_AUDIO, audio)
    put(buckets, Unit.INPUT_IMAGE, image)
    put(buckets, Unit.CACHE_READ, cached - cached_audio - cached_image)
    put(buckets, Unit.CACHE_READ_AUDIO, cached_audio)
    put(buckets, Unit.CACHE_READ_IMAGE, cached_image)


def _put_by_modality(
    buckets: dict[Unit, int], usage: Mapping[str, object], details: str, tokens: int, units: tuple[Unit, Unit, Unit]
) -> None:
    audio = min(_of_modality(usage, details, _AUDIO), tokens)
    image = min(_of_modality(usage, details, _IMAGE), tokens - audio)
    for unit, part in zip(units, (tokens - audio - image, audio, image), strict=True):
        put(buckets, unit, part)


def _of_modality(usage: Mapping[str, object], details: str, modality: tuple[str, int]) -> int:
    listed = _objects(usage, details if details in usage else details.replace("Tokens", "Token"))
    return sum(count(detail, "tokenCount") for detail in listed if detail.get("modality") in modality)


def _objects(holder: Mapping[str, object], name: str) -> Iterator[Mapping[str, object]]:
    listed = holder.get(name)
    for each in cast("list[object]", listed) if isinstance(listed, list) else ():
        if isinstance(each, Mapping):
            yield cast("Mapping[str, object]", each)

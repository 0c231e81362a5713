"""Usage of what is no chat -> disjoint buckets: rankings, transcriptions, speech, images.

The rules of `usage.py` hold here too. Source: the API references of OpenAI (transcriptions, speech, images), of Cohere,
Voyage and Jina (rerank), of Mistral and Groq (transcriptions).
"""

from collections.abc import Mapping
from decimal import ROUND_CEILING, Decimal, InvalidOperation
from typing import Final

from headgate.domain.usage import Unit, Usage
from headgate.providers.provider import UsageQuirk
from headgate.translate.counting import LARGEST_COUNT, UnreadableError, count, member, put, whole

_SHORTEST_AT_GROQ: Final = 10


def rerank_usage(answer: Mapping[str, object]) -> Usage | None:
    """Read a ranking's top level: searches at Cohere, tokens elsewhere. None where nothing readable was reported."""
    billed, usage = member(member(answer, "meta"), "billed_units"), member(answer, "usage")
    try:
        searches = whole(billed, "search_units")
        tokens = 0 if searches else whole(usage, "prompt_tokens") or whole(usage, "total_tokens")
    except UnreadableError:
        return None
    buckets: dict[Unit, int] = {}
    put(buckets, Unit.SEARCH_UNIT, searches)
    put(buckets, Unit.INPUT, tokens)
    return Usage(buckets) if buckets else None


def transcription_usage(answer: Mapping[str, object], quirks: frozenset[UsageQuirk]) -> Usage | None:
    """Read a transcription's top level, or the last event of a streamed one.

    Tokens where the answer tells tokens, seconds where it tells a duration, begun ones whole; `duration` of the verbose
    form counts where there is no usage object. None where nothing readable was reported.
    """
    usage = member(answer, "usage")
    buckets: dict[Unit, int] = {}
    try:
        if usage:
            _put_audio_tokens(buckets, usage)
            told = usage.get("seconds", usage.get("prompt_audio_seconds"))
        else:
            told = answer.get("duration")
        seconds = _seconds(told)
    except UnreadableError:
        return None
    if seconds and UsageQuirk.TEN_SECONDS_AT_LEAST in quirks:
        seconds = max(seconds, _SHORTEST_AT_GROQ)
    put(buckets, Unit.AUDIO_SECOND, seconds)
    return Usage(buckets) if buckets else None


def speech_usage(usage: Mapping[str, object]) -> Usage | None:
    """Read the usage of spoken text: tokens of the text, and of the sound."""
    try:
        text, sound = whole(usage, "input_tokens"), whole(usage, "output_tokens")
    except UnreadableError:
        return None
    buckets: dict[Unit, int] = {}
    put(buckets, Unit.INPUT, text)
    put(buckets, Unit.OUTPUT_AUDIO, sound)
    return Usage(buckets) if buckets else None


def image_usage(usage: Mapping[str, object]) -> Usage | None:
    """Read the usage of images that were made: what is not said to be text on the way out is image."""
    try:
        given, made = whole(usage, "input_tokens"), whole(usage, "output_tokens")
    except UnreadableError:
        return None
    into, out = member(usage, "input_tokens_details"), member(usage, "output_tokens_details")
    cached = min(count(into, "cached_tokens"), given)
    cached_image = min(count(member(into, "cached_tokens_details"), "image_tokens"), cached)
    image = min(max(count(into, "image_tokens") - cached_image, 0), given - cached)
    text_out = min(count(out, "text_tokens"), made)
    buckets: dict[Unit, int] = {}
    put(buckets, Unit.INPUT, given - cached - image)
    put(buckets, Unit.INPUT_IMAGE, image)
    put(buckets, Unit.CACHE_READ, cached - cached_image)
    put(buckets, Unit.CACHE_READ_IMAGE, cached_image)
    put(buckets, Unit.OUTPUT, text_out)
    put(buckets, Unit.OUTPUT_IMAGE, made - text_out)
    return Usage(buckets) if buckets else None


def _put_audio_tokens(buckets: dict[Unit, int], usage: Mapping[str, object]) -> None:
    heard = whole(usage, "input_tokens") or whole(usage, "prompt_tokens")
    written = whole(usage, "output_tokens") or whole(usage, "completion_tokens")
    details = member(usage, "input_token_details") or member(usage, "input_tokens_details")
    audio = min(count(details, "audio_tokens"), heard)
    put(buckets, Unit.INPUT, heard - audio)
    put(buckets, Unit.INPUT_AUDIO, audio)
    put(buckets, Unit.OUTPUT, written)


def _seconds(told: object) -> int:
    """Whole seconds of a duration, which comes as a number or as a text; 0 where there is none.

    Raises:
        UnreadableError: it is there, but is no duration.
    """
    if told is None:
        return 0
    if isinstance(told, bool) or not isinstance(told, int | float | Decimal | str):
        raise UnreadableError
    try:
        seconds = Decimal(told).to_integral_value(ROUND_CEILING)
    except InvalidOperation:
        raise UnreadableError from None
    if not seconds.is_finite() or not 0 <= seconds <= LARGEST_COUNT:
        raise UnreadableError
    return int(seconds)

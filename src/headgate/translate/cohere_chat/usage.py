"""Cohere's usage object -> disjoint buckets.

What is billed stands in `billed_units`, says Cohere's page on pricing: `tokens` holds more, a preamble and marks that
it adds by itself and does not charge for. `cached_tokens` is a part of those, mostly of the preamble, and has no price
of its own: it is no bucket. Tokens of images are billed as input and are part of `billed_units.input_tokens`.
"""

from collections.abc import Mapping

from headgate.domain.usage import Unit, Usage
from headgate.translate.counting import UnreadableError, count, member, put, whole


def cohere_usage(usage: Mapping[str, object] | None) -> Usage | None:
    """Read a `usage` object.

    Returns:
        Disjoint buckets, or None where nothing readable was billed: `tokens` alone says nothing of the bill.
    """
    if not usage:
        return None
    billed, processed = member(usage, "billed_units"), member(usage, "tokens")
    try:
        input_tokens, output = whole(billed, "input_tokens"), whole(billed, "output_tokens")
    except UnreadableError:
        return None
    images = min(count(processed, "image_tokens"), input_tokens)
    reasoning = min(count(processed, "reasoning_tokens"), output)
    buckets: dict[Unit, int] = {}
    put(buckets, Unit.INPUT, input_tokens - images)
    put(buckets, Unit.INPUT_IMAGE, images)
    put(buckets, Unit.OUTPUT, output - reasoning)
    put(buckets, Unit.OUTPUT_REASONING, reasoning)
    return Usage(buckets) if buckets else None

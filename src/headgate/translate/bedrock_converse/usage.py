"""Usage objects of Bedrock's Converse format -> disjoint buckets."""

from collections.abc import Mapping
from typing import cast

from headgate.domain.usage import Unit, Usage
from headgate.translate.counting import UnreadableError, put, whole


def converse_usage(usage: Mapping[str, object] | None) -> Usage | None:
    """Read a `usage` object. What was read from the cache or written to it lies outside `inputTokens`.

    The counts of the cache come under two names each, and are counted once. How much was written for an hour stands in
    `cacheDetails`; reasoning lies inside `outputTokens` and is not shown.

    Returns:
        Disjoint buckets, or None where nothing readable was reported.
    """
    if not usage:
        return None
    try:
        fresh, output = whole(usage, "inputTokens"), whole(usage, "outputTokens")
        read, written = _twin(usage, "cacheReadInputToken"), _twin(usage, "cacheWriteInputToken")
        lifetimes = _lifetimes(usage)
    except UnreadableError:
        return None
    hour = lifetimes.get("1h", 0)
    # A split that sums to more than the total says what the total left out.
    written = max(written, sum(lifetimes.values()))
    buckets: dict[Unit, int] = {}
    put(buckets, Unit.INPUT, fresh)
    put(buckets, Unit.CACHE_READ, read)
    put(buckets, Unit.CACHE_WRITE, written - hour)
    put(buckets, Unit.CACHE_WRITE_1H, hour)
    put(buckets, Unit.OUTPUT, output)
    return Usage(buckets) if buckets else None


def _twin(usage: Mapping[str, object], name: str) -> int:
    """A count that may stand under `...Tokens`, under `...TokenCount`, or under both."""
    return max(whole(usage, f"{name}s"), whole(usage, f"{name}Count"))


def _lifetimes(usage: Mapping[str, object]) -> dict[str, int]:
    """Tokens written to the cache by how long they are kept."""
    found: dict[str, int] = {}
    details = usage.get("cacheDetails")
    for detail in cast("list[object]", details) if isinstance(details, list) else ():
        if isinstance(detail, Mapping):
            fields = cast("Mapping[str, object]", detail)
            lifetime = fields.get("ttl")
            if isinstance(lifetime, str):
                found[lifetime] = found.get(lifetime, 0) + whole(fields, "inputTokens")
    return found

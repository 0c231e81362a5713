"""The sliding minute of one counter, kept in 64-bit words wherever they lie: in a shared file or in this process.

Time comes in whole seconds of a clock that does not go back. What was counted in second `s` counts until second
`s + 61` begins: with seconds cut to whole ones, 61 buckets are what it takes for no 60 seconds, wherever they begin,
ever to hold more than the limit.

Totals are kept beside the buckets. Whoever writes marks the counter as torn meanwhile, so that a writer who is killed
in the middle leaves a mark, and the totals are added up anew.
"""

from typing import Final, NamedTuple

from headgate.policy.rate_limit_headers import render_duration
from headgate.snapshot.contract import RateLimit

BUCKETS: Final = 61
TORN, HIGH, LOW, NEWEST, REQUESTS, TOKENS, RUNNING = range(7)
"""Words of a counter: mark, 128-bit hash of its name, newest second, totals, requests at once (all workers)."""
_REQUESTS: Final = 8
_TOKENS: Final = _REQUESTS + BUCKETS
WORDS: Final = _TOKENS + BUCKETS
"""Length of a counter."""
_EMPTY: Final = memoryview(bytes(8 * 2 * BUCKETS)).cast("q")
RESET: Final = render_duration(BUCKETS)
CONCURRENCY_RETRY_S: Final = 1.0
"""When another request ends cannot be known."""


class Refusal(NamedTuple):
    """What of a rule does not admit a request."""

    what: str
    """`requests`, `tokens` or `concurrency`."""
    limit: int
    retry_after_s: float
    """After so long the request fits, if nothing else is counted meanwhile."""


def needed(rule: RateLimit, tokens: int) -> int:
    """Tokens that a request is counted with until its usage is known.

    An estimate is an upper bound, often several times too high. One above the whole limit counts as the limit: such a
    request is admitted when nothing else is counted, rather than never.
    """
    limit = rule.tokens_per_minute
    return tokens if limit is None or tokens <= limit else limit


def clear(words: memoryview, base: int, second: int) -> None:
    """Begin anew."""
    words[base + TORN] = 1
    words[base + _REQUESTS : base + WORDS] = _EMPTY
    words[base + REQUESTS] = words[base + TOKENS] = words[base + RUNNING] = 0
    words[base + NEWEST] = second
    words[base + TORN] = 0


def advance(words: memoryview, base: int, second: int) -> None:
    """Let go of what is older than the minute."""
    newest = words[base + NEWEST]
    if second <= newest:
        return
    words[base + TORN] = 1
    if second - newest >= BUCKETS:
        words[base + _REQUESTS : base + WORDS] = _EMPTY
        words[base + REQUESTS] = words[base + TOKENS] = 0
    else:
        for passed in range(newest + 1, second + 1):
            bucket = base + _REQUESTS + passed % BUCKETS
            if gone := words[bucket]:
                words[bucket] = 0
                words[base + REQUESTS] -= gone
            if gone := words[bucket + BUCKETS]:
                words[bucket + BUCKETS] = 0
                words[base + TOKENS] -= gone
    words[base + NEWEST] = second
    words[base + TORN] = 0


def refusal(words: memoryview, base: int, rule: RateLimit, tokens: int) -> Refusal | None:
    """Why a request does not fit, or None; of several reasons the one that lasts longest. `advance` comes first."""
    found: Refusal | None = None
    limit = rule.concurrency
    if limit is not None and words[base + RUNNING] >= limit:
        found = Refusal("concurrency", limit, CONCURRENCY_RETRY_S)
    limit = rule.requests_per_minute
    if limit is not None and (excess := words[base + REQUESTS] + 1 - limit) > 0:
        found = _later(found, Refusal("requests", limit, _wait(words, base, _REQUESTS, excess)))
    limit = rule.tokens_per_minute
    if limit is not None and (excess := words[base + TOKENS] + needed(rule, tokens) - limit) > 0:
        found = _later(found, Refusal("tokens", limit, _wait(words, base, _TOKENS, excess)))
    return found


def count(words: memoryview, base: int, tokens: int) -> None:
    """Count a request in the newest second. Who runs is counted by whoever knows the workers."""
    bucket = base + _REQUESTS + words[base + NEWEST] % BUCKETS
    words[bucket] += 1
    words[base + REQUESTS] += 1
    if tokens:
        words[bucket + BUCKETS] += tokens
        words[base + TOKENS] += tokens


def correct(words: memoryview, base: int, second: int, difference: int) -> None:
    """Change the tokens of a second, if it is still counted."""
    if difference and words[base + NEWEST] - second < BUCKETS:
        words[base + _TOKENS + second % BUCKETS] += difference
        words[base + TOKENS] += difference


def add_up(words: memoryview, base: int) -> None:
    """Make the totals what the buckets say."""
    words[base + REQUESTS] = sum(words[base + _REQUESTS : base + _TOKENS])
    words[base + TOKENS] = sum(words[base + _TOKENS : base + WORDS])


def _wait(words: memoryview, base: int, buckets: int, excess: int) -> float:
    """Seconds until so much has left the minute."""
    newest = words[base + NEWEST]
    for age in range(BUCKETS - 1, -1, -1):
        excess -= words[base + buckets + (newest - age) % BUCKETS]
        if excess <= 0:
            return BUCKETS - age
    return BUCKETS


def _later(one: Refusal | None, other: Refusal) -> Refusal:
    return one if one is not None and one.retry_after_s > other.retry_after_s else other

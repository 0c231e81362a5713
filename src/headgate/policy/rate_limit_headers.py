"""The `x-ratelimit-*` headers, with the names and the format of OpenAI's."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

from headgate.policy.rate_limits import Exceeded

Headers = Sequence[tuple[bytes, bytes]]


class Standing(NamedTuple):
    """How a limit per minute stands after a request was counted; what is nearest to its end sorts first."""

    remaining: int
    limit: int


def render_headers(requests: Sequence[Standing], tokens: Sequence[Standing], *, reset: bytes) -> Headers:
    """Headers of the limit of which the least remains, for requests and for tokens apart.

    Args:
        requests: limits of requests per minute.
        tokens: limits of tokens per minute.
        reset: as `render_duration` writes it. OpenAI means the time until a limit is back in its initial state; in a
            sliding minute that is when the request that was just counted has left it, for every limit alike.
    """
    headers: list[tuple[bytes, bytes]] = []
    for standings, (limit, remaining, until) in ((requests, _NAMES["requests"]), (tokens, _NAMES["tokens"])):
        if standings:
            nearest = min(standings)
            headers += (
                (limit, b"%d" % nearest.limit),
                (remaining, b"%d" % max(0, nearest.remaining)),
                (until, reset),
            )
    return headers


def exceeded_headers(exceeded: Exceeded) -> Headers:
    """Headers of the limit that refused; what remains of it is known only where it is nothing."""
    if exceeded.what not in _NAMES:
        return ()
    limit, remaining, until = _NAMES[exceeded.what]
    headers = [(limit, b"%d" % exceeded.limit), (until, render_duration(math.ceil(exceeded.retry_after_s)))]
    if exceeded.what == "requests":
        headers.append((remaining, b"0"))
    return headers


def render_duration(seconds: int) -> bytes:
    """`59s`, `1m1s`: as OpenAI writes durations."""
    minutes, rest = divmod(seconds, 60)
    return b"%dm%ds" % (minutes, rest) if minutes else b"%ds" % rest


_NAMES: Final = {
    kind: tuple(f"x-ratelimit-{figure}-{kind}".encode() for figure in ("limit", "remaining", "reset"))
    for kind in ("requests", "tokens")
}

"""The `x-ratelimit-*` headers, with the names and the format of OpenAI's."""

from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from headgate.infra.limits.minute import BUCKETS

Headers = Sequence[tuple[bytes, bytes]]


class Standing(NamedTuple):
    """How a limit stands after a request was counted."""

    limit: int
    remaining: int


def render_headers(requests: Iterable[Standing], tokens: Iterable[Standing]) -> Headers:
    """Headers of the limit per minute of which the least remains, for requests and for tokens apart."""
    return (
        *_of(min(requests, key=_remaining, default=None), _REQUESTS),
        *_of(min(tokens, key=_remaining, default=None), _TOKENS),
    )


def render_duration(seconds: int) -> bytes:
    """`59s`, `1m1s`: as OpenAI writes durations."""
    minutes, rest = divmod(seconds, 60)
    return b"%dm%ds" % (minutes, rest) if minutes else b"%ds" % rest


def _remaining(standing: Standing) -> int:
    return standing.remaining


def _of(standing: Standing | None, names: tuple[bytes, bytes, bytes]) -> Headers:
    if standing is None:
        return ()
    limit, remaining, reset = names
    return (
        (limit, b"%d" % standing.limit),
        (remaining, b"%d" % max(0, standing.remaining)),
        (reset, _RESET),
    )


_REQUESTS: Final = (
    b"x-ratelimit-limit-requests",
    b"x-ratelimit-remaining-requests",
    b"x-ratelimit-reset-requests",
)
_TOKENS: Final = (b"x-ratelimit-limit-tokens", b"x-ratelimit-remaining-tokens", b"x-ratelimit-reset-tokens")
_RESET: Final = render_duration(BUCKETS)
"""OpenAI's word for it is the time until the limit is back in its initial state. A sliding minute is when the request
that was just counted has left it, which is always as long."""

"""Writes: rate limits. Each is published in the same transaction."""

from collections.abc import Iterable

from headgate.control.publication.operations import publishing
from headgate.control.ratelimits.checks import check_rate_limit
from headgate.control.ratelimits.models import RateLimit


def save_rate_limit(limit: RateLimit) -> None:
    """Write a new or changed rate limit and publish it. What was counted goes on counting.

    Raises:
        ValidationError: see `check_rate_limit`.
    """
    check_rate_limit(limit)
    with publishing():
        limit.save()


def delete_rate_limits(limits: Iterable[RateLimit]) -> None:
    """Delete rate limits; their counters are forgotten within a minute."""
    with publishing():
        for limit in limits:
            limit.delete()

"""Reads: rate limits as the data plane knows them."""

from headgate.control.ratelimits.models import RateLimit
from headgate.snapshot import contract


def published_rate_limits() -> tuple[contract.RateLimit, ...]:
    """Return every rate limit as it is published, in a stable order."""
    return tuple(_published(row) for row in RateLimit.objects.order_by("pk"))


def _published(row: RateLimit) -> contract.RateLimit:
    return contract.RateLimit(
        id=row.pk,
        organization_id=row.organization_id,
        scope=row.scope,
        subject=row.subject or None,
        requests_per_minute=row.requests_per_minute,
        tokens_per_minute=row.tokens_per_minute,
        concurrency=row.concurrency,
    )

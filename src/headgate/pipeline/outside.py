"""What every request of a worker shares: the ports behind its pipeline, and how patient it is."""

from asyncio import Task
from collections.abc import Awaitable, Callable

import msgspec

from headgate.pipeline.health import Health
from headgate.pipeline.ports import Clock, Journal, KeptAnswers, Keys, RateLimiter, Signer, Upstream
from headgate.pipeline.treasury import Treasury


class Outside(msgspec.Struct, frozen=True, kw_only=True):
    """Holds nothing that belongs to one request."""

    keys: Keys
    journal: Journal
    upstream: Upstream
    signer: Signer
    treasury: Treasury
    limiter: RateLimiter
    health: Health
    kept: KeptAnswers
    clock: Clock
    sleep: Callable[[float], Awaitable[None]]
    """Waits for so many seconds."""
    drain_s: float
    """How long an answer is read on after its client hung up."""
    background: set[Task[None]] = msgspec.field(default_factory=set)
    """What goes on after its request has ended, for its usage is owed; a worker that stops waits for it."""
    retries: int
    """How often one deployment is asked again, where its route does not say."""

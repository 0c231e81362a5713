"""Where rate limits are counted: in Redis if there is one and it answers, else on this node.

Fails open: without Redis every node counts for itself, so that a limit holds per node. Each change is logged once and
every question that Redis did not answer is counted; no request fails for it.
"""

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import msgspec
import structlog

from headgate.infra.limits.node import CountedAlone, NodeLimiter
from headgate.infra.limits.redis_counters import CountersUnavailableError, RedisAdmission, RedisCounters
from headgate.infra.limits.shared_file import SharedFile, SharedFileError
from headgate.pipeline.ports import Admission, Counted, Exceeded

ASK_AGAIN_S: Final = 1.0
"""So long is Redis left alone after it did not answer; then one request asks."""
_log = structlog.get_logger()


class LimiterState(msgspec.Struct, frozen=True, kw_only=True):
    """How rate limits are counted now, and how often they could not be."""

    counted_in: str
    """`redis`, `node` (the workers' shared file) or `worker` (neither)."""
    unanswered: int
    """Requests for which Redis was asked in vain."""
    unfinished: int
    """Ends that Redis was not told of."""
    counted_alone: CountedAlone


class Limiter:
    """The `RateLimiter` port."""

    def __init__(self, node: NodeLimiter, redis: RedisCounters | None, monotonic: Callable[[], float]) -> None:
        """Take the counters of the node and, where there is Redis, those of all nodes."""
        self._node = node
        self._redis = redis
        self._monotonic = monotonic
        self._answering = True
        self._ask_at = 0.0
        self._unanswered = 0
        self._following: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to confirm to Redis what runs; inside the event loop."""
        if self._redis is not None:
            self._following = asyncio.get_running_loop().create_task(self._redis.follow())

    async def admit(self, counted: Sequence[Counted], *, tokens: int, now: float) -> Admission | Exceeded:
        """Count a request in all its limits, or in none."""
        redis = self._redis
        if redis is None or not counted or not self._may_ask():
            return self._node.admit_now(counted, tokens=tokens, now=now)
        try:
            answer = await redis.admit(counted, tokens=tokens, now=now)
        except CountersUnavailableError as error:
            self._did_not_answer(str(error))
            return self._node.admit_now(counted, tokens=tokens, now=now)
        if not self._answering:
            self._answering = True
            _log.info("rate_limits_counted_in_redis")
        return answer

    def finish(self, admission: Admission, *, tokens: int | None) -> None:
        """The request ended."""
        if self._redis is not None and isinstance(admission, RedisAdmission):
            self._redis.finish(admission, tokens=tokens)
        else:
            self._node.finish(admission, tokens=tokens)

    def state(self) -> LimiterState:
        """For pages and metrics."""
        in_redis = self._redis is not None and self._answering
        return LimiterState(
            counted_in="redis" if in_redis else "node" if self._node.together else "worker",
            unanswered=self._unanswered,
            unfinished=self._redis.unfinished if self._redis is not None else 0,
            counted_alone=self._node.counted_alone,
        )

    async def close(self) -> None:
        """Let go of everything."""
        if self._following is not None:
            self._following.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._following
        if self._redis is not None:
            await self._redis.close()
        self._node.close()

    def _may_ask(self) -> bool:
        if self._answering:
            return True
        now = self._monotonic()
        if now < self._ask_at:
            return False
        # Whoever comes meanwhile does not wait for the answer.
        self._ask_at = now + ASK_AGAIN_S
        return True

    def _did_not_answer(self, reason: str) -> None:
        self._unanswered += 1
        self._ask_at = self._monotonic() + ASK_AGAIN_S
        if self._answering:
            self._answering = False
            _log.warning("rate_limits_counted_on_this_node", reason=reason)


def open_limiter(
    folder: Path, *, redis_url: str | None, worker: str, boot_id: str, monotonic: Callable[[], float]
) -> Limiter:
    """Open what there is to count in.

    Args:
        folder: the data folder, which all workers of the node have in common.
        redis_url: None: this node is alone.
        worker: names this worker among all nodes.
        boot_id: of this boot of the machine.
        monotonic: seconds of a clock that all processes of the machine share.

    Raises:
        ValueError: the address of Redis cannot be read.
    """
    shared: SharedFile | None = None
    try:
        shared = SharedFile(folder, boot_id=boot_id, monotonic=monotonic)
    except SharedFileError as error:
        _log.warning("rate_limits_counted_alone", reason=str(error))
    redis = RedisCounters(redis_url, worker=worker) if redis_url else None
    return Limiter(NodeLimiter(shared, monotonic), redis, monotonic)

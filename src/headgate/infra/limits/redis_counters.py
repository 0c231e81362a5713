"""Counters that all nodes share, in Redis. Every question has an answer within `ANSWER_S`, or none.

Requests at once carry their worker's name and must be confirmed every few seconds: those of a worker that died are
forgotten, and those that Redis forgot are brought back.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import Awaitable, Sequence
from typing import Any, Final, cast

import structlog
from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from headgate.infra.limits.minute import RESET, needed
from headgate.infra.limits.redis_scripts import ADMIT, CONFIRM, FINISH
from headgate.pipeline.ports import Admission, Counted, Exceeded
from headgate.policy.rate_limit_headers import Standing, render_headers

PREFIX: Final = "headgate:{limits}:"
ANSWER_S: Final = 0.05
"""Longest that a request waits for Redis."""
BACKGROUND_S: Final = 1.0
"""Longest that anything else waits for it."""
CONFIRM_EVERY_S: Final = 5.0
CONFIRMED_FOR_S: Final = 15
CONNECTIONS: Final = 16
BATCH: Final = 200
_log = structlog.get_logger()


class CountersUnavailableError(Exception):
    """Redis did not answer, or not in time: whether the request was counted there is unknown."""


class RedisAdmission(Admission):
    """An admission that knows where and when it was counted."""

    member: str
    second: int


class RedisCounters:
    """Rate limits counted in Redis, as one worker sees them."""

    def __init__(self, url: str, *, worker: str, prefix: str = PREFIX) -> None:
        """Connects when first asked.

        Args:
            url: `redis://`, `rediss://` or `unix://`.
            worker: names this worker among all nodes.
            prefix: of all keys.

        Raises:
            ValueError: the address cannot be read.
        """
        pool: BlockingConnectionPool = BlockingConnectionPool.from_url(
            url,
            max_connections=CONNECTIONS,
            timeout=ANSWER_S,
            socket_timeout=BACKGROUND_S,
            socket_connect_timeout=BACKGROUND_S,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            # What it would send about itself is read from disk, at every connection.
            driver_info=None,
        )
        self._redis: Redis = Redis.from_pool(pool)
        self._admit, self._finish, self._confirm = (
            self._redis.register_script(script) for script in (ADMIT, FINISH, CONFIRM)
        )
        self._worker = worker
        self._prefix = prefix
        self._number = 0
        self._running: dict[str, list[str]] = {}
        self._ended: deque[tuple[RedisAdmission, int | None]] = deque()
        self._posting: asyncio.Task[None] | None = None
        self.unfinished = 0
        """Ends that Redis was not told of: their tokens stay as estimated."""

    async def admit(self, counted: Sequence[Counted], *, tokens: int, now: float) -> Admission | Exceeded:
        """Count a request in all its limits, or in none.

        Raises:
            CountersUnavailableError: no answer in time.
        """
        self._number += 1
        member = f"{self._worker}:{self._number}"
        keys = [f"{self._prefix}clock"]
        arguments: list[str | int] = [member, CONFIRMED_FOR_S]
        for one in counted:
            rule = one.rule
            keys += self._keys(one)
            arguments += (
                -1 if rule.requests_per_minute is None else rule.requests_per_minute,
                -1 if rule.tokens_per_minute is None else rule.tokens_per_minute,
                -1 if rule.concurrency is None else rule.concurrency,
                needed(rule, tokens),
            )
        try:
            async with asyncio.timeout(ANSWER_S):
                answer = cast("list[Any]", await self._admit(keys=keys, args=arguments))
        except (RedisError, OSError) as error:
            raise CountersUnavailableError(str(error) or type(error).__name__) from error
        if answer[0] == 0:
            _, number, what, seconds = answer
            return _exceeded(counted[int(number) - 1], cast("bytes", what).decode(), int(seconds))
        admission = RedisAdmission(counted, tokens, now, _headers(counted, cast("list[int]", answer[2:])))
        admission.member, admission.second = member, int(answer[1])
        at_once = [running for one in counted if one.rule.concurrency is not None for running in self._keys(one)[1:]]
        if at_once:
            self._running[member] = at_once
        return admission

    def finish(self, admission: RedisAdmission, *, tokens: int | None) -> None:
        """The request ended; Redis is told in the background."""
        self._running.pop(admission.member, None)
        self._ended.append((admission, tokens))
        if self._posting is None or self._posting.done():
            self._posting = asyncio.get_running_loop().create_task(self.post())

    async def post(self) -> None:
        """Tell Redis what has ended."""
        while self._ended:
            batch = [self._ended.popleft() for _ in range(min(BATCH, len(self._ended)))]
            try:
                async with asyncio.timeout(BACKGROUND_S), self._redis.pipeline(transaction=False) as pipeline:
                    for admission, tokens in batch:
                        await self._finish(*self._end(admission, tokens), client=pipeline)
                    await pipeline.execute()
            except (RedisError, OSError):
                self.unfinished += len(batch)

    async def confirm(self) -> None:
        """Tell Redis what still runs."""
        pairs = [(key, member) for member, keys in self._running.items() for key in keys]
        try:
            for start in range(0, len(pairs), BATCH):
                keys, members = zip(*pairs[start : start + BATCH], strict=True)
                async with asyncio.timeout(BACKGROUND_S):
                    await self._confirm(keys=[f"{self._prefix}clock", *keys], args=[CONFIRMED_FOR_S, *members])
        except (RedisError, OSError) as error:
            _log.debug("running_requests_not_confirmed", reason=str(error))

    async def connect(self) -> None:
        """Make every connection, for a request has no time to wait for one."""
        async with asyncio.TaskGroup() as group:
            for _ in range(CONNECTIONS):
                group.create_task(self._ping())

    async def follow(self) -> None:
        """Stay connected and confirm, for ever."""
        while True:
            await self.connect()
            await self.confirm()
            await asyncio.sleep(CONFIRM_EVERY_S)

    async def close(self) -> None:
        """Tell what has ended, and let go of the connections."""
        if self._posting is not None:
            await self._posting
        await self._redis.aclose()
        await self._redis.connection_pool.disconnect()

    async def _ping(self) -> None:
        with contextlib.suppress(RedisError, OSError):
            async with asyncio.timeout(BACKGROUND_S):
                await cast("Awaitable[Any]", self._redis.ping())

    def _keys(self, counted: Counted) -> tuple[str, str]:
        name = f"{counted.rule.id}/{counted.subject}"
        return f"{self._prefix}m:{name}", f"{self._prefix}c:{name}"

    def _end(self, admission: RedisAdmission, tokens: int | None) -> tuple[list[str], list[str | int]]:
        keys: list[str] = []
        arguments: list[str | int] = [admission.member, admission.second]
        for one in admission.counted:
            keys += self._keys(one)
            arguments.append(0 if tokens is None else tokens - needed(one.rule, admission.tokens))
        return keys, arguments


def _exceeded(counted: Counted, what: str, seconds: int) -> Exceeded:
    rule = counted.rule
    limit = {
        "requests": rule.requests_per_minute,
        "tokens": rule.tokens_per_minute,
        "concurrency": rule.concurrency,
    }[what]
    return Exceeded(counted, what, limit or 0, float(seconds))


def _headers(counted: Sequence[Counted], totals: Sequence[int]) -> Sequence[tuple[bytes, bytes]]:
    """Headers from the totals of requests and tokens, counter by counter."""
    requests: list[Standing] = []
    tokens: list[Standing] = []
    for number, one in enumerate(counted):
        if (limit := one.rule.requests_per_minute) is not None:
            requests.append(Standing(limit - totals[2 * number], limit))
        if (limit := one.rule.tokens_per_minute) is not None:
            tokens.append(Standing(limit - totals[2 * number + 1], limit))
    return render_headers(requests, tokens, reset=RESET)

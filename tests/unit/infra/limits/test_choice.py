import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from headgate.infra.limits.choice import ASK_AGAIN_S, Limiter, open_limiter
from headgate.infra.limits.node import NodeLimiter
from headgate.infra.limits.redis_counters import CountersUnavailableError, RedisAdmission
from headgate.pipeline.ports import Admission, Counted, Exceeded
from tests.kit.gateway import free_port
from tests.kit.limits import BOOT, TurnedClock, counted

LIMIT = counted(requests=1)


class Scripted:
    """Redis that answers when it is told to."""

    def __init__(self) -> None:
        self.answers = True
        self.asked = self.unfinished = 0
        self.finished: list[int | None] = []

    async def admit(self, limits: Sequence[Counted], *, tokens: int, now: float) -> Admission | Exceeded:
        self.asked += 1
        if not self.answers:
            raise CountersUnavailableError("silence")
        return RedisAdmission(limits, tokens, now, ((b"from", b"redis"),))

    def finish(self, admission: RedisAdmission, *, tokens: int | None) -> None:
        self.finished.append(tokens)


@pytest.fixture
def redis() -> Any:
    return Scripted()


@pytest.fixture
def clock() -> TurnedClock:
    return TurnedClock()


@pytest.fixture
def limiter(redis: Any, clock: TurnedClock) -> Limiter:
    return Limiter(NodeLimiter(None, clock), redis, clock)


async def ask(limiter: Limiter, *limits: Counted) -> Admission | Exceeded:
    return await limiter.admit(limits, tokens=0, now=0.0)


async def test_redis_is_asked_first_and_told_of_the_end(limiter: Limiter, redis: Scripted):
    admission = await ask(limiter, LIMIT)
    assert isinstance(admission, RedisAdmission)
    limiter.finish(admission, tokens=7)
    assert ([7], "redis") == (redis.finished, limiter.state().counted_in)


async def test_without_limits_redis_is_not_asked(limiter: Limiter, redis: Scripted):
    await ask(limiter)
    assert 0 == redis.asked


async def test_where_redis_does_not_answer_the_node_counts(limiter: Limiter, redis: Scripted):
    redis.answers = False
    admission = await ask(limiter, LIMIT)
    assert isinstance(admission, Admission)
    limiter.finish(admission, tokens=None)
    assert isinstance(await ask(limiter, LIMIT), Exceeded)
    assert ([], 1, "worker") == (redis.finished, limiter.state().unanswered, limiter.state().counted_in)


async def test_silent_redis_is_left_alone_and_asked_again_by_one_request(
    limiter: Limiter, redis: Scripted, clock: TurnedClock
):
    redis.answers = False
    for _ in range(5):
        await ask(limiter, LIMIT)
    assert 1 == redis.asked
    clock.at += ASK_AGAIN_S
    for _ in range(5):
        await ask(limiter, LIMIT)
    assert (2, 2) == (redis.asked, limiter.state().unanswered)
    clock.at += ASK_AGAIN_S
    redis.answers = True
    assert [RedisAdmission] * 2 == [type(await ask(limiter, LIMIT)), type(await ask(limiter, LIMIT))]


async def test_every_change_is_logged_once(limiter: Limiter, redis: Scripted, clock: TurnedClock):
    with capture_logs() as logs:
        for answers in (True, False, False, True, True, False):
            redis.answers = answers
            clock.at += ASK_AGAIN_S
            await ask(limiter, LIMIT)
    node, back = "rate_limits_counted_on_this_node", "rate_limits_counted_in_redis"
    assert [node, back, node] == [entry["event"] for entry in logs]


@pytest.fixture
async def opened(tmp_path: Path) -> AsyncIterator[Limiter]:
    url = f"redis://127.0.0.1:{free_port()}/0"
    limiter = open_limiter(tmp_path, redis_url=url, worker="w", boot_id=BOOT, monotonic=time.monotonic)
    limiter.start()
    yield limiter
    await limiter.close()


@pytest.mark.may_block  # the file is opened in the fixture, as a worker opens it before it serves
async def test_a_redis_that_is_not_there_costs_nobody_an_answer(opened: Limiter):
    assert isinstance(await ask(opened, LIMIT), Admission)
    assert isinstance(await ask(opened, LIMIT), Exceeded)
    assert (1, "node") == (opened.state().unanswered, opened.state().counted_in)


@pytest.mark.may_block  # as above
async def test_without_a_shared_file_a_worker_counts_alone_and_says_so(tmp_path: Path):
    with capture_logs() as logs:
        limiter = open_limiter(tmp_path / "missing", redis_url=None, worker="w", boot_id=BOOT, monotonic=time.monotonic)
    assert ["rate_limits_counted_alone"] == [entry["event"] for entry in logs]
    assert isinstance(await ask(limiter, LIMIT), Admission)
    assert "worker" == limiter.state().counted_in
    limiter.start()
    await limiter.close()

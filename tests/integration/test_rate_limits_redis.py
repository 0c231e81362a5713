"""Rate limits that several nodes count in one Redis, and what becomes of them when it goes away."""

import asyncio
import itertools
import random
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from redis.asyncio import Redis
from structlog.testing import capture_logs

from headgate.infra.limits.choice import ASK_AGAIN_S, Limiter, open_limiter
from headgate.infra.limits.node import NodeLimiter
from headgate.infra.limits.redis_counters import CONFIRMED_FOR_S, RedisCounters
from headgate.pipeline.ports import Admission, Exceeded
from tests.kit.limits import BOOT, Entry, PlainLog, TurnedClock, counted
from tests.kit.redis import RedisServer, needs_redis

pytestmark = [needs_redis, pytest.mark.external, pytest.mark.anyio]
CLOCK = "headgate:{limits}:clock"


@pytest.fixture(scope="module")
def server() -> Iterator[RedisServer]:
    with RedisServer() as running:
        yield running


@pytest.fixture
def own_server() -> Iterator[RedisServer]:
    """One that the test may kill."""
    with RedisServer() as running:
        yield running


@pytest.fixture
async def redis(server: RedisServer) -> AsyncIterator[Redis]:
    async with Redis.from_url(server.url, protocol=2) as client:
        await client.flushall()
        yield client


@pytest.fixture
async def nodes(redis: Redis, server: RedisServer, monkeypatch) -> AsyncIterator[list[RedisCounters]]:
    # What is tested with them is what is counted, however busy the machine is.
    monkeypatch.setattr("headgate.infra.limits.redis_counters.ANSWER_S", 20.0)
    opened = [RedisCounters(server.url, worker=f"node-{number}") for number in range(2)]
    yield opened
    for one in opened:
        await one.close()


async def turn(redis: Redis, seconds: int) -> None:
    """Time as the scripts see it goes on by so much."""
    await redis.hincrby(CLOCK, "ahead", seconds)


async def admitted(node: RedisCounters, *limits, tokens: int = 0):
    answer = await ask(node, *limits, tokens=tokens)
    assert isinstance(answer, Admission), answer
    return answer


async def ask(node: RedisCounters, *limits, tokens: int = 0) -> Admission | Exceeded:
    return await node.admit(limits, tokens=tokens, now=0.0)


async def ended(node: RedisCounters, admission, tokens: int | None) -> None:
    node.finish(admission, tokens=tokens)
    await node.post()
    if node._posting is not None:
        await node._posting


async def test_nodes_share_one_limit(nodes):
    one, other = nodes
    limit = counted(requests=3)
    for node in (one, other, one):
        await admitted(node, limit)
    assert Exceeded(limit, "requests", 3, 61.0) == await ask(other, limit)


async def test_what_one_limit_refuses_is_counted_in_none(nodes):
    wide, narrow = counted("wide", requests=2), counted("narrow", requests=1)
    await admitted(nodes[0], wide, narrow)
    refused = await ask(nodes[0], wide, narrow)
    assert isinstance(refused, Exceeded)
    assert narrow == refused.counted
    assert (b"x-ratelimit-remaining-requests", b"0") in (await admitted(nodes[0], wide)).headers


async def test_headers_show_what_remains(nodes):
    limits = counted("a", requests=10, tokens=1_000), counted("b", requests=5)
    expected = {
        b"x-ratelimit-limit-requests": b"5",
        b"x-ratelimit-remaining-requests": b"4",
        b"x-ratelimit-reset-requests": b"1m1s",
        b"x-ratelimit-limit-tokens": b"1000",
        b"x-ratelimit-remaining-tokens": b"700",
        b"x-ratelimit-reset-tokens": b"1m1s",
    }
    assert expected == dict((await admitted(nodes[0], *limits, tokens=300)).headers)


async def test_many_at_once_from_two_nodes_are_admitted_exactly_to_the_limit(nodes):
    limit = counted(requests=150)
    answers = await asyncio.gather(*[ask(node, limit) for node in nodes for _ in range(150)])
    assert 150 == sum(isinstance(answer, Admission) for answer in answers)


async def test_scripts_decide_as_a_plain_log_does(nodes, redis: Redis):
    chance = random.Random(5)
    for round_ in range(25):
        limits = [
            counted(
                f"{round_}-{number}",
                requests=chance.choice([None, 1, 3, 6]),
                tokens=chance.choice([None, 50, 300]),
                concurrency=chance.choice([None, 1, 3]),
            )
            for number in range(3)
        ]
        log = PlainLog()
        running: list[tuple[RedisCounters, Admission, list[Entry]]] = []
        for _ in range(40):
            step = chance.random()
            if step < 0.6:
                node, tokens = chance.choice(nodes), chance.randrange(400)
                chosen = chance.sample(limits, chance.randrange(1, 4))
                before = await second(redis)
                fitted = log.fits(chosen, before, tokens)
                answer = await node.admit(chosen, tokens=tokens, now=0.0)
                if before != await second(redis):
                    # The clock ticked between the two: what the log says of the second before may be out of date.
                    fitted = isinstance(answer, Admission)
                assert fitted == isinstance(answer, Admission)
                if isinstance(answer, Admission):
                    running.append((node, answer, log.admit(chosen, answer.second, tokens)))
            elif step < 0.85 and running:
                node, admission, entries = running.pop(chance.randrange(len(running)))
                used = chance.choice([None, 0, chance.randrange(500)])
                await ended(node, admission, used)
                for entry in entries:
                    entry.end(used)
            else:
                await turn(redis, chance.choice([1, 5, 30, 59, 60, 61]))
                await asyncio.gather(*[node.confirm() for node in nodes])


async def second(redis: Redis) -> int:
    """Time as the scripts see it."""
    epoch, _ = await redis.time()
    return int(epoch) + int(await redis.hget(CLOCK, "ahead") or 0)


async def test_seconds_leave_the_minute_and_the_wait_is_long_enough(nodes, redis: Redis):
    limit = counted(requests=2)
    await admitted(nodes[0], limit)
    await turn(redis, 30)
    await admitted(nodes[0], limit)
    refused = await ask(nodes[0], limit)
    assert isinstance(refused, Exceeded)
    assert 30 <= refused.retry_after_s <= 31
    await turn(redis, int(refused.retry_after_s))
    await admitted(nodes[0], limit)


async def test_a_clock_that_steps_back_forgets_nothing_and_blocks_nobody(nodes, redis: Redis):
    limit = counted(requests=2)
    await admitted(nodes[0], limit)
    await turn(redis, 3_600)
    await admitted(nodes[0], limit)
    # As if Redis's clock had now been set back by an hour.
    await turn(redis, -3_600)
    await admitted(nodes[0], limit)
    assert isinstance(await ask(nodes[0], limit), Exceeded)
    await turn(redis, 61)
    await admitted(nodes[0], limit)


@pytest.mark.parametrize(("used", "room"), [(None, 0), (40, 60), (0, 100), (250, -150)])
async def test_tokens_are_corrected_by_what_was_used(nodes, redis: Redis, used: int | None, room: int):
    limit = counted(tokens=100)
    await ended(nodes[0], await admitted(nodes[0], limit, tokens=5_000), used)
    assert 100 - room == int(await redis.hget("headgate:{limits}:m:r/k", "T") or 0)


async def test_an_end_after_the_minute_corrects_nothing(nodes, redis: Redis):
    limit = counted(tokens=100)
    long = await admitted(nodes[0], limit, tokens=100)
    await turn(redis, 70)
    await admitted(nodes[0], limit, tokens=60)
    await ended(nodes[0], long, 0)
    assert isinstance(await ask(nodes[0], limit, tokens=41), Exceeded)


async def test_requests_at_once_are_let_go_at_their_end(nodes):
    one, other = nodes
    limit = counted(concurrency=2)
    first = await admitted(one, limit)
    await admitted(other, limit)
    assert Exceeded(limit, "concurrency", 2, 1.0) == await ask(one, limit)
    await ended(one, first, None)
    await admitted(other, limit)


async def test_a_dead_workers_share_disappears_and_a_living_ones_does_not(nodes, redis: Redis):
    dead, living = nodes
    limit = counted(concurrency=2)
    await admitted(dead, limit)
    await admitted(living, limit)
    await turn(redis, CONFIRMED_FOR_S - 2)
    await living.confirm()
    assert isinstance(await ask(living, limit), Exceeded)
    await turn(redis, 3)
    await admitted(living, limit)
    assert isinstance(await ask(living, limit), Exceeded)


async def test_what_redis_has_forgotten_is_brought_back(nodes, redis: Redis):
    limit = counted(concurrency=1)
    held = await admitted(nodes[0], limit)
    await redis.flushall()
    await redis.script_flush()
    await nodes[0].confirm()
    assert isinstance(await ask(nodes[1], limit), Exceeded)
    await redis.script_flush()
    await ended(nodes[0], held, None)
    await admitted(nodes[1], limit)


async def test_counters_leave_redis_when_they_are_idle(nodes, redis: Redis):
    await admitted(nodes[0], counted(requests=1, concurrency=1))
    keys = await redis.keys("headgate:*")
    assert 3 == len(keys)
    assert all([0 < await redis.ttl(key) for key in keys])


@pytest.fixture
async def limiter(own_server: RedisServer, tmp_path: Path) -> AsyncIterator[Limiter]:
    opened = open_limiter(tmp_path, redis_url=own_server.url, worker="worker", boot_id=BOOT, monotonic=time.monotonic)
    yield opened
    await opened.close()


@pytest.mark.may_block
async def test_redis_killed_in_the_middle_fails_no_request_and_is_used_again(limiter: Limiter, own_server: RedisServer):
    clock = TurnedClock()
    limiter._monotonic = clock
    limit = counted(requests=1_000, concurrency=1_000)
    states: list[str] = []

    async def storm() -> None:
        answers = await asyncio.gather(*[limiter.admit([limit], tokens=1, now=0.0) for _ in range(50)])
        assert 50 == sum(isinstance(answer, Admission) for answer in answers)
        for answer in answers:
            assert isinstance(answer, Admission)
            limiter.finish(answer, tokens=1)
        states.append(limiter.state().counted_in)

    async def storm_until(expected: str) -> None:
        for _ in range(100):
            clock.at += ASK_AGAIN_S
            await storm()
            if states[-1] == expected:
                return
        raise AssertionError(states)

    with capture_logs() as logs:
        await storm_until("redis")
        own_server.kill()
        await storm_until("node")
        unanswered_before = limiter.state().unanswered
        await storm()
        assert unanswered_before == limiter.state().unanswered
        own_server.start()
        await storm_until("redis")
    events = [entry["event"] for entry in logs]
    assert "rate_limits_counted_on_this_node" in events
    assert "rate_limits_counted_in_redis" == events[-1]
    # One line per change, never two of a kind in a row.
    assert all(one != other for one, other in itertools.pairwise(events))


@pytest.mark.may_block
async def test_redis_that_is_too_slow_is_not_waited_for(limiter: Limiter, own_server: RedisServer):
    limit = counted(requests=10)
    while limiter.state().counted_in != "redis" or not isinstance(
        await limiter.admit([counted("warm", requests=10**6)], tokens=0, now=0.0), Admission
    ):
        pass
    own_server.cli("client", "pause", "500", "all")
    assert isinstance(await limiter.admit([limit], tokens=0, now=0.0), Admission)
    assert "node" == limiter.state().counted_in


async def test_without_redis_and_without_a_file_a_worker_counts_alone():
    limiter = Limiter(NodeLimiter(None, TurnedClock()), None, TurnedClock())
    assert "worker" == limiter.state().counted_in
    assert isinstance(await limiter.admit([counted(requests=1)], tokens=0, now=0.0), Admission)
    assert isinstance(await limiter.admit([counted(requests=1)], tokens=0, now=0.0), Exceeded)

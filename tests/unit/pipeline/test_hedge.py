"""Two attempts at once: one answer for the client, two bookings."""

import asyncio

import msgspec
import pytest

from headgate.domain.errors import UpstreamTimeout
from headgate.domain.ids import DeploymentId
from headgate.domain.outcome import Outcome
from headgate.ledger.records import Logged, Sent, Settled
from headgate.pipeline.request import Reply
from headgate.snapshot.contract import Arm, Deployment, RouteRule, Strategy
from tests.kit.fakes import (
    Rig,
    ScriptedAnswer,
    broke_off,
    chat_answer,
    chat_stream,
    read_all,
    snapshot_of,
    timed_out,
    until,
)

BODY = {"model": "fast", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 50}
STREAM = {**BODY, "stream": True, "stream_options": {"include_usage": True}}
COST = 100 * 1_000 + 10 * 4_000


class Late(ScriptedAnswer):
    """An answer that comes when it is let go."""

    def __init__(self, *args: object, **changes: object) -> None:
        super().__init__(*args, **changes)
        self.let_go = asyncio.Event()

    async def chunks(self):
        await self.let_go.wait()
        async for piece in super().chunks():
            yield piece


def rig(*, after_ms: int = 1, drain_s: float = 30) -> Rig:
    deployments = [
        Deployment(id=DeploymentId(id_), organization_id=None, name=id_, provider="openai", model="gpt-4o")
        for id_ in ("first", "second", "third")
    ]
    arms = tuple(Arm(name=each.name, model=each.name) for each in deployments)
    rule = RouteRule(
        id="r", organization_id=None, name="fast", strategy=Strategy.PRIORITY, arms=arms, hedge_after_ms=after_ms
    )
    return Rig(msgspec.structs.replace(snapshot_of(*deployments), routes=(rule,)), drain_s=drain_s)


async def all_settled(rig: Rig, attempts: int) -> list[Settled]:
    await until(lambda: len(rig.journal.of(Settled)) == attempts and not rig.outside.background)
    assert attempts == len(rig.journal.of(Sent))
    assert 1 == len(rig.journal.of(Logged))
    assert 0 == rig.journal.reserved
    return sorted(rig.journal.of(Settled), key=lambda settled: settled.attempt)


def deployment_of(reply: Reply) -> bytes:
    return dict(reply.headers)[b"x-headgate-deployment"]


@pytest.mark.parametrize("body", [BODY, STREAM], ids=["whole", "streamed"])
async def test_the_one_that_begins_first_answers_and_the_other_is_read_to_its_end_and_booked(body: dict[str, object]):
    hedged = rig()
    content = chat_stream() if "stream" in body else chat_answer()
    slow = Late(200, content)
    reply = await hedged.run(slow, ScriptedAnswer(200, content), body=body)
    assert b"second" == deployment_of(reply)
    if reply.stream is not None:
        assert b"".join(chat_stream()) == await read_all(reply)
    assert [2] == [settled.attempt for settled in hedged.journal.of(Settled)]
    slow.let_go.set()
    first, second = await all_settled(hedged, 2)
    assert (Outcome.OK, COST, Outcome.OK, COST) == (first.outcome, first.cost, second.outcome, second.cost)


async def test_one_that_answers_in_time_is_alone():
    hedged = rig(after_ms=60_000)
    reply = await hedged.run(ScriptedAnswer(200, chat_answer()), body=BODY)
    assert b"first" == deployment_of(reply)
    await all_settled(hedged, 1)


async def test_the_first_may_still_win():
    hedged = rig()
    first, second = Late(200, chat_answer()), Late(200, chat_answer())
    running = asyncio.ensure_future(hedged.run(first, second, body=BODY))
    await until(lambda: len(hedged.upstream.asked) == 2)
    first.let_go.set()
    assert b"first" == deployment_of(await running)
    assert ["first", "second"] == [each.deployment_id for each in hedged.journal.logged.tries]
    second.let_go.set()
    await all_settled(hedged, 2)


async def test_one_that_fails_leaves_the_other_to_answer():
    hedged = rig()
    first = Late(200, chat_answer())
    running = asyncio.ensure_future(hedged.run(first, ScriptedAnswer(500, b"{}"), body=BODY))
    await until(lambda: len(hedged.upstream.asked) == 2)
    first.let_go.set()
    assert b"first" == deployment_of(await running)
    settled = await all_settled(hedged, 2)
    assert [Outcome.OK, Outcome.REJECTED] == [each.outcome for each in settled]


async def test_when_both_fail_the_third_is_asked():
    hedged = rig()
    first = Late(500, b"{}")
    script = [first, ScriptedAnswer(500, b"{}"), ScriptedAnswer(200, chat_answer())]
    running = asyncio.ensure_future(hedged.run(*script, body=BODY))
    await until(lambda: len(hedged.upstream.asked) == 2)
    first.let_go.set()
    assert b"third" == deployment_of(await running)
    settled = await all_settled(hedged, 3)
    assert [Outcome.REJECTED, Outcome.REJECTED, Outcome.OK] == [each.outcome for each in settled]


async def test_one_that_fails_at_once_is_followed_as_without_a_hedge():
    hedged = rig(after_ms=60_000)
    reply = await hedged.run(ScriptedAnswer(500, b"{}"), ScriptedAnswer(200, chat_answer()), body=BODY)
    assert b"second" == deployment_of(reply)
    await all_settled(hedged, 2)


async def test_a_loser_that_breaks_is_booked_at_its_hold():
    hedged = rig()
    slow = Late(200, chat_stream()[:2], error=broke_off())
    reply = await hedged.run(slow, ScriptedAnswer(200, chat_stream()), body=STREAM)
    await read_all(reply)
    slow.let_go.set()
    first, second = await all_settled(hedged, 2)
    assert (Outcome.ESTIMATED, "upstream_broken", Outcome.OK) == (first.outcome, first.error, second.outcome)
    assert hedged.journal.of(Sent)[0].hold == first.cost


async def test_a_request_that_is_given_up_gives_up_both():
    hedged = rig()
    running = asyncio.ensure_future(hedged.run(Late(200, b""), Late(200, b""), body=BODY))
    await until(lambda: len(hedged.upstream.asked) == 2)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    settled = await all_settled(hedged, 2)
    assert [Outcome.ESTIMATED] * 2 == [each.outcome for each in settled]


async def test_a_loser_that_never_ends_is_read_for_a_bounded_time():
    hedged = rig(drain_s=0.01)
    late = Late(200, chat_stream()[:2], stalls=True)
    reply = await hedged.run(late, ScriptedAnswer(200, chat_stream()), body=STREAM)
    await read_all(reply)
    late.let_go.set()
    first, _ = await all_settled(hedged, 2)
    assert (Outcome.ESTIMATED, "drain_limit") == (first.outcome, first.error)
    assert late.closed == 1


async def test_timeouts_of_both_are_the_clients():
    hedged = rig()
    with pytest.raises(UpstreamTimeout):
        await hedged.run(timed_out(), timed_out(), timed_out(), body=BODY)
    await all_settled(hedged, 3)

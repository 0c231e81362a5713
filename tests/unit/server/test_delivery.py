import asyncio

import pytest

from headgate.domain.outcome import Outcome
from headgate.pipeline.doors import CHAT
from headgate.server.door import DoorHandler
from tests.kit.fakes import Rig, ScriptedAnswer, chat_stream, until
from tests.unit.server.exchanges import HEADERS, STREAMED, Client

COST = 100 * 1_000 + 10 * 4_000


def streaming() -> Client:
    return Client(CHAT.path, STREAMED, headers=HEADERS)


def start(handler: DoorHandler, client: Client) -> asyncio.Task:
    return asyncio.ensure_future(handler(CHAT, client))


async def test_a_client_that_hangs_up_in_the_middle_pays_what_the_provider_counted(rig: Rig, handler: DoorHandler):
    release = asyncio.Event()
    answer = ScriptedAnswer(200, chat_stream())
    whole = answer.chunks

    async def chunks():
        count = 0
        async for piece in whole():
            yield piece
            count += 1
            if count == 2:
                await release.wait()

    answer.chunks = chunks
    rig.upstream.script = [answer]
    client = streaming()
    task = start(handler, client)
    await client.first_chunk.wait()
    client.hang_up()
    await until(lambda: client.gone_seen)
    release.set()
    await task
    assert (Outcome.OK, COST, True) == (
        rig.journal.settled.outcome,
        rig.journal.settled.cost,
        rig.journal.logged.client_gone,
    )
    assert b"[DONE]" not in client.answer
    assert answer.closed
    assert (0, 0) == (handler.running, rig.journal.reserved)


@pytest.mark.parametrize("heard", [0, 1])
async def test_a_connection_that_breaks_while_we_send_is_a_hang_up_too(rig: Rig, handler: DoorHandler, heard: int):
    rig.upstream.script = [ScriptedAnswer(200, chat_stream())]
    client = streaming()
    client.breaks_at = heard
    await start(handler, client)
    assert (Outcome.OK, COST, True) == (
        rig.journal.settled.outcome,
        rig.journal.settled.cost,
        rig.journal.logged.client_gone,
    )


@pytest.mark.parametrize("hangs_up", [False, True])
async def test_a_client_that_takes_nothing_any_more_is_given_up(rig: Rig, handler: DoorHandler, hangs_up: bool):
    rig.upstream.script = [ScriptedAnswer(200, chat_stream())]
    client = streaming()
    client.stalls_at = 1
    task = start(handler, client)
    await client.stalled.wait()
    if hangs_up:
        client.hang_up()
        await until(lambda: client.gone_seen)
    handler.end_stalls()
    assert 1 == handler.running
    rig.clock.advance(61)
    handler.end_stalls()
    await task
    assert rig.journal.logged.client_gone
    assert 0 == handler.running
    assert (Outcome.ESTIMATED if hangs_up else Outcome.OK) == rig.journal.settled.outcome


async def test_a_call_that_is_cancelled_is_settled_and_stays_cancelled(rig: Rig, handler: DoorHandler):
    answer = ScriptedAnswer(200, chat_stream()[:2], stalls=True)
    rig.upstream.script = [answer]
    client = streaming()
    task = start(handler, client)
    await answer.stalled.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (Outcome.ESTIMATED, 0) == (rig.journal.settled.outcome, rig.journal.reserved)
    assert (0, True) == (handler.running, client.ended)


async def test_a_call_that_is_cancelled_before_its_first_byte_is_settled(rig: Rig, handler: DoorHandler):
    rig.upstream.script = [ScriptedAnswer(200, chat_stream())]
    client = streaming()
    client.stalls_at = 0
    task = start(handler, client)
    await client.stalled.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (Outcome.ESTIMATED, 0) == (rig.journal.settled.outcome, rig.journal.reserved)


async def test_a_stream_ends_when_everything_is_recorded_and_not_before(rig: Rig, handler: DoorHandler):
    rig.upstream.script = [ScriptedAnswer(200, chat_stream())]
    client = streaming()
    recorded: list[int] = []
    client.end_stream = lambda: recorded.append(len(rig.journal.records))
    await start(handler, client)
    assert {len(rig.journal.records)} == set(recorded)

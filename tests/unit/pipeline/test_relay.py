import json

import pytest

from headgate.domain.ids import DeploymentId
from headgate.ledger.records import Logged, Settled
from headgate.pipeline.doors import MESSAGES
from headgate.snapshot.contract import Deployment
from tests.kit.fakes import Rig, ScriptedAnswer, chat_stream, message_stream, read_all, snapshot_of

ALIAS = Deployment(id=DeploymentId("d"), organization_id=None, name="alias", provider="openai", model="gpt-4o")
MESSAGE = {"model": "alias", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 50}
ERROR = b'{"error":{"message":"You sent too much.","type":"rate_limit"}}'


async def test_a_stream_cannot_name_its_cost_before_it_ends():
    rig = Rig()
    body = {"model": "gpt-4o", "messages": [], "stream": True}
    reply = await rig.run(ScriptedAnswer(200, chat_stream()), body=body)
    assert b"x-headgate-cost-usd" not in dict(reply.headers)
    assert b"text/event-stream; charset=utf-8" == dict(reply.headers)[b"content-type"]
    await read_all(reply)


async def test_a_broken_stream_in_another_format_ends_in_the_clients_own_error():
    rig = Rig(snapshot_of(ALIAS))
    cut_off = [*chat_stream()[:2], b'data: {"error":{"message":"busy"}}\n\n']
    reply = await rig.run(ScriptedAnswer(200, cut_off), door=MESSAGES, body={**MESSAGE, "stream": True})
    given = await read_all(reply)
    assert b"event: error\n" in given
    assert b"message_stop" not in given
    assert "error" == json.loads(given.split(b"data: ")[-1])["type"]


@pytest.mark.parametrize("door", ["chat", "messages"])
async def test_a_client_that_has_the_last_event_finds_its_cost_on_record(door: str):
    # A kill -9 right behind the last event must not turn a whole answer into an estimate.
    rig = Rig()
    if door == "chat":
        script, body, last = chat_stream(), {"model": "gpt-4o", "messages": [], "stream": True}, b"[DONE]"
        reply = await rig.run(ScriptedAnswer(200, script), body=body)
    else:
        script, body, last = (
            message_stream(),
            {**MESSAGE, "model": "claude-sonnet-4-5", "stream": True},
            b"message_stop",
        )
        reply = await rig.run(ScriptedAnswer(200, script), door=MESSAGES, body=body)
    assert reply.stream is not None
    async for chunk in reply.stream:
        if last in chunk:
            assert 1 == len(rig.journal.of(Settled))
            assert 1 == len(rig.journal.of(Logged))
    assert 1 == len(rig.journal.of(Settled))

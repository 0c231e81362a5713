import json

import pytest

from headgate.domain.errors import UpstreamRejected
from headgate.domain.ids import DeploymentId
from headgate.ledger.records import Logged, Settled
from headgate.pipeline.doors import MESSAGES
from headgate.snapshot.contract import Deployment
from tests.kit.fakes import Rig, ScriptedAnswer, chat_answer, chat_stream, message_stream, read_all, snapshot_of

ALIAS = Deployment(id=DeploymentId("d"), organization_id=None, name="alias", provider="openai", model="gpt-4o")
MESSAGE = {"model": "alias", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 50}
ERROR = b'{"error":{"message":"You sent too much.","type":"rate_limit"}}'


async def test_a_rejection_in_another_format_is_raised_with_what_the_provider_said():
    rig = Rig(snapshot_of(ALIAS))
    with pytest.raises(UpstreamRejected) as raised:
        await rig.run(ScriptedAnswer(429, ERROR), door=MESSAGES, body=MESSAGE)
    assert (429, "You sent too much.", True) == (raised.value.status, raised.value.message, raised.value.unbilled)
    assert (429, "You sent too much.") == (rig.journal.logged.status, rig.journal.logged.message)


async def test_an_answer_names_what_answered_and_what_it_cost():
    rig = Rig()
    reply = await rig.run(ScriptedAnswer(200, chat_answer(), headers={"x-request-id": "ä 中"}))
    headers = dict(reply.headers)
    assert rig.journal.sent.request_id.encode() == headers[b"x-request-id"]
    assert b"\xe4 ?" == headers[b"x-headgate-upstream-request-id"]
    assert {b"content-type", b"x-request-id", b"x-headgate-deployment", b"x-headgate-cost-usd"} < headers.keys()


async def test_a_stream_cannot_name_its_cost_before_it_ends():
    rig = Rig()
    body = {"model": "gpt-4o", "messages": [], "stream": True}
    reply = await rig.run(ScriptedAnswer(200, chat_stream()), body=body)
    assert b"x-headgate-cost-usd" not in dict(reply.headers)
    assert b"text/event-stream; charset=utf-8" == dict(reply.headers)[b"content-type"]
    await read_all(reply)


async def test_when_to_come_back_is_passed_on_with_errors_only():
    wait = {"retry-after": "9", "retry-after-ms": "9000", "x-should-retry": "true"}
    reply = await Rig().run(ScriptedAnswer(429, ERROR, headers=wait))
    assert {name.encode(): value.encode() for name, value in wait.items()}.items() <= dict(reply.headers).items()
    reply = await Rig().run(ScriptedAnswer(200, chat_answer(), headers=wait))
    assert not {name.encode() for name in wait} & dict(reply.headers).keys()


async def test_an_error_page_keeps_its_type():
    headers = {"content-type": "text/html; charset=utf-8"}
    reply = await Rig().run(ScriptedAnswer(503, b"<html>", headers=headers))
    assert (b"text/html; charset=utf-8", b"<html>") == (dict(reply.headers)[b"content-type"], reply.body)


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

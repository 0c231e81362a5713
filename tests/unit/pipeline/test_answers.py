import pytest

from headgate.domain.errors import UpstreamRejected
from headgate.domain.ids import DeploymentId
from headgate.pipeline.doors import MESSAGES
from headgate.snapshot.contract import Deployment
from tests.kit.fakes import Rig, ScriptedAnswer, chat_answer, snapshot_of

ALIAS = Deployment(id=DeploymentId("d"), organization_id=None, name="alias", provider="openai", model="gpt-4o")
MESSAGE = {"model": "alias", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 50}
ERROR = b'{"error":{"message":"You sent too much.","type":"rate_limit"}}'


async def test_when_to_come_back_is_passed_on_with_errors_only():
    wait = {"retry-after": "9", "retry-after-ms": "9000", "x-should-retry": "true"}
    reply = await Rig().run(ScriptedAnswer(429, ERROR, headers=wait))
    assert {name.encode(): value.encode() for name, value in wait.items()}.items() <= dict(reply.headers).items()
    reply = await Rig().run(ScriptedAnswer(200, chat_answer(), headers=wait))
    assert not {name.encode() for name in wait} & dict(reply.headers).keys()


async def test_a_rejection_in_another_format_is_told_with_the_same_headers():
    wait = {"retry-after": "9", "retry-after-ms": "9000", "x-request-id": "up_1"}
    with pytest.raises(UpstreamRejected) as raised:
        await Rig(snapshot_of(ALIAS)).run(ScriptedAnswer(429, ERROR, headers=wait), door=MESSAGES, body=MESSAGE)
    expected = {b"retry-after": b"9", b"retry-after-ms": b"9000", b"x-headgate-upstream-request-id": b"up_1"}
    assert expected.items() <= dict(raised.value.headers).items()
    assert not {b"content-type", b"x-request-id", b"request-id"} & dict(raised.value.headers).keys()


async def test_an_error_page_keeps_its_type():
    headers = {"content-type": "text/html; charset=utf-8"}
    reply = await Rig().run(ScriptedAnswer(503, b"<html>", headers=headers))
    assert (b"text/html; charset=utf-8", b"<html>") == (dict(reply.headers)[b"content-type"], reply.body)


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
    assert b"openai" == headers[b"x-headgate-provider"]

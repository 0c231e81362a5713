import json

import msgspec
import pytest

from headgate.domain.outcome import Outcome
from headgate.ledger.records import Logged, Sent
from headgate.server.ai_request import PATH, AiRequests
from headgate.snapshot.contract import ExchangeRate, Policy
from tests.kit.fakes import KEY_HASH, ORGANIZATION, Rig, ScriptedAnswer, chat_answer, snapshot_of
from tests.unit.server.exchanges import HEADERS, Client, call

ASKED = {"model": "gpt-4o", "prompt": "Say hello", "teamId": "team-123", "projectId": "project-456", "maxTokens": 50}
POLICY = Policy(id="p", organization_id=ORGANIZATION.id, name="Production Policy", blocked_models=("gpt-4*",))


def asking(*script, policies: tuple[Policy, ...] = (), rates: tuple[ExchangeRate, ...] = (ExchangeRate("EUR", "2"),)):
    rig = Rig(msgspec.structs.replace(snapshot_of(), policies=policies, exchange_rates=rates))
    rig.upstream.script = list(script)
    return AiRequests(rig.pipeline, rig.configs, rig.clock, max_body_bytes=10_000), rig


async def ask(app: AiRequests, body: object = ASKED, headers: dict[str, str] = HEADERS, method: str = "POST"):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    client = await call(app, Client(PATH, raw, headers=headers, method=method))
    return client.status, json.loads(client.answer), client


async def test_a_question_is_answered_with_its_cost_in_euros():
    app, rig = asking(ScriptedAnswer(200, chat_answer()))
    status, answer, client = await ask(app)
    assert (200, True, "Hi") == (status, answer["success"], answer["content"])
    assert b'"estimatedCostEur":0.000070000,"costUsd":0.000140000' in client.answer
    assert {"promptTokens": 100, "completionTokens": 10, "totalTokens": 110} == answer["usage"]
    assert ("gpt-4o", "stop", "env:openai") == (answer["model"], answer["finishReason"], answer["deployment"])
    assert rig.journal.sent.request_id == answer["requestId"]
    assert 0 == app.running


async def test_it_is_a_call_like_any_other():
    app, rig = asking(ScriptedAnswer(200, chat_answer()))
    await ask(app, ASKED | {"appId": "app-1", "clientId": "client-1", "taskType": "code-review", "userId": "ann"})
    sent = rig.journal.sent
    assert ("team-123", "project-456", "app-1", "client-1", "code-review", "ann", PATH) == (
        sent.attribution.team,
        sent.attribution.project,
        sent.attribution.app,
        sent.attribution.client,
        sent.attribution.task,
        sent.attribution.user,
        sent.endpoint,
    )
    assert [Outcome.OK] == [logged.outcome for logged in rig.journal.of(Logged)]
    asked = rig.upstream.asked[0].document
    assert ([{"role": "user", "content": "Say hello"}], 50) == (asked["messages"], asked["max_tokens"])


async def test_headers_say_whom_to_charge_before_the_body_does():
    app, rig = asking(ScriptedAnswer(200, chat_answer()))
    await ask(app, headers=HEADERS | {"x-headgate-team": "other"})
    assert ("other", "project-456") == (rig.journal.sent.attribution.team, rig.journal.sent.attribution.project)


async def test_messages_are_passed_on_as_they_are():
    app, rig = asking(ScriptedAnswer(200, chat_answer()))
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "2+2?"}]
    await ask(app, {"model": "gpt-4o", "messages": messages, "temperature": 0.5})
    assert (messages, 0.5) == (
        rig.upstream.asked[0].document["messages"],
        rig.upstream.asked[0].document["temperature"],
    )


async def test_a_blocked_model_is_refused_in_the_seeds_words():
    app, rig = asking(policies=(POLICY,))
    status, answer, _ = await ask(app)
    assert (403, False) == (status, answer["success"])
    assert 'Model gpt-4o is blocked by policy "Production Policy"' == answer["error"]
    assert ("policy_blocked", "Choose another model.") == (answer["code"], answer["remedy"])
    assert [] == rig.journal.of(Sent)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        (b"", None),
        (b"{", None),
        (b"\xff", None),
        ({"prompt": "x"}, None),
        ({"model": 5, "prompt": "x"}, "model"),
        ({"model": "gpt-4o"}, "prompt"),
        ({"model": "gpt-4o", "prompt": "x", "messages": []}, "prompt"),
        ({"model": "gpt-4o", "messages": "x"}, "messages"),
        ({"model": "gpt-4o", "prompt": "x", "maxTokens": "many"}, "maxTokens"),
        ({"model": "gpt-4o", "prompt": "x", "teamId": 7}, "teamId"),
        ({"model": "gpt-4o", "prompt": "x", "stream": True}, None),
    ],
)
async def test_what_it_cannot_read_is_refused_by_name_and_nothing_is_sent(body: object, param: str | None):
    app, rig = asking()
    status, answer, _ = await ask(app, body)
    assert (400, False, param) == (status, answer["success"], answer["param"])
    assert answer["requestId"].startswith("aigw_")
    assert [] == rig.upstream.asked


async def test_an_unknown_field_is_named():
    app, _ = asking()
    _, answer, _ = await ask(app, ASKED | {"stream": True})
    assert "stream" in answer["error"]


async def test_a_label_that_is_too_long_is_refused():
    app, _ = asking()
    status, answer, _ = await ask(app, ASKED | {"teamId": "t" * 201})
    assert (400, "teamId") == (status, answer["param"])


async def test_without_a_key_or_with_another_method_it_is_refused():
    app, _ = asking()
    assert 401 == (await ask(app, headers={}))[0]
    assert 405 == (await ask(app, method="GET"))[0]


async def test_what_the_provider_refused_is_told_in_its_words():
    error = b'{"error":{"message":"Slow down.","type":"rate_limit"}}'
    app, _ = asking(ScriptedAnswer(429, error))
    status, answer, _ = await ask(app)
    assert (429, False, "provider") == (status, answer["success"], answer["source"])
    assert "Slow down." in answer["error"]


@pytest.mark.parametrize("body", [b"[]", b'{"choices":[]}'])
async def test_an_answer_that_is_none_is_the_providers_fault(body: bytes):
    app, _ = asking(ScriptedAnswer(200, body))
    status, answer, _ = await ask(app)
    assert (502, "upstream_broken") == (status, answer["code"])


async def test_without_a_rate_of_the_euro_the_cost_is_told_in_dollars_only():
    app, _ = asking(ScriptedAnswer(200, chat_answer()), rates=())
    _, answer, client = await ask(app)
    assert answer["estimatedCostEur"] is None
    assert b'"costUsd":0.000140000' in client.answer


async def test_a_fault_of_ours_shows_nothing_but_the_request_id():
    app, _ = asking(RuntimeError("secret"))
    status, answer, client = await ask(app)
    assert (500, "internal_error") == (status, answer["code"])
    assert b"secret" not in client.answer


async def test_without_a_key_the_one_behind_the_session_is_used():
    app, rig = asking(ScriptedAnswer(200, chat_answer()))
    seen = []

    async def session_of(exchange) -> bytes:
        seen.append(exchange.path)
        return KEY_HASH

    app = AiRequests(rig.pipeline, rig.configs, rig.clock, max_body_bytes=10_000, sessions=session_of)
    status, _, _ = await ask(app, headers={"cookie": "headgate_session=s"})
    assert (200, [PATH]) == (status, seen)
    # A key goes before a session.
    rig.upstream.script = [ScriptedAnswer(200, chat_answer())]
    assert 200 == (await ask(app, headers=HEADERS | {"cookie": "headgate_session=s"}))[0]
    assert [PATH] == seen
    assert 401 == (await ask(app, headers={}))[0]

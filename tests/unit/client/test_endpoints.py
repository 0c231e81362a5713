"""Quotes, analytics and the request API, by both clients."""

from decimal import Decimal

import httpx2
import pytest

from headgate.client import AiResponse, AnswerUnreadable, ConnectionFailed, Usage
from headgate.client.endpoints import document_of
from tests.kit.python_client import ADDRESS, Both, Scripted

ANSWER = (
    b'{"success": true, "content": "Hi", "estimatedCostEur": 0.000019540, "costUsd": 0.000020330, '
    b'"usage": {"promptTokens": 11, "completionTokens": 20, "totalTokens": 31}, "model": "small", '
    b'"deployment": "env:sim", "finishReason": "stop", "requestId": "aigw_1_a", "latencyMs": 2.113, "degradedTo": null}'
)


def both(kind: str, *script) -> Both:
    return Both(kind, Scripted(*script))


def json(body: bytes, status: int = 200) -> httpx2.Response:
    return httpx2.Response(status, content=body)


async def test_the_request_api_answers_in_exact_amounts(kind: str):
    client = both(kind, json(ANSWER))
    answer = await client.call(
        "ai_request",
        org_id="Acme",
        actor_user_id=7,
        model="gpt-4o-mini",
        input="Say hello",
        metadata={"team_id": "team-123", "projectId": "project-456", "task_type": None},
        max_tokens=1000,
        temperature=0.7,
    )
    assert (
        AiResponse(
            success=True,
            content="Hi",
            estimated_cost_eur=Decimal("0.000019540"),
            cost=Decimal("0.000020330"),
            usage=Usage(prompt_tokens=11, completion_tokens=20, total_tokens=31),
            model="small",
            finish_reason="stop",
            request_id="aigw_1_a",
            latency_ms=Decimal("2.113"),
        )
        == answer
    )
    (request,) = client.gateway.asked
    assert (f"{ADDRESS}/api/ai/request", "Acme", "drawn-1") == (
        str(request.url),
        request.headers["x-headgate-organization"],
        request.headers["idempotency-key"],
    )
    assert [
        {
            "model": "gpt-4o-mini",
            "prompt": "Say hello",
            "teamId": "team-123",
            "projectId": "project-456",
            "userId": "7",
            "maxTokens": 1000,
            "temperature": 0.7,
        }
    ] == client.gateway.bodies


async def test_a_conversation_and_a_key_of_ones_own(kind: str):
    client = both(kind, json(b'{"success": true, "content": "4", "estimatedCostEur": null, "costUsd": 0}'))
    messages = [{"role": "user", "content": "What is 2+2?"}]
    answer = await client.call("ai_request", model="m", input=messages, idempotency_key="mine")
    assert ("4", None, Decimal(0), None) == (answer.content, answer.estimated_cost_eur, answer.cost, answer.usage)
    assert [{"model": "m", "messages": messages}] == client.gateway.bodies
    assert "mine" == client.gateway.asked[0].headers["idempotency-key"]


async def test_a_refusal_is_an_answer_too(kind: str):
    refusal = (
        b'{"success": false, "error": "Model gpt-4 is blocked by policy \\"Production Policy\\"", '
        b'"remedy": "Choose another model.", "code": "policy_blocked", "param": "model", "source": "gateway"}'
    )
    client = both(kind, json(refusal, 403))
    answer = await client.call("ai_request", model="gpt-4", input="Hi")
    assert (False, 'Model gpt-4 is blocked by policy "Production Policy"', "policy_blocked", 403) == (
        answer.success,
        answer.error,
        answer.code,
        answer.status,
    )


async def test_where_nobody_answers_there_is_no_answer(kind: str):
    client = both(kind, *[httpx2.ConnectError("refused")] * 3)
    with pytest.raises(ConnectionFailed):
        await client.call("ai_request", model="m", input="Hi")


async def test_a_quote_is_asked_in_the_words_of_the_call(kind: str):
    client = both(kind, httpx2.ReadTimeout("silent"), json(b'{"decision": "admit", "bound": {"cost_usd": 0.00114375}}'))
    quote = await client.call("quote", model="m", messages="Hi", max_tokens=5, task="caption", tenant_id="Acme")
    assert Decimal("0.00114375") == quote["bound"]["cost_usd"]
    request = client.gateway.asked[-1]
    assert (f"{ADDRESS}/v1/quote", "/v1/chat/completions", "caption", "Acme") == (
        str(request.url),
        request.headers["x-headgate-endpoint"],
        request.headers["x-headgate-task"],
        request.headers["x-headgate-organization"],
    )
    assert {"model": "m", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 5} == client.gateway.bodies[-1]
    assert 2 == len(client.gateway.asked)


@pytest.mark.parametrize(
    ("path", "name", "arguments"),
    [
        ("user/?user_id=123&days=30", "get_user_analytics", {"user_id": 123}),
        ("user/?days=7", "get_user_analytics", {"days": 7}),
        ("system/?days=7", "get_system_analytics", {}),
        ("user/spend-limit/", "get_spend_limit", {}),
        ("user/spend-limit/?user_id=a%26b", "get_spend_limit", {"user_id": "a&b"}),
    ],
)
async def test_analytics_are_asked_where_the_seed_has_them(kind: str, path: str, name: str, arguments: dict):
    client = both(kind, json(b'{"total_cost_usd": 0.1, "total_requests": 3, "daily_percent_used": 80}'))
    found = await client.call(name, **arguments)
    assert {"total_cost_usd": Decimal("0.1"), "total_requests": 3, "daily_percent_used": 80} == found
    (request,) = client.gateway.asked
    assert ("GET", f"{ADDRESS}/api/v1/ai/analytics/{path}") == (request.method, str(request.url))


@pytest.mark.parametrize(("query", "arguments"), [("", {}), ("?organization=A+%26+B", {"organization": "A & B"})])
async def test_usage_is_asked_where_the_seed_has_it(kind: str, query: str, arguments: dict):
    client = both(kind, json(b'{"tokens_used": 5, "cost_gbp": 0.1}'))
    assert {"tokens_used": 5, "cost_gbp": Decimal("0.1")} == await client.call("get_usage", **arguments)
    assert f"{ADDRESS}/api/v1/ai/usage{query}" == str(client.gateway.asked[0].url)


def test_what_is_no_object_names_base_url():
    with pytest.raises(AnswerUnreadable, match="base_url"):
        document_of(b"<html>")

"""Our own client against a running gateway; figures are compared with the books."""

from collections.abc import Iterator
from decimal import Decimal

import anthropic
import openai
import pytest

from headgate.client import (
    AIProvider,
    AsyncHeadgate,
    BadRequest,
    BudgetGuard,
    EnhancedAIRouter,
    Forbidden,
    GenerationRequest,
    Headgate,
    NotAuthenticated,
    NotFound,
    ProviderError,
    TextRequest,
    create_trace,
    get_system_analytics,
    get_user_analytics,
    track_cost,
)
from tests.kit.gateway import GatewayProcess, wait_until
from tests.kit.simulator import knobs

MODELS = ["sim/small", "chat-small", "messages-small"]


@pytest.fixture(scope="module")
def client(gateway: GatewayProcess) -> Iterator[Headgate]:
    with Headgate(base_url=gateway.url, api_key=gateway.key) as opened:
        yield opened


@pytest.mark.parametrize("model", MODELS)
def test_an_answer_says_what_the_books_say(gateway: GatewayProcess, client: Headgate, model: str):
    answer = client.generate_text(
        model=model, messages="Say hello", user_id="anna", agent_id="greeter", team_id="search", max_tokens=40
    )
    event = gateway.cost_event(answer.request_id)
    assert answer.usage is not None
    assert (event["amount_nano"], event["provider"], event["prompt_tokens"], event["completion_tokens"]) == (
        int(answer.cost.scaleb(9)),
        answer.provider,
        answer.usage.prompt_tokens,
        answer.usage.completion_tokens,
    )
    assert ("anna", "greeter", "search") == (event["end_user"], event["agent"], event["team"])
    assert answer.content


@pytest.mark.parametrize("model", MODELS)
def test_a_stream_says_what_the_books_say(gateway: GatewayProcess, client: Headgate, model: str):
    stream = client.generate_text_stream(model=model, messages="Write a story about a gate", max_tokens=60)
    texts = list(stream)
    event = gateway.cost_event(stream.result.request_id)
    assert len(texts) > 1
    assert "".join(texts) == stream.result.content
    assert stream.result.cost is not None
    assert event["amount_nano"] == int(stream.result.cost.scaleb(9)) > 0


async def test_the_async_client_streams_and_batches(gateway: GatewayProcess):
    async with AsyncHeadgate(base_url=gateway.url, api_key=gateway.key) as client:
        async with client.generate_text_stream(model="sim/small", messages="Say hello") as stream:
            texts = [text async for text in stream]
        answers = await client.batch_generate([{"model": "sim/small", "messages": f"Count to {n}"} for n in range(10)])
    assert "".join(texts) == stream.result.content
    assert 10 == len({answer.request_id for answer in answers})


def test_one_call_under_one_key_is_charged_once(gateway: GatewayProcess, client: Headgate):
    first = client.generate_text(model="sim/small", messages="Once", idempotency_key="only-once")
    again = client.generate_text(model="sim/small", messages="Once", idempotency_key="only-once")
    assert (first.content, first.provider, True, Decimal(0)) == (
        again.content,
        again.provider,
        again.replayed,
        again.cost,
    )
    stream = client.generate_text_stream(model="sim/small", messages="Once", idempotency_key="once-streamed")
    list(stream)
    replay = client.generate_text_stream(model="sim/small", messages="Once", idempotency_key="once-streamed")
    list(replay)
    assert (stream.result.content, Decimal(0)) == (replay.result.content, replay.result.cost)


def test_refusals_are_classes(gateway: GatewayProcess, client: Headgate):
    with pytest.raises(NotFound) as missing:
        client.generate_text(model="no-such-model", messages="Hi")
    assert ("model_not_found", "model") == (missing.value.code, missing.value.field)
    assert missing.value.request_id is not None
    with pytest.raises(BadRequest):
        client.generate_text(model="sim/small", messages="Hi", extra_body={"n": "many"})
    with pytest.raises(Forbidden) as other:
        client.generate_text(model="sim/small", messages="Hi", tenant_id="Somebody else")
    assert "organization_mismatch" == other.value.code
    with Headgate(base_url=gateway.url, api_key="sk-hg-unknown") as stranger, pytest.raises(NotAuthenticated):
        stranger.generate_text(model="sim/small", messages="Hi")


@pytest.mark.parametrize("model", MODELS)
def test_a_providers_failure_is_the_providers_and_costs_nothing(gateway: GatewayProcess, model: str):
    with (
        Headgate(base_url=gateway.url, api_key=gateway.key, max_retries=0) as client,
        knobs(gateway, error={"status": 529}),
        pytest.raises(ProviderError) as failed,
    ):
        client.generate_text(model=model, messages="This will fail")
    assert (529, "provider") == (failed.value.status, failed.value.source)
    assert failed.value.request_id is not None
    assert 0 == gateway.cost_event(failed.value.request_id)["amount_nano"]


def test_stock_sdks_lose_nothing_by_asking_for_a_receipt(
    openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic
):
    asked = {"x-headgate-receipt": "true"}
    chunks = list(
        openai_client.chat.completions.create(
            model="sim/small", messages=[{"role": "user", "content": "Hi"}], stream=True, extra_headers=asked
        )
    )
    assert "stop" == chunks[-1].choices[0].finish_reason
    with anthropic_client.messages.stream(
        model="sim/small", max_tokens=50, messages=[{"role": "user", "content": "Hi"}], extra_headers=asked
    ) as stream:
        assert "max_tokens" == stream.get_final_message().stop_reason


def test_the_request_api_by_its_own_method(gateway: GatewayProcess, client: Headgate):
    answer = client.ai_request(
        actor_user_id="berta", model="sim/small", input="Say hello", metadata={"team_id": "team-123"}, max_tokens=20
    )
    assert answer.success
    assert answer.request_id is not None
    assert answer.cost is not None
    event = gateway.cost_event(answer.request_id)
    assert (int(answer.cost.scaleb(9)), "berta", "team-123") == (event["amount_nano"], event["end_user"], event["team"])
    assert answer.estimated_cost_eur is not None
    refusal = client.ai_request(model="no-such-model", input="Hi")
    assert (False, "model_not_found", 404) == (refusal.success, refusal.code, refusal.status)


def test_a_quote_is_not_less_than_what_the_call_costs(client: Headgate):
    request: TextRequest = {"model": "sim/small", "messages": "Say hello", "max_tokens": 30}
    quote = client.quote(**request)
    cost = client.generate_text(**request).cost
    assert cost is not None
    assert ("admit", True) == (quote["decision"], quote["bound"]["cost_usd"] >= cost)


async def test_the_names_of_seed_003(gateway: GatewayProcess, client: Headgate):
    async with AsyncHeadgate(base_url=gateway.url, api_key=gateway.key) as opened:
        router = EnhancedAIRouter(object(), model="sim/small", client=opened)
        result = await router.generate(
            GenerationRequest(task="caption", prompt="Write a caption", system="You are a social media assistant")
        )
        results = await router.batch_generate(
            [GenerationRequest(task="caption", prompt=f"Caption {number}") for number in range(5)]
        )
    assert result.text
    assert not result.from_cache
    assert "caption" == gateway.cost_event(result.generation.request_id)["task"]
    assert 5 == len(results)


def test_a_budget_guard_sees_a_budget_fill(gateway: GatewayProcess, client: Headgate):
    organization = gateway.rows("SELECT id, name FROM headgate_organization")[0]
    gateway.control(
        "from headgate.control.budgets.operations import create_budget\n"
        "create_budget(name='Tokens', scope='organization', period='day', unit='tokens', limit=100000)"
    )
    gateway.wait_for_revision(gateway.revision())
    guard = BudgetGuard(object(), model="sim/small", client=client)
    before = guard.get_usage_stats(organization["id"])
    assert 100_000 == before["tokens_limit"]
    assert (True, True) == (
        guard.can_use_hosted_model(organization["name"], "caption")[0],
        guard.can_use_hosted_model(organization["id"], "caption")[0],
    )
    answer = client.generate_text(model="sim/small", messages="Fill it", max_tokens=50)
    assert answer.usage is not None
    gateway.cost_event(answer.request_id)
    wait_until(
        lambda: guard.get_usage_stats(None)["tokens_used"] >= before["tokens_used"] + answer.usage.total_tokens,
        what="spent tokens",
    )
    change = "from headgate.control.budgets.models import Budget\nfrom headgate.control.budgets.operations import *\n"
    try:
        gateway.control(f"{change}change_limit(Budget.objects.get(name='Tokens'), Decimal(1))")
        gateway.wait_for_revision(gateway.revision())
        may, why = guard.can_use_hosted_model(None, "caption")
    finally:
        gateway.control(f"{change}retire(Budget.objects.get(name='Tokens'))")
        gateway.wait_for_revision(gateway.revision())
    assert (False, True) == (may, "Tokens" in why)


def test_the_names_of_seed_000(gateway: GatewayProcess, client: Headgate):
    provider = AIProvider(provider="sim", user_id=123, model="small", client=client)
    with create_trace("custom_feature", {"query": "q"}, ["feature-x"], user_id=123):
        assert provider.complete("Hello", max_tokens=20)
        assert "".join(provider.stream_complete("Hello", max_tokens=20))
        record = track_cost(client=client)
    assert provider.last is not None
    gateway.request_log(provider.last.request_id)
    assert {
        "cost_usd",
        "prompt_tokens",
        "completion_tokens",
        "total_tokens",
        "daily_spend",
        "monthly_spend",
        "limit_exceeded",
    } == record.keys()
    assert (True, False) == (record["cost_usd"] > 0, record["limit_exceeded"])
    mine = wait_until(
        lambda: (found := get_user_analytics(user_id=123, days=30, client=client))["total_requests"] >= 2 and found,
        what="the user's analytics",
    )
    everybodys = get_system_analytics(days=7, client=client)
    assert mine["total_cost_usd"] >= record["cost_usd"]
    assert everybodys["total_cost_usd"] >= mine["total_cost_usd"]
    assert isinstance(mine["total_cost_usd"], Decimal)
    assert mine["avg_latency_ms"] > 0

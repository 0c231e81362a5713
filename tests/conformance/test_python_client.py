"""Our own client against a running gateway; figures are compared with the books."""

from collections.abc import Iterator
from decimal import Decimal

import anthropic
import openai
import pytest

from headgate.client import (
    AsyncHeadgate,
    BadRequest,
    Forbidden,
    Headgate,
    NotAuthenticated,
    NotFound,
    ProviderError,
)
from tests.kit.gateway import GatewayProcess
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

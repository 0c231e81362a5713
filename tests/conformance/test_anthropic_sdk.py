"""Anthropic's own SDK against a running gateway, with upstreams of either format."""

import json
from typing import Any

import anthropic
import pytest
from pydantic import BaseModel

from tests.kit.clients import client
from tests.kit.gateway import GatewayProcess
from tests.kit.simulator import bill, knobs

MESSAGES = "/v1/messages"
MODELS = ["sim/small", "chat-small", "messages-small", "converse-small"]
TOOLS: list[Any] = [
    {
        "name": name,
        "description": f"Looks up the {name}.",
        "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    }
    for name in ("weather", "population")
]
HELLO: list[Any] = [{"role": "user", "content": "Say hello"}]


class Town(BaseModel):
    """What a structured answer is about."""

    name: str
    inhabitants: int


@client("anthropic", door=MESSAGES, feature="create")
@pytest.mark.parametrize("model", MODELS)
def test_create_answers_with_text_usage_and_a_stop_reason(anthropic_client: anthropic.Anthropic, model: str) -> None:
    answer = anthropic_client.messages.create(model=model, max_tokens=300, system="Be kind.", messages=HELLO)
    assert answer.type == "message"
    assert answer.content[0].type == "text"
    assert answer.stop_reason == "end_turn"
    assert answer.usage.input_tokens > 0
    assert answer.usage.output_tokens > 0


@client("anthropic", door=MESSAGES, feature="stream")
@pytest.mark.parametrize("model", MODELS)
def test_a_stream_folds_to_the_whole_answer(anthropic_client: anthropic.Anthropic, model: str) -> None:
    whole = anthropic_client.messages.create(model=model, max_tokens=300, messages=HELLO)
    with anthropic_client.messages.stream(model=model, max_tokens=300, messages=HELLO) as stream:
        folded = stream.get_final_message()
    assert [block.to_dict() for block in folded.content] == [block.to_dict() for block in whole.content]
    assert folded.stop_reason == whole.stop_reason
    assert folded.usage.output_tokens == whole.usage.output_tokens
    assert folded.usage.input_tokens == whole.usage.input_tokens


@client("anthropic", door=MESSAGES, feature="parallel tools (streamed too)")
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_parallel_tool_calls_and_their_results(anthropic_client: anthropic.Anthropic, model: str, stream: bool) -> None:
    question: list[Any] = [{"role": "user", "content": "Please use the tool weather and the tool population."}]
    if stream:
        with anthropic_client.messages.stream(model=model, max_tokens=500, messages=question, tools=TOOLS) as events:
            answer: Any = events.get_final_message()
    else:
        answer = anthropic_client.messages.create(model=model, max_tokens=500, messages=question, tools=TOOLS)
    calls = [block for block in answer.content if block.type == "tool_use"]
    assert answer.stop_reason == "tool_use"
    assert sorted(call.name for call in calls) == ["population", "weather"]
    assert all("city" in call.input for call in calls)
    results = [{"type": "tool_result", "tool_use_id": call.id, "content": "42"} for call in calls]
    history = [*question, {"role": "assistant", "content": answer.content}, {"role": "user", "content": results}]
    after = anthropic_client.messages.create(model=model, max_tokens=300, messages=history, tools=TOOLS)
    assert after.content


@client("anthropic", door=MESSAGES, feature="JSON schema")
@pytest.mark.parametrize("model", MODELS)
def test_parse_gives_an_object_of_the_schema(anthropic_client: anthropic.Anthropic, model: str) -> None:
    answer = anthropic_client.messages.parse(model=model, max_tokens=500, messages=HELLO, output_format=Town)
    assert isinstance(answer.parsed_output, Town)


@client("anthropic", door=MESSAGES, feature="async")
@pytest.mark.anyio
async def test_the_asynchronous_calls_answer_too(gateway: GatewayProcess) -> None:
    async with anthropic.AsyncAnthropic(base_url=gateway.url, api_key=gateway.key, max_retries=0) as sdk:
        whole = await sdk.messages.create(model="sim/small", max_tokens=300, messages=HELLO)
        async with sdk.messages.stream(model="sim/small", max_tokens=300, messages=HELLO) as stream:
            folded = await stream.get_final_message()
    assert [block.to_dict() for block in folded.content] == [block.to_dict() for block in whole.content]


@client("anthropic", door=MESSAGES, feature="thinking")
@pytest.mark.parametrize("model", ["sim/large", "messages-large"])
def test_thinking_comes_before_the_text(anthropic_client: anthropic.Anthropic, model: str) -> None:
    answer = anthropic_client.messages.create(
        model=model, max_tokens=3000, messages=HELLO, thinking={"type": "enabled", "budget_tokens": 1024}
    )
    assert [block.type for block in answer.content] == ["thinking", "text"]


@client("anthropic", door=MESSAGES, feature="cache markers")
def test_cache_writes_are_charged_at_their_price(
    gateway: GatewayProcess, anthropic_client: anthropic.Anthropic
) -> None:
    system: list[Any] = [{"type": "text", "text": "Long rules. " * 40, "cache_control": {"type": "ephemeral"}}]
    raw = anthropic_client.messages.with_raw_response.create(
        model="sim/large", max_tokens=50, system=system, messages=HELLO
    )
    usage = raw.parse().usage
    assert usage.cache_creation_input_tokens
    event = gateway.cost_event(raw.headers["x-request-id"])
    assert json.loads(event["quantities"])["cache_write"] == usage.cache_creation_input_tokens
    billed = next(entry for entry in bill(gateway) if entry["request_id"] == raw.headers["x-request-id"])
    assert event["amount_nano"] == billed["billed_nano"]


@client("anthropic", door="/v1/messages/count_tokens", feature="count_tokens")
@pytest.mark.parametrize("model", ["sim/small", "messages-small"])
def test_count_tokens_is_free(gateway: GatewayProcess, anthropic_client: anthropic.Anthropic, model: str) -> None:
    raw = anthropic_client.messages.with_raw_response.count_tokens(model=model, messages=HELLO)
    assert raw.parse().input_tokens > 0
    assert gateway.cost_event(raw.headers["x-request-id"])["amount_nano"] == 0


def test_count_tokens_of_a_model_that_cannot_count_says_so(anthropic_client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.NotFoundError) as caught:
        anthropic_client.messages.count_tokens(model="chat-small", messages=HELLO)
    assert "count_tokens" in str(caught.value)


@client("anthropic", door="/v1/models", feature="list")
def test_models_are_listed_in_anthropics_shape(anthropic_client: anthropic.Anthropic) -> None:
    assert {"sim/small", "chat-small"} <= {model.id for model in anthropic_client.models.list()}


@client("anthropic", door=MESSAGES, feature="errors")
def test_errors_are_the_sdks_own_classes(anthropic_client: anthropic.Anthropic) -> None:
    with pytest.raises(anthropic.NotFoundError) as unknown:
        anthropic_client.messages.create(model="no-such-model", max_tokens=5, messages=HELLO)
    body: Any = unknown.value.body
    assert (body["type"], body["error"]["type"]) == ("error", "not_found_error")
    assert body["request_id"] == unknown.value.request_id
    with pytest.raises(anthropic.AuthenticationError):
        anthropic_client.with_options(api_key="sk-hg-wrong").messages.create(
            model="sim/small", max_tokens=5, messages=HELLO
        )


@client("anthropic", door=MESSAGES, feature="errors")
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("status", "error"),
    [(400, anthropic.BadRequestError), (429, anthropic.RateLimitError), (529, anthropic.InternalServerError)],
)
def test_a_providers_error_arrives_and_costs_nothing(
    gateway: GatewayProcess,
    anthropic_client: anthropic.Anthropic,
    model: str,
    status: int,
    error: type[anthropic.APIStatusError],
) -> None:
    with knobs(gateway, error={"status": status, "retry_after": 3}), pytest.raises(error) as caught:
        anthropic_client.messages.create(model=model, max_tokens=50, messages=HELLO)
    assert caught.value.status_code == status
    event = gateway.cost_event(caught.value.response.headers["x-request-id"])
    assert (event["outcome"], event["amount_nano"]) == ("rejected", 0)


@client("anthropic", door=MESSAGES, feature="auth_token")
def test_the_same_key_works_as_bearer_and_as_x_api_key(gateway: GatewayProcess) -> None:
    with anthropic.Anthropic(base_url=gateway.url, auth_token=gateway.key, api_key=None) as client:
        assert client.messages.create(model="sim/small", max_tokens=5, messages=HELLO).content


def test_an_answer_has_the_id_that_is_in_the_log(
    gateway: GatewayProcess, anthropic_client: anthropic.Anthropic
) -> None:
    asked: list[Any] = [{"role": "user", "content": "hi"}]
    answer = anthropic_client.messages.create(model="sim/small", max_tokens=20, messages=asked)
    assert answer._request_id is not None
    assert gateway.request_log(answer._request_id)["status"] == 200

"""Mistral's own SDK against a running gateway, with upstreams of either format."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from mistralai.client import Mistral
from mistralai.client.errors import ResponseValidationError, SDKError
from pydantic import BaseModel

from tests.kit.clients import TEAM, client, paid_calls
from tests.kit.gateway import GatewayProcess
from tests.kit.purses import Purse, open_purses
from tests.kit.simulator import knobs

CHAT = "/v1/chat/completions"
MODELS = ["sim/small", "chat-small", "messages-small"]
HELLO: list[Any] = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Say hello"}]
QUESTION: dict[str, Any] = {"role": "user", "content": "Please use the tool weather."}
TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "description": "Looks up the weather.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
]


class Town(BaseModel):
    """What a structured answer is about."""

    name: str
    inhabitants: int


@pytest.fixture(scope="module")
def mistral(gateway: GatewayProcess) -> Iterator[Mistral]:
    """Mistral's own SDK."""
    with Mistral(api_key=gateway.key, server_url=gateway.url) as made:
        yield made


@pytest.fixture(scope="module")
def poor(gateway: GatewayProcess) -> Purse:
    """A key without money."""
    return open_purses(gateway, {"mistral poor": [{"limit": "0.000000001"}]})["mistral poor"]


@client("mistralai", door=CHAT, feature="complete")
@pytest.mark.parametrize("model", MODELS)
def test_complete_answers_and_costs_what_was_billed(gateway: GatewayProcess, mistral: Mistral, model: str) -> None:
    team = f"mistral {model}"
    answer = mistral.chat.complete(model=model, messages=HELLO, http_headers={TEAM: team})
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == (answer.usage.prompt_tokens or 0) + (answer.usage.completion_tokens or 0)
    [event] = paid_calls(gateway, team)
    assert event["prompt_tokens"] == answer.usage.prompt_tokens
    assert event["completion_tokens"] == answer.usage.completion_tokens


@client("mistralai", door=CHAT, feature="stream")
@pytest.mark.parametrize("model", MODELS)
def test_a_stream_says_what_the_whole_answer_says(gateway: GatewayProcess, mistral: Mistral, model: str) -> None:
    whole = mistral.chat.complete(model=model, messages=HELLO)
    team = f"mistral stream {model}"
    with mistral.chat.stream(model=model, messages=HELLO, http_headers={TEAM: team}) as events:
        chunks = [event.data for event in events]
    text = "".join(str(chunk.choices[0].delta.content or "") for chunk in chunks)
    assert text == whole.choices[0].message.content
    assert chunks[-1].choices[0].finish_reason == "stop"
    [event] = paid_calls(gateway, team)
    assert event["completion_tokens"] == whole.usage.completion_tokens


@client("mistralai", door=CHAT, feature="async")
@pytest.mark.anyio
async def test_the_asynchronous_calls_answer_too(gateway: GatewayProcess) -> None:
    async with Mistral(api_key=gateway.key, server_url=gateway.url) as mistral:
        whole = await mistral.chat.complete_async(model="sim/small", messages=HELLO)
        async with await mistral.chat.stream_async(model="sim/small", messages=HELLO) as events:
            text = "".join([str(event.data.choices[0].delta.content or "") async for event in events])
    assert text == whole.choices[0].message.content


@client("mistralai", door=CHAT, feature="tools")
@pytest.mark.parametrize("model", MODELS)
def test_a_tool_is_called_and_its_result_is_taken(mistral: Mistral, model: str) -> None:
    answer = mistral.chat.complete(model=model, messages=[QUESTION], tools=TOOLS)
    assert answer.choices[0].finish_reason == "tool_calls"
    said = answer.choices[0].message
    [call] = said.tool_calls or []
    assert call.function.name == "weather"
    assert "city" in json.loads(str(call.function.arguments))
    result: dict[str, Any] = {"role": "tool", "tool_call_id": call.id, "name": "weather", "content": "Sunny."}
    after = mistral.chat.complete(model=model, messages=[QUESTION, said, result], tools=TOOLS)  # type: ignore[list-item]
    assert after.choices[0].message.content


@client("mistralai", door=CHAT, feature="streamed tools of providers that send calls whole")
@pytest.mark.parametrize("model", ["sim/small", "chat-small"])
def test_a_streamed_tool_call_that_comes_whole_is_read(gateway: GatewayProcess, mistral: Mistral, model: str) -> None:
    ask: dict[str, Any] = {"model": model, "messages": [QUESTION], "tools": TOOLS}
    with knobs(gateway, calls_in_one_chunk=True), mistral.chat.stream(**ask) as events:
        [call] = [call for event in events for call in event.data.choices[0].delta.tool_calls or []]
    assert call.function.name == "weather"
    assert "city" in json.loads(str(call.function.arguments))


@pytest.mark.parametrize("model", MODELS)
def test_the_sdk_cannot_read_arguments_that_come_in_pieces(mistral: Mistral, model: str) -> None:
    """What docs/reference/clients.md says of it: it wants the tool's name with every piece."""
    with (
        mistral.chat.stream(model=model, messages=[QUESTION], tools=TOOLS) as events,
        pytest.raises(ResponseValidationError, match=r"function\.name"),
    ):
        list(events)


@client("mistralai", door=CHAT, feature="JSON schema")
@pytest.mark.parametrize("model", MODELS)
def test_parse_gives_an_object_of_the_schema(mistral: Mistral, model: str) -> None:
    answer = mistral.chat.parse(Town, model=model, messages=[{"role": "user", "content": "Describe a town"}])
    assert answer.choices is not None
    assert isinstance(answer.choices[0].message.parsed, Town)  # type: ignore[union-attr]


@client("mistralai", door="/v1/embeddings", feature="embeddings")
def test_embeddings_are_priced(gateway: GatewayProcess, mistral: Mistral) -> None:
    team = "mistral embeddings"
    answer = mistral.embeddings.create(model="sim/embed", inputs=["one", "two"], http_headers={TEAM: team})
    assert [len(item.embedding or []) for item in answer.data] == [256, 256]
    [event] = paid_calls(gateway, team)
    assert event["prompt_tokens"] == answer.usage.prompt_tokens


@client("mistralai", door=CHAT, feature="errors")
def test_errors_have_their_status_and_say_why(gateway: GatewayProcess, mistral: Mistral, poor: Purse) -> None:
    with pytest.raises(SDKError) as unknown:
        mistral.chat.complete(model="no-such-model", messages=HELLO)
    assert (unknown.value.status_code, error_of(unknown.value)["code"]) == (404, "model_not_found")
    assert unknown.value.headers["x-request-id"] in error_of(unknown.value)["message"]
    with Mistral(api_key=poor.key, server_url=gateway.url) as spent, pytest.raises(SDKError) as refused:
        spent.chat.complete(model="sim/small", messages=HELLO)
    assert (refused.value.status_code, error_of(refused.value)["code"]) == (429, "limit_exceeded")
    assert "Budget 'mistral poor 0'" in error_of(refused.value)["message"]
    with Mistral(api_key="sk-hg-wrong", server_url=gateway.url) as stranger, pytest.raises(SDKError) as wrong:
        stranger.chat.complete(model="sim/small", messages=HELLO)
    assert (wrong.value.status_code, error_of(wrong.value)["code"]) == (401, "invalid_api_key")


@client("mistralai", door=CHAT, feature="errors")
def test_a_providers_error_arrives_and_costs_nothing(gateway: GatewayProcess, mistral: Mistral) -> None:
    with knobs(gateway, error={"status": 503}), pytest.raises(SDKError) as caught:
        mistral.chat.complete(model="sim/small", messages=HELLO)
    assert caught.value.status_code == 503
    event = gateway.cost_event(caught.value.headers["x-request-id"])
    assert (event["outcome"], event["amount_nano"]) == ("rejected", 0)


def error_of(error: SDKError) -> Any:
    """The SDK leaves the envelope to its user."""
    return json.loads(error.body)["error"]


@client("mistralai", door="/v1/responses", feature="create")
@pytest.mark.parametrize("model", MODELS)
def test_responses_are_created(gateway: GatewayProcess, mistral: Mistral, model: str) -> None:
    team = f"mistral responses {model}"
    answer: Any = mistral.responses.create(model=model, input="Say hello", http_headers={TEAM: team})
    assert answer.output
    [event] = paid_calls(gateway, team)
    assert event["endpoint"] == "/v1/responses"

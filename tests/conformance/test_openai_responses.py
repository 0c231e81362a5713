"""OpenAI's own SDK at the Responses door of a running gateway, with upstreams of several formats."""

from typing import Any

import openai
import pytest
from pydantic import BaseModel

from tests.kit.clients import client
from tests.kit.gateway import GatewayProcess
from tests.kit.simulator import billed, knobs

RESPONSES = "/v1/responses"
MODELS = ["sim/small", "chat-small", "messages-small"]
ASK: dict[str, Any] = {"instructions": "Be kind.", "input": "Say hello"}
QUESTION: dict[str, Any] = {"role": "user", "content": "Please use the tool weather and the tool population."}
TOOLS: list[Any] = [
    {
        "type": "function",
        "name": name,
        "description": f"Looks up the {name}.",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        "strict": False,
    }
    for name in ("weather", "population")
]


class Town(BaseModel):
    """What a structured answer is about."""

    name: str
    inhabitants: int


@client("openai", door=RESPONSES, feature="create")
@pytest.mark.parametrize("model", MODELS)
def test_create_answers_and_costs_what_was_billed(
    gateway: GatewayProcess, openai_client: openai.OpenAI, model: str
) -> None:
    raw = openai_client.responses.with_raw_response.create(model=model, store=False, **ASK)
    answer = raw.parse()
    assert answer.output_text
    assert answer.status == "completed"
    assert answer.usage is not None
    event = gateway.cost_event(raw.headers["x-request-id"])
    assert event["amount_nano"] == billed(gateway, raw.headers["x-request-id"])
    assert (event["prompt_tokens"], event["completion_tokens"]) == (
        answer.usage.input_tokens,
        answer.usage.output_tokens,
    )


@client("openai", door=RESPONSES, feature="stream")
@pytest.mark.parametrize("model", MODELS)
def test_a_stream_says_what_the_whole_answer_says(openai_client: openai.OpenAI, model: str) -> None:
    whole = openai_client.responses.create(model=model, store=False, **ASK)
    with openai_client.responses.stream(model=model, store=False, **ASK) as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        folded = stream.get_final_response()
    assert text == folded.output_text == whole.output_text
    assert folded.usage == whole.usage


@client("openai", door=RESPONSES, feature="parallel tools (streamed too)")
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_tools_are_called_and_their_results_taken(openai_client: openai.OpenAI, model: str, stream: bool) -> None:
    ask: dict[str, Any] = {"model": model, "input": [QUESTION], "tools": TOOLS, "store": False}
    if stream:
        with openai_client.responses.stream(**ask) as events:
            answer: Any = events.get_final_response()
    else:
        answer = openai_client.responses.create(**ask)
    calls = [item for item in answer.output if item.type == "function_call"]
    assert sorted(call.name for call in calls) == ["population", "weather"]
    assert all('"city"' in call.arguments for call in calls)
    said = [
        {"type": "function_call", "call_id": call.call_id, "name": call.name, "arguments": call.arguments}
        for call in calls
    ]
    results = [{"type": "function_call_output", "call_id": call.call_id, "output": "42"} for call in calls]
    after = openai_client.responses.create(
        model=model,
        input=[QUESTION, *said, *results],  # type: ignore[list-item]
        tools=TOOLS,
        store=False,
    )
    assert after.output_text


@client("openai", door=RESPONSES, feature="JSON schema")
@pytest.mark.parametrize("model", MODELS)
def test_parse_gives_an_object_of_the_schema(openai_client: openai.OpenAI, model: str) -> None:
    answer = openai_client.responses.parse(model=model, text_format=Town, store=False, **ASK)
    assert isinstance(answer.output_parsed, Town)


@client("openai", door=RESPONSES, feature="async")
@pytest.mark.anyio
async def test_the_asynchronous_calls_answer_too(gateway: GatewayProcess) -> None:
    async with openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0) as sdk:
        whole = await sdk.responses.create(model="sim/small", store=False, **ASK)
        events = await sdk.responses.create(model="sim/small", store=False, stream=True, **ASK)
        text = "".join([event.delta async for event in events if event.type == "response.output_text.delta"])
    assert text == whole.output_text


@client("openai", door=RESPONSES, feature="errors")
def test_errors_are_the_sdks_own_classes(openai_client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        openai_client.responses.create(model="no-such-model", **ASK)
    assert unknown.value.code == "model_not_found"
    assert str(unknown.value.request_id) in unknown.value.message


@client("openai", door=RESPONSES, feature="errors")
@pytest.mark.parametrize("model", MODELS)
def test_a_providers_error_arrives_and_costs_nothing(
    gateway: GatewayProcess, openai_client: openai.OpenAI, model: str
) -> None:
    with knobs(gateway, error={"status": 429}), pytest.raises(openai.RateLimitError) as caught:
        openai_client.responses.create(model=model, store=False, **ASK)
    event = gateway.cost_event(caught.value.response.headers["x-request-id"])
    assert (event["outcome"], event["amount_nano"]) == ("rejected", 0)


@client("openai", door=RESPONSES, feature="broken streams")
@pytest.mark.parametrize("model", MODELS)
def test_a_stream_that_breaks_is_an_error_not_a_short_answer(
    gateway: GatewayProcess, openai_client: openai.OpenAI, model: str
) -> None:
    with knobs(gateway, break_after=3), pytest.raises(openai.APIError):
        list(openai_client.responses.create(model=model, store=False, stream=True, **ASK))

"""OpenAI's own SDK against a running gateway, with upstreams of either format."""

from typing import Any

import openai
import pytest
from pydantic import BaseModel

from tests.kit.clients import client
from tests.kit.gateway import GatewayProcess
from tests.kit.simulator import billed, knobs

CHAT = "/v1/chat/completions"
MODELS = ["sim/small", "chat-small", "messages-small", "converse-small"]
TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": f"Looks up the {name}.",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
    for name in ("weather", "population")
]
HELLO: list[Any] = [{"role": "system", "content": "Be kind."}, {"role": "user", "content": "Say hello"}]


class Town(BaseModel):
    """What a structured answer is about."""

    name: str
    inhabitants: int


@client("openai", door=CHAT, feature="create")
@pytest.mark.parametrize("model", MODELS)
def test_create_answers_with_text_usage_and_a_finish_reason(openai_client: openai.OpenAI, model: str) -> None:
    answer = openai_client.chat.completions.create(model=model, messages=HELLO)
    assert answer.object == "chat.completion"
    assert answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage is not None
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


@client("openai", door=CHAT, feature="stream")
@pytest.mark.parametrize("model", MODELS)
def test_a_stream_says_what_the_whole_answer_says(openai_client: openai.OpenAI, model: str) -> None:
    whole = openai_client.chat.completions.create(model=model, messages=HELLO)
    chunks = list(
        openai_client.chat.completions.create(
            model=model, messages=HELLO, stream=True, stream_options={"include_usage": True}
        )
    )
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    assert chunks[-1].usage == whole.usage
    assert [chunk.choices[0].finish_reason for chunk in chunks if chunk.choices][-1] == "stop"


@client("openai", door=CHAT, feature="stream")
@pytest.mark.parametrize("model", MODELS)
def test_usage_that_was_not_asked_for_is_not_shown(
    gateway: GatewayProcess, openai_client: openai.OpenAI, model: str
) -> None:
    raw = openai_client.chat.completions.with_raw_response.create(model=model, messages=HELLO, stream=True)
    chunks = list(raw.parse())
    assert [chunk.usage for chunk in chunks if chunk.usage] == []
    assert all(chunk.choices for chunk in chunks)
    event = gateway.cost_event(raw.headers["x-request-id"])
    assert (event["outcome"], event["completion_tokens"] > 0) == ("ok", True)


@client("openai", door=CHAT, feature="parallel tools (streamed too)")
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
def test_parallel_tool_calls_arrive_with_ids_and_arguments(
    openai_client: openai.OpenAI, model: str, stream: bool
) -> None:
    question: list[Any] = [{"role": "user", "content": "Please use the tool weather and the tool population."}]
    if stream:
        with openai_client.chat.completions.stream(model=model, messages=question, tools=TOOLS) as events:
            answer = events.get_final_completion()
    else:
        answer = openai_client.chat.completions.create(model=model, messages=question, tools=TOOLS)  # type: ignore[assignment]
    calls = answer.choices[0].message.tool_calls
    assert calls is not None
    assert answer.choices[0].finish_reason == "tool_calls"
    assert sorted(call.function.name for call in calls) == ["population", "weather"]
    assert len({call.id for call in calls}) == 2
    assert all('"city"' in call.function.arguments for call in calls)
    history = [
        *question,
        answer.choices[0].message.model_dump(exclude_none=True, exclude={"parsed"}),
        *({"role": "tool", "tool_call_id": call.id, "content": "42"} for call in calls),
    ]
    for message in history:
        for call in message.get("tool_calls") or []:
            call["function"].pop("parsed_arguments", None)
    after = openai_client.chat.completions.create(model=model, messages=history, tools=TOOLS)
    assert after.choices[0].message.content


@client("openai", door=CHAT, feature="JSON schema")
@pytest.mark.parametrize("model", MODELS)
def test_parse_gives_an_object_of_the_schema(openai_client: openai.OpenAI, model: str) -> None:
    answer = openai_client.chat.completions.parse(model=model, messages=HELLO, response_format=Town)
    assert isinstance(answer.choices[0].message.parsed, Town)


@client("openai", door=CHAT, feature="async")
@pytest.mark.anyio
async def test_the_asynchronous_calls_answer_too(gateway: GatewayProcess) -> None:
    async with openai.AsyncOpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0) as sdk:
        whole = await sdk.chat.completions.create(model="sim/small", messages=HELLO)
        chunks = await sdk.chat.completions.create(model="sim/small", messages=HELLO, stream=True)
        text = "".join([chunk.choices[0].delta.content or "" async for chunk in chunks])
    assert text == whole.choices[0].message.content


@client("openai", door=CHAT, feature="images")
@pytest.mark.parametrize("model", MODELS)
def test_images_travel(openai_client: openai.OpenAI, model: str) -> None:
    pixel = (
        "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk"
        "+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    )
    content: list[Any] = [{"type": "text", "text": "What is this?"}, {"type": "image_url", "image_url": {"url": pixel}}]
    answer = openai_client.chat.completions.create(model=model, messages=[{"role": "user", "content": content}])  # type: ignore[misc, list-item]
    assert answer.choices[0].message.content


@client("openai", door=CHAT, feature="limits")
@pytest.mark.parametrize("model", MODELS)
def test_a_limit_ends_with_length(openai_client: openai.OpenAI, model: str) -> None:
    answer = openai_client.chat.completions.create(model=model, messages=HELLO, max_tokens=5)
    assert answer.choices[0].finish_reason == "length"
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 5


@client("openai", door=CHAT, feature="reasoning")
@pytest.mark.parametrize("model", ["sim/reasoner", "chat-reasoner"])
def test_reasoning_tokens_are_counted(gateway: GatewayProcess, openai_client: openai.OpenAI, model: str) -> None:
    raw = openai_client.chat.completions.with_raw_response.create(model=model, messages=HELLO)
    usage = raw.parse().usage
    assert usage is not None
    assert usage.completion_tokens_details is not None
    assert usage.completion_tokens_details.reasoning_tokens
    event = gateway.cost_event(raw.headers["x-request-id"])
    assert event["completion_tokens"] == usage.completion_tokens
    assert event["amount_nano"] == billed(gateway, raw.headers["x-request-id"])


@client("openai", door="/v1/embeddings", feature="embeddings")
def test_embeddings_are_priced(gateway: GatewayProcess, openai_client: openai.OpenAI) -> None:
    raw = openai_client.embeddings.with_raw_response.create(model="sim/embed", input=["one", "two"])
    answer = raw.parse()
    assert [len(item.embedding) for item in answer.data] == [256, 256]
    event = gateway.cost_event(raw.headers["x-request-id"])
    assert event["prompt_tokens"] == answer.usage.prompt_tokens
    assert event["amount_nano"] == billed(gateway, raw.headers["x-request-id"])


@client("openai", door="/v1/models", feature="list, retrieve")
def test_models_are_listed_with_their_price(openai_client: openai.OpenAI) -> None:
    models = {model.id: model for model in openai_client.models.list()}
    assert {"sim/small", "sim/embed", "chat-small", "messages-small"} <= models.keys()
    assert openai_client.models.retrieve("sim/small").model_extra["pricing"]["input"] == 0.23  # type: ignore[index]


@client("openai", door=CHAT, feature="errors")
def test_errors_are_the_sdks_own_classes(openai_client: openai.OpenAI) -> None:
    with pytest.raises(openai.NotFoundError) as unknown:
        openai_client.chat.completions.create(model="no-such-model", messages=HELLO)
    assert unknown.value.code == "model_not_found"
    assert unknown.value.request_id
    assert str(unknown.value.request_id) in unknown.value.message
    with pytest.raises(openai.AuthenticationError):
        openai_client.with_options(api_key="sk-hg-wrong").chat.completions.create(model="sim/small", messages=HELLO)
    with pytest.raises(openai.BadRequestError) as bad:
        openai_client.chat.completions.create(model="sim/small", messages=HELLO, n=-1)
    assert bad.value.param == "n"


@client("openai", door=CHAT, feature="errors")
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, openai.BadRequestError),
        (401, openai.AuthenticationError),
        (429, openai.RateLimitError),
        (500, openai.InternalServerError),
        (529, openai.InternalServerError),
    ],
)
def test_a_providers_error_arrives_and_costs_nothing(
    gateway: GatewayProcess, openai_client: openai.OpenAI, model: str, status: int, error: type[openai.APIStatusError]
) -> None:
    with knobs(gateway, error={"status": status, "retry_after": 3}), pytest.raises(error) as caught:
        openai_client.chat.completions.create(model=model, messages=HELLO)
    assert caught.value.status_code == status
    event = gateway.cost_event(caught.value.response.headers["x-request-id"])
    assert (event["outcome"], event["amount_nano"]) == ("rejected", 0)


@client("openai", door=CHAT, feature="broken streams")
@pytest.mark.parametrize("model", MODELS)
def test_a_stream_that_breaks_is_an_error_not_a_short_answer(
    gateway: GatewayProcess, openai_client: openai.OpenAI, model: str
) -> None:
    with knobs(gateway, break_after=3):
        raw = openai_client.chat.completions.with_raw_response.create(model=model, messages=HELLO, stream=True)
        with pytest.raises(openai.APIError):
            list(raw.parse())
    event = gateway.cost_event(raw.headers["x-request-id"])
    assert (event["outcome"], event["estimated"]) == ("estimated", 1)
    assert event["amount_nano"] == event["hold_nano"] >= billed(gateway, raw.headers["x-request-id"])


@client("openai", door=CHAT, feature="unknown fields")
def test_unknown_fields_travel_untouched(gateway: GatewayProcess, openai_client: openai.OpenAI) -> None:
    answer = openai_client.chat.completions.create(
        model="sim/small", messages=HELLO, extra_body={"simulate": {"output_tokens": 7}}
    )
    assert answer.usage is not None
    assert answer.usage.completion_tokens == 7


@client("openai", door=CHAT, feature="whom to charge")
def test_attribution_and_request_id_reach_the_books(gateway: GatewayProcess, openai_client: openai.OpenAI) -> None:
    raw = openai_client.chat.completions.with_raw_response.create(
        model="sim/small", messages=HELLO, extra_headers={"x-headgate-team": "growth", "x-headgate-user": "u-17"}
    )
    request_id = raw.headers["x-request-id"]
    event, row = gateway.cost_event(request_id), gateway.request_log(request_id)
    assert request_id.startswith("aigw_")
    assert (event["team"], event["end_user"]) == ("growth", "u-17")
    assert (row["team"], row["status"], row["cost_nano"]) == ("growth", 200, event["amount_nano"])

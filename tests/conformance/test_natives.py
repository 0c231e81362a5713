"""Providers whose formats have no door, behind the doors of OpenAI and Anthropic, by those two's own SDKs.

Everything that is answered is in the books at exactly what the simulator billed.
"""

import json
from typing import Any

import anthropic
import openai
import pytest

from tests.kit.gateway import GatewayProcess
from tests.kit.simulator import billed, knobs

FORMATS = ["cohere.chat", "ollama.chat", "tgi.generate"]
HELLO: list[Any] = [{"role": "user", "content": "Say hello"}]
QUESTION: list[Any] = [{"role": "user", "content": "Please use the tool weather and the tool population."}]
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
PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


def is_in_the_books(gateway: GatewayProcess, request_id: str) -> dict[str, Any]:
    event = gateway.cost_event(request_id)
    assert (event["outcome"], event["amount_nano"]) == ("ok", billed(gateway, request_id))
    return event


@pytest.mark.parametrize("name", FORMATS)
def test_openais_sdk_gets_the_same_whole_and_streamed(
    gateway: GatewayProcess, openai_client: openai.OpenAI, name: str
) -> None:
    api = openai_client.chat.completions.with_raw_response
    raw = api.create(model=f"{name}-small", messages=HELLO, temperature=0.5, top_p=1.0, max_tokens=200)
    whole = raw.parse()
    stream = api.create(
        model=f"{name}-small",
        messages=HELLO,
        temperature=0.5,
        top_p=1.0,
        max_tokens=200,
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = list(stream.parse())
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert (whole.choices[0].message.content, "stop") == (text, whole.choices[0].finish_reason)
    assert whole.usage == chunks[-1].usage
    assert whole.usage is not None
    event = is_in_the_books(gateway, raw.headers["x-request-id"])
    assert (event["prompt_tokens"], event["completion_tokens"]) == (
        whole.usage.prompt_tokens,
        whole.usage.completion_tokens,
    )
    is_in_the_books(gateway, stream.headers["x-request-id"])
    assert {whole.model} | {chunk.model for chunk in chunks} == {"small"}


@pytest.mark.parametrize("name", FORMATS)
def test_anthropics_sdk_gets_the_same_whole_and_streamed(
    gateway: GatewayProcess, anthropic_client: anthropic.Anthropic, name: str
) -> None:
    raw = anthropic_client.messages.with_raw_response.create(
        model=f"{name}-small", max_tokens=300, system="Be kind.", messages=HELLO
    )
    whole = raw.parse()
    with anthropic_client.messages.stream(
        model=f"{name}-small", max_tokens=300, system="Be kind.", messages=HELLO
    ) as stream:
        folded = stream.get_final_message()
    assert [block.to_dict() for block in whole.content] == [block.to_dict() for block in folded.content]
    assert (whole.stop_reason, whole.usage.output_tokens) == (folded.stop_reason, folded.usage.output_tokens)
    assert whole.usage.input_tokens == folded.usage.input_tokens > 0
    is_in_the_books(gateway, raw.headers["x-request-id"])


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "streamed"])
@pytest.mark.parametrize("name", ["cohere.chat", "ollama.chat"])
def test_tools_are_called_and_their_results_go_back(
    gateway: GatewayProcess, openai_client: openai.OpenAI, name: str, stream: bool
) -> None:
    if stream:
        with openai_client.chat.completions.stream(model=f"{name}-small", messages=QUESTION, tools=TOOLS) as events:
            answer: Any = events.get_final_completion()
    else:
        answer = openai_client.chat.completions.create(model=f"{name}-small", messages=QUESTION, tools=TOOLS)
    calls = answer.choices[0].message.tool_calls
    assert "tool_calls" == answer.choices[0].finish_reason
    assert ["population", "weather"] == sorted(call.function.name for call in calls)
    assert all("city" in json.loads(call.function.arguments) for call in calls)
    history = [
        *QUESTION,
        {
            "role": "assistant",
            "tool_calls": [
                {
                    "id": c.id,
                    "type": "function",
                    "function": {"name": c.function.name, "arguments": c.function.arguments},
                }
                for c in calls
            ],
        },
        *({"role": "tool", "tool_call_id": call.id, "content": "42"} for call in calls),
    ]
    raw = openai_client.chat.completions.with_raw_response.create(
        model=f"{name}-small",
        messages=history,
        tools=TOOLS,  # type: ignore[arg-type]
    )
    assert raw.parse().choices[0].message.content
    is_in_the_books(gateway, raw.headers["x-request-id"])


@pytest.mark.parametrize("name", ["cohere.chat", "ollama.chat"])
def test_pictures_travel(openai_client: openai.OpenAI, name: str) -> None:
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
    content = [{"type": "text", "text": "What is this?"}, picture]
    said: list[Any] = [{"role": "user", "content": content}]
    assert openai_client.chat.completions.create(model=f"{name}-small", messages=said).choices[0].message.content


@pytest.mark.parametrize("name", FORMATS)
def test_an_answer_has_the_shape_that_was_asked_for(openai_client: openai.OpenAI, name: str) -> None:
    shape: Any = {"type": "json_schema", "json_schema": {"name": "place", "schema": SCHEMA}}
    answer = openai_client.chat.completions.create(model=f"{name}-small", messages=HELLO, response_format=shape)
    assert "city" in json.loads(answer.choices[0].message.content or "")


@pytest.mark.parametrize("name", ["cohere.chat", "ollama.chat"])
def test_thinking_reaches_both_sdks(
    gateway: GatewayProcess, openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic, name: str
) -> None:
    raw = openai_client.chat.completions.with_raw_response.create(model=f"{name}-reasoner", messages=HELLO)
    assert raw.parse().choices[0].message.reasoning_content  # type: ignore[attr-defined]
    is_in_the_books(gateway, raw.headers["x-request-id"])
    with anthropic_client.messages.stream(model=f"{name}-reasoner", max_tokens=4_000, messages=HELLO) as stream:
        assert ["thinking", "text"] == [block.type for block in stream.get_final_message().content]


@pytest.mark.parametrize("name", FORMATS)
def test_a_limit_and_a_stop_sequence_end_it(openai_client: openai.OpenAI, name: str) -> None:
    cut = openai_client.chat.completions.create(model=f"{name}-small", messages=HELLO, max_completion_tokens=5)
    assert ("length", 5) == (cut.choices[0].finish_reason, cut.usage and cut.usage.completion_tokens)
    said: list[Any] = [{"role": "user", "content": "one two three"}]
    stopped = openai_client.chat.completions.create(model=f"{name}-echo", messages=said, stop=["two"])
    assert ("one ", "stop") == (stopped.choices[0].message.content, stopped.choices[0].finish_reason)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(("status", "error"), [(429, openai.RateLimitError), (500, openai.InternalServerError)])
def test_errors_keep_their_status_and_their_words(
    gateway: GatewayProcess, openai_client: openai.OpenAI, name: str, status: int, error: type[openai.APIStatusError]
) -> None:
    with knobs(gateway, error={"status": status}), pytest.raises(error, match="The simulator was told") as refused:
        openai_client.chat.completions.create(model=f"{name}-small", messages=HELLO)
    assert status == refused.value.status_code


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("fault", ["error_event_after", "malformed_after", "break_after"])
def test_a_stream_that_breaks_is_never_taken_for_a_whole_answer(
    gateway: GatewayProcess, openai_client: openai.OpenAI, anthropic_client: anthropic.Anthropic, name: str, fault: str
) -> None:
    with knobs(gateway, output_tokens=20, **{fault: 3}):
        raw = openai_client.chat.completions.with_raw_response.create(
            model=f"{name}-small", messages=HELLO, max_tokens=50, stream=True
        )
        with pytest.raises(openai.APIError):
            list(raw.parse())
        with (
            pytest.raises(anthropic.APIError),
            anthropic_client.messages.stream(model=f"{name}-small", max_tokens=50, messages=HELLO) as stream,
        ):
            stream.get_final_message()
    request_id = raw.headers["x-request-id"]
    event = gateway.cost_event(request_id)
    assert ("estimated", True) == (event["outcome"], event["amount_nano"] >= billed(gateway, request_id))


@pytest.mark.parametrize("name", FORMATS)
def test_an_answer_without_usage_is_booked_at_its_hold(
    gateway: GatewayProcess, openai_client: openai.OpenAI, name: str
) -> None:
    with knobs(gateway, no_usage=True):
        raw = openai_client.chat.completions.with_raw_response.create(
            model=f"{name}-small", messages=HELLO, max_tokens=50
        )
    assert raw.parse().usage is None
    event = gateway.cost_event(raw.headers["x-request-id"])
    assert "estimated" == event["outcome"]
    assert event["amount_nano"] >= billed(gateway, raw.headers["x-request-id"])


@pytest.mark.parametrize(
    ("name", "field", "fields"),
    [
        ("tgi.generate", "tools", {"tools": TOOLS}),
        ("ollama.chat", "tool_choice", {"tools": TOOLS, "tool_choice": "required"}),
        ("cohere.chat", "parallel_tool_calls", {"tools": TOOLS, "parallel_tool_calls": False}),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(
    openai_client: openai.OpenAI, name: str, field: str, fields: dict[str, Any]
) -> None:
    with pytest.raises(openai.BadRequestError) as refused:
        openai_client.chat.completions.create(model=f"{name}-small", messages=HELLO, **fields)
    assert ("cannot_translate", field) == (refused.value.code, refused.value.param)

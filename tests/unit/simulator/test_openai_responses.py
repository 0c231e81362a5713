"""The official SDK against a running simulator."""

from typing import Any

import httpx2
import openai
import pytest
from openai.types.responses import Response

from tests.kit.translation import judge_responses

TOOLS: list[Any] = [
    {
        "type": "function",
        "name": name,
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    }
    for name in ("get_weather", "get_time")
]


def create(client: openai.OpenAI, model: str = "sim/small", **fields: Any) -> Response:
    return client.responses.create(model=model, **{"input": "Tell me about ships, please.", **fields})


def stream(http: httpx2.Client, **fields: Any) -> bytes:
    body = {"model": "sim/small", "input": "Tell me about ships, please.", "stream": True, **fields}
    return http.post("/v1/responses", json=body).content


def bill(http: httpx2.Client) -> list[dict[str, Any]]:
    return http.get("/_simulator/bill").json()


def test_an_answer_has_the_real_fields(openai_client: openai.OpenAI):
    answer = create(openai_client)
    assert answer.id.startswith("resp_")
    assert ("response", "completed", "sim/small", None) == (
        answer.object,
        answer.status,
        answer.model,
        answer.incomplete_details,
    )
    assert answer.output_text.endswith(".")
    assert answer.usage is not None
    assert answer.usage.input_tokens + answer.usage.output_tokens == answer.usage.total_tokens


def test_an_equal_question_is_answered_alike_streamed_or_not(openai_client: openai.OpenAI):
    whole = create(openai_client)
    with openai_client.responses.stream(model="sim/small", input="Tell me about ships, please.") as events:
        streamed = [*events][-1].response
    assert (whole.output_text, whole.usage) == (streamed.output_text, streamed.usage)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"max_output_tokens": 16},
        {"tools": TOOLS, "tool_choice": "required"},
        {"tools": TOOLS, "tool_choice": "required", "max_output_tokens": 16},
        {"model": "sim/reasoner"},
        {"model": "sim/reasoner", "reasoning": {"summary": "auto"}, "include": ["reasoning.encrypted_content"]},
    ],
)
def test_every_stream_is_in_order(http: httpx2.Client, fields: dict[str, Any]):
    judge_responses(stream(http, **fields))
    (entry,) = bill(http)
    assert (entry["completed"], entry["stream"], entry["endpoint"]) == (True, True, "/v1/responses")


def test_an_answer_that_ran_out_of_tokens_says_so(openai_client: openai.OpenAI):
    answer = create(openai_client, max_output_tokens=16)
    assert answer.incomplete_details is not None
    assert ("incomplete", "max_output_tokens") == (answer.status, answer.incomplete_details.reason)
    assert answer.usage is not None
    assert 16 == answer.usage.output_tokens


def test_tools_are_called(openai_client: openai.OpenAI):
    answer = create(openai_client, tools=TOOLS, tool_choice="required")
    assert ["get_weather", "get_time"] == [item.name for item in answer.output if item.type == "function_call"]
    named = create(openai_client, tools=TOOLS, tool_choice={"type": "function", "name": "get_time"})
    assert ["get_time"] == [item.name for item in named.output if item.type == "function_call"]


def test_reasoning_is_hidden_unless_it_is_asked_for(openai_client: openai.OpenAI):
    hidden, shown = (
        create(openai_client, "sim/reasoner", **fields).output[0]
        for fields in ({}, {"reasoning": {"summary": "auto"}, "include": ["reasoning.encrypted_content"]})
    )
    assert hidden.type == shown.type == "reasoning"
    assert ([], None) == (hidden.summary, hidden.encrypted_content)
    assert shown.summary[0].text
    assert shown.encrypted_content


def test_an_answer_fits_its_schema(openai_client: openai.OpenAI):
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    answer = create(openai_client, text={"format": {"type": "json_schema", "name": "n", "schema": schema}})
    assert answer.output_text.startswith('{"n"')


@pytest.mark.parametrize(
    ("knobs", "expected"),
    [({"error_event_after": 2}, b"event: error\n"), ({"malformed_after": 2}, b'"delta":"\n\n')],
)
def test_faults_happen_in_the_words_of_the_format(http: httpx2.Client, knobs: dict[str, int], expected: bytes):
    assert expected in stream(http, simulate=knobs)


def test_usage_may_be_left_out(openai_client: openai.OpenAI):
    assert create(openai_client, extra_body={"simulate": {"no_usage": True}}).usage is None

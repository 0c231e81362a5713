import json
from typing import Any

import httpx2
import pytest

ORDER = [{"role": "user", "content": "Tell me about ships, please."}]
ACTION = [{"role": "user", "content": "Please use the tool get_weather."}]
TOOLS = [
    {
        "type": "function",
        "function": {"name": name, "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
    }
    for name in ("get_weather", "get_time")
]


def ask(http: httpx2.Client, model: str = "sim/small", **fields: Any) -> httpx2.Response:
    return http.post("/api/chat", json={"model": model, "messages": ORDER, "stream": False, **fields})


def lines(http: httpx2.Client, **fields: Any) -> list[dict[str, Any]]:
    answer = ask(http, **{**fields, "stream": True})
    assert "application/x-ndjson" == answer.headers["content-type"]
    assert answer.text.endswith("\n")
    return [json.loads(line) for line in answer.text.splitlines()]


def fold(told: list[dict[str, Any]]) -> dict[str, Any]:
    """The answer that is not streamed, put together by other means than the gateway's."""
    assert [False] * (len(told) - 1) + [True] == [line["done"] for line in told]
    message: dict[str, Any] = {"role": "assistant", "content": ""}
    for line in told:
        message["content"] += line["message"]["content"]
        if "thinking" in line["message"]:
            message["thinking"] = message.get("thinking", "") + line["message"]["thinking"]
        if "tool_calls" in line["message"]:
            message["tool_calls"] = message.get("tool_calls", []) + line["message"]["tool_calls"]
    return {**told[-1], "message": message}


def without_ids(body: dict[str, Any]) -> dict[str, Any]:
    for call in body["message"].get("tool_calls", []):
        assert call.pop("id").startswith("call_")
    return {name: value for name, value in body.items() if name != "created_at"}


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"model": "sim/reasoner", "think": "low"},
        {"messages": ACTION, "tools": TOOLS},
        {"options": {"num_predict": 3}},
        {"format": {"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]}},
    ],
)
def test_the_lines_say_what_the_whole_answer_says(http: httpx2.Client, bill: Any, fields: dict[str, Any]):
    whole = without_ids(ask(http, **fields).json())
    assert whole == without_ids(fold(lines(http, **fields)))
    first, second = bill.entries()
    assert (first["usage"], first["billed_nano"]) == (second["usage"], second["billed_nano"])
    written = first["usage"].get("output_reasoning", 0) + first["usage"]["output"]
    assert (first["usage"]["input"], written) == (whole["prompt_eval_count"], whole["eval_count"])


def test_calls_have_objects_as_arguments(http: httpx2.Client):
    body = ask(http, messages=ACTION, tools=TOOLS).json()
    (call,) = body["message"]["tool_calls"]
    assert ("get_weather", dict) == (call["function"]["name"], type(call["function"]["arguments"]))
    assert "stop" == body["done_reason"]


def test_a_call_that_the_limit_cut_has_no_arguments(http: httpx2.Client):
    body = ask(http, messages=ACTION, tools=TOOLS, options={"num_predict": 4}).json()
    assert ("length", {}) == (body["done_reason"], body["message"]["tool_calls"][0]["function"]["arguments"])


def test_no_usage_leaves_the_counts_out(http: httpx2.Client):
    assert "eval_count" not in ask(http, simulate={"no_usage": True}).json()


def test_a_stream_that_fails_ends_with_an_error(http: httpx2.Client, bill: Any):
    assert {"error"} == set(lines(http, simulate={"error_event_after": 2})[-1])
    assert not bill.last()["completed"]


def test_an_error_is_a_text(http: httpx2.Client):
    refused = ask(http, "llama3.2")
    assert (404, ["error"]) == (refused.status_code, list(refused.json()))

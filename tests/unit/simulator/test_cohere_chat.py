import json
from typing import Any

import httpx2
import pytest

ORDER = [{"role": "user", "content": "Tell me about ships, please."}]
TOOLS = [
    {
        "type": "function",
        "function": {"name": name, "parameters": {"type": "object", "properties": {"city": {"type": "string"}}}},
    }
    for name in ("get_weather", "get_time")
]


def ask(http: httpx2.Client, model: str = "sim/small", **fields: Any) -> httpx2.Response:
    return http.post("/v2/chat", json={"model": model, "messages": ORDER, **fields})


def events(http: httpx2.Client, **fields: Any) -> list[dict[str, Any]]:
    blocks = ask(http, stream=True, **fields).text.split("\n\n")
    assert ["data: [DONE]", ""] == blocks[-2:]
    found = []
    for block in blocks[:-2]:
        name, data = block.split("\n")
        found.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {found[-1]['type']}"
    return found


def fold(told: list[dict[str, Any]]) -> dict[str, Any]:
    """The answer that is not streamed, put together by other means than the gateway's."""
    message: dict[str, Any] = {"role": "assistant", "content": []}
    for event in told:
        said = event.get("delta", {}).get("message", {})
        match event["type"]:
            case "content-start":
                message["content"].append(dict(said["content"]))
            case "content-delta":
                for name, text in said["content"].items():
                    message["content"][event["index"]][name] += text
            case "tool-call-start":
                message.setdefault("tool_calls", []).append(said["tool_calls"])
            case "tool-call-delta":
                function = message["tool_calls"][event["index"]]["function"]
                function["arguments"] += said["tool_calls"]["function"]["arguments"]
            case _:
                pass
    return {"message": message, **told[-1]["delta"]}


def without_ids(body: dict[str, Any]) -> dict[str, Any]:
    calls = body["message"].get("tool_calls", [])
    return {name: value for name, value in body.items() if name != "id"} | {
        "n": [call.pop("id") and 1 for call in calls]
    }


def test_what_is_billed_is_less_than_what_was_processed(http: httpx2.Client, bill: Any):
    body = ask(http).json()
    usage, entry = body["usage"], bill.last()
    assert "COMPLETE" == body["finish_reason"]
    assert usage["billed_units"] == {
        "input_tokens": entry["usage"]["input"],
        "output_tokens": entry["usage"]["output"],
    }
    assert usage["tokens"]["input_tokens"] > usage["billed_units"]["input_tokens"]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"model": "sim/reasoner"},
        {"tools": TOOLS, "tool_choice": "REQUIRED"},
        {"max_tokens": 3},
        {"response_format": {"type": "json_object", "schema": {"type": "object", "properties": {}}}},
    ],
)
def test_the_stream_says_what_the_whole_answer_says(http: httpx2.Client, bill: Any, fields: dict[str, Any]):
    whole = without_ids(ask(http, **fields).json())
    assert whole == without_ids(fold(events(http, **fields)))
    first, second = bill.entries()
    assert (first["usage"], first["billed_nano"]) == (second["usage"], second["billed_nano"])


def test_reasoning_is_shown_and_told_apart(http: httpx2.Client, bill: Any):
    body = ask(http, "sim/reasoner").json()
    assert ["thinking", "text"] == [item["type"] for item in body["message"]["content"]]
    assert 128 == body["usage"]["tokens"]["reasoning_tokens"] == bill.last()["usage"]["output_reasoning"]


def test_no_usage_is_an_empty_one(http: httpx2.Client):
    assert {} == ask(http, simulate={"no_usage": True}).json()["usage"]


def test_a_generation_that_fails_says_so_at_its_end(http: httpx2.Client, bill: Any):
    last = events(http, simulate={"error_event_after": 2})[-1]
    assert ("message-end", "ERROR", {}) == (last["type"], last["delta"]["finish_reason"], last["delta"]["usage"])
    assert not bill.last()["completed"]


def test_an_error_is_a_message(http: httpx2.Client):
    refused = ask(http, "sim/unknown")
    assert (404, {"id", "message"}) == (refused.status_code, set(refused.json()))

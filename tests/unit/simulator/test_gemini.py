import json
from typing import Any

import httpx2
import pytest

CONTENTS = [{"role": "user", "parts": [{"text": "Tell me about ships, please."}]}]
FUNCTIONS = [
    {"name": name, "parameters": {"type": "OBJECT", "properties": {"city": {"type": "STRING"}}}}
    for name in ("get_weather", "get_time")
]
TOOLS = [{"functionDeclarations": FUNCTIONS}]
MUST = {"functionCallingConfig": {"mode": "ANY"}}


def ask(http: httpx2.Client, model: str = "small", action: str = "generateContent", **fields: Any) -> httpx2.Response:
    return http.post(f"/v1beta/models/{model}:{action}", json={"contents": CONTENTS, **fields})


def events(http: httpx2.Client, model: str = "small", **fields: Any) -> list[dict[str, Any]]:
    blocks = ask(http, model, "streamGenerateContent?alt=sse", **fields).text.split("\r\n\r\n")
    assert "" == blocks.pop()
    return [json.loads(block.removeprefix("data: ")) for block in blocks]


def array(http: httpx2.Client, model: str = "small", **fields: Any) -> list[dict[str, Any]]:
    """The same without `alt=sse`; the array has an element in front of the others that says nothing."""
    reply = ask(http, model, "streamGenerateContent", **fields)
    assert reply.headers["content-type"].startswith("application/json")
    return reply.json()[1:]


def fold(told: list[dict[str, Any]]) -> dict[str, Any]:
    """The answer that is not streamed, put together by other means than the gateway's."""
    candidates: dict[int, dict[str, Any]] = {}
    for candidate in (candidate for event in told for candidate in event["candidates"]):
        parts = candidates.setdefault(candidate["index"], {"parts": []})["parts"]
        for part in candidate["content"]["parts"]:
            if parts and set(part) == set(parts[-1]) and "text" in part:
                parts[-1]["text"] += part["text"]
            elif part.get("text") != "":
                parts.append(part)
        if "finishReason" in candidate:
            candidates[candidate["index"]]["finishReason"] = candidate["finishReason"]
    return {"candidates": list(candidates.values()), "usage": told[-1]["usageMetadata"]}


def told_whole(body: dict[str, Any]) -> dict[str, Any]:
    candidates = [
        {"parts": candidate["content"]["parts"], "finishReason": candidate["finishReason"]}
        for candidate in body["candidates"]
    ]
    return {"candidates": candidates, "usage": body["usageMetadata"]}


def without_ids(told: dict[str, Any]) -> dict[str, Any]:
    for part in (part for candidate in told["candidates"] for part in candidate["parts"]):
        if "functionCall" in part:
            assert part["functionCall"].pop("id")
    return told


def test_an_answer_has_googles_members(http: httpx2.Client, bill: Any):
    body = ask(http).json()
    entry = bill.last()
    assert {"candidates", "usageMetadata", "modelVersion", "responseId"} == set(body)
    assert ("STOP", "model") == (body["candidates"][0]["finishReason"], body["candidates"][0]["content"]["role"])
    assert "small" == body["modelVersion"]
    usage = body["usageMetadata"]
    assert {"input": usage["promptTokenCount"], "output": usage["candidatesTokenCount"]} == entry["usage"]
    assert usage["totalTokenCount"] == sum(entry["usage"].values())
    assert "/v1beta/models/small:generateContent" == entry["endpoint"]


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"model": "reasoner"},
        {"generationConfig": {"thinkingConfig": {"includeThoughts": True, "thinkingBudget": 20}}},
        {"tools": TOOLS, "toolConfig": MUST},
        {"tools": TOOLS, "toolConfig": MUST, "generationConfig": {"thinkingConfig": {"includeThoughts": False}}},
        {"tools": TOOLS, "toolConfig": MUST, "generationConfig": {"maxOutputTokens": 3}},
        {"generationConfig": {"maxOutputTokens": 3, "candidateCount": 2}},
        {"generationConfig": {"responseJsonSchema": {"type": "object", "properties": {"x": {"type": "number"}}}}},
        {"simulate": {"cached_tokens": 4}},
    ],
)
def test_both_streams_say_what_the_whole_answer_says(http: httpx2.Client, bill: Any, fields: dict[str, Any]):
    whole = without_ids(told_whole(ask(http, **fields).json()))
    assert whole == without_ids(fold(events(http, **fields)))
    assert whole == without_ids(fold(array(http, **fields)))
    entries = bill.entries()
    assert 1 == len({(str(entry["usage"]), entry["billed_nano"]) for entry in entries})
    usage = entries[0]["usage"]
    figures = whole["usage"]
    assert usage["input"] == figures["promptTokenCount"] - figures.get("cachedContentTokenCount", 0)
    assert usage.get("cache_read", 0) == figures.get("cachedContentTokenCount", 0)
    assert usage.get("output", 0) == figures.get("candidatesTokenCount", 0)
    assert usage.get("output_reasoning", 0) == figures.get("thoughtsTokenCount", 0)


def test_every_event_has_the_usage_so_far(http: httpx2.Client):
    told = [event["usageMetadata"].get("candidatesTokenCount", 0) for event in events(http)]
    assert sorted(told) == told
    assert told[0] < told[-1] == told[-2]


def test_thoughts_are_shown_only_where_they_are_asked_for(http: httpx2.Client):
    shown = ask(http, generationConfig={"thinkingConfig": {"includeThoughts": True}}).json()
    hidden = ask(http, generationConfig={"thinkingConfig": {"thinkingLevel": "low"}}).json()
    assert [True, None] == [part.get("thought") for part in shown["candidates"][0]["content"]["parts"]]
    assert [None] == [part.get("thought") for part in hidden["candidates"][0]["content"]["parts"]]
    assert shown["usageMetadata"] == hidden["usageMetadata"]


def test_the_first_call_after_a_thought_is_signed(http: httpx2.Client):
    asked = {"tools": TOOLS, "toolConfig": MUST, "generationConfig": {"thinkingConfig": {"thinkingBudget": 9}}}
    parts = ask(http, **asked).json()["candidates"][0]["content"]["parts"]
    assert [True, False] == ["thoughtSignature" in part for part in parts]


def test_usage_can_be_left_out(http: httpx2.Client, bill: Any):
    simulate = {"no_usage": True}
    assert "usageMetadata" not in ask(http, simulate=simulate).json()
    assert not any("usageMetadata" in event for event in events(http, simulate=simulate))
    assert bill.last()["billed_nano"]


def test_a_stream_that_fails_ends_with_an_error(http: httpx2.Client, bill: Any):
    for told in (events(http, simulate={"error_event_after": 2}), array(http, simulate={"error_event_after": 2})):
        assert (503, "UNAVAILABLE") == (told[-1]["error"]["code"], told[-1]["error"]["status"])
        assert not bill.last()["completed"]


def test_an_event_can_be_no_json(http: httpx2.Client):
    with pytest.raises(json.JSONDecodeError):
        events(http, simulate={"malformed_after": 1})
    with pytest.raises(json.JSONDecodeError):
        array(http, simulate={"malformed_after": 1})


def test_tokens_are_counted_for_nothing(http: httpx2.Client, bill: Any):
    counted = ask(http, action="countTokens").json()
    assert ask(http).json()["usageMetadata"]["promptTokenCount"] == counted["totalTokens"]
    within = {"contents": CONTENTS, "systemInstruction": {"parts": [{"text": "Be brief."}]}}
    more = http.post("/v1beta/models/small:countTokens", json={"generateContentRequest": within}).json()
    assert counted["totalTokens"] < more["totalTokens"]
    assert 0 == bill.last()["billed_nano"]


def test_texts_are_embedded(http: httpx2.Client, bill: Any):
    content = {"parts": [{"text": "a red boat"}]}
    one = ask(http, "embed", "embedContent", content=content, outputDimensionality=8).json()
    assert 8 == len(one["embedding"]["values"])
    assert one["usageMetadata"]["promptTokenCount"] == bill.last()["usage"]["input"]
    several = ask(http, "embed", "batchEmbedContents", requests=[{"content": content}] * 2).json()
    assert [256, 256] == [len(found["values"]) for found in several["embeddings"]]
    assert 2 * one["usageMetadata"]["promptTokenCount"] == bill.last()["usage"]["input"]
    assert (
        "usageMetadata" not in ask(http, "embed", "embedContent", content=content, simulate={"no_usage": True}).json()
    )


@pytest.mark.parametrize(
    ("status", "model", "action", "fields"),
    [
        (404, "unknown", "generateContent", {}),
        (400, "small", "generateContent", {"contents": []}),
        (404, "small", "embedContent", {"content": {"parts": [{"text": "x"}]}}),
        (400, "embed", "embedContent", {"content": {}}),
        (400, "embed", "batchEmbedContents", {"requests": []}),
        (429, "small", "generateContent", {"simulate": {"error": {"status": 429}}}),
    ],
)
def test_an_error_is_in_googles_envelope(
    http: httpx2.Client, status: int, model: str, action: str, fields: dict[str, Any]
):
    refused = ask(http, model, action, **fields)
    assert (status, {"error"}) == (refused.status_code, set(refused.json()))
    error = refused.json()["error"]
    assert (status, {"code", "message", "status"}) == (error["code"], set(error))


def test_an_unknown_action_is_not_found(http: httpx2.Client):
    assert 404 == ask(http, action="predict").status_code


def test_models_are_listed_in_googles_shape(http: httpx2.Client):
    models = http.get("/v1beta/models").json()["models"]
    assert "models/sim/small" in [model["name"] for model in models]
    methods = {model["name"]: model["supportedGenerationMethods"] for model in models}
    assert ["embedContent"] == methods["models/sim/embed"]

import json
import uuid
from typing import Any

import httpx2
import pytest

from headgate.infra.signing import sigv4
from headgate.providers.secrets import AwsKeys
from headgate.simulator.bedrock_converse import error_type
from headgate.simulator.signatures import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from headgate.wire.eventstream import FrameSplitter
from tests.kit.recorded_converse import events_of

HELLO = [{"role": "user", "content": [{"text": "Tell me about ships, please."}]}]
TOOLS = [
    {
        "toolSpec": {
            "name": name,
            "inputSchema": {"json": {"type": "object", "properties": {"city": {"type": "string"}}}},
        }
    }
    for name in ("get_weather", "get_time")
]
POINT = {"cachePoint": {"type": "default"}}
HOUR = {"cachePoint": {"type": "default", "ttl": "1h"}}


def ask(http: httpx2.Client, model: str = "sim%2Flarge", *, stream: bool = False, **fields: Any) -> httpx2.Response:
    return http.post(f"/model/{model}/converse{'-stream' if stream else ''}", json={"messages": HELLO, **fields})


def events(http: httpx2.Client, **fields: Any) -> list[tuple[str, Any]]:
    reply = ask(http, stream=True, **fields)
    assert "application/vnd.amazon.eventstream" == reply.headers["content-type"]
    return events_of(reply.content)


def fold(told: list[tuple[str, Any]]) -> dict[str, Any]:
    """The answer that is not streamed, put together by other means than the gateway's."""
    blocks: dict[int, dict[str, Any]] = {}
    whole: dict[str, Any] = {}
    for kind, payload in told:
        assert payload.pop("p")
        if kind == "contentBlockStart":
            blocks[payload["contentBlockIndex"]] = {"toolUse": {**payload["start"]["toolUse"], "input": ""}}
        elif kind == "contentBlockDelta":
            block, delta = blocks.setdefault(payload["contentBlockIndex"], {}), payload["delta"]
            if "text" in delta:
                block["text"] = block.get("text", "") + delta["text"]
            elif "toolUse" in delta:
                block["toolUse"]["input"] += delta["toolUse"]["input"]
            else:
                thought = block.setdefault("reasoningContent", {}).setdefault("reasoningText", {})
                for name, piece in delta["reasoningContent"].items():
                    thought[name] = thought.get(name, "") + piece
        elif kind not in {"messageStart", "contentBlockStop"}:
            whole |= payload
    for block in blocks.values():
        if call := block.get("toolUse"):
            call["input"] = json.loads(call["input"])
    return {**whole, "output": {"message": {"role": "assistant", "content": list(blocks.values())}}}


def without_ids(body: dict[str, Any]) -> dict[str, Any]:
    for block in body["output"]["message"]["content"]:
        if call := block.get("toolUse"):
            assert call.pop("toolUseId").startswith("tooluse_")
    return body


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"additionalModelRequestFields": {"thinking": {"type": "enabled"}}},
        {"toolConfig": {"tools": TOOLS, "toolChoice": {"any": {}}}},
        {"inferenceConfig": {"maxTokens": 3}},
        {"system": [{"text": "Be brief."}, POINT]},
    ],
)
def test_the_stream_says_what_the_whole_answer_says(http: httpx2.Client, bill: Any, fields: dict[str, Any]):
    whole = without_ids(ask(http, **fields).json())
    assert whole == without_ids(fold(events(http, **fields)))
    first, second = bill.entries()
    assert (first["usage"], first["billed_nano"]) == (second["usage"], second["billed_nano"])


def test_what_is_cached_stands_beside_the_input_and_twice(http: httpx2.Client, bill: Any):
    system = [{"text": "a" * 400}, HOUR, {"text": "b" * 400}, POINT]
    usage = ask(http, system=system, simulate={"cached_tokens": 20}).json()["usage"]
    billed = bill.last()["usage"]
    assert (billed["input"], 20, billed["cache_write"] + billed["cache_write_1h"]) == (
        usage["inputTokens"],
        usage["cacheReadInputTokens"],
        usage["cacheWriteInputTokens"],
    )
    assert usage["cacheReadInputTokens"] == usage["cacheReadInputTokenCount"]
    assert {"1h": billed["cache_write_1h"], "5m": billed["cache_write"]} == {
        detail["ttl"]: detail["inputTokens"] for detail in usage["cacheDetails"]
    }
    assert usage["totalTokens"] == sum(billed.values())


def test_without_usage_there_is_none(http: httpx2.Client):
    assert "usage" not in ask(http, simulate={"no_usage": True}).json()
    assert "usage" not in dict(events(http, simulate={"no_usage": True}))["metadata"]


def test_a_stream_that_fails_ends_in_an_exception(http: httpx2.Client, bill: Any):
    reply = ask(http, stream=True, simulate={"error_event_after": 2})
    *_, last = FrameSplitter().feed(reply.content)
    assert b"modelStreamErrorException" in last
    assert b"exception" in last
    assert not bill.last()["completed"]


def test_a_malformed_event_is_a_frame_whose_checksum_is_wrong(http: httpx2.Client):
    splitter = FrameSplitter()
    frames = splitter.feed(ask(http, stream=True, simulate={"malformed_after": 2}).content)
    assert (3, "the checksum of a frame is wrong") == (len(frames), splitter.damage)


def test_errors_have_their_kind_in_a_header(http: httpx2.Client):
    refused = ask(http, "unknown")
    assert (404, {"message"}) == (refused.status_code, set(refused.json()))
    assert refused.headers["x-amzn-errortype"].startswith("ResourceNotFoundException:")
    assert uuid.UUID(refused.headers["x-amzn-requestid"])
    assert error_type(500).startswith("InternalServerException:")


def signed(http: httpx2.Client, *, key_id: str = ACCESS_KEY_ID, model: str = "small") -> httpx2.Response:
    keys = AwsKeys(access_key_id=key_id, secret_access_key=SECRET_ACCESS_KEY)
    url, body = f"{str(http.base_url).rstrip('/')}/model/{model}/converse", json.dumps({"messages": HELLO}).encode()
    headers = sigv4.sign(keys, "bedrock", "us-east-1", "POST", url, "application/json", body)
    return http.post(url, content=body, headers=headers)


def test_whoever_signs_must_sign_well(http: httpx2.Client, bill: Any):
    assert 200 == signed(http).status_code
    assert 200 == signed(http, model="sim%2Fsmall").status_code
    refused = signed(http, key_id="AKIDSTRANGER")
    assert (403, "The security token included in the request is invalid.") == (
        refused.status_code,
        refused.json()["message"],
    )
    assert 0 == bill.last()["billed_nano"]

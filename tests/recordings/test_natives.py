"""Formats that only providers speak: a recorded request, read and written again, asks for the same.

What a door can ask for is compared whole, field by field; how the same thing may be written in another way stands in
`plainly`.
"""

import base64
import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from headgate.domain.formats import Format
from headgate.translate.codec import UntranslatableError
from headgate.translate.registry import provider_codec_for
from tests.kit.recorded_converse import written
from tests.kit.recorded_natives import NATIVE_FILES, asked
from tests.kit.recordings import exchanges, needs_recordings

pytestmark = needs_recordings

LEFT_OUT = {"safety_mode", "documents", "seed", "frequency_penalty", "presence_penalty", "strict_tools", "keep_alive"}
"""Fields that no door has, or that only tune: see docs/reference/translation.md."""


OLD = "get_current_weather"
"""A tool whose recorded results do not name it."""


def without_nothing(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value not in (None, [], {}, "")}


def cohere(request: dict[str, Any]) -> dict[str, Any]:
    plain = {name: value for name, value in request.items() if name not in LEFT_OUT}
    plain["messages"] = [_cohere_message(message) for message in request["messages"]]
    if not plain.get("tools"):
        plain.pop("tool_choice", None)  # Without tools there is nothing to choose.
    for tool in plain.get("tools") or ():
        tool["function"].setdefault("description", None)
    return without_nothing({"stream": False, **plain})


def _cohere_message(message: Mapping[str, Any]) -> dict[str, Any]:
    """Text alone is a text, thoughts go to models that think only, and a document of a tool is its JSON."""
    plain = without_nothing({name: value for name, value in message.items() if name != "citations"})
    content = plain.get("content")
    if isinstance(content, list):
        texts = [json.dumps(item["document"]["data"]) if "document" in item else item.get("text") for item in content]
        if all(text is not None for text in texts):
            plain["content"] = texts[0] if len(texts) == 1 else content
    return plain


def ollama(request: dict[str, Any]) -> dict[str, Any]:
    knobs = ("num_predict", "temperature")
    options = {name: value for name, value in (request.get("options") or {}).items() if name in knobs}
    plain = {name: value for name, value in request.items() if name not in {*LEFT_OUT, "temperature"}}
    plain["messages"] = [_ollama_message(message) for message in request["messages"]]
    return without_nothing({"stream": True, **plain, "options": options})


def _ollama_message(message: Mapping[str, Any]) -> dict[str, Any]:
    """Ids are ours, and so is the name of the tool in its result where an older client left it out."""
    ours = {"tool_call_id"} if "tool_name" in message and message["tool_name"] != OLD else {"tool_call_id", "tool_name"}
    plain = without_nothing({name: value for name, value in message.items() if name not in ours})
    if "tool_calls" in plain:
        functions = [{name: call["function"][name] for name in ("name", "arguments")} for call in plain["tool_calls"]]
        plain["tool_calls"] = [{"function": function} for function in functions]
    return plain


def tgi(request: dict[str, Any]) -> dict[str, Any]:
    asked_for = {"max_new_tokens", "temperature", "top_p"}
    parameters = {name: value for name, value in (request.get("parameters") or {}).items() if name in asked_for}
    return without_nothing({"inputs": request["inputs"], "parameters": parameters})


def converse(request: dict[str, Any]) -> dict[str, Any]:
    """The model stands in the address; a result's JSON is text, and plain text is a document of bytes."""
    left_out = {"model", "stream", "guardrailConfig", "performanceConfig", "serviceTier"}
    plain = {name: value for name, value in request.items() if name not in left_out}
    plain["messages"] = _converse_messages(request["messages"])
    plain["inferenceConfig"] = without_nothing(request.get("inferenceConfig") or {})
    more = plain.get("additionalModelRequestFields") or {}
    thinking = {name: value for name, value in more.get("thinking", {}).items() if name != "display"}
    plain["additionalModelRequestFields"] = without_nothing({**more, "thinking": thinking})
    if thinking:
        plain["inferenceConfig"].pop("temperature", None)  # Claude takes none beside thinking.
    # Claude is always asked for it, where there are any.
    plain.pop("additionalModelResponseFieldPaths", None)
    return without_nothing(plain)


def _converse_messages(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Neighbours of one role are one turn; results come first in theirs."""
    turns: list[dict[str, Any]] = []
    for message in messages:
        blocks = [block for each in message["content"] if (block := _converse_block(each))]
        if turns and turns[-1]["role"] == message["role"]:
            turns[-1]["content"] += blocks
        elif blocks:
            turns.append({"role": message["role"], "content": blocks})
    for turn in turns:
        turn["content"].sort(key=lambda block: "toolResult" not in block)
    return turns


def _converse_block(block: dict[str, Any]) -> dict[str, Any]:
    (kind, value), *_ = block.items()
    if kind == "text":
        return block if value.strip() else {}
    if kind == "json":
        return {"text": json.dumps(value)}
    if kind == "document":
        source = value["source"]
        text = source.get("text") or "".join(piece["text"] for piece in source.get("content", ()))
        data = base64.b64encode(text.encode()).decode() if text else source["bytes"]
        return {"document": {"format": value["format"], "source": data}}
    if kind == "image":
        return {"image": {"format": value["format"], "source": written(value["source"]["bytes"])}}
    if kind == "toolUse":
        return {"toolUse": {name: each for name, each in value.items() if name != "type"}}
    if kind == "toolResult":
        content = [_converse_block(each) for each in value["content"]]
        failed = value.get("status") == "error"
        return {"toolResult": {"toolUseId": value["toolUseId"], "content": content, "failed": failed}}
    return block


PLAINLY: dict[Format, Callable[[dict[str, Any]], dict[str, Any]]] = {
    Format.BEDROCK_CONVERSE: converse,
    Format.COHERE_CHAT: cohere,
    Format.OLLAMA_CHAT: ollama,
    Format.TGI_GENERATE: tgi,
}


@pytest.mark.parametrize("format_", NATIVE_FILES)
def test_a_recorded_request_is_asked_again(format_: Format):
    compared, known = 0, 0
    plainly, codec = PLAINLY[format_], provider_codec_for(format_)
    for name in NATIVE_FILES[format_]:
        for exchange in exchanges(name):
            request = exchange["request"]
            if not request:
                continue
            try:
                conversation = asked(format_, request)
            except UntranslatableError:
                known += 1
                continue
            model = request.get("model") or exchange.get("model") or "any"
            again = codec.render_request(conversation, model=model, default_max_tokens=1)
            expected, actual = plainly(request), plainly(json.loads(again))
            expected.setdefault("stream", False)
            actual.setdefault("stream", False)
            assert expected | {"stream": actual["stream"]} == actual, exchange["id"]
            compared += 1
    print(f"{format_}: {compared} asked again, {known} that no door can ask for")
    enough = {Format.BEDROCK_CONVERSE: 120, Format.COHERE_CHAT: 60, Format.OLLAMA_CHAT: 40, Format.TGI_GENERATE: 5}
    assert compared >= enough[format_]

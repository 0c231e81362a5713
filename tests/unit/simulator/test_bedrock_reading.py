from typing import Any

import msgspec
import pytest

from headgate.simulator.ask import Ask
from headgate.simulator.bedrock_reading import read_converse
from headgate.simulator.knobs import NO_KNOBS
from headgate.simulator.refusals import Refusal

HELLO = {"role": "user", "content": [{"text": "hello"}]}
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
TOOL = {"toolSpec": {"name": "look_up", "inputSchema": {"json": SCHEMA}}}
POINT = {"cachePoint": {"type": "default"}}
HOUR = {"cachePoint": {"type": "default", "ttl": "1h"}}


def read(*, model: str = "sim/small", stream: bool = False, **fields: Any) -> Ask:
    body = msgspec.json.encode({"messages": [HELLO], **fields})
    return read_converse(body, None, NO_KNOBS, model_name=model, stream=stream)


def test_a_plain_question_has_defaults():
    ask = read()
    assert ("small", "sim/small", "hello", True) == (
        ask.model.name,
        ask.model_name,
        ask.last_user_text,
        ask.user_spoke_last,
    )
    assert (None, (), False, 3 + 3 + 2) == (ask.max_tokens, ask.tools, ask.stream, ask.prompt_tokens)


def test_what_is_given_is_read():
    ask = read(
        stream=True,
        inferenceConfig={"maxTokens": 9, "stopSequences": ["a"], "temperature": 1, "topP": 0.5},
        toolConfig={"tools": [TOOL], "toolChoice": {"any": {}}},
        outputConfig={
            "textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": '{"type":"object"}'}}}
        },
    )
    assert (["look_up"], [SCHEMA], True, 9, ("a",), True) == (
        [tool.name for tool in ask.tools],
        [tool.schema for tool in ask.tools],
        ask.must_call,
        ask.max_tokens,
        ask.stop,
        ask.stream,
    )
    assert {"type": "object"} == ask.schema


def test_a_tool_may_be_named_in_either_place():
    named = {"tools": [TOOL], "toolChoice": {"tool": {"name": "look_up"}}}
    assert "look_up" == read(toolConfig=named).forced_tool
    claudes = {"tool_choice": {"type": "tool", "name": "look_up", "disable_parallel_tool_use": True}}
    ask = read(toolConfig={"tools": [TOOL]}, additionalModelRequestFields=claudes)
    assert ("look_up", False, True) == (ask.forced_tool, ask.parallel, ask.may_call)
    never = {"tool_choice": {"type": "none"}}
    assert not read(toolConfig={"tools": [TOOL]}, additionalModelRequestFields=never).may_call


@pytest.mark.parametrize(("expected", "kind"), [(96, "enabled"), (96, "adaptive"), (0, "disabled")])
def test_it_thinks_when_claude_is_told_to(expected: int, kind: str):
    assert expected == read(additionalModelRequestFields={"thinking": {"type": kind}}).reasoning_tokens


def test_what_may_be_cached_ends_at_its_points():
    content = [{"text": "a" * 40}, POINT, {"text": "b" * 40}]
    ask = read(
        system=[{"text": "c" * 40}, HOUR],
        toolConfig={"tools": [TOOL, HOUR]},
        messages=[{"role": "user", "content": content}],
    )
    assert ask.cache_write_1h_tokens < ask.cache_write_tokens < ask.prompt_tokens
    assert ask.prompt_tokens == ask.cache_write_tokens + 10
    assert ask.cache_write_tokens == ask.cache_write_1h_tokens + 3 + 10


def test_behind_a_result_a_tool_spoke_last():
    call = {"toolUse": {"toolUseId": "t", "name": "look_up", "input": {}}}
    result = {"toolResult": {"toolUseId": "t", "content": [{"text": "42"}]}}
    turns = [HELLO, {"role": "assistant", "content": [call]}, {"role": "user", "content": [result]}]
    ask = read(messages=turns, toolConfig={"tools": [TOOL]})
    assert ("hello", False) == (ask.last_user_text, ask.user_spoke_last)


@pytest.mark.parametrize(
    ("status", "fields"),
    [
        (404, {"model": "unknown"}),
        (404, {"model": "embed"}),
        (400, {"messages": None}),
        (400, {"messages": []}),
        (400, {"messages": [{"role": "assistant", "content": []}]}),
        (400, {"messages": [HELLO, HELLO]}),
        (400, {"messages": [{"role": "user", "content": [{"text": ""}]}]}),
        (400, {"messages": [{"role": "user", "content": [{"text": "a" * 600_000}]}]}),
        (400, {"inferenceConfig": {"temperature": 1.5}}),
        (400, {"inferenceConfig": {"maxTokens": 0}}),
        (400, {"toolConfig": {"tools": []}}),
        (400, {"toolConfig": {"tools": [TOOL], "toolChoice": {"tool": {"name": "other"}}}}),
        (
            400,
            {"outputConfig": {"textFormat": {"type": "json_schema", "structure": {"jsonSchema": {"schema": "no"}}}}},
        ),
    ],
)
def test_what_bedrock_refuses_is_refused(status: int, fields: dict[str, Any]):
    with pytest.raises(Refusal) as found:
        read(**fields)
    assert status == found.value.status

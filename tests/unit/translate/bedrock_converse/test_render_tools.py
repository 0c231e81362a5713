import json
from typing import Any

import msgspec
import pytest

from headgate.domain.conversation import (
    CacheHint,
    Conversation,
    Message,
    Role,
    Text,
    Tool,
    ToolCall,
    ToolChoice,
    ToolChoiceKind,
    ToolResult,
)
from headgate.translate.bedrock_converse.model_families import Family
from headgate.translate.bedrock_converse.render_tools import render_tools
from headgate.translate.codec import UntranslatableError

SCHEMA = '{"type":"object","properties":{"a":{"type":"number"}}}'
LOOK_UP = Tool(name="look_up", description="Looks up.", parameters=SCHEMA)
SPEC = {"name": "look_up", "description": "Looks up.", "inputSchema": {"json": json.loads(SCHEMA)}}
ASKED = Message(role=Role.USER, parts=(Text(text="Hi"),))
CALLED = (
    ASKED,
    Message(role=Role.ASSISTANT, parts=(ToolCall(id="t1", name="look_up", arguments="{}"),)),
    Message(role=Role.USER, parts=(ToolResult(call_id="t1", content=()),)),
)


def render(family: Family = Family.CLAUDE, **fields: Any) -> tuple[Any, Any]:
    given = {"messages": (ASKED,), "tools": (LOOK_UP,)} | fields
    return json.loads(msgspec.json.encode(render_tools(Conversation(**given), family)))


def choice(kind: ToolChoiceKind, name: str | None = None) -> ToolChoice:
    return ToolChoice(kind=kind, name=name)


def test_tools_are_specified():
    assert ({"tools": [{"toolSpec": SPEC}]}, {}) == tuple(render())


@pytest.mark.parametrize(
    ("expected", "parameters"),
    [
        ({"type": "object"}, None),
        ({"type": "object", "properties": {}}, '{"properties":{}}'),
        ({"type": "object", "x": 1e999}, '{"type":"object","x":1e999}'),
    ],
)
def test_a_schema_travels_as_it_was_written_and_gets_its_type(expected: dict[str, object], parameters: str | None):
    config, _ = render(tools=(Tool(name="t", parameters=parameters),))
    assert [{"toolSpec": {"name": "t", "inputSchema": {"json": expected}}}] == config["tools"]


@pytest.mark.parametrize(("family", "strict"), [(Family.CLAUDE, True), (Family.NOVA, False), (Family.OTHER, False)])
def test_only_claude_is_told_to_be_strict(family: Family, strict: bool):
    config, _ = render(family, tools=(msgspec.structs.replace(LOOK_UP, strict=True),))
    assert strict == ("strict" in config["tools"][0]["toolSpec"])
    config, _ = render(family, tools=(msgspec.structs.replace(LOOK_UP, strict=False),))
    assert "strict" not in config["tools"][0]["toolSpec"]


def test_only_claudes_tools_end_what_may_be_cached():
    tool = msgspec.structs.replace(LOOK_UP, cache=CacheHint.ONE_HOUR)
    config, _ = render(tools=(tool,))
    assert {"cachePoint": {"type": "default", "ttl": "1h"}} == config["tools"][1]
    config, _ = render(Family.NOVA, tools=(tool,))
    assert 1 == len(config["tools"])


@pytest.mark.parametrize(
    ("expected", "given"),
    [
        (None, None),
        ({"auto": {}}, choice(ToolChoiceKind.AUTO)),
        ({"any": {}}, choice(ToolChoiceKind.REQUIRED)),
        ({"tool": {"name": "look_up"}}, choice(ToolChoiceKind.NAMED, "look_up")),
    ],
)
def test_the_choice_is_told(expected: object, given: ToolChoice | None):
    config, more = render(Family.NOVA, tool_choice=given)
    assert (expected, {}) == (config.get("toolChoice"), more)


@pytest.mark.parametrize(
    ("expected", "given"),
    [
        ({"type": "auto"}, None),
        ({"type": "any"}, choice(ToolChoiceKind.REQUIRED)),
        ({"type": "tool", "name": "look_up"}, choice(ToolChoiceKind.NAMED, "look_up")),
    ],
)
def test_claude_calls_one_at_a_time_when_told_in_its_own_words(expected: dict[str, str], given: ToolChoice | None):
    config, more = render(tool_choice=given, parallel_tool_calls=False)
    assert "toolChoice" not in config
    assert {"tool_choice": {**expected, "disable_parallel_tool_use": True}} == more


def test_others_cannot_be_told_that():
    with pytest.raises(UntranslatableError, match="leave it out") as found:
        render(Family.NOVA, parallel_tool_calls=False)
    assert "parallel_tool_calls" == found.value.field
    assert ({"tools": [{"toolSpec": SPEC}]}, {}) == tuple(render(Family.NOVA, parallel_tool_calls=True))


def test_no_call_and_no_tools_before_means_no_tools():
    assert (None, {}) == tuple(render(Family.OTHER, tool_choice=choice(ToolChoiceKind.NONE)))
    assert (None, {}) == tuple(render(Family.OTHER, tools=()))


def test_claude_keeps_the_tools_of_earlier_calls_and_is_told_to_call_none():
    none = {"tool_choice": {"type": "none"}}
    config, more = render(messages=CALLED, tool_choice=choice(ToolChoiceKind.NONE))
    assert ([{"toolSpec": SPEC}], none) == (config["tools"], more)
    config, more = render(messages=CALLED, tools=())
    bare = {"name": "look_up", "inputSchema": {"json": {"type": "object"}}}
    assert ([{"toolSpec": bare}], none) == (config["tools"], more)


@pytest.mark.parametrize(
    ("field", "fields"),
    [("tools", {"tools": ()}), ("tool_choice", {"tool_choice": choice(ToolChoiceKind.NONE)})],
)
def test_others_cannot_be_kept_from_calling_behind_earlier_calls(field: str, fields: dict[str, Any]):
    with pytest.raises(UntranslatableError, match="leave the choice to it") as found:
        render(Family.OTHER, messages=CALLED, **fields)
    assert field == found.value.field


def test_results_without_their_calls_are_refused():
    with pytest.raises(UntranslatableError, match="need the calls"):
        render(messages=CALLED[2:], tools=())


@pytest.mark.parametrize("parameters", ["[]", "{", "7"])
def test_a_schema_that_is_none_is_refused(parameters: str):
    with pytest.raises(UntranslatableError) as found:
        render(tools=(Tool(name="t", parameters=parameters),))
    assert "tools[0].parameters" == found.value.field

import msgspec
import pytest

from headgate.domain.conversation import (
    CacheHint,
    JsonSchemaFormat,
    Reasoning,
    Text,
    Tool,
    ToolChoice,
    ToolChoiceKind,
)
from headgate.translate.anthropic_messages.parse_request import parse_request
from headgate.translate.codec import UntranslatableError

HELLO = [{"role": "user", "content": "hello"}]
SCHEMA = {"type": "json_schema", "schema": {"a": 1}}


def parse(**body: object):
    body = {"messages": HELLO, "max_tokens": 9} | body
    return parse_request({name: msgspec.Raw(msgspec.json.encode(value)) for name, value in body.items()})


@pytest.mark.parametrize(
    ("body", "name", "expected"),
    [
        ({}, "max_output_tokens", 9),
        ({"system": "a"}, "system", (Text(text="a"),)),
        (
            {
                "system": [
                    {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}},
                    {"type": "text", "text": "b"},
                ]
            },
            "system",
            (Text(text="a", cache=CacheHint.FIVE_MINUTES), Text(text="b")),
        ),
        ({"stop_sequences": ["A"]}, "stop_sequences", ("A",)),
        ({"temperature": 0}, "temperature", 0.0),
        ({"top_k": 4}, "top_k", 4),
        ({"metadata": {"user_id": "u"}}, "user", "u"),
        ({"stream": True}, "include_usage", True),
        ({"tool_choice": {"type": "any"}}, "tool_choice", ToolChoice(kind=ToolChoiceKind.REQUIRED)),
        (
            {"tool_choice": {"type": "tool", "name": "f"}},
            "tool_choice",
            ToolChoice(kind=ToolChoiceKind.NAMED, name="f"),
        ),
        ({"tool_choice": {"type": "auto", "disable_parallel_tool_use": True}}, "parallel_tool_calls", False),
        ({"tool_choice": {"type": "auto", "disable_parallel_tool_use": False}}, "parallel_tool_calls", None),
        (
            {"output_config": {"format": SCHEMA}},
            "response_format",
            JsonSchemaFormat(schema='{"a":1}', strict=True),
        ),
        ({"output_format": SCHEMA}, "response_format", JsonSchemaFormat(schema='{"a":1}', strict=True)),
        (
            {"thinking": {"type": "enabled", "budget_tokens": 2000}},
            "reasoning",
            Reasoning(enabled=True, budget_tokens=2000),
        ),
        ({"thinking": {"type": "disabled"}}, "reasoning", Reasoning(enabled=False)),
        (
            {"thinking": {"type": "adaptive", "display": "omitted"}, "output_config": {"effort": "max"}},
            "reasoning",
            Reasoning(enabled=True, effort="max"),
        ),
        ({"output_config": {"effort": "low"}}, "reasoning", Reasoning(effort="low")),
        ({"output_config": {"task_budget": {"total": 9}}}, "reasoning", None),
        ({"cache_control": {"type": "ephemeral", "ttl": "1h"}}, "cache", CacheHint.ONE_HOUR),
        ({"service_tier": "auto", "context_management": {}, "anthropic_version": "x"}, "user", None),
    ],
)
def test_a_field_is_read(body: dict[str, object], name: str, expected: object):
    assert expected == getattr(parse(**body), name)


def test_a_tool_is_read():
    given = {"name": "f", "description": "d", "input_schema": {"type": "object"}, "strict": True, "defer_loading": True}
    expected = Tool(name="f", description="d", parameters='{"type":"object"}', strict=True)
    assert (expected, Tool(name="g")) == parse(tools=[given, {"type": "custom", "name": "g"}]).tools


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"max_tokens": 0}, "max_tokens"),
        ({"mcp_servers": []}, "mcp_servers"),
        ({"container": "c"}, "container"),
        ({"something_new": 1}, "something_new"),
        ({"tools": [{"type": "web_search_20250305", "name": "web_search", "max_uses": 1}]}, "tools[0].type"),
        ({"tools": [{"type": 5}]}, "tools[0].type"),
        ({"tools": [{"name": "f", "input_schema": []}]}, "tools[0].input_schema"),
        ({"tools": [{"name": "f", "new": 1}]}, "tools[0].new"),
        ({"tools": [{"input_schema": {}}]}, "tools[0].name"),
        ({"tool_choice": {"type": "tool"}}, "tool_choice.name"),
        ({"tool_choice": {"type": "perhaps"}}, "tool_choice.type"),
        ({"output_config": {"format": {"type": "xml"}}}, "output_config.format.type"),
        ({"output_config": {"format": {"type": "json_schema", "schema": 1}}}, "output_config.format.schema"),
        ({"thinking": {"type": "perhaps"}}, "thinking.type"),
        ({"system": [{"type": "image"}]}, "system[0].type"),
        ({"temperature": "warm"}, "temperature"),
        ({"messages": None}, "messages"),
        ({"messages": ["hello"]}, "messages[0]"),
    ],
)
def test_what_cannot_be_said_elsewhere_is_named(body: dict[str, object], field: str):
    with pytest.raises(UntranslatableError) as caught:
        parse(**body)
    assert field == caught.value.field

import json
from typing import Any

import msgspec
import pytest

from headgate.domain.conversation import (
    Conversation,
    JsonFormat,
    JsonSchemaFormat,
    Message,
    Reasoning,
    Role,
    Text,
    Tool,
    ToolChoice,
    ToolChoiceKind,
)
from headgate.translate.codec import UntranslatableError
from headgate.translate.openai_responses.parse_request import parse_request

WEATHER = {"type": "function", "name": "weather", "parameters": {"type": "object"}, "strict": True}
CLOCK = {"type": "function", "name": "clock", "description": "Tells the time."}


def parse(**fields: Any) -> Conversation:
    body = {"model": "m", "input": "hi", **fields}
    return parse_request({name: msgspec.Raw(json.dumps(value).encode()) for name, value in body.items()})


def refusal(**fields: Any) -> str:
    with pytest.raises(UntranslatableError) as refused:
        parse(**fields)
    return str(refused.value)


def test_a_text_is_what_the_user_says():
    expected = Conversation(model="m", messages=(Message(role=Role.USER, parts=(Text(text="hi"),)),))
    assert expected == parse()


def test_instructions_come_before_those_in_the_input():
    asked = parse(
        instructions="Be brief.",
        input=[{"role": "developer", "content": "Speak German."}, {"role": "user", "content": "hi"}],
    )
    assert (Text(text="Be brief."), Text(text="Speak German.")) == asked.system
    assert [Role.USER] == [message.role for message in asked.messages]


def test_tools_are_read():
    asked = parse(tools=[WEATHER, CLOCK], parallel_tool_calls=False)
    assert (
        Tool(name="weather", parameters='{"type":"object"}', strict=True),
        Tool(name="clock", description="Tells the time."),
    ) == asked.tools
    assert asked.parallel_tool_calls is False


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("auto", ToolChoice(kind=ToolChoiceKind.AUTO)),
        ("none", ToolChoice(kind=ToolChoiceKind.NONE)),
        ("required", ToolChoice(kind=ToolChoiceKind.REQUIRED)),
        ({"type": "function", "name": "clock"}, ToolChoice(kind=ToolChoiceKind.NAMED, name="clock")),
    ],
)
def test_a_choice_of_tools_is_read(choice: object, expected: ToolChoice):
    assert expected == parse(tools=[CLOCK], tool_choice=choice).tool_choice


def test_of_all_tools_only_those_that_are_allowed_now_are_offered():
    allowed = {"type": "allowed_tools", "mode": "required", "tools": [{"type": "function", "name": "clock"}]}
    asked = parse(tools=[WEATHER, CLOCK], tool_choice=allowed)
    assert ["clock"] == [tool.name for tool in asked.tools]
    assert ToolChoice(kind=ToolChoiceKind.REQUIRED) == asked.tool_choice


def test_knobs_and_limits_are_read():
    asked = parse(max_output_tokens=20, temperature=0.5, top_p=0.9, stream=True, user="u")
    assert (20, 0.5, 0.9, "u") == (asked.max_output_tokens, asked.temperature, asked.top_p, asked.user)
    assert (asked.stream, asked.include_usage) == (True, True)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"format": {"type": "text"}}, None),
        ({"verbosity": "low"}, None),
        ({"format": {"type": "json_object"}}, JsonFormat()),
        (
            {"format": {"type": "json_schema", "name": "n", "schema": {"a": 1}, "strict": True}},
            JsonSchemaFormat(schema='{"a":1}', name="n", strict=True),
        ),
    ],
)
def test_the_shape_of_the_answer_is_read(given: object, expected: object):
    assert expected == parse(text=given).response_format


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"effort": "low"}, Reasoning(effort="low")),
        ({"effort": "none"}, Reasoning(enabled=False)),
        ({"summary": "auto"}, None),
        ({"max_tokens": 2000, "enabled": True}, Reasoning(enabled=True, budget_tokens=2000)),
    ],
)
def test_how_much_to_think_is_read(given: object, expected: object):
    assert expected == parse(reasoning=given).reasoning


@pytest.mark.parametrize(
    ("field", "value"),
    [("previous_response_id", "resp_1"), ("conversation", "conv_1"), ("prompt", {"id": "p"}), ("background", True)],
)
def test_what_one_provider_keeps_or_runs_is_refused_by_name(field: str, value: object):
    assert refusal(**{field: value}).startswith(f"{field}: is ")


@pytest.mark.parametrize("field", ["previous_response_id", "conversation", "prompt"])
def test_what_is_null_refers_to_nothing(field: str):
    assert parse() == parse(**{field: None, "background": False})


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"tools": [{"type": "web_search"}]}, "tools[0].type: 'web_search' is run by its provider: define a function"),
        ({"tools": [{"type": "custom", "name": "x"}]}, "tools[0].type: 'custom' tools exist in this format only"),
        ({"tools": [{**CLOCK, "defer_loading": True}]}, "tools[0].defer_loading: has no counterpart"),
        ({"tool_choice": {"type": "mcp", "server_label": "x"}}, "tool_choice.type: only a function"),
        ({"tool_choice": "sometimes"}, "tool_choice: 'sometimes' is not one of auto, none, required"),
        ({"text": {"format": {"type": "grammar"}}}, "text.format.type: 'grammar' is not"),
        ({"text": {"format": {"type": "json_schema", "name": "n"}}}, "text.format.schema: is required"),
        ({"reasoning": {"effort": "huge"}}, "reasoning.effort: 'huge' is not one of none, high"),
        ({"max_output_tokens": 0}, "max_output_tokens: must be at least 1"),
        ({"top_logprobs": 2}, "top_logprobs: this model does not report them"),
        ({"include": ["message.output_text.logprobs"]}, "include: this model does not report"),
        ({"context_management": [{"type": "compaction"}]}, "context_management: has no counterpart"),
        ({"input": None}, "input: is required"),
        ({"input": 5}, "input: Expected"),
    ],
)
def test_what_has_no_counterpart_is_refused_by_name(fields: dict[str, Any], expected: str):
    assert refusal(**fields).startswith(expected)


def test_what_asks_for_more_of_the_same_answer_is_left_out():
    assert parse() == parse(include=["reasoning.encrypted_content"], store=True, truncation="auto", metadata={"a": "b"})

import json

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
from headgate.translate.ollama_chat.render_request import render_request

TOOLS = (Tool(name="f", description="Does.", parameters='{"type":"object"}'), Tool(name="g"))


def render(model: str = "llama3.2", **fields: object) -> dict:
    said = (Message(role=Role.USER, parts=(Text(text="Hi"),)),)
    return json.loads(render_request(Conversation(messages=said, **fields), model=model))


def test_whether_it_streams_is_always_said():
    expected = {"model": "llama3.2", "messages": [{"role": "user", "content": "Hi"}], "stream": False}
    assert expected == render()
    assert render(stream=True)["stream"] is True


def test_knobs_are_options():
    body = render(max_output_tokens=9, temperature=0.0, top_p=0.9, top_k=3, stop_sequences=("a",))
    assert {"num_predict": 9, "temperature": 0.0, "top_p": 0.9, "top_k": 3, "stop": ["a"]} == body["options"]


@pytest.mark.parametrize("choice", [None, ToolChoice(kind=ToolChoiceKind.AUTO)])
def test_tools_are_written_with_a_schema_each(choice: ToolChoice | None):
    assert [
        {"type": "function", "function": {"name": "f", "description": "Does.", "parameters": {"type": "object"}}},
        {"type": "function", "function": {"name": "g", "parameters": {"type": "object", "properties": {}}}},
    ] == render(tools=TOOLS, tool_choice=choice)["tools"]


def test_tools_that_must_not_be_called_are_not_shown():
    assert "tools" not in render(tools=TOOLS, tool_choice=ToolChoice(kind=ToolChoiceKind.NONE))


def test_the_shape_of_the_answer_is_a_schema_or_a_word():
    assert "json" == render(response_format=JsonFormat())["format"]
    assert {"type": "object"} == render(response_format=JsonSchemaFormat(schema='{"type":"object"}'))["format"]


@pytest.mark.parametrize(
    ("model", "reasoning", "expected"),
    [
        ("qwen3:4b", Reasoning(enabled=False), False),
        ("qwen3:4b", Reasoning(effort="high"), True),
        ("qwen3:4b", Reasoning(budget_tokens=9), True),
        ("gpt-oss:20b", Reasoning(effort="minimal"), "low"),
        ("gpt-oss:20b", Reasoning(effort="max"), "high"),
        ("gpt-oss:20b", Reasoning(budget_tokens=4_000), "medium"),
        ("gpt-oss:20b", Reasoning(budget_tokens=40_000), "high"),
        ("gpt-oss:20b", Reasoning(enabled=True), True),
        ("llama3.2", Reasoning(effort="high"), None),
    ],
)
def test_how_much_to_think_is_yes_or_no_or_a_level(model: str, reasoning: Reasoning, expected: object):
    assert expected == render(model, reasoning=reasoning).get("think")


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("tool_choice", {"tools": TOOLS, "tool_choice": ToolChoice(kind=ToolChoiceKind.REQUIRED)}),
        ("tool_choice", {"tools": TOOLS, "tool_choice": ToolChoice(kind=ToolChoiceKind.NAMED, name="f")}),
        ("parallel_tool_calls", {"tools": TOOLS, "parallel_tool_calls": False}),
        ("tools[0].parameters", {"tools": (Tool(name="f", parameters="[]"),)}),
        ("response_format.schema", {"response_format": JsonSchemaFormat(schema="1")}),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(field: str, fields: dict):
    with pytest.raises(UntranslatableError) as refused:
        render(**fields)
    assert field == refused.value.field

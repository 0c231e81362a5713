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
from headgate.translate.cohere_chat.render_request import render_request

REASONS = "command-a-reasoning-08-2025"
TOOLS = (Tool(name="f", description="Does.", parameters='{"type":"object","required":["a"]}'), Tool(name="g"))


def render(model: str = "command-a-03-2025", **fields: object) -> dict:
    said = (Message(role=Role.USER, parts=(Text(text="Hi"),)),)
    return json.loads(render_request(Conversation(messages=said, **fields), model=model))


def test_the_least_that_is_said():
    expected = {"model": "command-r", "messages": [{"role": "user", "content": "Hi"}], "stream": False}
    assert expected == render("command-r")


def test_knobs_have_other_names():
    body = render(max_output_tokens=9, temperature=0.5, top_p=0.9, top_k=3, stop_sequences=("a", "b"), stream=True)
    expected = {"max_tokens": 9, "temperature": 0.5, "p": 0.9, "k": 3, "stop_sequences": ["a", "b"], "stream": True}
    assert expected == {name: body[name] for name in expected}


@pytest.mark.parametrize(("given", "sent"), [(1.0, 0.99), (0.0, 0.01), (0.5, 0.5)])
def test_p_is_kept_within_what_is_taken(given: float, sent: float):
    assert sent == render(top_p=given)["p"]


def test_tools_are_written_with_a_schema_each():
    assert [
        {
            "type": "function",
            "function": {"name": "f", "description": "Does.", "parameters": {"type": "object", "required": ["a"]}},
        },
        {"type": "function", "function": {"name": "g", "parameters": {"type": "object", "properties": {}}}},
    ] == render(tools=TOOLS)["tools"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(ToolChoiceKind.AUTO, None), (ToolChoiceKind.NONE, "NONE"), (ToolChoiceKind.REQUIRED, "REQUIRED")],
)
def test_a_choice_of_tools_is_said_where_it_is_one(kind: ToolChoiceKind, expected: str | None):
    assert expected == render(tools=TOOLS, tool_choice=ToolChoice(kind=kind)).get("tool_choice")


def test_a_named_tool_is_the_only_one_that_is_shown():
    body = render(tools=TOOLS, tool_choice=ToolChoice(kind=ToolChoiceKind.NAMED, name="g"))
    assert (["g"], "REQUIRED") == ([tool["function"]["name"] for tool in body["tools"]], body["tool_choice"])


@pytest.mark.parametrize(("strict", "expected"), [((True, True), True), ((True, None), None), ((None, None), None)])
def test_tools_are_strict_together_or_not(strict: tuple, expected: bool | None):
    tools = tuple(Tool(name=name, strict=given) for name, given in zip("ab", strict, strict=True))
    assert expected is render(tools=tools).get("strict_tools")


def test_without_tools_there_is_no_choice():
    assert "tool_choice" not in render(tool_choice=ToolChoice(kind=ToolChoiceKind.AUTO))


def test_the_shape_of_the_answer_is_an_object_with_or_without_a_schema():
    assert {"type": "json_object"} == render(response_format=JsonFormat())["response_format"]
    schema = JsonSchemaFormat(schema='{"type":"object"}', name="n", strict=True)
    assert {"type": "json_object", "schema": {"type": "object"}} == render(response_format=schema)["response_format"]


@pytest.mark.parametrize(
    ("reasoning", "limit", "expected"),
    [
        (Reasoning(enabled=False), None, {"type": "disabled"}),
        (Reasoning(enabled=True), None, {"type": "enabled"}),
        (Reasoning(budget_tokens=100), 50, {"type": "enabled", "token_budget": 100}),
        (Reasoning(effort="low"), None, {"type": "enabled", "token_budget": 2_048}),
        (Reasoning(effort="high"), 1_000, {"type": "enabled", "token_budget": 500}),
        (Reasoning(effort="high"), 1, {"type": "enabled", "token_budget": 1}),
    ],
)
def test_how_much_to_think_is_a_budget(reasoning: Reasoning, limit: int | None, expected: dict):
    assert expected == render(REASONS, reasoning=reasoning, max_output_tokens=limit)["thinking"]


def test_models_that_do_not_reason_are_not_told():
    assert "thinking" not in render(reasoning=Reasoning(effort="high"))


@pytest.mark.parametrize(
    ("field", "fields"),
    [
        ("stop_sequences", {"stop_sequences": tuple("abcdef")}),
        ("parallel_tool_calls", {"tools": TOOLS, "parallel_tool_calls": False}),
        ("tool_choice.name", {"tools": TOOLS, "tool_choice": ToolChoice(kind=ToolChoiceKind.NAMED, name="h")}),
        ("tools[0].parameters", {"tools": (Tool(name="f", parameters="[]"),)}),
        ("response_format.schema", {"response_format": JsonSchemaFormat(schema="1")}),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(field: str, fields: dict):
    with pytest.raises(UntranslatableError) as refused:
        render(**fields)
    assert field == refused.value.field

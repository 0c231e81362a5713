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
from headgate.translate.gemini.render_request import render_request

HELLO = Message(role=Role.USER, parts=(Text(text="Hello"),))
TOOLS = (Tool(name="f", description="d", parameters='{"type": "object", "x": 1.50}'), Tool(name="g", strict=True))


def render(**fields: object) -> dict:
    asked = Conversation(**{"messages": (HELLO,), **fields})
    return json.loads(render_request(asked, model="gemini-2.5-flash"))


def test_the_least_is_what_was_said():
    assert {"contents": [{"role": "user", "parts": [{"text": "Hello"}]}]} == render(stream=True, user="u")


def test_all_instructions_stand_before_the_first_turn():
    later = Message(role=Role.SYSTEM, parts=(Text(text="b"),))
    rendered = render(system=(Text(text="a"), Text(text="")), messages=(HELLO, later))
    assert {"parts": [{"text": "a"}, {"text": "b"}]} == rendered["systemInstruction"]


def test_tools_keep_their_schemas():
    asked = Conversation(messages=(HELLO,), tools=TOOLS, tool_choice=ToolChoice(kind=ToolChoiceKind.NAMED, name="g"))
    body = render_request(asked, model="m")
    assert b'"parametersJsonSchema":{"type": "object", "x": 1.50}' in body
    rendered = json.loads(body)
    assert [{"name": "g"}] == rendered["tools"][0]["functionDeclarations"][1:]
    assert {"mode": "ANY", "allowedFunctionNames": ["g"]} == rendered["toolConfig"]["functionCallingConfig"]


@pytest.mark.parametrize(
    ("kind", "mode"),
    [(ToolChoiceKind.AUTO, "AUTO"), (ToolChoiceKind.NONE, "NONE"), (ToolChoiceKind.REQUIRED, "ANY")],
)
def test_the_choice_of_tools(kind: ToolChoiceKind, mode: str):
    rendered = render(tools=TOOLS, tool_choice=ToolChoice(kind=kind))
    assert {"functionCallingConfig": {"mode": mode}} == rendered["toolConfig"]
    assert "toolConfig" not in render(tool_choice=ToolChoice(kind=kind))


def test_knobs_are_written():
    assert {
        "maxOutputTokens": 9,
        "temperature": 1.5,
        "topP": 0.9,
        "topK": 40,
        "stopSequences": ["x"],
        "thinkingConfig": {"thinkingBudget": 0},
    } == render(
        max_output_tokens=9, temperature=1.5, top_p=0.9, top_k=40, stop_sequences=("x",),
        reasoning=Reasoning(enabled=False),
    )["generationConfig"]  # fmt: skip


def test_the_shape_of_the_answer():
    assert {"responseMimeType": "application/json"} == render(response_format=JsonFormat())["generationConfig"]
    schema = JsonSchemaFormat(schema='{"type": "object"}', name="n", strict=True)
    assert {"responseMimeType": "application/json", "responseJsonSchema": {"type": "object"}} == render(
        response_format=schema
    )["generationConfig"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"stop_sequences": ("a", "b", "c", "d", "e", "f")}, "stop_sequences"),
        ({"tools": TOOLS, "parallel_tool_calls": False}, "parallel_tool_calls"),
        ({"tools": (Tool(name="f", parameters="[]"),)}, "tools[0].parameters"),
        ({"response_format": JsonSchemaFormat(schema="1")}, "response_format.schema"),
    ],
)
def test_what_the_format_cannot_say_is_named(fields: dict, field: str):
    with pytest.raises(UntranslatableError) as caught:
        render(**fields)
    assert field == caught.value.field


def test_one_call_at_a_time_needs_no_word_without_tools():
    assert render(parallel_tool_calls=False) == render()

import json
from typing import Any

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
from headgate.translate.openai_responses.render_request import render_request

HI = (Message(role=Role.USER, parts=(Text(text="hi"),)),)
PLAIN = {"model": "gpt-4o", "input": [{"role": "user", "content": "hi"}], "store": False}
CLOCK = Tool(name="clock", description="Tells the time.")


def render(model: str = "gpt-4o", **fields: Any) -> dict[str, Any]:
    return json.loads(render_request(Conversation(messages=HI, **fields), model=model))


def test_nothing_of_a_plain_request_is_stored():
    assert PLAIN == render()


def test_instructions_are_one_text():
    assert "a\n\nb" == render(system=(Text(text="a"), Text(text="b")))["instructions"]


def test_tools_are_strict_only_where_they_say_so():
    strict = Tool(name="weather", parameters='{"type":"object","a":1.0}', strict=True)
    tools = render(tools=(CLOCK, strict), parallel_tool_calls=False)["tools"]
    assert [False, True] == [tool["strict"] for tool in tools]
    assert {"type": "object", "properties": {}} == tools[0]["parameters"]
    assert "Tells the time." == tools[0]["description"]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (ToolChoice(kind=ToolChoiceKind.REQUIRED), "required"),
        (ToolChoice(kind=ToolChoiceKind.NAMED, name="clock"), {"type": "function", "name": "clock"}),
    ],
)
def test_a_choice_goes_with_its_tools(choice: ToolChoice, expected: object):
    assert expected == render(tools=(CLOCK,), tool_choice=choice)["tool_choice"]
    assert "tool_choice" not in render(tool_choice=choice)


def test_reasoning_models_get_no_knobs_and_give_out_what_they_thought():
    asked = render("gpt-5", temperature=0.5, top_p=0.5, max_output_tokens=9, reasoning=Reasoning(effort="max"))
    assert {"effort": "xhigh"} == asked["reasoning"]
    assert (9, ["reasoning.encrypted_content"]) == (asked["max_output_tokens"], asked["include"])
    assert {"temperature", "top_p"}.isdisjoint(asked)


def test_other_models_get_knobs_and_no_effort():
    asked = render(temperature=0.5, top_p=0.5, reasoning=Reasoning(effort="low"))
    assert (0.5, 0.5) == (asked["temperature"], asked["top_p"])
    assert {"reasoning", "include"}.isdisjoint(asked)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (JsonFormat(), {"type": "json_object"}),
        (JsonSchemaFormat(schema='{"a":1}'), {"type": "json_schema", "name": "answer", "schema": {"a": 1}}),
        (
            JsonSchemaFormat(schema="{}", name="n", description="d", strict=False),
            {"type": "json_schema", "name": "n", "schema": {}, "description": "d", "strict": False},
        ),
    ],
)
def test_the_shape_of_the_answer_is_asked_for(given: object, expected: dict[str, object]):
    assert {"format": expected} == render(response_format=given)["text"]


def test_a_stream_and_a_user_are_named():
    asked = render(stream=True, user="u")
    assert (True, "u") == (asked["stream"], asked["user"])


def test_stop_sequences_do_not_exist_here():
    with pytest.raises(UntranslatableError, match=r"stop_sequences: this model's format has none"):
        render(stop_sequences=("x",))

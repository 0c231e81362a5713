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
from headgate.translate.openai_chat.render_request import render_request

HELLO = (Message(role=Role.USER, parts=(Text(text="hello"),)),)


def render(model: str = "gpt-4o", **asked: object) -> dict:
    return json.loads(render_request(Conversation(messages=HELLO, **asked), model=model))


def test_a_plain_request_has_nothing_beyond_what_was_asked():
    assert {"model": "gpt-4o", "messages": [{"role": "user", "content": "hello"}]} == render(model="gpt-4o")


@pytest.mark.parametrize(("model", "name"), [("gpt-4o", "max_tokens"), ("o3", "max_completion_tokens")])
def test_the_limit_has_the_name_that_the_model_takes(model: str, name: str):
    body = render(model, max_output_tokens=7)
    assert 7 == body[name]
    assert 1 == len({"max_tokens", "max_completion_tokens"} & body.keys())


def test_reasoning_models_get_no_sampling_knobs():
    assert {"temperature": 0.5, "top_p": 0.1}.items() <= render(temperature=0.5, top_p=0.1).items()
    assert not {"temperature", "top_p"} & render("gpt-5", temperature=0.5, top_p=0.1).keys()


@pytest.mark.parametrize(
    ("reasoning", "expected"),
    [
        (Reasoning(effort="low"), "low"),
        (Reasoning(effort="max"), "xhigh"),
        (Reasoning(budget_tokens=2048), "low"),
        (Reasoning(budget_tokens=8000), "medium"),
        (Reasoning(budget_tokens=20_000), "high"),
        (Reasoning(enabled=True), None),
        (Reasoning(enabled=False, effort="high"), None),
    ],
)
def test_a_budget_becomes_an_effort(reasoning: Reasoning, expected: str | None):
    assert expected == render("o3", reasoning=reasoning).get("reasoning_effort")


def test_models_that_know_no_effort_are_not_told_one():
    assert "reasoning_effort" not in render("gpt-4o", reasoning=Reasoning(effort="low"))


def test_a_stream_always_asks_for_usage():
    body = render(stream=True)
    assert body["stream"] is True
    assert {"include_usage": True} == body["stream_options"]


def test_tools_and_their_choice_are_written():
    tools = (Tool(name="f", description="d", parameters='{"a":1.50}', strict=True), Tool(name="g"))
    body = render(tools=tools, tool_choice=ToolChoice(kind=ToolChoiceKind.NAMED, name="f"), parallel_tool_calls=False)
    assert [
        {"type": "function", "function": {"name": "f", "description": "d", "parameters": {"a": 1.5}, "strict": True}},
        {"type": "function", "function": {"name": "g", "parameters": {"type": "object", "properties": {}}}},
    ] == body["tools"]
    assert {"type": "function", "function": {"name": "f"}} == body["tool_choice"]
    assert body["parallel_tool_calls"] is False


def test_a_choice_without_tools_is_left_out():
    assert "tool_choice" not in render(tool_choice=ToolChoice(kind=ToolChoiceKind.AUTO), parallel_tool_calls=False)


@pytest.mark.parametrize("kind", [ToolChoiceKind.AUTO, ToolChoiceKind.NONE, ToolChoiceKind.REQUIRED])
def test_the_other_choices_are_words(kind: ToolChoiceKind):
    assert kind.value == render(tools=(Tool(name="f"),), tool_choice=ToolChoice(kind=kind))["tool_choice"]


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (JsonFormat(), {"type": "json_object"}),
        (
            JsonSchemaFormat(schema='{"a":1}'),
            {"type": "json_schema", "json_schema": {"name": "answer", "schema": {"a": 1}}},
        ),
        (
            JsonSchemaFormat(schema="{}", name="n", description="d", strict=False),
            {"type": "json_schema", "json_schema": {"name": "n", "schema": {}, "description": "d", "strict": False}},
        ),
    ],
)
def test_the_shape_of_the_answer_is_written(given: JsonFormat | JsonSchemaFormat, expected: dict):
    assert expected == render(response_format=given)["response_format"]


def test_too_many_stop_sequences_are_refused():
    assert ["a", "b", "c", "d"] == render(stop_sequences=("a", "b", "c", "d"))["stop"]
    with pytest.raises(UntranslatableError, match="stop_sequences"):
        render(stop_sequences=("a", "b", "c", "d", "e"))


def test_a_schema_that_is_no_object_is_refused():
    with pytest.raises(UntranslatableError, match=r"tools\[0\]\.parameters"):
        render(tools=(Tool(name="f", parameters="[]"),))


def test_a_stream_asks_for_usage_unless_the_operator_refuses_the_question():
    streamed = Conversation(messages=HELLO, stream=True)
    assert {"include_usage": True} == json.loads(render_request(streamed, model="m"))["stream_options"]
    quiet = json.loads(render_request(streamed, model="m", ask_for_usage=False))
    assert quiet["stream"]
    assert "stream_options" not in quiet

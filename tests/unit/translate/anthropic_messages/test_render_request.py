import json

import pytest

from headgate.domain.conversation import (
    CacheHint,
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
from headgate.translate.anthropic_messages.render_request import render_request
from headgate.translate.codec import UntranslatableError

HELLO = Message(role=Role.USER, parts=(Text(text="hello"),))


def render(model: str = "claude-sonnet-4-5", **asked: object) -> dict:
    conversation = Conversation(**({"messages": (HELLO,)} | asked))
    return json.loads(render_request(conversation, model=model, default_max_tokens=4096))


def test_the_format_insists_on_a_limit():
    assert {
        "model": "claude-sonnet-4-5",
        "max_tokens": 4096,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "hello"}]}],
    } == render()
    assert 7 == render(max_output_tokens=7)["max_tokens"]


def test_all_instructions_stand_at_the_front():
    later = Message(role=Role.SYSTEM, parts=(Text(text="b"),))
    body = render(system=(Text(text="a", cache=CacheHint.FIVE_MINUTES), Text(text="")), messages=(HELLO, later))
    assert [
        {"type": "text", "text": "a", "cache_control": {"type": "ephemeral"}},
        {"type": "text", "text": "b"},
    ] == body["system"]
    assert 1 == len(body["messages"])


def test_empty_instructions_are_left_out():
    assert "system" not in render(system=(Text(text=""),))


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [(None, {"type": "object"}), ("{}", {"type": "object"}), ('{"type":"object","x":1}', {"type": "object", "x": 1})],
)
def test_a_tool_always_has_a_schema_with_a_type(parameters: str | None, expected: dict):
    tool = Tool(name="f", description="d", parameters=parameters, strict=True, cache=CacheHint.ONE_HOUR)
    assert {
        "name": "f",
        "description": "d",
        "input_schema": expected,
        "strict": True,
        "cache_control": {"type": "ephemeral", "ttl": "1h"},
    } == render(tools=(tool,))["tools"][0]


@pytest.mark.parametrize(
    ("choice", "parallel", "expected"),
    [
        (ToolChoice(kind=ToolChoiceKind.AUTO), None, {"type": "auto"}),
        (ToolChoice(kind=ToolChoiceKind.REQUIRED), True, {"type": "any"}),
        (ToolChoice(kind=ToolChoiceKind.NAMED, name="f"), None, {"type": "tool", "name": "f"}),
        (ToolChoice(kind=ToolChoiceKind.NONE), False, {"type": "none"}),
        (ToolChoice(kind=ToolChoiceKind.REQUIRED), False, {"type": "any", "disable_parallel_tool_use": True}),
        (None, False, {"type": "auto", "disable_parallel_tool_use": True}),
        (None, True, None),
    ],
)
def test_the_choice_of_a_tool_is_written(choice: ToolChoice | None, parallel: bool | None, expected: dict | None):
    body = render(tools=(Tool(name="f"),), tool_choice=choice, parallel_tool_calls=parallel)
    assert expected == body.get("tool_choice")


def test_a_choice_without_tools_is_left_out():
    assert "tool_choice" not in render(tool_choice=ToolChoice(kind=ToolChoiceKind.AUTO), parallel_tool_calls=False)


def test_knobs_are_written_and_temperatures_end_at_one():
    body = render(temperature=1.7, top_p=0.5, top_k=3, stop_sequences=("A", "B", "C", "D", "E"))
    assert (1.0, 0.5, 3) == (body["temperature"], body["top_p"], body["top_k"])
    assert 5 == len(body["stop_sequences"])


def test_beside_thinking_there_are_no_sampling_knobs():
    body = render(temperature=0.5, top_p=0.5, top_k=3, reasoning=Reasoning(budget_tokens=2000), stop_sequences=("A",))
    assert {"type": "enabled", "budget_tokens": 2000} == body["thinking"]
    assert not {"temperature", "top_p", "top_k"} & body.keys()
    assert ["A"] == body["stop_sequences"]


def test_thinking_that_is_off_leaves_the_knobs():
    assert 0.5 == render("claude-opus-4-6", temperature=0.5, reasoning=Reasoning(enabled=False))["temperature"]


def test_a_schema_and_an_effort_share_their_place():
    body = render("claude-opus-4-6", reasoning=Reasoning(effort="low"), response_format=JsonSchemaFormat(schema="{}"))
    assert {"effort": "low", "format": {"type": "json_schema", "schema": {}}} == body["output_config"]


def test_json_without_a_schema_is_refused():
    with pytest.raises(UntranslatableError, match=r"response_format\.type"):
        render(response_format=JsonFormat())


def test_user_stream_and_cache_are_written():
    body = render(user="u", stream=True, cache=CacheHint.FIVE_MINUTES)
    assert {"user_id": "u"} == body["metadata"]
    assert body["stream"] is True
    assert {"type": "ephemeral"} == body["cache_control"]

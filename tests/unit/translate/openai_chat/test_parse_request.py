import msgspec
import pytest

from headgate.domain.conversation import JsonFormat, JsonSchemaFormat, Reasoning, Text, Tool, ToolChoice, ToolChoiceKind
from headgate.translate.codec import UntranslatableError
from headgate.translate.openai_chat.parse_request import parse_request

HELLO = [{"role": "user", "content": "hello"}]


def parse(**body: object):
    body = {"messages": HELLO} | body
    return parse_request({name: msgspec.Raw(msgspec.json.encode(value)) for name, value in body.items()})


@pytest.mark.parametrize(
    ("body", "name", "expected"),
    [
        ({"max_tokens": 5}, "max_output_tokens", 5),
        ({"max_completion_tokens": 6}, "max_output_tokens", 6),
        ({"max_tokens": 5, "max_completion_tokens": 6}, "max_output_tokens", 6),
        ({"stop": "END"}, "stop_sequences", ("END",)),
        ({"stop": ["A", "B"]}, "stop_sequences", ("A", "B")),
        ({"stop": None}, "stop_sequences", ()),
        ({"temperature": 1}, "temperature", 1.0),
        ({"top_k": 4}, "top_k", 4),
        ({"user": "u"}, "user", "u"),
        ({"stream": True}, "include_usage", False),
        ({"stream": True, "stream_options": {"include_usage": True}}, "include_usage", True),
        ({"stream_options": {"include_usage": True}}, "include_usage", False),
        ({"tool_choice": "any"}, "tool_choice", ToolChoice(kind=ToolChoiceKind.REQUIRED)),
        (
            {"tool_choice": {"type": "function", "function": {"name": "f"}}},
            "tool_choice",
            ToolChoice(kind=ToolChoiceKind.NAMED, name="f"),
        ),
        ({"response_format": {"type": "text"}}, "response_format", None),
        ({"response_format": {"type": "json_object"}}, "response_format", JsonFormat()),
        (
            {
                "response_format": {
                    "type": "json_schema",
                    "json_schema": {"name": "n", "schema": {"a": 1}, "strict": True},
                }
            },
            "response_format",
            JsonSchemaFormat(schema='{"a":1}', name="n", strict=True),
        ),
        ({"reasoning_effort": "high"}, "reasoning", Reasoning(effort="high")),
        ({"reasoning_effort": "none"}, "reasoning", Reasoning(enabled=False)),
        ({"reasoning_effort": "default"}, "reasoning", None),
        ({"reasoning": {"max_tokens": 2000}}, "reasoning", Reasoning(budget_tokens=2000)),
        ({"reasoning": {"effort": "low", "enabled": True}}, "reasoning", Reasoning(enabled=True, effort="low")),
        ({"thinking": {"type": "enabled"}}, "reasoning", Reasoning(enabled=True)),
        ({"thinking": {"type": "disabled"}}, "reasoning", Reasoning(enabled=False)),
        ({"thinking": {"clear_thinking": False}}, "reasoning", None),
        ({"seed": 7, "frequency_penalty": 0.1, "store": False, "n": 1, "logprobs": False}, "temperature", None),
    ],
)
def test_a_field_is_read(body: dict[str, object], name: str, expected: object):
    assert expected == getattr(parse(**body), name)


def test_leading_instructions_are_the_system_whoever_gives_them():
    conversation = parse(messages=[{"role": "system", "content": "a"}, {"role": "developer", "content": "b"}, *HELLO])
    assert (Text(text="a"), Text(text="b")) == conversation.system
    assert 1 == len(conversation.messages)


def test_a_tool_is_read():
    function = {"name": "f", "description": "d", "parameters": {"type": "object"}, "strict": True}
    tool = {"type": "function", "function": function, "name": "f"}
    expected = Tool(name="f", description="d", parameters='{"type":"object"}', strict=True)
    assert (expected, Tool(name="g")) == parse(tools=[tool, {"function": {"name": "g"}}]).tools


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"logit_bias": {"50256": -100}}, "logit_bias"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"functions": []}, "functions"),
        ({"web_search_options": {}}, "web_search_options"),
        ({"something_new": 1}, "something_new"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_completion_tokens": -1}, "max_completion_tokens"),
        ({"max_tokens": "5"}, "max_tokens"),
        ({"temperature": "warm"}, "temperature"),
        ({"tool_choice": "perhaps"}, "tool_choice"),
        ({"tool_choice": {"type": "allowed_tools"}}, "tool_choice.type"),
        ({"tools": [{"type": "custom", "custom": {"name": "f"}}]}, "tools[0].type"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        (
            {"tools": [{"type": "function", "function": {"name": "f", "parameters": []}}]},
            "tools[0].function.parameters",
        ),
        ({"response_format": {"type": "grammar"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema.schema"),
        ({"reasoning_effort": "enormous"}, "reasoning_effort"),
        ({"reasoning": {"effort": "enormous"}}, "reasoning.effort"),
        ({"messages": None}, "messages"),
        ({"messages": "hello"}, "messages"),
    ],
)
def test_what_cannot_be_said_elsewhere_is_named(body: dict[str, object], field: str):
    with pytest.raises(UntranslatableError) as caught:
        parse(**body)
    assert field == caught.value.field

import json

import pytest

from headgate.domain.conversation import Answer, StopReason, Text, Thinking, ToolCall
from headgate.domain.usage import usage_of
from headgate.translate.codec import UntranslatableError
from headgate.translate.ollama_chat.parse_answer import parse_answer


def parse(message: object, **fields: object) -> Answer:
    counts = {"prompt_eval_count": 15, "eval_count": 2}
    body = {"model": "m", "message": message, "done": True, "done_reason": "stop", **counts, **fields}
    return parse_answer(json.dumps(body).encode())


def call(arguments: object, name: str | None = "look_up", **fields: object) -> dict:
    return {"function": {"index": 0, "name": name, "arguments": arguments}, **fields}


def test_thoughts_come_first_then_the_text():
    expected = Answer(
        model="m",
        parts=(Thinking(text="Hm."), Text(text="Hi")),
        stop_reason=StopReason.END_TURN,
        usage=usage_of(input=15, output=2),
    )
    assert expected == parse({"role": "assistant", "content": "Hi", "thinking": "Hm."})


def test_arguments_are_kept_as_they_were_written():
    body = b'{"message":{"content":"","tool_calls":[{"function":{"name":"f","arguments":{"a": 1.50, "b":"\\u00e9"}}}]},"done":true}'
    (called,) = parse_answer(body).parts
    assert ToolCall(id="call_0", name="f", arguments='{"a":1.50,"b":"\\u00e9"}') == called


def test_calls_are_the_reason_and_keep_the_ids_that_they_have():
    answer = parse({"content": "", "tool_calls": [call({}, id="call_x"), call(None)]})
    assert [("call_x", "{}"), ("call_1", "")] == [(part.id, part.arguments) for part in answer.parts]
    assert answer.stop_reason is StopReason.TOOL_USE


def test_a_prompt_that_was_not_counted_makes_the_usage_unknown():
    assert parse({"content": "Hi"}, prompt_eval_count=None).usage is None
    body = b'{"message":{"content":"Hi"},"done":true,"prompt_eval_count":1e400,"eval_count":1}'
    assert parse_answer(body).usage is None


@pytest.mark.parametrize(
    ("field", "body"),
    [
        ("error", {"error": "no such model"}),
        ("message", {"done": True}),
        ("message.tool_calls.function.name", {"message": {"tool_calls": [call({}, name=None)]}}),
        ("message.tool_calls.function.arguments", {"message": {"tool_calls": [call("{}")]}}),
        ("message.content", {"message": {"content": 1}}),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(field: str, body: dict):
    with pytest.raises(UntranslatableError) as refused:
        parse_answer(json.dumps(body).encode())
    assert field == refused.value.field

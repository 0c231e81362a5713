import json

import pytest

from headgate.domain.conversation import Answer, StopReason, Text, Thinking, ToolCall
from headgate.domain.usage import usage_of
from headgate.translate.codec import UntranslatableError
from headgate.translate.cohere_chat.parse_answer import parse_answer

BILLED = {"billed_units": {"input_tokens": 4, "output_tokens": 2}, "tokens": {"input_tokens": 70, "output_tokens": 2}}


def parse(message: object, reason: str | None = "COMPLETE", **fields: object) -> Answer:
    body = {"id": "a", "message": message, "finish_reason": reason, "usage": BILLED, **fields}
    return parse_answer(json.dumps(body).encode())


def call(name: str | None = "look_up", arguments: str | None = '{"a":1}', call_id: str | None = "c1") -> dict:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def test_a_text_is_read_with_what_was_billed():
    expected = Answer(
        id="a", parts=(Text(text="Hi"),), stop_reason=StopReason.END_TURN, usage=usage_of(input=4, output=2)
    )
    assert expected == parse({"role": "assistant", "content": [{"type": "text", "text": "Hi"}], "citations": [{}]})


def test_the_plan_stands_between_thoughts_and_calls():
    message = {"content": [{"type": "thinking", "thinking": "Hm."}], "tool_plan": "I look.", "tool_calls": [call()]}
    answer = parse(message, "TOOL_CALL")
    assert (Thinking(text="Hm."), Text(text="I look."), ToolCall(id="c1", name="look_up", arguments='{"a":1}')) == (
        answer.parts
    )
    assert answer.stop_reason is StopReason.TOOL_USE


@pytest.mark.parametrize("arguments", [None, "", "null", " null "])
def test_a_call_without_arguments_has_none(arguments: str | None):
    (called,) = parse({"tool_calls": [call(arguments=arguments)]}).parts
    assert ToolCall(id="c1", name="look_up", arguments="") == called


def test_a_call_without_an_id_gets_one():
    ids = [part.id for part in parse({"tool_calls": [call(call_id=None), call(call_id=None)]}).parts]
    assert ["call_0", "call_1"] == ids


def test_empty_pieces_are_nothing():
    assert () == parse({"content": [{"type": "text", "text": ""}, {"type": "thinking"}], "tool_plan": ""}).parts


def test_an_answer_without_a_reason_is_over():
    assert parse({"content": []}, None).stop_reason is StopReason.END_TURN
    assert parse({"tool_calls": [call()]}, None).stop_reason is StopReason.TOOL_USE


@pytest.mark.parametrize(
    ("field", "message", "reason"),
    [
        ("message", None, "COMPLETE"),
        ("finish_reason", {"content": []}, "ERROR"),
        ("finish_reason", {"content": []}, "TIMEOUT"),
        ("message.content[0].type", {"content": [{"type": "image", "url": "x"}]}, "COMPLETE"),
        ("message.tool_calls[0].function.name", {"tool_calls": [call(name=None)]}, "COMPLETE"),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(field: str, message: object, reason: str):
    with pytest.raises(UntranslatableError) as refused:
        parse(message, reason)
    assert field == refused.value.field

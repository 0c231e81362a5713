import json
from typing import Any

import pytest

from headgate.domain.conversation import Answer, StopReason, Text, Thinking, ToolCall
from headgate.domain.usage import usage_of
from headgate.translate.codec import UntranslatableError
from headgate.translate.openai_responses.parse_answer import parse_answer

MESSAGE = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "hi"}]}
CALL = {"type": "function_call", "id": "fc", "call_id": "c", "name": "go", "arguments": "{}"}


def parse(*output: dict[str, Any], **fields: Any) -> Answer:
    return parse_answer(
        json.dumps({"id": "r", "model": "m", "status": "completed", "output": output, **fields}).encode()
    )


def test_an_answer_is_read():
    thought = {"type": "reasoning", "summary": [{"text": "hm"}], "encrypted_content": "x"}
    usage = {
        "input_tokens": 9,
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 14,
    }
    expected = Answer(
        id="r",
        model="m",
        parts=(
            Thinking(text="hm", signature="responses:x"),
            Text(text="hi"),
            ToolCall(id="c", name="go", arguments="{}"),
        ),
        stop_reason=StopReason.TOOL_USE,
        usage=usage_of(input=9, output=3, output_reasoning=2),
    )
    assert expected == parse(thought, MESSAGE, CALL, usage=usage)


def test_every_part_of_a_message_is_a_text_and_a_refusal_says_why():
    both = {**MESSAGE, "content": [{"type": "output_text", "text": "a"}, {"type": "refusal", "refusal": "No."}]}
    answer = parse(both)
    assert ((Text(text="a"), Text(text="No.")), StopReason.REFUSAL) == (answer.parts, answer.stop_reason)


def test_an_answer_that_was_cut_says_so():
    answer = parse(MESSAGE, status="incomplete", incomplete_details={"reason": "max_output_tokens"})
    assert StopReason.MAX_TOKENS == answer.stop_reason


def test_a_call_without_an_id_of_its_own_is_called_by_its_items():
    assert parse({**CALL, "call_id": None}).parts == (ToolCall(id="fc", name="go", arguments="{}"),)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ({"output": None}, "output: is required"),
        ({"status": "failed", "error": {"code": "c", "message": "Broke."}}, "status: the provider failed: Broke."),
        ({"status": "queued"}, "status: 'queued' is not the end of an answer"),
        ({"output": [{"type": "web_search_call"}]}, "output[0].type: 'web_search_call' has no counterpart"),
        ({"output": [{"type": "function_call", "name": "x"}]}, "output[0].call_id: is required"),
        ({"output": [{"type": "function_call", "call_id": "x"}]}, "output[0].name: is required"),
        ({"output": [5]}, "output[0]: Expected `object`"),
    ],
)
def test_what_is_no_whole_answer_is_refused(body: dict[str, Any], expected: str):
    with pytest.raises(UntranslatableError) as refused:
        parse(**body)
    assert str(refused.value).startswith(expected)

import json

import pytest

from headgate.domain.conversation import RedactedThinking, StopReason, Text, Thinking, ToolCall
from headgate.domain.usage import usage_of
from headgate.translate.anthropic_messages.parse_answer import parse_answer
from headgate.translate.codec import UntranslatableError


def parse(*content: dict, **body: object):
    whole = {"id": "a", "type": "message", "model": "m", "content": content, "stop_reason": "end_turn"}
    return parse_answer(json.dumps(whole | body).encode())


def test_head_ending_and_usage_are_read():
    usage = {"input_tokens": 3, "cache_read_input_tokens": 5, "output_tokens": 7}
    answer = parse(stop_reason="stop_sequence", stop_sequence="END", usage=usage)
    assert ("a", "m") == (answer.id, answer.model)
    assert (StopReason.STOP_SEQUENCE, "END") == (answer.stop_reason, answer.stop_sequence)
    assert usage_of(input=3, cache_read=5, output=7) == answer.usage


def test_absent_usage_is_none_and_an_absent_reason_ends_the_turn():
    answer = parse(stop_reason=None)
    assert (None, StopReason.END_TURN) == (answer.usage, answer.stop_reason)


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        ({"type": "text", "text": "x", "citations": []}, (Text(text="x"),)),
        ({"type": "text", "text": ""}, ()),
        ({"type": "thinking", "thinking": "hm", "signature": "s"}, (Thinking(text="hm", signature="s"),)),
        ({"type": "thinking", "thinking": "", "signature": "s"}, (Thinking(text="", signature="s"),)),
        ({"type": "thinking", "thinking": "", "signature": ""}, ()),
        ({"type": "redacted_thinking", "data": "d"}, (RedactedThinking(data="d"),)),
        (
            {"type": "tool_use", "id": "c", "name": "f", "input": {"x": [1, 2]}},
            (ToolCall(id="c", name="f", arguments='{"x":[1,2]}'),),
        ),
    ],
)
def test_a_block_is_read(block: dict, expected: tuple):
    assert expected == parse(block).parts


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"[]", "body"),
        (b"{}", "body"),
        (b'{"content":"x"}', "content"),
        (b'{"content":[{"type":"web_search_tool_result"}]}', "content[0].type"),
        (b'{"content":[{"type":"text","text":5}]}', "content[0].text"),
        (b'{"content":[{"type":"tool_use","id":"a","name":"f","input":5}]}', "content[0].input"),
        (b'{"content":[{"type":"tool_use","name":"f"}]}', "content[0]"),
    ],
)
def test_what_cannot_be_read_is_named(body: bytes, field: str):
    with pytest.raises(UntranslatableError) as caught:
        parse_answer(body)
    assert field == caught.value.field

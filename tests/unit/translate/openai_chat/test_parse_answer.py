import json

import pytest

from headgate.domain.conversation import RedactedThinking, StopReason, Text, Thinking, ToolCall
from headgate.domain.usage import usage_of
from headgate.translate.codec import UntranslatableError
from headgate.translate.openai_chat.parse_answer import parse_answer


def parse(message: dict, finish_reason: str | None = "stop", **body: object):
    whole = {"id": "a", "model": "m", "choices": [{"index": 0, "message": message, "finish_reason": finish_reason}]}
    return parse_answer(json.dumps(whole | body).encode(), frozenset())


def test_head_and_usage_are_read():
    usage = {"prompt_tokens": 10, "completion_tokens": 4, "prompt_tokens_details": {"cached_tokens": 6}}
    answer = parse({"content": "x"}, usage=usage, service_tier="default")
    assert ("a", "m", StopReason.END_TURN) == (answer.id, answer.model, answer.stop_reason)
    assert usage_of(input=4, cache_read=6, output=4) == answer.usage


def test_absent_usage_is_none():
    assert parse({"content": "x"}).usage is None


@pytest.mark.parametrize(
    ("message", "expected"),
    [
        ({"content": "x"}, (Text(text="x"),)),
        ({"content": None}, ()),
        ({"content": "x", "audio": None, "images": []}, (Text(text="x"),)),
        ({"content": "x", "audio": {"id": "", "data": "", "transcript": ""}}, (Text(text="x"),)),
        ({"content": "x", "function_call": {"name": "", "arguments": ""}}, (Text(text="x"),)),
        ({"content": "x", "reasoning_content": "hm"}, (Thinking(text="hm"), Text(text="x"))),
        (
            {"content": "x", "reasoning": "hm", "reasoning_details": [{"type": "reasoning.summary", "summary": "h"}]},
            (Thinking(text="h"), Text(text="x")),
        ),
        (
            {"content": "x", "reasoning_details": [{"type": "reasoning.encrypted", "data": "d"}]},
            (RedactedThinking(data="d"), Text(text="x")),
        ),
        (
            {
                "content": [
                    {"type": "thinking", "thinking": [{"type": "text", "text": "hm"}]},
                    {"type": "text", "text": "x"},
                ]
            },
            (Thinking(text="hm"), Text(text="x")),
        ),
        (
            {"tool_calls": [{"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}}]},
            (ToolCall(id="c", name="f", arguments="{}"),),
        ),
        (
            {"tool_calls": [{"index": 3, "function": {"name": "f", "arguments": {"x": 1}}}]},
            (ToolCall(id="call_3", name="f", arguments='{"x":1}'),),
        ),
        (
            {"content": None, "function_call": {"name": "f", "arguments": "{}"}},
            (ToolCall(id="call_0", name="f", arguments="{}"),),
        ),
    ],
)
def test_content_is_read(message: dict, expected: tuple):
    assert expected == parse(message).parts


def test_a_refusal_is_text_and_a_reason():
    answer = parse({"content": None, "refusal": "no"})
    assert ((Text(text="no"),), StopReason.REFUSAL) == (answer.parts, answer.stop_reason)


def test_a_message_that_a_filter_took_away_is_empty():
    answer = parse_answer(b'{"choices":[{"finish_reason":"content_filter"}]}', frozenset())
    assert ((), StopReason.REFUSAL) == (answer.parts, answer.stop_reason)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"[]", "body"),
        (b"{}", "choices"),
        (b'{"choices":[]}', "choices"),
        (b'{"choices":[{"message":{"content":"a"}},{"message":{"content":"b"}}]}', "choices"),
        (b'{"choices":[{}]}', "choices[0].message"),
        (b'{"choices":[{"message":{"content":5}}]}', "choices[0].message.content"),
        (b'{"choices":[{"message":{"audio":{"data":"AAAA"}}}]}', "choices[0].message.audio"),
        (b'{"choices":[{"message":{"images":[{}]}}]}', "choices[0].message.images"),
        (b'{"choices":[{"message":{"content":""},"finish_reason":"error"}]}', "choices[0].finish_reason"),
        (
            b'{"choices":[{"message":{"tool_calls":[{"id":"c","type":"custom"}]}}]}',
            "choices[0].message.tool_calls[0].function",
        ),
    ],
)
def test_what_cannot_be_read_is_named(body: bytes, field: str):
    with pytest.raises(UntranslatableError) as caught:
        parse_answer(body, frozenset())
    assert field == caught.value.field

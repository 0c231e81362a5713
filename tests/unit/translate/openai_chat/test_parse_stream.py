import json

import pytest

from headgate.domain.conversation import (
    Delta,
    Failed,
    Finished,
    RedactedThinkingArrived,
    SignatureDelta,
    Started,
    StopReason,
    TextDelta,
    ThinkingDelta,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
)
from headgate.domain.usage import usage_of
from headgate.translate.codec import UntranslatableError
from headgate.translate.openai_chat.parse_stream import OpenAiStreamParser

DONE = b"data: [DONE]\n\n"
STOP = {"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]}


def delta(**content: object) -> dict:
    return {"choices": [{"index": 0, "delta": content, "finish_reason": None}]}


def parse(*chunks: dict, end: bytes = DONE) -> list[Delta]:
    parser = OpenAiStreamParser(frozenset())
    stream = b"".join(b"data: " + json.dumps(chunk).encode() + b"\n\n" for chunk in chunks) + end
    return [*parser.feed(stream), *parser.finish()]


def content(*chunks: dict) -> list[Delta]:
    """Deltas between the start and the end."""
    return parse(*chunks, STOP)[1:-1]


def test_an_answer_is_read_in_pieces():
    usage = {"choices": [], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}
    first = {"id": "a", "model": "m"} | delta(role="assistant", content="")
    assert [
        Started(id="a", model="m"),
        TextDelta(text="hi"),
        Finished(stop_reason=StopReason.END_TURN),
        UsageReported(usage=usage_of(input=3, output=2)),
    ] == parse(first, delta(content="hi"), STOP, usage)


def test_a_chunk_without_choices_may_come_first():
    assert [Started(id="a", model="m")] == parse({"id": "a", "model": "m", "choices": []}, STOP)[:1]
    assert [Started(id="a", model="m")] == parse({"choices": []}, {"id": "a", "model": "m"} | delta(content="x"))[:1]


@pytest.mark.parametrize(
    ("piece", "expected"),
    [
        ({"reasoning_content": "hm"}, [ThinkingDelta(text="hm")]),
        ({"reasoning": "hm"}, [ThinkingDelta(text="hm")]),
        (
            {"reasoning": "hm", "reasoning_details": [{"type": "reasoning.text", "text": "hm"}]},
            [ThinkingDelta(text="hm")],
        ),
        ({"reasoning_details": [{"type": "reasoning.summary", "summary": "hm"}]}, [ThinkingDelta(text="hm")]),
        (
            {"reasoning_details": [{"type": "reasoning.text", "signature": "s"}, {"data": "d"}]},
            [SignatureDelta(signature="s"), RedactedThinkingArrived(data="d")],
        ),
        (
            {"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "hm"}], "signature": "s"}]},
            [ThinkingDelta(text="hm"), SignatureDelta(signature="s")],
        ),
        ({"content": None, "tool_calls": None, "role": None}, []),
        ({"function_call": {"name": "", "arguments": ""}}, []),
    ],
)
def test_content_is_read(piece: dict, expected: list[Delta]):
    assert expected == content(delta(**piece))


def test_a_refusal_is_text_and_a_reason():
    *_, text, finished = parse(delta(refusal="no"), STOP)
    assert (TextDelta(text="no"), Finished(stop_reason=StopReason.REFUSAL)) == (text, finished)


def call(index: int | None, **fields: object) -> dict:
    return delta(tool_calls=[({"index": index} if index is not None else {}) | fields])


def test_fragments_of_calls_are_told_apart_by_their_index():
    assert [
        ToolCallStarted(key=0, id="a", name="f"),
        ToolCallStarted(key=1, id="b", name="g"),
        ToolCallDelta(key=0, arguments="{"),
        ToolCallDelta(key=1, arguments="{}"),
        ToolCallDelta(key=0, arguments="}"),
    ] == content(
        call(0, id="a", type="function", function={"name": "f", "arguments": ""}),
        call(1, id="b", type="function", function={"name": "g"}),
        call(0, function={"arguments": "{"}),
        call(1, id="", function={"name": None, "arguments": "{}"}),
        call(0, function={"arguments": "}"}),
    )


@pytest.mark.parametrize("index", [None, 0])
def test_a_new_id_and_a_name_begin_a_new_call_where_the_index_does_not(index: int | None):
    assert [
        ToolCallStarted(key=0, id="a", name="f"),
        ToolCallDelta(key=0, arguments="{}"),
        ToolCallStarted(key=1, id="b", name="g"),
        ToolCallDelta(key=1, arguments="{}"),
        ToolCallDelta(key=1, arguments=" "),
    ] == content(
        call(index, id="a", function={"name": "f", "arguments": "{}"}),
        call(index, id="b", function={"name": "g", "arguments": {}}),
        call(index, function={"arguments": " "}),
    )


def test_a_call_of_the_older_kind_is_a_call():
    assert [
        ToolCallStarted(key=-1, id="call_0", name="f"),
        ToolCallDelta(key=-1, arguments="{}"),
    ] == content(delta(function_call={"name": "f", "arguments": ""}), delta(function_call={"arguments": "{}"}))


def test_an_answer_with_calls_waits_for_them():
    assert Finished(stop_reason=StopReason.TOOL_USE) == parse(call(0, id="a", function={"name": "f"}), STOP)[-1]


def test_done_without_a_reason_is_an_end():
    assert Finished(stop_reason=StopReason.END_TURN) == parse(delta(content="x"))[-1]


def test_neither_a_reason_nor_done_is_a_failure():
    assert isinstance(parse(delta(content="x"), end=b"")[-1], Failed)
    assert isinstance(parse(end=b"")[-1], Failed)
    assert isinstance(parse(delta(content="x"), end=b'data: {"choices": [{"del')[-1], Failed)


def test_an_event_without_a_blank_line_behind_it_still_counts():
    assert Finished(stop_reason=StopReason.END_TURN) == parse(end=b"data: " + json.dumps(STOP).encode())[-1]


@pytest.mark.parametrize(
    "end",
    [
        b'data: {"error":{"message":"overloaded","code":503}}\n\n',
        b'event: error\ndata: {"message":"overloaded"}\n\n',
        b'data: {"choices":[{"index":0,"delta":{}}],"error":{"message":"overloaded"}}\n\n',
    ],
)
def test_an_error_inside_the_stream_is_a_failure_and_the_last_word(end: bytes):
    deltas = parse(delta(content="x"), end=end + b'data: {"choices":[{"delta":{"content":"y"}}]}\n\n')
    assert [TextDelta(text="x"), Failed(message="overloaded")] == deltas[1:]


def test_the_reason_error_is_a_failure():
    assert isinstance(parse({"choices": [{"delta": {}, "finish_reason": "error"}]})[-1], Failed)


@pytest.mark.parametrize(
    ("chunk", "field"),
    [
        ({"choices": [{"index": 1, "delta": {"content": "x"}}]}, "choices"),
        ({"choices": 5}, "choices"),
        (delta(content=5), "choices[0].delta.content"),
        (delta(audio={"data": "AAAA"}), "choices[0].delta.audio"),
        (call(0, function={"arguments": "{}"}), "choices[0].delta.tool_calls[0].function.name"),
        (call(0, id="a", type="custom"), "choices[0].delta.tool_calls[0].type"),
    ],
)
def test_what_cannot_be_read_is_named(chunk: dict, field: str):
    with pytest.raises(UntranslatableError) as caught:
        parse(chunk)
    assert field == caught.value.field

import json

import pytest

from headgate.domain.conversation import (
    Delta,
    Failed,
    Finished,
    PartEnded,
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
from headgate.translate.anthropic_messages.parse_stream import AnthropicStreamParser
from headgate.translate.codec import UntranslatableError

START = {
    "type": "message_start",
    "message": {"id": "a", "model": "m", "usage": {"input_tokens": 3, "output_tokens": 1}},
}
END = {"type": "message_delta", "delta": {"stop_reason": "end_turn", "stop_sequence": None}}
STOP = {"type": "message_stop"}


def parse(*events: dict, rest: bytes = b"") -> list[Delta]:
    parser = AnthropicStreamParser()
    stream = b"".join(f"event: {e['type']}\ndata: {json.dumps(e)}\n\n".encode() for e in events) + rest
    return [*parser.feed(stream), *parser.finish()]


def begin(index: int, **block: object) -> dict:
    return {"type": "content_block_start", "index": index, "content_block": block}


def delta(index: int, kind: str, **fields: object) -> dict:
    return {"type": "content_block_delta", "index": index, "delta": {"type": kind, **fields}}


def end(index: int) -> dict:
    return {"type": "content_block_stop", "index": index}


def test_an_answer_is_read_in_pieces():
    ending = END | {"usage": {"output_tokens": 5}}
    assert [
        Started(id="a", model="m", usage=usage_of(input=3, output=1)),
        TextDelta(text="hi"),
        PartEnded(),
        UsageReported(usage=usage_of(input=3, output=5)),
        Finished(stop_reason=StopReason.END_TURN),
    ] == parse(
        START,
        {"type": "ping"},
        begin(0, type="text", text=""),
        delta(0, "text_delta", text="hi"),
        delta(0, "citations_delta", citation={}),
        end(0),
        ending,
        STOP,
    )


def test_later_figures_replace_earlier_ones_and_null_leaves_them():
    first = {"type": "message_delta", "delta": {}, "usage": {"output_tokens": 5, "input_tokens": None}}
    second = END | {"usage": {"output_tokens": 6, "input_tokens": 9}}
    assert [
        UsageReported(usage=usage_of(input=3, output=5)),
        UsageReported(usage=usage_of(input=9, output=6)),
    ] == [heard for heard in parse(START, first, second) if isinstance(heard, UsageReported)]


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([begin(0, type="text", text="x")], [TextDelta(text="x")]),
        (
            [begin(0, type="thinking", thinking="h", signature="s"), delta(0, "thinking_delta", thinking="m")],
            [ThinkingDelta(text="h"), SignatureDelta(signature="s"), ThinkingDelta(text="m")],
        ),
        (
            [begin(0, type="thinking", thinking=""), delta(0, "signature_delta", signature="s")],
            [SignatureDelta(signature="s")],
        ),
        ([begin(0, type="redacted_thinking", data="d")], [RedactedThinkingArrived(data="d")]),
        (
            [
                begin(4, type="tool_use", id="c", name="f", input={}),
                delta(4, "input_json_delta", partial_json=""),
                delta(4, "input_json_delta", partial_json="{}"),
                end(4),
            ],
            [ToolCallStarted(key=4, id="c", name="f"), ToolCallDelta(key=4, arguments="{}"), PartEnded(key=4)],
        ),
        (
            [begin(4, type="tool_use", id="c", name="f", input={"x": 1})],
            [ToolCallStarted(key=4, id="c", name="f"), ToolCallDelta(key=4, arguments='{"x":1}')],
        ),
    ],
)
def test_a_block_is_read(events: list[dict], expected: list[Delta]):
    assert expected == parse(START, *events, END)[1:-1]


def test_a_stream_without_an_end_failed():
    assert isinstance(parse(START)[-1], Failed)
    assert isinstance(parse(START, rest=b'event: message_delta\ndata: {"ty')[-1], Failed)
    assert isinstance(parse()[-1], Failed)


def test_an_event_without_a_blank_line_behind_it_still_counts():
    assert Finished(stop_reason=StopReason.END_TURN) == parse(START, rest=b"data: " + json.dumps(END).encode())[-1]


def test_an_error_is_the_last_word():
    error = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}
    assert [Failed(message="Overloaded", error_type="overloaded_error")] == parse(START, error, END)[1:]


def test_an_error_in_another_format_is_understood():
    assert [Failed(message="no")] == parse(rest=b'data: {"error":"no"}\n\n')


def test_done_and_unknown_events_are_passed_over():
    assert parse(START, END) == parse(START, {"type": "news_of_tomorrow"}, END, rest=b"data: [DONE]\n\n")


@pytest.mark.parametrize(
    ("event", "field"),
    [
        (begin(0, type="server_tool_use", id="s"), "content_block.type"),
        ({"type": "content_block_start", "index": 0}, "content_block"),
        ({"type": "content_block_start", "content_block": {"type": "tool_use", "id": "c", "name": "f"}}, "index"),
        (delta(0, "compaction_delta"), "delta.type"),
        (delta(0, "input_json_delta", partial_json="{}"), "index"),
        (delta(0, "text_delta", text=5), "delta.text"),
        ({"type": "content_block_stop"}, "index"),
    ],
)
def test_what_cannot_be_read_is_named(event: dict, field: str):
    with pytest.raises(UntranslatableError) as caught:
        parse(START, event)
    assert field == caught.value.field

from typing import Any

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
from headgate.translate.codec import UntranslatableError
from headgate.translate.openai_responses.parse_stream import ResponsesStreamParser
from headgate.translate.signatures import hidden_to_responses
from tests.kit.responses import CALL, EVENTS, response_stream, written

REASONING = {"id": "rs", "type": "reasoning", "summary": []}
MESSAGE = {"id": "msg", "type": "message", "content": []}
BEGIN = {"type": "response.created", "response": {"id": "a", "model": "m"}}
END = {"type": "response.completed", "response": {"status": "completed", "output": []}}


def parse(*events: dict[str, Any]) -> list[Delta]:
    parser = ResponsesStreamParser()
    return [*parser.feed(b"".join(written([*events]))), *parser.finish()]


def inside(*events: dict[str, Any]) -> list[Delta]:
    """Of a stream that begins and ends well, what comes between."""
    started, *deltas, finished = parse(BEGIN, *events, END)
    assert Started(id="a", model="m") == started
    assert isinstance(finished, Finished)
    return deltas


def added(item: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return {"type": "response.output_item.added", "output_index": index, "item": item}


def done(item: dict[str, Any], index: int = 0) -> dict[str, Any]:
    return {"type": "response.output_item.done", "output_index": index, "item": item}


def grown(kind: str, delta: str, index: int = 0, **part: int) -> dict[str, Any]:
    return {"type": f"response.{kind}.delta", "output_index": index, "delta": delta, **part}


def test_a_stream_is_read():
    assert [
        Started(id="a", model="m"),
        ThinkingDelta(text="hm"),
        PartEnded(),
        ToolCallStarted(key=1, id="c", name="f"),
        ToolCallDelta(key=1, arguments="{}"),
        PartEnded(key=1),
        TextDelta(text="t"),
        PartEnded(),
        UsageReported(usage=usage_of(input=60, cache_read=40, output=7, output_reasoning=3)),
        Finished(stop_reason=StopReason.TOOL_USE),
    ] == parse(*EVENTS)


def test_the_name_of_an_event_may_stand_in_its_data_alone():
    named = b"".join(response_stream())
    unnamed = b"".join(raw.split(b"\n", 1)[1] for raw in response_stream())
    first, second = ResponsesStreamParser(), ResponsesStreamParser()
    assert first.feed(named) == second.feed(unnamed + b"data: [DONE]\n\n")


def test_paragraphs_of_a_summary_are_one_thought():
    assert [ThinkingDelta(text="a"), ThinkingDelta(text="\n\n"), ThinkingDelta(text="b"), PartEnded()] == inside(
        added(REASONING),
        grown("reasoning_summary_text", "a", summary_index=0),
        grown("reasoning_summary_text", "b", summary_index=1),
        done(REASONING),
    )


def test_parts_of_a_message_are_texts_of_their_own():
    assert [TextDelta(text="a"), PartEnded(), TextDelta(text="b"), PartEnded()] == inside(
        added(MESSAGE),
        grown("output_text", "a", content_index=0),
        grown("output_text", "b", content_index=1),
        done(MESSAGE),
    )


def test_what_only_the_provider_can_read_comes_at_the_end():
    assert [SignatureDelta(signature="responses:x"), PartEnded()] == inside(
        added(REASONING), done({**REASONING, "encrypted_content": "x"})
    )
    hidden = hidden_to_responses("data")
    assert [PartEnded(), RedactedThinkingArrived(data="data"), PartEnded()] == inside(
        added(REASONING), done({**REASONING, "encrypted_content": hidden})
    )


def test_what_nobody_streamed_is_read_from_the_whole_item():
    whole = {**MESSAGE, "content": [{"type": "output_text", "text": "a"}, {"type": "refusal", "refusal": "No."}]}
    thought = {**REASONING, "content": [{"type": "reasoning_text", "text": "hm"}]}
    assert [
        ThinkingDelta(text="hm"),
        PartEnded(),
        ToolCallStarted(key=1, id="c", name="f"),
        ToolCallDelta(key=1, arguments="{}"),
        PartEnded(key=1),
        TextDelta(text="a"),
        PartEnded(),
        TextDelta(text="No."),
        PartEnded(),
    ] == inside(done(thought), done({**CALL, "arguments": "{}"}, 1), added(MESSAGE, 2), done(whole, 2))


def test_whole_arguments_count_once():
    told = {"type": "response.function_call_arguments.done", "output_index": 0, "arguments": "{}"}
    silent = inside(added(CALL), told, done({**CALL, "arguments": "{}"}))
    streamed = inside(added(CALL), grown("function_call_arguments", "{}"), told, done({**CALL, "arguments": "{}"}))
    assert silent == streamed
    assert [ToolCallDelta(key=0, arguments="{}")] == [d for d in silent if isinstance(d, ToolCallDelta)]


def test_a_refusal_is_a_text_and_the_reason():
    _, *deltas = parse(BEGIN, added(MESSAGE), grown("refusal", "No.", content_index=0), done(MESSAGE), END)
    assert [TextDelta(text="No."), PartEnded(), Finished(stop_reason=StopReason.REFUSAL)] == deltas


def test_a_stream_that_ran_out_of_tokens_says_so():
    cut = {"status": "incomplete", "incomplete_details": {"reason": "max_output_tokens"}}
    assert [Started(), Finished(stop_reason=StopReason.MAX_TOKENS)] == parse(
        {"type": "response.incomplete", "response": cut}
    )


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        ({"type": "error", "code": "c", "message": "Busy."}, Failed(message="Busy.", error_type="c")),
        ({"type": "error", "error": {"code": "c", "message": "Busy."}}, Failed(message="Busy.")),
        ({"type": "response.failed", "response": {"error": {"message": "Busy."}}}, Failed(message="Busy.")),
    ],
)
def test_a_failure_ends_it(event: dict[str, Any], expected: Failed):
    assert [expected] == parse(event, END)


def test_a_stream_that_breaks_off_failed():
    assert [Failed(message="The answer broke off before its end.")] == parse(added(MESSAGE))
    assert [Failed(message="The answer broke off before its end.")] == parse()


@pytest.mark.parametrize(
    ("event", "expected"),
    [
        (added({"type": "web_search_call", "id": "ws"}), "item.type: 'web_search_call' has no counterpart"),
        (added({"type": "function_call", "call_id": "c"}), "item.name: is required"),
        (added({"type": "function_call", "name": "f"}), "item.call_id: is required"),
        (grown("function_call_arguments", "{}"), "output_index: names no tool call that has begun"),
        ({"type": "response.output_text.delta", "delta": "x"}, "output_index: is required"),
        ({"type": "response.output_text.delta", "output_index": 0, "delta": 5}, "delta: Expected `str`"),
    ],
)
def test_what_has_no_counterpart_is_refused_by_name(event: dict[str, Any], expected: str):
    with pytest.raises(UntranslatableError) as refused:
        parse(event)
    assert str(refused.value).startswith(expected)

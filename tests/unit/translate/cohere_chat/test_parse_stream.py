import pytest

from headgate.domain.conversation import (
    Delta,
    Failed,
    Finished,
    PartEnded,
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
from headgate.translate.cohere_chat.parse_stream import CohereStreamParser
from tests.kit.natives import sse

START = {
    "id": "a",
    "type": "message-start",
    "delta": {"message": {"role": "assistant", "content": [], "tool_calls": []}},
}
BILLED = {"billed_units": {"input_tokens": 4, "output_tokens": 2}}


def parse(*events: dict, rest: bytes = b"") -> list[Delta]:
    parser = CohereStreamParser()
    return [*parser.feed(b"".join(sse(event, event.get("type", "")) for event in events) + rest), *parser.finish()]


def content(kind: str, index: int = 0, **item: str) -> dict:
    return {"type": kind, "index": index, "delta": {"message": {"content": item}}}


def plan(text: str) -> dict:
    return {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": text}}}


def called(kind: str, index: int = 0, call_id: str | None = None, **function: str) -> dict:
    return {"type": kind, "index": index, "delta": {"message": {"tool_calls": {"id": call_id, "function": function}}}}


def ended(kind: str, index: int = 0) -> dict:
    return {"type": kind, "index": index}


def end(reason: str = "COMPLETE", **fields: object) -> dict:
    return {"type": "message-end", "delta": {"finish_reason": reason, "usage": BILLED, **fields}}


def test_a_text_is_read_in_pieces_and_what_follows_its_end_says_nothing():
    assert [
        Started(id="a"),
        TextDelta(text="Hi"),
        TextDelta(text="!"),
        PartEnded(),
        UsageReported(usage=usage_of(input=4, output=2)),
        Finished(stop_reason=StopReason.END_TURN),
    ] == parse(
        START,
        content("content-start", type="text", text="Hi"),
        content("content-delta", text="!"),
        {"type": "citation-start", "index": 0, "delta": {"message": {"citations": {"text": "!"}}}},
        {"type": "citation-end", "index": 0},
        ended("content-end"),
        end(),
        content("content-delta", text="late"),
        rest=b"data: [DONE]\n\n",
    )


def test_thinking_comes_before_text_as_a_part_of_its_own():
    events = [content("content-start", type="thinking", thinking=""), content("content-delta", thinking="Hm.")]
    deltas = parse(START, *events, ended("content-end"), content("content-delta", 1, text="4"), end())
    assert [ThinkingDelta(text="Hm."), PartEnded(), TextDelta(text="4")] == deltas[1:4]


def test_a_plan_ends_where_the_first_call_begins_and_calls_keep_their_fragments():
    assert [
        TextDelta(text="I "),
        TextDelta(text="look."),
        PartEnded(),
        ToolCallStarted(key=0, id="c0", name="f"),
        ToolCallDelta(key=0, arguments='{"a"'),
        ToolCallDelta(key=0, arguments=":1}"),
        PartEnded(key=0),
        ToolCallStarted(key=1, id="call_1", name="g"),
        PartEnded(key=1),
    ] == parse(
        START,
        plan("I "),
        plan("look."),
        called("tool-call-start", 0, "c0", name="f", arguments=""),
        called("tool-call-delta", 0, arguments='{"a"'),
        called("tool-call-delta", 0, arguments=":1}"),
        ended("tool-call-end", 0),
        called("tool-call-start", 1, name="g", arguments=""),
        called("tool-call-delta", 1, arguments="null"),
        ended("tool-call-end", 1),
        end("TOOL_CALL"),
    )[1:-2]


def test_a_plan_and_the_text_behind_it_are_two_parts():
    deltas = parse(START, plan("I look."), content("content-delta", text="Done."), end())
    assert [TextDelta(text="I look."), PartEnded(), TextDelta(text="Done.")] == deltas[1:4]


def test_an_index_that_comes_again_names_the_newer_call():
    deltas = parse(
        START,
        called("tool-call-start", 0, "c0", name="f"),
        called("tool-call-start", 0, "c1", name="g"),
        called("tool-call-delta", 0, arguments="{}"),
        end(),
    )
    assert ToolCallDelta(key=1, arguments="{}") in deltas
    assert Finished(stop_reason=StopReason.TOOL_USE) == deltas[-1]


def test_a_failed_generation_is_a_failure_and_not_an_end():
    failed = end("ERROR", usage={}, error="invalid tool generation", error_type="INVALID_TOOL_GENERATION")
    assert Failed(message="invalid tool generation", error_type="INVALID_TOOL_GENERATION") == parse(START, failed)[-1]
    assert Failed(message="The answer broke off before its end.") == parse(START, end("TIMEOUT"))[-1]


@pytest.mark.parametrize("event", [{"message": "too many tokens"}, {"type": "error", "message": "too many tokens"}])
def test_an_error_in_the_middle_ends_it(event: dict):
    deltas = parse(START, event, end())
    assert [Failed(message="too many tokens")] == deltas[1:]


def test_a_stream_that_breaks_off_failed_and_half_an_event_is_none():
    whole = sse(end(), "message-end")
    assert isinstance(parse(START, rest=whole[:-20])[-1], Failed)
    assert isinstance(parse(START, rest=whole[:-2])[-1], Finished)


def test_kinds_that_are_added_later_are_passed_over():
    assert isinstance(parse(START, {"type": "debug", "prompt": "x", "delta": [1]}, end())[-1], Finished)


@pytest.mark.parametrize(
    ("field", "event"),
    [
        ("delta.message.tool_calls.function.name", called("tool-call-start", 0, "c0")),
        ("index", called("tool-call-delta", 3, arguments="{}")),
        ("delta.message.content.type", content("content-start", type="image_url")),
        ("delta.message.tool_plan", {"type": "tool-plan-delta", "delta": {"message": {"tool_plan": 1}}}),
        ("type", {"type": 1}),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(field: str, event: dict):
    with pytest.raises(UntranslatableError) as refused:
        parse(START, event)
    assert field == refused.value.field

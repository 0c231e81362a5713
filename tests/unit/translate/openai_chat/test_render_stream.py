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
from headgate.translate.openai_chat.render_stream import OpenAiStreamRenderer, render_stream_error
from tests.kit.translation import events

ROLE = {"role": "assistant", "content": ""}


def render(*deltas: Delta, include_usage: bool = False) -> list[dict]:
    renderer = OpenAiStreamRenderer(created=5, include_usage=include_usage)
    stream = b"".join(renderer.feed(delta) for delta in deltas) + renderer.finish()
    return [event for _, event in events(stream)]


def pieces(*deltas: Delta) -> list[dict]:
    """The deltas on the wire between the role and the reason."""
    *chunks, done = render(*deltas)
    assert {"done": True} == done
    assert ROLE == chunks[0]["choices"][0]["delta"]
    assert {} == chunks[-1]["choices"][0]["delta"]
    return [chunk["choices"][0]["delta"] for chunk in chunks[1:-1]]


def test_every_chunk_has_the_head():
    chunks = render(Started(id="a", model="m"), TextDelta(text="x"))[:-1]
    head = {"id": "a", "object": "chat.completion.chunk", "created": 5, "model": "m"}
    assert all(head.items() <= chunk.items() for chunk in chunks)
    assert {"index": 0, "delta": {"content": "x"}, "logprobs": None, "finish_reason": None} == chunks[1]["choices"][0]


def test_text_and_thinking_have_fields_of_their_own():
    assert [{"reasoning_content": "hm"}, {"content": "x"}] == pieces(
        ThinkingDelta(text="hm"), TextDelta(text=""), TextDelta(text="x")
    )


def test_signatures_and_what_is_hidden_are_details_of_their_thought():
    assert [
        {"reasoning_content": "a"},
        {"reasoning_details": [{"type": "reasoning.text", "signature": "s", "index": 0}]},
        {"reasoning_details": [{"type": "reasoning.encrypted", "data": "d", "index": 1}]},
        {"reasoning_content": "b"},
        {"reasoning_details": [{"type": "reasoning.text", "signature": "t", "index": 2}]},
    ] == pieces(
        ThinkingDelta(text="a"),
        SignatureDelta(signature="s"),
        RedactedThinkingArrived(data="d"),
        ThinkingDelta(text="b"),
        SignatureDelta(signature="t"),
    )


def test_calls_are_numbered_as_they_begin_and_may_interleave():
    assert [
        {"tool_calls": [{"index": 0, "id": "a", "type": "function", "function": {"name": "f", "arguments": ""}}]},
        {"tool_calls": [{"index": 1, "id": "b", "type": "function", "function": {"name": "g", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]},
        {"tool_calls": [{"index": 1, "function": {"arguments": "{}"}}]},
    ] == pieces(
        ToolCallStarted(key=7, id="a", name="f"),
        ToolCallStarted(key=3, id="b", name="g"),
        ToolCallStarted(key=3, id="c", name="h"),
        ToolCallDelta(key=7, arguments="{}"),
        ToolCallDelta(key=9, arguments="lost"),
        PartEnded(key=3),
    )


def test_a_call_without_arguments_gets_an_empty_object_at_the_end():
    last = pieces(ToolCallStarted(key=0, id="a", name="f"))[-1]
    assert {"tool_calls": [{"index": 0, "function": {"arguments": "{}"}}]} == last


def test_usage_is_told_only_to_whom_asked():
    deltas = (UsageReported(usage=usage_of(input=3)), UsageReported(usage=usage_of(input=3, output=4)))
    *_, usage, _done = render(*deltas, include_usage=True)
    assert ([], 7) == (usage["choices"], usage["usage"]["total_tokens"])
    assert not any("usage" in event for event in render(*deltas))


def test_the_usage_of_the_start_counts_where_no_other_came():
    *_, usage, _done = render(Started(usage=usage_of(input=3)), include_usage=True)
    assert 3 == usage["usage"]["prompt_tokens"]


def test_the_reason_comes_once_and_late():
    chunks = render(Finished(stop_reason=StopReason.TOOL_USE), TextDelta(text="x"))[:-1]
    assert [None, None, "tool_calls"] == [chunk["choices"][0]["finish_reason"] for chunk in chunks]


def test_an_answer_that_was_cut_ran_out_of_tokens():
    assert "length" == render(TextDelta(text="x"))[-2]["choices"][0]["finish_reason"]
    assert "length" == render()[-2]["choices"][0]["finish_reason"]


def test_a_failure_is_the_last_word():
    *_, error = render(TextDelta(text="x"), Failed(message="overloaded"), TextDelta(text="y"))
    expected = {"message": "overloaded", "type": "upstream_error", "param": None, "code": "upstream_broken"}
    assert {"error": expected} == error


def test_the_error_event_carries_message_and_code():
    ((_, event),) = events(render_stream_error("gone", "upstream_timeout"))
    assert ("gone", "upstream_timeout") == (event["error"]["message"], event["error"]["code"])

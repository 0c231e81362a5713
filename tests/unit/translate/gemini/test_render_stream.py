import pytest

from headgate.domain.conversation import (
    Delta,
    Failed,
    Finished,
    PartEnded,
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
from headgate.translate.gemini.render_stream import GeminiStreamRenderer, render_stream_error
from tests.kit.translation import events

HEAD = Started(id="r", model="m")


def render(*deltas: Delta) -> list[dict]:
    renderer = GeminiStreamRenderer(created=7)
    written = b"".join(renderer.feed(delta) for delta in deltas) + renderer.finish()
    assert b"" == renderer.feed(TextDelta(text="late")) + renderer.finish()
    return [event for _, event in events(written)]


def parts(*deltas: Delta) -> list[dict]:
    return [part for event in render(*deltas) for part in event["candidates"][0]["content"]["parts"]][:-1]


def test_each_delta_is_an_event_and_the_last_one_has_reason_and_usage():
    first, last = render(HEAD, TextDelta(text="hi"), Finished(stop_reason=StopReason.END_TURN),
                         UsageReported(usage=usage_of(input=3, output=1)))  # fmt: skip
    assert {
        "candidates": [{"content": {"parts": [{"text": "hi"}], "role": "model"}, "index": 0}],
        "modelVersion": "m",
        "responseId": "r",
    } == first
    assert ("STOP", 4) == (last["candidates"][0]["finishReason"], last["usageMetadata"]["totalTokenCount"])


def test_a_call_goes_out_whole_and_what_follows_waits_for_it():
    assert [
        {"functionCall": {"id": "a", "name": "f", "args": {"x": 1}}},
        {"functionCall": {"id": "b", "name": "g", "args": {}}},
        {"text": "done"},
    ] == parts(
        ToolCallStarted(key=0, id="a", name="f"),
        ToolCallStarted(key=1, id="b", name="g"),
        ToolCallDelta(key=0, arguments='{"x"'),
        TextDelta(text="done"),
        ToolCallDelta(key=0, arguments=": 1}"),
        PartEnded(key=1),
    )


def test_arguments_that_were_written_over_several_lines_stay_in_one_event():
    call = ToolCallStarted(key=0, id="a", name="f"), ToolCallDelta(key=0, arguments='{\r\n\n  "x": "a\\nb"\n}')
    assert [{"functionCall": {"id": "a", "name": "f", "args": {"x": "a\nb"}}}] == parts(*call)


def test_a_call_is_written_as_soon_as_it_is_whole():
    renderer = GeminiStreamRenderer(created=7)
    assert b"" == renderer.feed(ToolCallStarted(key=0, id="a", name="f"))
    assert b"" == renderer.feed(ToolCallDelta(key=0, arguments='{"x": "}'))
    assert b"functionCall" in renderer.feed(ToolCallDelta(key=0, arguments='"}'))


def test_thoughts_are_marked_and_their_signature_follows():
    first, second = parts(ThinkingDelta(text="hm"), SignatureDelta(signature="google:c2ln"))
    assert {"text": "hm", "thought": True} == first
    assert {"text": "", "thought": True, "thoughtSignature": "c2ln"} == second


@pytest.mark.parametrize(
    ("finished", "expected"),
    [
        ((), "MAX_TOKENS"),
        ((Finished(stop_reason=StopReason.MAX_TOKENS),), "MAX_TOKENS"),
        ((Finished(stop_reason=StopReason.TOOL_USE),), "MALFORMED_FUNCTION_CALL"),
    ],
)
def test_a_call_that_was_cut_is_left_out_and_told_by_the_reason(finished: tuple[Delta, ...], expected: str):
    found = render(ToolCallStarted(key=0, id="a", name="f"), ToolCallDelta(key=0, arguments='{"x'), *finished)
    assert [expected] == [event["candidates"][0]["finishReason"] for event in found]


def test_an_answer_that_says_nothing_has_an_end():
    (only,) = render(Finished(stop_reason=StopReason.REFUSAL))
    assert ("SAFETY", "gen-7") == (only["candidates"][0]["finishReason"], only["responseId"])


def test_a_failure_is_an_error_and_no_end():
    found = render(HEAD, TextDelta(text="hi"), Failed(message="Busy", error_type="overloaded_error"))
    assert {"error": {"code": 503, "message": "Busy", "status": "UNAVAILABLE"}} == found[-1]


def test_an_error_of_our_own_is_one_of_googles():
    ((_, event),) = events(render_stream_error("gone", "upstream_broken"))
    assert {"error": {"code": 502, "message": "gone", "status": "UNAVAILABLE"}} == event

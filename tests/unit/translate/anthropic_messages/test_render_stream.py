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
from headgate.translate.anthropic_messages.render_stream import AnthropicStreamRenderer, render_stream_error
from tests.kit.translation import events


def render(*deltas: Delta) -> list[dict]:
    renderer = AnthropicStreamRenderer(created=5)
    stream = b"".join(renderer.feed(delta) for delta in deltas) + renderer.finish()
    return [event for _, event in events(stream)]


def outline(*deltas: Delta) -> list[str]:
    """Blocks in short: `text[a b]`, `tool_use f[{}]`."""
    blocks: list[str] = []
    for event in render(*deltas):
        if event["type"] == "content_block_start":
            block = event["content_block"]
            blocks.append(f"{block['type']} {block['name']}[" if "name" in block else f"{block['type']}[")
        elif event["type"] == "content_block_delta":
            pieces = [str(value) for key, value in event["delta"].items() if key != "type"]
            blocks[-1] += ("" if blocks[-1].endswith("[") else " ") + pieces[0]
        elif event["type"] == "content_block_stop":
            blocks[-1] += "]"
    return blocks


def call(key: int, name: str) -> ToolCallStarted:
    return ToolCallStarted(key=key, id=f"call_{key}", name=name)


def arguments(key: int, text: str) -> ToolCallDelta:
    return ToolCallDelta(key=key, arguments=text)


def test_head_and_ending_carry_the_usage():
    start, *_, ending, stop = render(
        Started(id="a", model="m", usage=usage_of(input=3)),
        UsageReported(usage=usage_of(input=3, output=4)),
        Finished(stop_reason=StopReason.STOP_SEQUENCE, stop_sequence="END"),
    )
    assert ("a", "m", [], 3) == (
        start["message"]["id"],
        start["message"]["model"],
        start["message"]["content"],
        start["message"]["usage"]["input_tokens"],
    )
    assert {"stop_reason": "stop_sequence", "stop_sequence": "END"} == ending["delta"]
    assert (3, 4) == (ending["usage"]["input_tokens"], ending["usage"]["output_tokens"])
    assert {"type": "message_stop"} == stop


def test_kinds_of_content_are_blocks_of_their_own():
    assert ["thinking[h m s]", "text[a b]", "redacted_thinking[]", "thinking[again]"] == outline(
        ThinkingDelta(text="h"),
        ThinkingDelta(text="m"),
        SignatureDelta(signature="s"),
        TextDelta(text="a"),
        TextDelta(text=""),
        TextDelta(text="b"),
        RedactedThinkingArrived(data="d"),
        ThinkingDelta(text="again"),
    )


def test_text_that_ended_is_not_continued():
    assert ["text[a]", "text[b]"] == outline(TextDelta(text="a"), PartEnded(), TextDelta(text="b"))


def test_fragments_go_out_as_they_come():
    renderer = AnthropicStreamRenderer(created=5)
    assert [b"" != renderer.feed(delta) for delta in (TextDelta(text="a"), TextDelta(text="b"))] == [True, True]


def test_a_call_is_closed_by_the_next_one_when_its_arguments_are_whole():
    renderer = AnthropicStreamRenderer(created=5)
    for delta in (call(0, "f"), arguments(0, '{"x":'), arguments(0, "1}")):
        renderer.feed(delta)
    assert ["content_block_stop", "content_block_start"] == [name for name, _ in events(renderer.feed(call(1, "g")))]


def test_fragments_of_a_later_call_wait_for_the_earlier_one():
    renderer = AnthropicStreamRenderer(created=5)
    for delta in (call(0, "f"), arguments(0, '{"x":')):
        renderer.feed(delta)
    assert b"" == renderer.feed(call(1, "g")) + renderer.feed(arguments(1, "{}"))
    assert b'"partial_json":"{}"' in renderer.feed(arguments(0, "{}}"))


def test_interleaved_calls_come_out_one_after_the_other():
    assert ['tool_use f[{"x" :1}]', "tool_use g[{ }]", "text[x]"] == outline(
        call(0, "f"), call(1, "g"), arguments(1, "{"), arguments(0, '{"x"'), TextDelta(text="x"), arguments(1, "}"),
        arguments(0, ":1}"),
    )  # fmt: skip


def test_a_call_that_is_said_to_end_is_closed_without_arguments():
    renderer = AnthropicStreamRenderer(created=5)
    renderer.feed(call(0, "f"))
    assert ["content_block_stop"] == [name for name, _ in events(renderer.feed(PartEnded(key=0)))]


def test_a_second_start_and_a_fragment_of_no_call_say_nothing():
    assert ["tool_use f[{}]"] == outline(call(0, "f"), call(0, "g"), arguments(7, "lost"), arguments(0, "{}"))


def test_arguments_that_go_on_after_their_end_are_a_failure():
    *_, error = render(call(0, "f"), arguments(0, "{}"), TextDelta(text="x"), arguments(0, " "), arguments(0, "{}"))
    assert "error" == error["type"]
    assert "went on" in error["error"]["message"]


def test_an_answer_that_was_cut_ran_out_of_tokens():
    assert "max_tokens" == render(TextDelta(text="x"))[-2]["delta"]["stop_reason"]
    assert ["message_start", "message_delta", "message_stop"] == [event["type"] for event in render()]


def test_a_failure_is_the_last_word():
    *_, error = render(TextDelta(text="x"), Failed(message="Overloaded", error_type="overloaded_error"), call(0, "f"))
    assert {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}} == error


def test_a_failure_of_another_kind_has_the_name_that_this_format_knows():
    ((name, event),) = events(render_stream_error("gone", "upstream_timeout"))
    assert ("error", "api_error", "gone") == (name, event["error"]["type"], event["error"]["message"])

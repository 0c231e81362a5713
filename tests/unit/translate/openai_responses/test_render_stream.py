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
from headgate.translate.openai_responses.render_stream import ResponsesStreamRenderer
from tests.kit.translation import events, judge_responses

END = Finished(stop_reason=StopReason.END_TURN)


def render(*deltas: Delta) -> list[dict]:
    renderer = ResponsesStreamRenderer(created=5)
    stream = b"".join(renderer.feed(delta) for delta in deltas) + renderer.finish()
    judge_responses(stream)
    return [event for _, event in events(stream)]


def kinds(*deltas: Delta) -> list[str]:
    """Between the beginning and the end."""
    return [event["type"].removeprefix("response.") for event in render(*deltas)[2:-1]]


def test_an_answer_has_its_name_and_its_usage():
    *_, end = render(Started(id="r", model="m"), UsageReported(usage=usage_of(input=3, output=2)), END)
    response = end["response"]
    assert ("r", "m", 5, "completed") == tuple(response[name] for name in ("id", "model", "created_at", "status"))
    assert (3, 2, 5) == tuple(response["usage"][name] for name in ("input_tokens", "output_tokens", "total_tokens"))


def test_a_text_grows_in_a_part_of_a_message():
    assert [
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.done",
        "content_part.done",
        "output_item.done",
    ] == kinds(TextDelta(text="a"), TextDelta(text=""), TextDelta(text="b"), END)


def test_texts_that_follow_each_other_are_parts_of_one_message():
    *_, end = render(TextDelta(text="a"), PartEnded(), TextDelta(text="b"), END)
    (message,) = end["response"]["output"]
    assert ["a", "b"] == [part["text"] for part in message["content"]]


def test_a_thought_is_signed_at_its_end():
    *_, end = render(ThinkingDelta(text="hm"), SignatureDelta(signature="s"), SignatureDelta(signature="ig"), END)
    (thought,) = end["response"]["output"]
    assert ([{"type": "reasoning_text", "text": "hm"}], "headgate:signed:sig") == (
        thought["content"],
        thought["encrypted_content"],
    )


def test_what_is_hidden_is_an_item_of_its_own():
    assert ["output_item.added", "output_item.done"] == kinds(RedactedThinkingArrived(data="d"), END)


def test_calls_grow_side_by_side():
    *_, end = render(
        ToolCallStarted(key=7, id="c7", name="f"),
        ToolCallStarted(key=3, id="c3", name="g"),
        ToolCallDelta(key=7, arguments='{"a"'),
        ToolCallDelta(key=3, arguments="{}"),
        PartEnded(key=3),
        ToolCallDelta(key=7, arguments=":1}"),
        END,
    )
    assert [("c7", '{"a":1}'), ("c3", "{}")] == [
        (item["call_id"], item["arguments"]) for item in end["response"]["output"]
    ]


def test_a_call_without_arguments_has_an_empty_object():
    *_, end = render(ToolCallStarted(key=0, id="c", name="f"), END)
    assert "{}" == end["response"]["output"][0]["arguments"]


def test_what_belongs_to_no_call_or_comes_too_late_is_passed_over():
    begun = ToolCallStarted(key=0, id="c", name="f")
    assert kinds(begun, PartEnded(key=0), END) == kinds(
        ToolCallDelta(key=0, arguments="{}"), begun, begun, PartEnded(key=0), ToolCallDelta(key=0, arguments="x"), END
    )


def test_an_answer_that_was_cut_says_so_of_itself_and_of_its_last_item():
    *_, end = render(TextDelta(text="a"), ToolCallStarted(key=0, id="c", name="f"))
    assert ("response.incomplete", {"reason": "max_output_tokens"}) == (
        end["type"],
        end["response"]["incomplete_details"],
    )
    assert ["completed", "incomplete"] == [item["status"] for item in end["response"]["output"]]


def test_a_failure_is_the_last_event():
    *_, error = render(TextDelta(text="a"), Failed(message="Busy.", error_type="overloaded_error"), TextDelta(text="b"))
    assert ("error", "Busy.", "overloaded_error") == (error["type"], error["message"], error["code"])

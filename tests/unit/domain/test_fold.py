import pytest

from headgate.domain.conversation import (
    Answer,
    Failed,
    Finished,
    PartEnded,
    RedactedThinking,
    RedactedThinkingArrived,
    SignatureDelta,
    Started,
    StopReason,
    Text,
    TextDelta,
    Thinking,
    ThinkingDelta,
    ToolCall,
    ToolCallDelta,
    ToolCallStarted,
    UsageReported,
)
from headgate.domain.fold import fold
from headgate.domain.usage import usage_of


def test_nothing_folds_to_an_answer_that_broke_off():
    assert Answer() == fold([])


def test_pieces_of_text_become_one_part():
    answer = fold(
        [Started(id="1", model="m"), TextDelta(text="Hel"), TextDelta(text="lo"), Finished(stop_reason="end_turn")]
    )
    assert ("1", "m", (Text(text="Hello"),), StopReason.END_TURN) == (
        answer.id,
        answer.model,
        answer.parts,
        answer.stop_reason,
    )


def test_a_part_that_ended_is_not_continued():
    assert (Text(text="a"), Text(text="b")) == fold([TextDelta(text="a"), PartEnded(), TextDelta(text="b")]).parts


def test_parts_stand_in_the_order_in_which_they_began():
    parts = fold(
        [
            ThinkingDelta(text="hm"),
            SignatureDelta(signature="si"),
            SignatureDelta(signature="g"),
            TextDelta(text="a"),
            RedactedThinkingArrived(data="x"),
            TextDelta(text="b"),
        ]
    ).parts
    assert (Thinking(text="hm", signature="sig"), Text(text="a"), RedactedThinking(data="x"), Text(text="b")) == parts


def test_a_signature_alone_begins_empty_thinking():
    assert (Thinking(text="", signature="s"),) == fold([SignatureDelta(signature="s")]).parts


def test_arguments_of_several_calls_may_come_mixed():
    parts = fold(
        [
            ToolCallStarted(key=0, id="a", name="f"),
            ToolCallStarted(key=1, id="b", name="g"),
            ToolCallDelta(key=0, arguments='{"x"'),
            ToolCallDelta(key=1, arguments="{}"),
            ToolCallDelta(key=0, arguments=":1}"),
        ]
    ).parts
    assert (ToolCall(id="a", name="f", arguments='{"x":1}'), ToolCall(id="b", name="g", arguments="{}")) == parts


def test_a_call_that_begins_twice_and_arguments_of_no_call_are_passed_over():
    begun = ToolCallStarted(key=0, id="a", name="f")
    again = ToolCallStarted(key=0, id="b", name="g")
    parts = fold([begun, again, ToolCallDelta(key=7, arguments="{}"), ToolCallDelta(key=0, arguments="{}")]).parts
    assert (ToolCall(id="a", name="f", arguments="{}"),) == parts


@pytest.mark.parametrize("empty", [TextDelta(text=""), ThinkingDelta(text=""), SignatureDelta(signature="")])
def test_a_piece_that_says_nothing_begins_no_part(empty):
    assert () == fold([empty]).parts


def test_the_last_usage_counts_and_a_start_without_one_takes_nothing_back():
    first, last = usage_of(input=1), usage_of(input=1, output=2)
    assert last == fold([Started(usage=first), UsageReported(usage=last)]).usage
    assert first == fold([UsageReported(usage=first), Started()]).usage


def test_a_failure_is_kept_beside_what_was_said():
    answer = fold([TextDelta(text="a"), Failed(message="overloaded")])
    assert ("overloaded", (Text(text="a"),), None) == (answer.failure, answer.parts, answer.stop_reason)


def test_a_stop_sequence_is_kept():
    answer = fold([Finished(stop_reason=StopReason.STOP_SEQUENCE, stop_sequence="END")])
    assert (StopReason.STOP_SEQUENCE, "END") == (answer.stop_reason, answer.stop_sequence)

import pytest

from headgate.domain.conversation import StopReason
from headgate.translate.openai_chat.stop_reasons import parse_stop_reason, render_stop_reason


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("stop", StopReason.END_TURN),
        ("eos", StopReason.END_TURN),
        ("length", StopReason.MAX_TOKENS),
        ("model_length", StopReason.CONTEXT_FULL),
        ("tool_calls", StopReason.TOOL_USE),
        ("function_call", StopReason.TOOL_USE),
        ("content_filter", StopReason.REFUSAL),
        ("a word of tomorrow", StopReason.END_TURN),
    ],
)
def test_words_are_read(word: str, expected: StopReason):
    assert expected == parse_stop_reason(word, has_calls=False, refused=False)


def test_an_answer_with_calls_waits_for_them_whatever_the_word():
    assert StopReason.TOOL_USE == parse_stop_reason("stop", has_calls=True, refused=False)
    assert StopReason.MAX_TOKENS == parse_stop_reason("length", has_calls=True, refused=False)


def test_a_refusal_is_one_although_the_word_is_stop():
    assert StopReason.REFUSAL == parse_stop_reason("stop", has_calls=False, refused=True)


def test_every_reason_has_a_word_that_openai_publishes():
    published = {"stop", "length", "tool_calls", "content_filter"}
    assert published == {render_stop_reason(reason) for reason in StopReason}

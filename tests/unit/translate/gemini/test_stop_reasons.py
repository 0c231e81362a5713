import pytest

from headgate.domain.conversation import StopReason
from headgate.translate.gemini.stop_reasons import parse_stop_reason, reason_word, render_stop_reason


@pytest.mark.parametrize("reason", list(StopReason))
def test_every_reason_can_be_written_and_read_again(reason: StopReason):
    lost = {StopReason.CONTEXT_FULL: StopReason.MAX_TOKENS, StopReason.STOP_SEQUENCE: StopReason.END_TURN,
            StopReason.PAUSE_TURN: StopReason.END_TURN}  # fmt: skip
    read = parse_stop_reason(render_stop_reason(reason), has_calls=reason is StopReason.TOOL_USE)
    assert lost.get(reason, reason) is read


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("STOP", "STOP"),
        (1, "STOP"),
        (5, "OTHER"),
        (99, "OTHER"),
        (0, ""),
        (None, ""),
        ("FINISH_REASON_UNSPECIFIED", ""),
    ],
)
def test_a_number_is_a_word_too(written: str | int | None, expected: str):
    assert expected == reason_word(written)


def test_calls_beside_a_stop_are_the_reason():
    assert StopReason.TOOL_USE is parse_stop_reason("STOP", has_calls=True)
    assert StopReason.MAX_TOKENS is parse_stop_reason("MAX_TOKENS", has_calls=True)

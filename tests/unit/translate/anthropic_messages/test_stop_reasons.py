import pytest

from headgate.domain.conversation import StopReason
from headgate.translate.anthropic_messages.stop_reasons import parse_stop_reason, render_stop_reason


@pytest.mark.parametrize("reason", StopReason)
def test_every_reason_has_a_word_of_its_own(reason: StopReason):
    assert reason is parse_stop_reason(render_stop_reason(reason))


def test_an_unknown_word_ends_the_turn():
    assert StopReason.END_TURN is parse_stop_reason("a word of tomorrow")

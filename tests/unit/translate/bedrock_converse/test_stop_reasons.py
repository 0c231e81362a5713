import pytest

from headgate.domain.conversation import StopReason
from headgate.translate.bedrock_converse.stop_reasons import parse_stop_reason


@pytest.mark.parametrize(
    ("expected", "word"),
    [
        (StopReason.END_TURN, "end_turn"),
        (StopReason.TOOL_USE, "tool_use"),
        (StopReason.MAX_TOKENS, "max_tokens"),
        (StopReason.STOP_SEQUENCE, "stop_sequence"),
        (StopReason.CONTEXT_FULL, "model_context_window_exceeded"),
        (StopReason.REFUSAL, "guardrail_intervened"),
        (StopReason.REFUSAL, "content_filtered"),
        (StopReason.END_TURN, "malformed_tool_use"),
        (StopReason.END_TURN, "something_new"),
    ],
)
def test_every_word_has_a_meaning(expected: StopReason, word: str):
    assert expected is parse_stop_reason(word)

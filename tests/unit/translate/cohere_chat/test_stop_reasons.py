import pytest

from headgate.domain.conversation import StopReason
from headgate.translate.cohere_chat.stop_reasons import parse_stop_reason


@pytest.mark.parametrize(
    ("reason", "has_calls", "expected"),
    [
        ("COMPLETE", False, StopReason.END_TURN),
        ("COMPLETE", True, StopReason.TOOL_USE),
        ("TOOL_CALL", True, StopReason.TOOL_USE),
        ("MAX_TOKENS", True, StopReason.MAX_TOKENS),
        ("STOP_SEQUENCE", False, StopReason.STOP_SEQUENCE),
        ("SOMETHING_NEW", False, StopReason.END_TURN),
        ("SOMETHING_NEW", True, StopReason.TOOL_USE),
    ],
)
def test_every_reason_has_its_word(reason: str, has_calls: bool, expected: StopReason):
    assert expected is parse_stop_reason(reason, has_calls=has_calls)

import pytest

from headgate.domain.conversation import StopReason
from headgate.translate.ollama_chat.stop_reasons import parse_stop_reason


@pytest.mark.parametrize(
    ("reason", "has_calls", "expected"),
    [
        ("stop", False, StopReason.END_TURN),
        ("stop", True, StopReason.TOOL_USE),
        ("length", True, StopReason.MAX_TOKENS),
        ("load", False, StopReason.END_TURN),
        ("custom", False, StopReason.END_TURN),
        (None, True, StopReason.TOOL_USE),
    ],
)
def test_every_reason_has_its_word(reason: str | None, has_calls: bool, expected: StopReason):
    assert expected is parse_stop_reason(reason, has_calls=has_calls)

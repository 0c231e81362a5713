import pytest

from headgate.domain.conversation import StopReason
from headgate.translate.tgi_generate.stop_reasons import parse_stop_reason


@pytest.mark.parametrize(
    ("reason", "expected"),
    [
        ("eos_token", StopReason.END_TURN),
        ("length", StopReason.MAX_TOKENS),
        ("stop_sequence", StopReason.STOP_SEQUENCE),
        ("new", StopReason.END_TURN),
        (None, StopReason.END_TURN),
    ],
)
def test_every_reason_has_its_word(reason: str | None, expected: StopReason):
    assert expected is parse_stop_reason(reason)

import pytest

from headgate.domain.conversation import StopReason
from headgate.translate.openai_responses.stop_reasons import parse_stop_reason, render_status


@pytest.mark.parametrize(
    ("status", "missing", "has_calls", "refused", "expected"),
    [
        ("completed", None, False, False, StopReason.END_TURN),
        (None, None, False, False, StopReason.END_TURN),
        ("completed", None, True, False, StopReason.TOOL_USE),
        ("completed", None, False, True, StopReason.REFUSAL),
        ("incomplete", "max_output_tokens", True, False, StopReason.MAX_TOKENS),
        ("incomplete", "content_filter", False, False, StopReason.REFUSAL),
        ("incomplete", None, False, False, StopReason.MAX_TOKENS),
        ("incomplete", "something new", False, False, StopReason.MAX_TOKENS),
    ],
)
def test_a_status_and_what_is_missing_say_why(
    status: str | None, missing: str | None, has_calls: bool, refused: bool, expected: StopReason
):
    assert expected == parse_stop_reason(status, missing, has_calls=has_calls, refused=refused)


@pytest.mark.parametrize("reason", StopReason)
def test_every_reason_has_a_status(reason: StopReason):
    status, missing = render_status(reason)
    assert (status == "incomplete") == (missing is not None)


def test_a_cut_answer_is_incomplete():
    assert ("incomplete", "max_output_tokens") == render_status(StopReason.CONTEXT_FULL)
    assert ("incomplete", "content_filter") == render_status(StopReason.REFUSAL)

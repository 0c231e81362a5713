import pytest

from headgate.translate.bedrock_converse.frames import Failure, failure_of, kind_of
from headgate.wire.eventstream import Frame, parse_frame
from tests.kit.converse import exception, frame


def test_an_event_has_a_kind_and_is_no_failure():
    parsed = parse_frame(frame("metadata"))
    assert ("metadata", None) == (kind_of(parsed), failure_of(parsed))


@pytest.mark.parametrize(
    ("expected", "frame_"),
    [
        (Failure("Too many.", "throttlingException"), parse_frame(exception("throttlingException", "Too many."))),
        (
            Failure("Broken.", "InternalError"),
            Frame({":message-type": "error", ":error-code": "InternalError", ":error-message": "Broken."}, b""),
        ),
        (
            Failure("The provider answered with status 200 and no message.", "error"),
            Frame({":message-type": "exception"}, b"{}"),
        ),
    ],
)
def test_a_failure_says_what_went_wrong(expected: Failure, frame_: Frame):
    assert expected == failure_of(frame_)
    assert "" == kind_of(frame_)

import pytest

from headgate.domain.errors import (
    UpstreamBroken,
    UpstreamError,
    UpstreamRejected,
    UpstreamTimeout,
    UpstreamUnreachable,
    UpstreamUnsayable,
    UpstreamUnsigned,
)
from headgate.routing.failures import Blame, finding_of, finding_of_status


@pytest.mark.parametrize(
    ("status", "retry", "fall_back", "blame"),
    [
        (400, False, False, Blame.NOBODY),
        (413, False, False, Blame.NOBODY),
        (422, False, False, Blame.NOBODY),
        (404, False, True, Blame.NOBODY),
        (401, False, True, Blame.FAULT),
        (402, False, True, Blame.FAULT),
        (403, False, True, Blame.FAULT),
        (408, True, True, Blame.FAULT),
        (424, True, True, Blame.FAULT),
        (429, True, True, Blame.BUSY),
        (500, True, True, Blame.FAULT),
        (503, True, True, Blame.FAULT),
        (529, True, True, Blame.FAULT),
        (302, False, True, Blame.FAULT),
    ],
)
def test_a_status_says_what_to_try_next(status: int, retry: bool, fall_back: bool, blame: Blame):
    assert (retry, fall_back, blame) == finding_of_status(status)
    error = UpstreamRejected("No.", provider="p", unbilled=True, status=status, body=b"")
    assert finding_of_status(status) == finding_of(error)


@pytest.mark.parametrize(
    ("error", "retry", "fall_back", "blame"),
    [
        (UpstreamUnreachable("No.", provider="p"), True, True, Blame.FAULT),
        (UpstreamUnreachable("No.", provider="p", timed_out=True), False, True, Blame.DOWN),
        (UpstreamUnsigned("No.", provider="p"), False, True, Blame.FAULT),
        (UpstreamTimeout("No.", provider="p", unbilled=False), False, True, Blame.DOWN),
        (UpstreamBroken("No.", provider="p", unbilled=False), True, True, Blame.FAULT),
        (UpstreamUnsayable("No.", provider="p", unbilled=False), False, False, Blame.NOBODY),
    ],
)
def test_an_error_says_what_to_try_next(error: UpstreamError, retry: bool, fall_back: bool, blame: Blame):
    assert (retry, fall_back, blame) == finding_of(error)

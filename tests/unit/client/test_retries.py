import pytest

from headgate.client.errors import ConnectionFailed, HeadgateError, StatusError
from headgate.client.options import read_options
from headgate.client.requests import Outgoing
from headgate.client.retries import Tries
from tests.kit.python_client import StoppedMachine

OPTIONS = read_options(base_url=None, api_key="k", timeout_s=600, max_retries=9, idempotent=True, environ={})


def tries(*, key: bool = True) -> Tries:
    headers = {"idempotency-key": "k"} if key else {}
    return Tries(Outgoing("POST", "/", headers, b"", 1.0), OPTIONS, StoppedMachine().machine())


def error(status: int, source: str = "gateway", **more) -> StatusError:
    return StatusError("", status=status, source=source, **more)


def is_repeated(failure: HeadgateError, *, key: bool = True) -> bool:
    try:
        tries(key=key).wait_after(failure)
    except HeadgateError:
        return False
    return True


@pytest.mark.parametrize(
    ("with_key", "without", "failure"),
    [
        (True, True, ConnectionFailed("", unsent=True)),
        (True, False, ConnectionFailed("", unsent=False)),
        (True, True, error(429)),
        (True, True, error(503)),
        (True, False, error(500)),
        (True, False, error(409)),
        (True, False, error(502, "provider")),
        (True, False, error(504, "provider")),
        (True, False, error(429, "provider")),
        (False, False, error(429, should_retry=False)),
        (True, False, error(400, should_retry=True)),
        (False, False, error(400)),
        (False, False, error(401)),
        (False, False, error(404)),
        (False, False, HeadgateError("")),
        (True, True, error(429, retry_after_s=60)),
        (False, False, error(429, retry_after_s=61)),
    ],
)
def test_what_is_sent_again_with_an_idempotency_key_and_without(with_key: bool, without: bool, failure: HeadgateError):
    assert (with_key, without) == (is_repeated(failure), is_repeated(failure, key=False))


def test_waits_double_up_to_a_longest_and_are_spread():
    call = tries()
    assert [0.25, 0.5, 1.0, 2.0, 4.0, 4.0] == [call.wait_after(error(503)) for _ in range(6)]


def test_what_the_gateway_asks_for_is_waited_at_least():
    assert 7.25 == tries().wait_after(error(503, retry_after_s=7))


def test_patience_ends():
    call = tries()
    for _ in range(9):
        call.wait_after(error(503))
    with pytest.raises(StatusError):
        call.wait_after(error(503))


def test_an_unknown_outcome_is_told_as_it_is_where_nothing_came_before():
    unknown = error(409, code="idempotency_outcome_unknown", should_retry=False)
    with pytest.raises(StatusError) as raised:
        tries().wait_after(unknown)
    assert unknown is raised.value

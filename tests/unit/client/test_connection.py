import httpx2
import pytest

from headgate.client.connection import connection_error, timeout_of
from headgate.client.errors import ConnectionFailed, TimedOut
from headgate.client.options import read_options
from headgate.client.requests import Outgoing

OPTIONS = read_options(base_url=None, api_key="k", timeout_s=600, max_retries=9, idempotent=True, environ={})


@pytest.mark.parametrize(
    ("kind", "unsent", "error"),
    [
        (ConnectionFailed, True, httpx2.ConnectError("x")),
        (TimedOut, True, httpx2.ConnectTimeout("x")),
        (TimedOut, True, httpx2.PoolTimeout("x")),
        (TimedOut, False, httpx2.ReadTimeout("x")),
        (TimedOut, False, httpx2.WriteTimeout("x")),
        (ConnectionFailed, False, httpx2.ReadError("x")),
        (ConnectionFailed, False, httpx2.RemoteProtocolError("x")),
    ],
)
def test_whether_anything_left_is_known(kind: type, unsent: bool, error: httpx2.HTTPError):
    found = connection_error(error, OPTIONS)
    assert isinstance(found, ConnectionFailed)
    assert (kind, unsent) == (type(found), found.unsent)
    assert "http://127.0.0.1:8000" in found.message


def test_a_connection_is_waited_for_no_longer_than_an_answer():
    timeout = timeout_of(Outgoing("GET", "/", {}, b"", 3.0), OPTIONS)
    assert (3.0, 3.0) == (timeout.connect, timeout.read)

"""What both kinds of client say to httpx2, and what its failures mean."""

import httpx2

from headgate.client.answers import Reading
from headgate.client.errors import ConnectionFailed, HeadgateError, StreamBroken, TimedOut
from headgate.client.options import Options
from headgate.client.requests import Outgoing

_UNSENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol)
"""What happens before the first byte of a request leaves."""


def timeout_of(outgoing: Outgoing, options: Options) -> httpx2.Timeout:
    """The longest silences."""
    return httpx2.Timeout(outgoing.timeout_s, connect=min(options.connect_timeout_s, outgoing.timeout_s))


def connection_error(error: httpx2.HTTPError, options: Options) -> HeadgateError:
    """Make ours of theirs."""
    unsent = isinstance(error, _UNSENT)
    if isinstance(error, httpx2.TimeoutException):
        what = "could not be reached in time" if unsent else "did not answer in time"
        return TimedOut(f"The gateway at {options.base_url} {what}.", unsent=unsent)
    what = "cannot be reached" if unsent else "did not answer to the end"
    return ConnectionFailed(f"The gateway at {options.base_url} {what}: {error}.", unsent=unsent)


def broken(error: httpx2.HTTPError, reading: Reading) -> StreamBroken:
    """A stream broke off on its way."""
    return StreamBroken(f"The stream broke off: {error!r}.", request_id=reading.request_id)

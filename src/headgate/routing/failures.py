"""What a failed attempt means for the next one: try again here, try elsewhere, and what to think of the deployment."""

from enum import Enum
from typing import Final, NamedTuple

from headgate.domain.errors import (
    UpstreamError,
    UpstreamRejected,
    UpstreamTimeout,
    UpstreamUnreachable,
    UpstreamUnsayable,
    UpstreamUnsigned,
)


class Blame(Enum):
    """What a failure says about the deployment."""

    NOBODY = "nobody"
    """The request's own fault: the deployment did well to refuse."""
    BUSY = "busy"
    """It works, but not for us now (429)."""
    FAULT = "fault"
    """It failed; several of these in a row, and it rests."""
    DOWN = "down"
    """It does not answer: one is enough, for the next request would wait as long."""


class Finding(NamedTuple):
    """What a failed attempt means."""

    retry: bool
    """The same deployment may answer if it is asked again."""
    fall_back: bool
    """Another deployment may answer."""
    blame: Blame


_OWN_FAULT: Final = Finding(retry=False, fall_back=False, blame=Blame.NOBODY)
_OURS: Final = Finding(retry=False, fall_back=True, blame=Blame.FAULT)
_PASSING: Final = Finding(retry=True, fall_back=True, blame=Blame.FAULT)
_BUSY: Final = Finding(retry=True, fall_back=True, blame=Blame.BUSY)
_DOWN: Final = Finding(retry=False, fall_back=True, blame=Blame.DOWN)
_BY_STATUS: Final = {
    # A credential that is not accepted, an account without money: nothing that this request could do about it.
    401: _OURS,
    402: _OURS,
    403: _OURS,
    # It does not have the model; another one may. That is no reason to keep others of its models away.
    404: Finding(retry=False, fall_back=True, blame=Blame.NOBODY),
    408: _PASSING,
    # Bedrock: the model failed, not the request.
    424: _PASSING,
    425: _PASSING,
    429: _BUSY,
    # Anthropic: overloaded, for everybody.
    529: _PASSING,
}


def finding_of(error: UpstreamError) -> Finding:
    """What to think of an attempt that ended in this error, before a client saw anything of its answer."""
    if isinstance(error, UpstreamRejected):
        return finding_of_status(error.status)
    if isinstance(error, UpstreamUnsayable):
        # It answered, and was paid: another one would be paid too, and may say the same.
        return _OWN_FAULT
    if isinstance(error, UpstreamUnsigned):
        return _OURS
    slow = isinstance(error, UpstreamTimeout) or (isinstance(error, UpstreamUnreachable) and error.timed_out)
    return _DOWN if slow else _PASSING


def finding_of_status(status: int) -> Finding:
    """What to think of an error status."""
    found = _BY_STATUS.get(status)
    if found is not None:
        return found
    if status >= 500:
        return _PASSING
    # A redirect is not followed: the address is wrong.
    return _OURS if status < 400 else _OWN_FAULT

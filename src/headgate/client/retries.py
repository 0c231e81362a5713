"""When a call is sent again, and after how long."""

from typing import Final

from headgate.client.errors import ConnectionFailed, HeadgateError, StatusError
from headgate.client.machine import Machine
from headgate.client.options import Options
from headgate.client.requests import Outgoing

FIRST_WAIT_S: Final = 0.5
LONGEST_WAIT_S: Final = 8.0
LONGEST_ASKED_WAIT_S: Final = 60.0
"""What the gateway asks for beyond that is the caller's to decide."""
OUTCOME_UNKNOWN: Final = "idempotency_outcome_unknown"
_MAY_PASS: Final = frozenset({408, 409, 429, 500, 502, 503, 504, 529})
_NOTHING_WAS_SENT: Final = frozenset({429, 503})
"""Statuses of the gateway's own after which no provider was asked."""


class Tries:
    """The tries of one logical call."""

    def __init__(self, outgoing: Outgoing, options: Options, machine: Machine) -> None:
        """Nothing was tried yet."""
        self._repeatable = outgoing.repeatable
        self._left = options.max_retries
        self._done = 0
        self._machine = machine
        self._last: HeadgateError | None = None

    def wait_after(self, failure: HeadgateError) -> float:
        """Seconds until the call is sent again.

        Raises:
            HeadgateError: it is not: what the caller is to see.
        """
        if isinstance(failure, StatusError) and failure.code == OUTCOME_UNKNOWN and self._last is not None:
            # What the try before met is the cause; that its outcome is unknown follows from it.
            raise self._last from failure
        if self._left == 0 or not self._may_pass(failure):
            raise failure
        asked = failure.retry_after_s if isinstance(failure, StatusError) else None
        if asked is not None and asked > LONGEST_ASKED_WAIT_S:
            raise failure
        self._last = failure
        self._left -= 1
        self._done += 1
        # Full jitter: callers that failed together do not come back together.
        longest = min(FIRST_WAIT_S * 2 ** (self._done - 1), LONGEST_WAIT_S)
        return (asked or 0.0) + longest * self._machine.chance()

    def _may_pass(self, failure: HeadgateError) -> bool:
        if isinstance(failure, ConnectionFailed):
            return failure.unsent or self._repeatable
        if not isinstance(failure, StatusError) or failure.should_retry is False:
            return False
        if failure.should_retry is None and failure.status not in _MAY_PASS:
            return False
        unsent = failure.source == "gateway" and failure.status in _NOTHING_WAS_SENT
        return self._repeatable or unsent

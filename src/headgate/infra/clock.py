"""The only place that reads a clock or draws randomness."""

import os
import time

from headgate.domain.ids import RequestId, new_request_id

now = time.time
"""Epoch seconds. The function itself: it is called for every chunk."""

monotonic = time.monotonic
"""Seconds of a clock that never goes back; only differences mean anything."""


def chance() -> float:
    """Draw a number from 0 to 1, 1 excluded."""
    return int.from_bytes(os.urandom(7)) / 2**56


def request_id() -> RequestId:
    """Draw a fresh request id."""
    return new_request_id(time.time_ns() // 1_000_000, os.urandom(8).hex())

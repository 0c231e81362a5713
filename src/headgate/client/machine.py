"""The machine under a client: time, waiting and chance, in one place, so that tests can stand in for it."""

import asyncio
import datetime as dt
import os
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import NamedTuple


class Machine(NamedTuple):
    """What a client needs of the machine."""

    monotonic: Callable[[], float]
    """Seconds; only differences mean anything."""
    now: Callable[[], dt.datetime]
    """With a time zone: UTC."""
    chance: Callable[[], float]
    """From 0 to 1, 1 excluded."""
    unique: Callable[[], str]
    """Text that nobody else has drawn."""
    sleep: Callable[[float], None]
    sleep_async: Callable[[float], Awaitable[None]]


MACHINE = Machine(
    monotonic=time.monotonic,
    now=lambda: dt.datetime.now(dt.UTC),
    chance=lambda: int.from_bytes(os.urandom(7)) / 2**56,
    unique=lambda: uuid.uuid4().hex,
    sleep=time.sleep,
    sleep_async=asyncio.sleep,
)

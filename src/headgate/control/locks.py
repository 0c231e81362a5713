"""A lock for what must not be done by two nodes at once and cannot be one transaction."""

import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

_MIGRATION = 0x68656164_6D696772
_ALONE = 0x73696E6B
"""First half of the lock of whatever only one node does; the second half is made of its name."""


@contextmanager
def one_at_a_time() -> Iterator[None]:
    """Wait until no other node is in here; on SQLite, which belongs to one node, at once.

    The lock has a connection of its own, and goes with it, however this process ends.
    """
    if connection.vendor == "sqlite":
        yield
        return
    guard: Any = connection.copy()
    try:
        with guard.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_lock(%s)", [_MIGRATION])
        yield
    finally:
        guard.close()


@contextmanager
def held_alone(name: str) -> Iterator[bool]:
    """Say whether no other node is in here for this name; does not wait. SQLite belongs to one node.

    The lock is this connection's: it goes with it, however this process ends.
    """
    if connection.vendor == "sqlite":
        yield True
        return
    half = zlib.crc32(name.encode()) - 2**31
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", [_ALONE, half])
        row = cursor.fetchone()
    mine = bool(row and row[0])
    try:
        yield mine
    finally:
        if mine:
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s, %s)", [_ALONE, half])

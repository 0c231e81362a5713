"""A lock for what must not be done by two nodes at once and cannot be one transaction."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

_MIGRATION = 0x68656164_6D696772


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

"""Connections of processes that live long and serve no pages: nobody but they themselves lets go of a broken one."""

from django.db import close_old_connections, connection


def drop_broken_connection() -> None:
    """After an error: the next statement gets a new connection when this one is broken or old.

    Inside a transaction nothing happens, for it is the transaction that has to end first.
    """
    if not connection.in_atomic_block:
        close_old_connections()

"""Writes: keys whose day is over are deleted."""

from django.db import connection, transaction

BATCH = 500
"""Rows per transaction: each may hold an answer of a MiB, and others want to write between two batches."""

_OLDEST = (
    "SELECT scope, idempotency_key FROM headgate_idempotency_key WHERE expires_at <= %s ORDER BY expires_at LIMIT %s"
)


def delete_expired(now: float, *, batch: int = BATCH) -> int:
    """Delete all keys that expired by `now`, epoch seconds; return how many.

    A key that was claimed anew meanwhile has a later end, and stays.
    """
    deleted = 0
    while True:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                "DELETE FROM headgate_idempotency_key WHERE expires_at <= %s "  # noqa: S608 - only constants
                f"AND (scope, idempotency_key) IN ({_OLDEST})",
                [int(now), int(now), batch],
            )
            gone: int = cursor.rowcount
        deleted += gone
        if gone < batch:
            return deleted

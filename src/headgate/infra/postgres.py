"""Connections to Postgres that end when something hangs, for those who would rather ask again."""

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow

TIMEOUTS = {
    "statement_timeout": 3_000,
    "lock_timeout": 2_000,
    "idle_in_transaction_session_timeout": 1_000,
}
"""Milliseconds. The last one ends a transaction whose process was stopped in the middle, before those who wait for its
locks give up."""
NETWORK = {
    "connect_timeout": 2,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 6_000,
}
"""What libpq may be told in the URL as well, which then counts."""


def connect(url: str, *, name: str) -> psycopg.Connection[TupleRow]:
    """Connect in autocommit mode.

    Args:
        url: a `DATABASE_URL`, `postgres://...`.
        name: what the connection is listed under in `pg_stat_activity`.

    Raises:
        psycopg.Error: no connection.
    """
    given = conninfo_to_dict(url)
    limits = " ".join(f"-c {setting}={value}" for setting, value in TIMEOUTS.items())
    ours = {setting: value for setting, value in {**NETWORK, "application_name": name}.items() if setting not in given}
    whole = make_conninfo(url, **ours, options=f"{limits} {given.get('options') or ''}".strip())
    return psycopg.connect(whole, autocommit=True)

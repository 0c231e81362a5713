"""Connections to Postgres that end when something hangs, for those who would rather ask again."""

from typing import TypeVar

import psycopg
from psycopg.abc import PQGen
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import TupleRow

from headgate.infra import clock

TIMEOUTS = {
    "statement_timeout": 3_000,
    "lock_timeout": 2_000,
    "idle_in_transaction_session_timeout": 1_000,
}
"""Milliseconds, kept by the server. The last one ends a transaction whose process was stopped in the middle, before
those who wait for its locks give up."""
ANSWER_WITHIN_S = 4.0
"""Longest silence of a server, which should have ended the statement itself by then."""
NETWORK = {
    "connect_timeout": 2,
    "keepalives_idle": 5,
    "keepalives_interval": 2,
    "keepalives_count": 3,
    "tcp_user_timeout": 6_000,
}
"""What libpq may be told in the URL as well, which then counts."""

_T = TypeVar("_T")


class ImpatientConnection(psycopg.Connection[TupleRow]):
    """Fails with `psycopg.OperationalError` when the server says nothing; no use after that but to be closed."""

    def wait(self, gen: PQGen[_T], interval: float = 0.1, timeout: float | None = None) -> _T:
        """Run one exchange with the server; every wait of psycopg's comes through here."""
        return super().wait(_bounded(gen, clock.monotonic() + ANSWER_WITHIN_S), interval, timeout)


def connect(url: str, *, name: str) -> ImpatientConnection:
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
    return ImpatientConnection.connect(whole, autocommit=True)


def _bounded(gen: PQGen[_T], until: float) -> PQGen[_T]:
    """Do what `gen` does, until then; every `interval` it is told that nothing happened.

    The error is raised inside, where a pipeline still has to be left: psycopg's own timeout would only abandon it.
    """
    try:
        wanted = next(gen)
        while True:
            ready = yield wanted
            if ready or clock.monotonic() < until:
                wanted = gen.send(ready)
            else:
                wanted = gen.throw(psycopg.OperationalError("the server does not answer"))
    except StopIteration as end:
        return end.value

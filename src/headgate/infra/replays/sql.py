"""The table of idempotency keys in SQL that SQLite and Postgres both speak; `control/idempotency` makes it."""

from collections.abc import Mapping
from typing import Any, Final, Protocol

from headgate.domain.ids import OwnerId
from headgate.infra.replays.rows import Asked, Ending, KeyState, Taken, encode_headers

_CLAIM: Final = """
    INSERT INTO headgate_idempotency_key AS held
        (scope, idempotency_key, body_sha256, request_id, owner_id, state, created_at, expires_at)
    VALUES (:scope, :key, :body_sha256, :request_id, :owner_id, 'running', :created_at, :expires_at)
    ON CONFLICT (scope, idempotency_key) DO UPDATE SET
        body_sha256 = excluded.body_sha256, request_id = excluded.request_id, owner_id = excluded.owner_id,
        state = 'running', status = NULL, headers = NULL, body = NULL,
        created_at = excluded.created_at, expires_at = excluded.expires_at
    WHERE held.expires_at <= excluded.created_at OR (held.request_id = excluded.request_id AND held.state = 'running')
    RETURNING request_id
"""
"""The second alternative makes it safe to ask again after an answer that did not come."""
_TAKEN: Final = """
    SELECT held.request_id, held.body_sha256, held.state, owner.state, held.status, held.headers, held.body
    FROM headgate_idempotency_key AS held LEFT JOIN headgate_owner AS owner ON owner.id = held.owner_id
    WHERE held.scope = :scope AND held.idempotency_key = :key
"""
_HELD: Final = """
    WHERE scope = :scope AND idempotency_key = :key AND request_id = :request_id AND owner_id = :owner_id
"""
_RELEASE: Final = f"DELETE FROM headgate_idempotency_key {_HELD} AND state = 'running'"  # noqa: S608 - only constants
_END: Final = f"""
    UPDATE headgate_idempotency_key SET state = :state, status = :status, headers = :headers, body = :body {_HELD}
"""  # noqa: S608 - only constants

_ROUNDS: Final = 5
"""A key may become free between our finding it taken and our reading by whom; not again and again."""


class Connection(Protocol):
    """One connection, for one thread; every statement is a transaction of its own."""

    def run(self, statement: str, values: Mapping[str, object]) -> list[tuple[Any, ...]]:
        """Run a statement with `:names`; its rows.

        Raises:
            StoreError: no answer; whether it ran is unknown.
        """
        ...

    def close(self) -> None:
        """Disconnect."""
        ...


class SqlKeyTable:
    """Idempotency keys behind a connection."""

    def __init__(self, connection: Connection) -> None:
        """Take a connection; nothing else may use it."""
        self._connection = connection

    def claim(self, asked: Asked) -> Taken | None:
        """Take a key, or give the row of who holds it."""
        claim = asked.claim
        where = {"scope": claim.scope, "key": claim.key}
        values = where | {
            "body_sha256": asked.body_sha256,
            "request_id": claim.request_id,
            "owner_id": asked.owner,
            "created_at": asked.created_at,
            "expires_at": asked.expires_at,
        }
        for _ in range(_ROUNDS):
            if self._connection.run(_CLAIM, values):
                return None
            if rows := self._connection.run(_TAKEN, where):
                request_id, body_sha256, state, owner_state, status, headers, body = rows[0]
                return Taken(request_id, body_sha256, state, owner_state == "closed", status, headers, body)
        # Taken and freed all the while: somebody is at it.
        return Taken(claim.request_id, asked.body_sha256, KeyState.RUNNING, False, None, None, None)

    def end(self, owner: OwnerId, ending: Ending) -> None:
        """End a claim of this owner."""
        claim, answer = ending.claim, ending.answer
        held: dict[str, object] = {
            "scope": claim.scope,
            "key": claim.key,
            "request_id": claim.request_id,
            "owner_id": owner,
        }
        if ending.state is None:
            self._connection.run(_RELEASE, held)
            return
        kept = {
            "status": answer.status if answer else None,
            "headers": encode_headers(answer) if answer else None,
            "body": answer.body if answer else None,
        }
        self._connection.run(_END, held | {"state": ending.state.value} | kept)

    def close(self) -> None:
        """Disconnect."""
        self._connection.close()

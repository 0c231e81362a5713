"""What a row of an idempotency key means for a request that shows the key again."""

import math
from enum import StrEnum
from typing import Final, NamedTuple, Protocol

import msgspec

from headgate.domain.errors import Conflict
from headgate.domain.ids import OwnerId, RequestId
from headgate.pipeline.ports import Claim, StoredAnswer

DAY_S: Final = 86_400

_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[tuple[str, str]]).decode


class KeyState(StrEnum):
    """What became of the request that holds a key. A key without a row is free."""

    RUNNING = "running"
    ANSWERED = "answered"
    NOT_KEPT = "not_kept"
    UNKNOWN = "unknown"


class Asked(NamedTuple):
    """A request that wants a key."""

    claim: Claim
    body_sha256: str
    owner: OwnerId
    created_at: int
    """Epoch seconds, rounded down."""
    expires_at: int
    """A day later, rounded up: no key is free before its day is over."""


class Taken(NamedTuple):
    """The row of a key that somebody else holds."""

    request_id: str
    body_sha256: str
    state: str
    owner_closed: bool
    """The worker that holds it is dead, and its books are closed."""
    status: int | None
    headers: bytes | None
    body: bytes | None


class Ending(NamedTuple):
    """How a claim ends."""

    claim: Claim
    state: KeyState | None
    """None: the key is free again."""
    answer: StoredAnswer | None = None
    """Set exactly when the state is ANSWERED."""


class StoreError(Exception):
    """The database does not answer: whether the operation happened is unknown."""


class KeyTable(Protocol):
    """Blocking access to the keys, for one thread. Both operations may be repeated after a `StoreError`."""

    def claim(self, asked: Asked) -> Taken | None:
        """Take a key that is free or expired: None; or give the row of who holds it.

        Raises:
            StoreError: no answer.
        """
        ...

    def end(self, owner: OwnerId, ending: Ending) -> None:
        """End a claim of this owner; nothing happens when it holds the key no more.

        Raises:
            StoreError: no answer.
        """
        ...

    def close(self) -> None:
        """Disconnect."""
        ...


def asked(claim: Claim, body_sha256: str, owner: OwnerId, now: float) -> Asked:
    """A request that wants a key at `now`, epoch seconds."""
    return Asked(claim, body_sha256, owner, int(now), math.ceil(now + DAY_S))


def answer_of(taken: Taken, body_sha256: str) -> StoredAnswer:
    """The answer to give again.

    Raises:
        Conflict: there is none, and why.
    """
    by = f"request {taken.request_id}"
    if taken.body_sha256 != body_sha256:
        message = f"This idempotency key was used for another body ({by}); a new request needs a new key."
        raise Conflict(message, code="idempotency_key_reused", param="idempotency-key")
    if taken.state == KeyState.ANSWERED:
        headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in _decode(taken.headers or b"[]")]
        return StoredAnswer(RequestId(taken.request_id), taken.status or 0, headers, taken.body or b"")
    if taken.state == KeyState.NOT_KEPT:
        message = f"The answer of this idempotency key ({by}) was charged but not kept; a new key asks and pays again."
        raise Conflict(message, code="idempotent_answer_not_kept", param="idempotency-key")
    if taken.state == KeyState.RUNNING and not taken.owner_closed:
        message = f"A request with this idempotency key is still running ({by}); try again for its answer."
        raise Conflict(message, code="idempotency_key_in_use", param="idempotency-key", retry_after_s=1)
    message = (
        f"How the request with this idempotency key ended is unknown ({by}), and it may have been charged; "
        "a new key asks and may pay again."
    )
    raise Conflict(message, code="idempotency_outcome_unknown", param="idempotency-key")


def encode_headers(answer: StoredAnswer) -> bytes:
    """Header fields as the table keeps them."""
    return _encode([(name.decode("latin-1"), value.decode("latin-1")) for name, value in answer.headers])

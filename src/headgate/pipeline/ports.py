"""What the pipeline needs from outside, and nothing about how it is done."""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple, Protocol

from headgate.domain.budget import WindowId
from headgate.domain.ids import DeploymentId, OrganizationId, OwnerId, RequestId
from headgate.domain.principal import Principal
from headgate.ledger.records import Record
from headgate.ledger.windows import Drawing, Drawn, Pulse, WindowState
from headgate.pipeline.config import Config
from headgate.policy.rate_limits import Counted as Counted
from headgate.policy.rate_limits import Exceeded as Exceeded
from headgate.routing.target import Target
from headgate.snapshot.contract import Budget


class JournalFullError(Exception):
    """The journal cannot take another attempt: what cannot be recorded is not spent."""


class Journal(Protocol):
    """The durable record of what was spent."""

    def open_attempt(self, record: Record) -> None:
        """Append a `Sent`, and reserve room for the records that will end it.

        Raises:
            JournalFullError: no room; nothing was written.
        """
        ...

    def append(self, *records: Record) -> None:
        """Append records that end what was opened, or that cost nothing. Only a `Settled` may use reserved room.

        Raises:
            JournalFullError: no room; nothing was written.
        """
        ...

    def close_attempt(self) -> None:
        """Give back the room that `open_attempt` reserved."""
        ...


class Keys(Protocol):
    """Virtual keys by the SHA-256 of what the caller showed."""

    def cached(self, key_hash: bytes) -> Principal | None:
        """The principal if it is in memory."""
        ...

    def budgets(self, key_hash: bytes) -> tuple[Budget, ...]:
        """Budgets of this key alone; the same tuple until the key is published anew."""
        ...

    async def find(self, key_hash: bytes) -> Principal | None:
        """The principal, or None for a key that does not exist or was revoked.

        Raises:
            Unavailable: not in memory, and the store does not answer.
        """
        ...


class KeptAnswers(Protocol):
    """Answers that their providers keep, to be asked for again: where each is, told to its own organization alone."""

    def remember(self, organization_id: OrganizationId, kept_id: str, deployment_id: DeploymentId) -> None:
        """An answer was settled; the books will say so in a moment."""
        ...

    async def find(self, organization_id: OrganizationId, kept_id: str) -> DeploymentId | None:
        """The deployment whose provider keeps it; None where this organization has no such answer.

        Raises:
            Unavailable: it cannot be looked up.
        """
        ...


class UpstreamAnswer(Protocol):
    """The provider's answer, headers read, body not yet."""

    status: int

    def header(self, name: str) -> str | None:
        """One response header."""
        ...

    async def body(self) -> bytes:
        """Read the whole body.

        Raises:
            UpstreamBroken, UpstreamTimeout: it did not arrive whole.
        """
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes.

        Raises:
            UpstreamBroken, UpstreamTimeout: it broke off.
        """
        ...

    async def close(self) -> None:
        """Let go of the connection; idempotent."""
        ...


class Spool(Protocol):
    """Bytes that came, kept where there is room for them; given up when nobody holds it any more."""

    @property
    def size(self) -> int:
        """Bytes."""
        ...

    @property
    def head(self) -> bytes:
        """The first of them, as many as tell a format."""
        ...

    async def write(self, data: bytes) -> None:
        """Keep some more.

        Raises:
            Unavailable: there is no room for it.
        """
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """All of them, from the start; may be asked for again, also at the same time."""
        ...


class StreamedBody(Protocol):
    """A request body that is not in memory; a retry reads it again."""

    @property
    def length(self) -> int:
        """Bytes."""
        ...

    def chunks(self) -> AsyncIterator[bytes]:
        """All of it, from the start."""
        ...


class Upstream(Protocol):
    """Sends a request to a provider."""

    async def post(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes | StreamedBody,
        *,
        provider: str,
        stream: bool = True,
    ) -> UpstreamAnswer:
        """Send and wait for the response headers; without `stream`, an answer may be awaited whole.

        Raises:
            UpstreamUnreachable: no byte left.
            UpstreamTimeout, UpstreamBroken: bytes may have left.
        """
        ...


class Fetcher(Protocol):
    """Asks a provider for what it keeps."""

    async def fetch(self, method: str, url: str, headers: Mapping[str, str], *, provider: str) -> UpstreamAnswer:
        """Send a request without a body, and wait for the whole answer.

        Raises:
            UpstreamUnreachable: no byte left.
            UpstreamTimeout, UpstreamBroken: bytes may have left.
        """
        ...


class Signer(Protocol):
    """Shows credentials that are no header that stays the same (`Auth.signs`)."""

    async def sign(
        self, target: Target, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> Mapping[str, str]:
        """The headers with which this very request may be sent; those that came in among them.

        Raises:
            UpstreamUnsigned: there is no credential, or it could not be fetched: nothing was sent.
        """
        ...


class Clock(Protocol):
    """Time, fresh ids and chance."""

    def now(self) -> float:
        """Epoch seconds."""
        ...

    def monotonic(self) -> float:
        """Seconds for measuring spans."""
        ...

    def request_id(self) -> RequestId:
        """A fresh request id."""
        ...

    def chance(self) -> float:
        """A number from 0 to 1, 1 excluded, for whatever must not happen to all at once."""
        ...


class Configs(Protocol):
    """The configuration in force."""

    def current(self) -> Config:
        """The newest snapshot that could be read, compiled.

        Raises:
            Unavailable: none was read yet.
        """
        ...


class StoreUnavailableError(Exception):
    """The lease store did not answer: whether the operation happened is unknown until it is asked again."""


class OwnerClosedError(Exception):
    """The store does not take operations of this owner: it is closed, or the store lost some of its operations."""


class LeaseStore(Protocol):
    """The windows and leases that all workers share. Rules 5 to 9 of the money protocol.

    `draw` and `give_back` carry a number that grows by one with every operation of the owner that happened; the same
    number twice happens once. A draw that missed did not happen, and its number is free.
    """

    async def open(self, owner: OwnerId, *, node: str, boot_id: str) -> None:
        """Register the owner with operation number 0; a second time changes nothing.

        Raises:
            StoreUnavailableError: no answer.
        """
        ...

    async def draw(self, owner: OwnerId, seq: int, drawings: Sequence[Drawing]) -> Drawn:
        """Take from all windows or from none. Windows that have no row yet are inserted.

        Raises:
            StoreUnavailableError: no answer; ask again with the same number.
            OwnerClosedError: the owner is closed, or `seq` is not the one after its last.
        """
        ...

    async def give_back(self, owner: OwnerId, seq: int, returns: Sequence[Drawing]) -> dict[WindowId, WindowState]:
        """Return what is free; the states after it.

        Raises:
            StoreUnavailableError, OwnerClosedError: as for `draw`.
        """
        ...

    async def recall(self, windows: Collection[WindowId]) -> dict[WindowId, WindowState]:
        """Ask all workers to return what is free in these windows; the states now. Unknown windows are left out.

        Raises:
            StoreUnavailableError: no answer.
        """
        ...

    async def states(self, windows: Collection[WindowId]) -> dict[WindowId, WindowState]:
        """How windows stand; those that were never drawn from are left out.

        Raises:
            StoreUnavailableError: no answer.
        """
        ...

    async def pulse(self, owner: OwnerId) -> Pulse:
        """What the owner has to know.

        Raises:
            StoreUnavailableError: no answer.
        """
        ...


class Admission(NamedTuple):
    """A request that was counted; goes back to the limiter once, at its end."""

    counted: Sequence[Counted]
    tokens: int
    """As estimated."""
    at: float
    headers: Sequence[tuple[bytes, bytes]]
    """Standard `x-ratelimit-*` headers: of the limit that is nearest to its end."""


class RateLimiter(Protocol):
    """Counts requests, tokens and concurrency. Never fails: what cannot be counted together is counted alone."""

    async def admit(self, counted: Sequence[Counted], *, tokens: int, now: float) -> Admission | Exceeded:
        """Count a request in all its limits, or in none."""
        ...

    def finish(self, admission: Admission, *, tokens: int | None) -> None:
        """The request ended: let go of its place among those at once, and correct its tokens where it was counted.

        `tokens`: as used; None keeps the estimate, 0 is for a request that was never sent.
        """
        ...


class StoredAnswer(NamedTuple):
    """An answer that was kept for its idempotency key."""

    request_id: RequestId
    """Of the request that was answered so."""
    status: int
    headers: Sequence[tuple[bytes, bytes]]
    body: bytes
    """A streamed answer as one."""


class Claim(NamedTuple):
    """The right to answer for an idempotency key."""

    scope: str
    """Virtual key id."""
    key: str
    request_id: RequestId
    """Who holds it."""


class NoAnswer(StrEnum):
    """Why a key is used up although no answer is kept for it."""

    OUTCOME_UNKNOWN = "unknown"
    """The request may have been charged, and its answer did not come whole."""
    NOT_KEPT = "not_kept"
    """It was answered and charged, but the answer is too large, or the store was away."""


class Replays(Protocol):
    """Answers by idempotency key. Nothing but `claim` raises: what ends a claim is tried until it succeeds."""

    async def claim(
        self, scope: str, key: str, body_sha256: str, *, request_id: RequestId, now: float
    ) -> Claim | StoredAnswer:
        """Claim the key, or get what was answered before.

        Raises:
            Conflict: another request with this key is running, its body was another one, or no answer is kept.
            Unavailable: the store does not answer: without it a second charge cannot be excluded.
        """
        ...

    async def keep(self, claim: Claim, answer: StoredAnswer) -> None:
        """Keep the answer of a request that was charged; a second time replaces the first."""
        ...

    async def forgo(self, claim: Claim, why: NoAnswer) -> None:
        """The key is used up, but there is no answer to give again."""
        ...

    async def release(self, claim: Claim) -> None:
        """Nothing was charged: the key is free again."""
        ...

"""What the pipeline needs from outside, and nothing about how it is done."""

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

from headgate.domain.ids import RequestId
from headgate.domain.principal import Principal
from headgate.ledger.records import Record
from headgate.pipeline.config import Config


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

    async def find(self, key_hash: bytes) -> Principal | None:
        """The principal, or None for a key that does not exist or was revoked.

        Raises:
            Unavailable: not in memory, and the store does not answer.
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


class Upstream(Protocol):
    """Sends a request to a provider."""

    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes, *, provider: str, stream: bool = True
    ) -> UpstreamAnswer:
        """Send and wait for the response headers; without `stream`, an answer may be awaited whole.

        Raises:
            UpstreamUnreachable: no byte left.
            UpstreamTimeout, UpstreamBroken: bytes may have left.
        """
        ...


class Clock(Protocol):
    """Time and fresh ids."""

    def now(self) -> float:
        """Epoch seconds."""
        ...

    def monotonic(self) -> float:
        """Seconds for measuring spans."""
        ...

    def request_id(self) -> RequestId:
        """A fresh request id."""
        ...


class Configs(Protocol):
    """The configuration in force."""

    def current(self) -> Config:
        """The newest snapshot that could be read, compiled.

        Raises:
            Unavailable: none was read yet.
        """
        ...

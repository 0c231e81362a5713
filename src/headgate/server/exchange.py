"""What a handler may do with one HTTP request and its answer; which server brought it, no handler knows."""

from collections.abc import Collection
from typing import Protocol

Headers = list[tuple[bytes, bytes]]


class ClientGoneError(Exception):
    """The client hung up before its request was whole."""


class Exchange(Protocol):
    """One request that came, and the one answer that goes."""

    @property
    def method(self) -> str:
        """Upper case."""
        ...

    @property
    def path(self) -> str:
        """With percent-escapes decoded, without the query."""
        ...

    @property
    def query(self) -> str:
        """As it came, without the question mark; empty when there is none."""
        ...

    @property
    def scheme(self) -> str:
        """`http` or `https`."""
        ...

    @property
    def client(self) -> str:
        """The peer's address, without its port."""
        ...

    def header_fields(self) -> list[tuple[str, str]]:
        """Lower-case names with their values, in order; fields whose value is not ASCII are left out."""
        ...

    def header_names(self) -> Collection[str]:
        """Every lower-case name once, those whose values were left out included."""
        ...

    async def body(self) -> bytes:
        """The body in one piece, however large: only for one whose length was announced.

        Raises:
            ClientGoneError: it never came whole.
        """
        ...

    async def part(self) -> bytes:
        """The next part of the body; nothing at its end. For a body that is not taken in one piece.

        Raises:
            BadRequest: it broke off; there is nothing more to read.
        """
        ...

    def respond(self, status: int, headers: Headers, body: bytes) -> None:
        """Give the whole answer; its length is said by the server."""
        ...

    def open_stream(self, status: int, headers: Headers) -> None:
        """Begin an answer whose length nobody knows."""
        ...

    async def send(self, chunk: bytes) -> None:
        """Give one piece of the stream; any exception means that the client is not there any more."""
        ...

    def end_stream(self) -> None:
        """End the stream; a second call does nothing."""
        ...

    async def gone(self) -> None:
        """Return when the client has hung up."""
        ...

"""Granian's own interface, RSGI, as an exchange: the only module that knows it."""

from collections.abc import Awaitable, Callable, Collection, Coroutine
from typing import Protocol

from granian.rsgi import ProtocolClosed  # pyright: ignore[reportPrivateImportUsage] - its place in the documentation

from headgate.domain.errors import BadRequest
from headgate.server.exchange import ClientGoneError, Exchange, Headers


class Fields(Collection[str], Protocol):
    """Header fields as Granian has them."""

    def items(self) -> list[tuple[str, str]]:
        """Without the fields whose values are not ASCII."""
        ...


class Scope(Protocol):
    """What is known of a request when it begins."""

    method: str
    path: str
    query_string: str
    scheme: str
    client: str
    """Address and port."""
    headers: Fields
    """Copied at each look."""


class Transport(Protocol):
    """A stream that is being sent. It ends when nobody holds it any more; there is no other way to end it."""

    def send_bytes(self, data: bytes) -> Awaitable[None]:
        """Queue one piece."""
        ...


class Proto(Protocol):
    """The body that comes and the answer that goes."""

    def __call__(self) -> Awaitable[bytes]:
        """The whole body."""
        ...

    def __aiter__(self) -> "Proto":
        """Read by parts instead."""
        ...

    def __anext__(self) -> Awaitable[bytes]:
        """The next part."""
        ...

    def client_disconnect(self) -> Awaitable[None]:
        """Return when the connection is gone."""
        ...

    def response_bytes(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        """Answer whole."""
        ...

    def response_stream(self, status: int, headers: list[tuple[str, str]]) -> Transport:
        """Begin to answer."""
        ...


class RsgiExchange:
    """One request on Granian."""

    __slots__ = ("_fields", "_parts", "_proto", "_scope", "_transport")

    def __init__(self, scope: Scope, proto: Proto) -> None:
        """Take what Granian hands to an application."""
        self._scope = scope
        self._proto = proto
        self._fields: Fields | None = None
        self._parts: Proto | None = None
        self._transport: Transport | None = None

    @property
    def method(self) -> str:
        """Upper case."""
        return self._scope.method

    @property
    def path(self) -> str:
        """With percent-escapes decoded."""
        return self._scope.path

    @property
    def query(self) -> str:
        """As it came."""
        return self._scope.query_string

    @property
    def scheme(self) -> str:
        """`http`, for Granian terminates no TLS here."""
        return self._scope.scheme

    @property
    def client(self) -> str:
        """The peer's address; Granian puts IPv6 into brackets."""
        return self._scope.client.rpartition(":")[0].strip("[]")

    def header_fields(self) -> list[tuple[str, str]]:
        """Those that Granian gives out."""
        return self._headers().items()

    def header_names(self) -> Collection[str]:
        """All that came."""
        return self._headers()

    async def body(self) -> bytes:
        """One wake-up for the whole body; by parts it would be two at least.

        Raises:
            ClientGoneError: it never came whole.
        """
        try:
            return await self._proto()
        except ProtocolClosed:
            raise ClientGoneError from None

    async def part(self) -> bytes:
        """The next part.

        Granian says the end with one empty part and then stops. A body that breaks off, and one with trailers, has two.

        Raises:
            BadRequest: it broke off.
        """
        if self._parts is None:
            self._parts = aiter(self._proto)
        try:
            part = await anext(self._parts)
            if part:
                return part
            await anext(self._parts)
        except StopAsyncIteration:
            return b""
        raise BadRequest("The body broke off, or has trailers, which are not read.", code="body_broken")

    def respond(self, status: int, headers: Headers, body: bytes) -> None:
        """Answer whole."""
        self._proto.response_bytes(status, _texts(headers), body)

    def open_stream(self, status: int, headers: Headers) -> None:
        """Begin to answer."""
        self._transport = self._proto.response_stream(status, _texts(headers))

    async def send(self, chunk: bytes) -> None:
        """Queue one piece.

        Raises:
            ClientGoneError: the stream has ended.
            ProtocolClosed: the connection is gone.
        """
        if self._transport is None:
            raise ClientGoneError
        await self._transport.send_bytes(chunk)

    def end_stream(self) -> None:
        """Let go of the stream, which ends it.

        Waiting for the exchange to be collected is not enough: in a cycle it would be kept, and the client waiting,
        until the garbage collector comes by, which in a process without load is never.
        """
        self._transport = None

    async def gone(self) -> None:
        """Return when the connection is gone."""
        await self._proto.client_disconnect()

    def _headers(self) -> Fields:
        if self._fields is None:
            self._fields = self._scope.headers
        return self._fields


def application(
    handler: Callable[[Exchange], Coroutine[None, None, None]],
) -> Callable[[Scope, Proto], Coroutine[None, None, None]]:
    """What Granian calls, once per request."""

    def serve(scope: Scope, proto: Proto) -> Coroutine[None, None, None]:
        return handler(RsgiExchange(scope, proto))

    return serve


def _texts(headers: Headers) -> list[tuple[str, str]]:
    try:
        return [(name.decode(), value.decode()) for name, value in headers]
    except UnicodeDecodeError:
        # Granian sends text as UTF-8 and takes nothing else; what is no UTF-8 cannot leave as it is.
        return [(name.decode("latin-1"), value.decode("utf-8", "replace")) for name, value in headers]

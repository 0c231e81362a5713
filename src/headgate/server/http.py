"""What every handler shares: reading a request out of ASGI messages, and answering in one piece."""

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Final

import structlog
from starlette.types import Message, Receive, Scope, Send

from headgate.domain.errors import BadRequest, Fault, GatewayError, NotAuthenticated, TooLarge
from headgate.domain.principal import Attribution
from headgate.pipeline.attribution import MAX_LABEL_CHARS
from headgate.pipeline.doors import Envelope
from headgate.server.errors import render_error

KEY_HEADERS: Final = ("x-api-key", "api-key", "x-goog-api-key", "x-pulse-key")
MAX_HEADER_BYTES: Final = 64 * 1024

DISCARD_BYTES: Final = 256 * 1024 * 1024
DISCARD_S: Final = 30.0
_log = structlog.get_logger()
_LABELS: Final = tuple((name, f"x-headgate-{name}") for name in Attribution.__struct_fields__)


class ClientGoneError(Exception):
    """The client hung up before its request was whole."""


def headers_of(scope: Scope) -> dict[str, str]:
    """Header fields by lower-case name; of one given twice, the last.

    Raises:
        BadRequest: more than `MAX_HEADER_BYTES` of them.
    """
    headers: dict[str, str] = {}
    size = 0
    for name, value in scope["headers"]:
        size += len(name) + len(value)
        headers[name.decode("latin-1")] = value.decode("latin-1")
    if size > MAX_HEADER_BYTES:
        message = f"The request headers are {size} bytes; at most {MAX_HEADER_BYTES} are read."
        raise BadRequest(message, code="headers_too_large")
    return headers


def key_hash_of(headers: Mapping[str, str]) -> bytes:
    """SHA-256 of the virtual key, wherever the client's SDK puts it.

    Raises:
        NotAuthenticated: none was sent.
    """
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    key = bearer.strip() if scheme.lower() == "bearer" else ""
    for name in KEY_HEADERS:
        key = key or headers.get(name, "")
    if not key:
        raise NotAuthenticated(
            "No virtual key was sent: use 'Authorization: Bearer <key>' or 'x-api-key: <key>'.", code="missing_api_key"
        )
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def attribution_of(headers: Mapping[str, str]) -> Attribution:
    """Whom the caller asks to be charged: `x-headgate-team`, `x-headgate-user`, ...

    Raises:
        BadRequest: a label that is too long.
    """
    asked = {name: value for name, header in _LABELS if (value := headers.get(header))}
    for name, value in asked.items():
        if len(value) > MAX_LABEL_CHARS:
            message = f"x-headgate-{name} is longer than {MAX_LABEL_CHARS} characters."
            raise BadRequest(message, code="label_too_long", param=f"x-headgate-{name}")
    return Attribution(**asked) if asked else _NOTHING_ASKED


_NOTHING_ASKED: Final = Attribution()


class IncomingBody:
    """A request body, read or thrown away, once."""

    def __init__(self, receive: Receive, headers: Mapping[str, str], limit: int) -> None:
        """`limit`: bytes that are read at most."""
        self._receive = receive
        self._limit = limit
        announced = headers.get("content-length", "")
        self._announced = int(announced) if announced.isdecimal() else 0
        self._ended = False

    async def read(self) -> bytes:
        """The whole body.

        Raises:
            TooLarge: over the limit; nothing beyond it is kept.
            ClientGoneError: it never came whole.
        """
        if self._announced > self._limit:
            raise _too_large(self._limit)
        first = await self._next()
        if self._ended and len(first) <= self._limit:
            return first
        parts, size = [first], len(first)
        while not self._ended and size <= self._limit:
            part = await self._next()
            parts.append(part)
            size += len(part)
        if size > self._limit:
            raise _too_large(self._limit)
        return b"".join(parts)

    async def discard(self) -> None:
        """Take what is still coming and keep none of it: a client that writes reads our answer only when it is done."""
        taken = 0
        try:
            async with asyncio.timeout(DISCARD_S):
                while not self._ended and taken < DISCARD_BYTES:
                    taken += len(await self._next())
        except (TimeoutError, ClientGoneError):
            return

    async def _next(self) -> bytes:
        message: Message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientGoneError
        self._ended = not message.get("more_body")
        part: bytes = message.get("body", b"")
        return part


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is over {limit} bytes, the most that is read.", code="body_too_large")


async def send_error(send: Send, error: GatewayError, envelope: Envelope, request_id: str) -> None:
    """Answer with an error; a fault is logged in full, for its client sees nothing but the id."""
    if isinstance(error, Fault):
        _log.error("fault", request_id=request_id, exc_info=error)
    rendered = render_error(error, envelope, request_id)
    await send_whole(send, rendered.status, rendered.headers, rendered.body)


async def send_whole(send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes) -> None:
    """Send a complete answer."""
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})

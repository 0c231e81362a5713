"""What every handler shares: reading the headers and the body of a request, and answering with an error."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from typing import Final
from urllib.parse import parse_qs

import structlog

from headgate.domain.errors import BadRequest, Fault, GatewayError, NotAuthenticated, TooLarge
from headgate.domain.principal import Attribution
from headgate.pipeline.attribution import MAX_LABEL_CHARS
from headgate.pipeline.doors import Envelope
from headgate.pipeline.replay import KEY_HEADER as IDEMPOTENCY_HEADER
from headgate.server.errors import OUTPUT_LIMIT, render_error
from headgate.server.exchange import Exchange

KEY_HEADERS: Final = ("x-api-key", "api-key", "x-goog-api-key", "x-pulse-key")
MAX_HEADER_BYTES: Final = 64 * 1024

DISCARD_BYTES: Final = 256 * 1024 * 1024
DISCARD_S: Final = 30.0
_log = structlog.get_logger()
_LABELS: Final = tuple((name, f"x-headgate-{name}") for name in Attribution.__struct_fields__)


def headers_of(exchange: Exchange) -> dict[str, str]:
    """Header fields by lower-case name; of one given twice, the last.

    Raises:
        BadRequest: more than `MAX_HEADER_BYTES` of them, or one of ours that cannot be read.
    """
    fields = exchange.header_fields()
    size = sum([len(name) + len(value) for name, value in fields])
    if size > MAX_HEADER_BYTES:
        message = f"The request headers are {size} bytes; at most {MAX_HEADER_BYTES} are read."
        raise BadRequest(message, code="headers_too_large")
    headers = dict(fields)
    # Whom to charge, and whether to charge again, is not left out in silence; on the others nothing depends.
    for name in unreadable_headers(exchange, headers):
        if name.startswith("x-headgate-") or name == IDEMPOTENCY_HEADER:
            message = f"The header {name} has characters that are not ASCII."
            raise BadRequest(message, code="invalid_value", param=name)
    return headers


def unreadable_headers(exchange: Exchange, headers: Mapping[str, str]) -> set[str]:
    """Names of the headers that came, but with values that are not ASCII and could not be read."""
    names = exchange.header_names()
    return set(names).difference(headers) if len(names) > len(headers) else set()


def key_hash_of(headers: Mapping[str, str], query: str = "") -> bytes:
    """SHA-256 of the virtual key, wherever the client's SDK puts it.

    Args:
        headers: of the request.
        query: where clients of Gemini's format may write the key, if no header has one; empty for all others.

    Raises:
        NotAuthenticated: none was sent.
    """
    scheme, _, bearer = headers.get("authorization", "").partition(" ")
    key = bearer.strip() if scheme.lower() == "bearer" else ""
    for name in KEY_HEADERS:
        key = key or headers.get(name, "")
    if not key and query:
        key = parse_qs(query).get("key", [""])[-1]
    if not key:
        raise NotAuthenticated(
            "No virtual key was sent: use 'Authorization: Bearer <key>' or 'x-api-key: <key>'.", code="missing_api_key"
        )
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def shows_key(exchange: Exchange) -> bool:
    """Whether a call shows anything that may be a virtual key; without one a session may stand behind it."""
    return any(name in ("authorization", *KEY_HEADERS) for name in exchange.header_names())


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

    def __init__(self, exchange: Exchange, headers: Mapping[str, str], limit: int) -> None:
        """`limit`: bytes that are read at most."""
        self._exchange = exchange
        self._in_parts = "transfer-encoding" in headers
        self._limit = limit
        announced = headers.get("content-length", "")
        self._announced = int(announced) if announced.isdecimal() else 0
        self._ended = False

    async def read(self) -> bytes:
        """The whole body.

        Raises:
            TooLarge: over the limit; nothing beyond it is kept.
            BadRequest: it broke off.
            ClientGoneError: it never came whole.
        """
        if self._announced > self._limit:
            raise _too_large(self._limit)
        if not self._in_parts:
            self._ended = True
            return await self._exchange.body()
        return b"".join([part async for part in self.chunks()])

    async def chunks(self) -> AsyncIterator[bytes]:
        """The body as it comes.

        Raises:
            TooLarge: over the limit; nothing beyond it is taken.
            BadRequest: it broke off.
        """
        if self._announced > self._limit:
            raise _too_large(self._limit)
        size = 0
        while part := await self._next():
            size += len(part)
            if size > self._limit:
                raise _too_large(self._limit)
            yield part

    async def discard(self) -> None:
        """Take what is still coming and keep none of it: a client that writes reads our answer only when it is done."""
        taken = 0
        try:
            async with asyncio.timeout(DISCARD_S):
                while not self._ended and taken < DISCARD_BYTES:
                    taken += len(await self._next())
        except (TimeoutError, BadRequest):
            return

    async def _next(self) -> bytes:
        # Ended until the next part is there: after a failure, or a read that was given up, nothing may be asked for.
        self._ended = True
        part = await self._exchange.part()
        self._ended = not part
        return part


def _too_large(limit: int) -> TooLarge:
    return TooLarge(f"The body is over {limit} bytes, the most that is read.", code="body_too_large")


def send_error(
    exchange: Exchange, error: GatewayError, envelope: Envelope, request_id: str, *, limit: str = OUTPUT_LIMIT
) -> None:
    """Answer with an error; a fault is logged in full, for its client sees nothing but the id.

    `limit` is what the client calls the limit on the output.
    """
    if isinstance(error, Fault):
        _log.error("fault", request_id=request_id, exc_info=error)
    rendered = render_error(error, envelope, request_id, limit=limit)
    exchange.respond(rendered.status, rendered.headers, rendered.body)

"""Exchanges in memory: what the client says is given beforehand, what it hears is kept."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from headgate.domain.errors import BadRequest
from headgate.server.exchange import ClientGoneError, Headers
from headgate.server.forms import Reception
from tests.kit.fakes import KEY, MemorySpool

HEADERS = {"authorization": f"Bearer {KEY}"}
BODY = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 50}).encode()
STREAMED = BODY[:-1] + b', "stream": true, "stream_options": {"include_usage": true}}'


def receiving(max_body_bytes: int, max_upload_bytes: int = 10_000) -> Reception:
    """Takes so much, and keeps it in memory."""
    return Reception(max_body_bytes=max_body_bytes, max_upload_bytes=max_upload_bytes, open_spool=MemorySpool)


class Client:
    """One request, and the answer as it arrives."""

    def __init__(
        self,
        path: str,
        *parts: bytes,
        method: str = "POST",
        headers: dict[str, str] | None = None,
        query: str = "",
        breaks_off: bool = False,
    ) -> None:
        """A body of one part has an announced length, one of several parts comes in chunks."""
        self.path, self.method, self.query = path, method, query
        self.scheme, self.client = "http", "10.0.0.9"
        self.fields = list((headers or {}).items())
        if len(parts) > 1:
            self.fields.append(("transfer-encoding", "chunked"))
        elif parts and "content-length" not in (headers or {}):
            self.fields.append(("content-length", str(len(parts[0]))))
        self.unreadable: list[str] = []
        """Names of headers whose values are not ASCII."""
        self.parts = list(parts)
        self.breaks_off = breaks_off
        """The client hangs up where its body should have ended."""
        self.status: int | None = None
        self.headers_heard: Headers = []
        self.heard: list[bytes] = []
        self.ended = False
        self.first_chunk = asyncio.Event()
        self.breaks_at: int | None = None
        """The number of chunks after which the connection is broken: every send raises."""
        self.stalls_at: int | None = None
        """The number of chunks after which nothing is taken any more."""
        self.stalled = asyncio.Event()
        self._gone = asyncio.Event()
        self.gone_seen = False

    def header_fields(self) -> list[tuple[str, str]]:
        return self.fields

    def header_names(self) -> Collection[str]:
        return {name for name, _ in self.fields} | set(self.unreadable)

    async def body(self) -> bytes:
        if self.breaks_off:
            raise ClientGoneError
        whole = b"".join(self.parts)
        self.parts.clear()
        return whole

    async def part(self) -> bytes:
        if self.parts:
            return self.parts.pop(0)
        if self.breaks_off:
            raise BadRequest("It broke off.", code="body_broken")
        return b""

    def respond(self, status: int, headers: Headers, body: bytes) -> None:
        assert self.status is None
        self.status, self.headers_heard, self.heard, self.ended = status, headers, [body], True

    def open_stream(self, status: int, headers: Headers) -> None:
        assert self.status is None
        self.status, self.headers_heard = status, headers

    async def send(self, chunk: bytes) -> None:
        assert not self.ended
        if self.breaks_at is not None and len(self.heard) >= self.breaks_at:
            raise RuntimeError("the connection is closed")
        if self.stalls_at is not None and len(self.heard) >= self.stalls_at:
            self.stalled.set()
            await asyncio.Event().wait()
        self.heard.append(chunk)
        self.first_chunk.set()

    def end_stream(self) -> None:
        self.ended = True

    async def gone(self) -> None:
        await self._gone.wait()
        self.gone_seen = True

    def hang_up(self) -> None:
        self._gone.set()

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.headers_heard}

    @property
    def answer(self) -> bytes:
        return b"".join(self.heard)

    @property
    def document(self) -> Any:
        return json.loads(self.answer)


async def call(application: Callable[[Client], Awaitable[None]], client: Client) -> Client:
    """One request to its end."""
    await application(client)
    return client

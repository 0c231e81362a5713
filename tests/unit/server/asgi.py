"""A client of an ASGI application, in memory."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from tests.kit.fakes import KEY

HEADERS = {"authorization": f"Bearer {KEY}"}
BODY = json.dumps({"model": "gpt-4o", "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 50}).encode()
STREAMED = BODY[:-1] + b', "stream": true, "stream_options": {"include_usage": true}}'

Application = Callable[..., Awaitable[None]]


class Client:
    """One connection: what it says is given beforehand, what it hears is kept."""

    def __init__(self, *messages: dict[str, Any]) -> None:
        self.incoming: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        for message in messages:
            self.incoming.put_nowait(message)
        self.heard: list[dict[str, Any]] = []
        self.first_chunk = asyncio.Event()
        self.breaks_at: int | None = None
        """The number of messages after which the connection is broken: every send raises."""
        self.stalls_at: int | None = None
        """The number of messages after which nothing is taken any more."""
        self.stalled = asyncio.Event()

    async def receive(self) -> dict[str, Any]:
        return await self.incoming.get()

    async def send(self, message: dict[str, Any]) -> None:
        if self.breaks_at is not None and len(self.heard) >= self.breaks_at:
            raise RuntimeError("the connection is closed")
        if self.stalls_at is not None and len(self.heard) >= self.stalls_at:
            self.stalled.set()
            await asyncio.Event().wait()
        self.heard.append(message)
        if message.get("body") and message.get("more_body"):
            self.first_chunk.set()

    def hang_up(self) -> None:
        self.incoming.put_nowait({"type": "http.disconnect"})

    @property
    def status(self) -> int:
        return self.heard[0]["status"]

    @property
    def headers(self) -> dict[str, str]:
        return {name.decode(): value.decode() for name, value in self.heard[0]["headers"]}

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.heard[1:])

    @property
    def document(self) -> Any:
        return json.loads(self.body)


def scope(path: str, *, method: str = "POST", headers: dict[str, str] | None = None, query: str = "") -> dict[str, Any]:
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "scheme": "http",
        "client": ("10.0.0.9", 1234),
        "headers": [(name.encode(), value.encode()) for name, value in (headers or {}).items()],
    }


def body(*parts: bytes) -> list[dict[str, Any]]:
    last = len(parts) - 1
    return [{"type": "http.request", "body": part, "more_body": at < last} for at, part in enumerate(parts)]


async def call(application: Application, scope: dict[str, Any], *parts: bytes) -> Client:
    """One request to its end."""
    client = Client(*body(*(parts or (b"",))))
    await application(scope, client.receive, client.send)
    return client

"""Sends the requests of a plan, many at once, over raw sockets: a client that costs less than what it measures."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from typing import Any

import uvloop

from tests.kit.storm_plan import Shot

ANSWER_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the client got for one request."""

    shot: Shot
    status: int
    """0: nothing came."""
    headers: dict[str, str]
    body: bytes
    whole: bool
    """A success that came to its end."""
    hung_up: bool

    @property
    def request_id(self) -> str:
        """As the gateway named it; empty where no head came."""
        return self.headers.get("x-request-id", "")

    @property
    def error(self) -> dict[str, Any]:
        """The error object of an answer that is none."""
        found: dict[str, Any] = json.loads(self.body)["error"]
        return found

    @property
    def refused(self) -> bool:
        """Whether a budget refused it."""
        return self.status == 429 and self.shot.injected != 429


def fire(
    port: int, shots: Iterable[Shot], *, concurrency: int, on_answer: Callable[[Answer], None] | None = None
) -> list[Answer]:
    """Send requests until there are no more, so many at a time; answers in the order in which they ended."""
    answers: list[Answer] = []
    queue = iter(shots)

    async def client() -> None:
        for shot in queue:
            answer = await ask(port, shot)
            answers.append(answer)
            if on_answer is not None:
                on_answer(answer)

    async def clients() -> None:
        await asyncio.gather(*(client() for _ in range(concurrency)))

    uvloop.run(clients())
    return answers


async def ask(port: int, shot: Shot, *, within_s: float = ANSWER_WITHIN_S) -> Answer:
    """Send one request on a connection of its own; whatever happens to it is an answer."""
    got = bytearray()
    hung_up = False
    with contextlib.suppress(OSError, TimeoutError):
        async with asyncio.timeout(within_s):
            async with _connection(port) as (reader, writer):
                writer.write(shot.request())
                await writer.drain()
                until = shot.hang_up_after
                while True:
                    if until is not None and len(got) >= until:
                        hung_up = True
                        break
                    chunk = await reader.read(65_536)
                    if not chunk:
                        break
                    got += chunk
    return _answer(shot, bytes(got), hung_up=hung_up)


@contextlib.asynccontextmanager
async def _connection(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()


def _answer(shot: Shot, got: bytes, *, hung_up: bool) -> Answer:
    head, separator, body = got.partition(b"\r\n\r\n")
    if not separator:
        return Answer(shot=shot, status=0, headers={}, body=b"", whole=False, hung_up=hung_up)
    status_line, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    status = int(status_line.split()[1])
    return Answer(
        shot=shot,
        status=status,
        headers=headers,
        body=body,
        whole=status == 200 and _is_whole(shot, headers, body),
        hung_up=hung_up,
    )


def _is_whole(shot: Shot, headers: dict[str, str], body: bytes) -> bool:
    if shot.stream:
        return (b"message_stop" if shot.anthropic else b"data: [DONE]") in body
    return len(body) == int(headers.get("content-length", "-1"))

"""Sends the requests of a plan, many at once, over raw sockets: a client that costs less than what it measures."""

import asyncio
import contextlib
import itertools
import json
import threading
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Self

import uvloop

from tests.kit.gateway import wait_until
from tests.kit.storm_plan import Shot

ANSWER_WITHIN_S = 60.0
GIVE_UP_AFTER_S = 6.0
"""How long a client of a gateway that is being harmed waits for an answer."""
BREATH_S = 0.02


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


def fire(port: int, shots: Iterable[Shot], *, concurrency: int) -> list[Answer]:
    """Send requests until there are no more, so many at a time; answers in the order in which they ended."""
    answers: list[Answer] = []
    queue = iter(shots)

    async def client() -> None:
        for shot in queue:
            answers.append(await ask(port, shot))

    async def clients() -> None:
        await asyncio.gather(*(client() for _ in range(concurrency)))

    uvloop.run(clients())
    return answers


class Load:
    """Clients that ask again and again, in a thread of their own, until the block ends."""

    def __init__(self, port: int, shots: Sequence[Shot], *, concurrency: int) -> None:
        """`shots`: sent in their order, and from the first again when all are out."""
        self.answers: list[Answer] = []
        self._port = port
        self._queue = itertools.cycle(shots)
        self._concurrency = concurrency
        self._stop = threading.Event()
        self._thread = threading.Thread(target=lambda: uvloop.run(self._clients()), name="load")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def wait_for(self, count: int) -> None:
        """Wait until so many more answers came, whatever they say."""
        wanted = self._came() + count
        wait_until(lambda: self._came() >= wanted, within_s=60, what=f"{count} answers")

    def statuses(self) -> Counter[int]:
        """How often each status came; 0: no answer."""
        return Counter(answer.status for answer in self.answers)

    def _came(self) -> int:
        return sum(answer.status != 0 for answer in self.answers)

    async def _clients(self) -> None:
        await asyncio.gather(*(self._client() for _ in range(self._concurrency)))

    async def _client(self) -> None:
        while not self._stop.is_set():
            answer = await ask(self._port, next(self._queue), within_s=GIVE_UP_AFTER_S)
            self.answers.append(answer)
            if not answer.status:
                # Nobody listens for a moment.
                await asyncio.sleep(BREATH_S)


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

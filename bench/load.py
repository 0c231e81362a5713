"""The load client: closed loop, raw sockets, bounded in time. Prints one JSON object.

    python -m bench.load [--subjects N] [--until-refused] PORT BODY_FILE CONNECTIONS SECONDS [HEADER...]

`{n}` in a header counts the requests, from 0 to N - 1 and then again: each its own user, or its own key.
"""

import argparse
import asyncio
import itertools
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, cast

import uvloop

_END_OF_CHUNKS: Final = b"\r\n0\r\n\r\n"


class Tally:
    """What all connections saw."""

    def __init__(self) -> None:
        self.latencies: list[float] = []
        self.first_bytes: list[float] = []
        self.refusals: list[float] = []
        """Latencies of 429."""
        self.bad = 0
        """Neither answered nor refused."""
        self.events = 0


class Connection(asyncio.Protocol):
    """One keep-alive connection: request, whole answer, next request, until the time is up."""

    def __init__(
        self,
        next_request: Callable[[], bytes],
        tally: Tally,
        deadline: float,
        done: "asyncio.Future[None]",
        *,
        until_refused: bool,
    ) -> None:
        self._next_request, self._tally, self._deadline, self._done = next_request, tally, deadline, done
        self._until_refused = until_refused
        self._buffer = bytearray()
        self._sent_at = 0.0
        self._first_at = 0.0
        self._need = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = cast("asyncio.WriteTransport", transport)
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        """End, whatever the reason."""
        if not self._done.done():
            self._done.set_result(None)

    def data_received(self, data: bytes) -> None:
        """Collect until the answer is whole."""
        if not self._buffer:
            self._first_at = time.perf_counter()
        self._buffer += data
        if self._whole():
            self._finish()

    def _send(self) -> None:
        self._buffer.clear()
        self._need = 0
        self._sent_at = time.perf_counter()
        self._transport.write(self._next_request())

    def _whole(self) -> bool:
        if not self._need:
            end = self._buffer.find(b"\r\n\r\n")
            if end < 0:
                return False
            head = bytes(self._buffer[:end]).lower()
            at = head.find(b"content-length:")
            self._need = end + 4 + int(head[at + 15 :].split(b"\r\n", 1)[0]) if at >= 0 else -1
        return len(self._buffer) >= self._need if self._need > 0 else self._buffer.endswith(_END_OF_CHUNKS)

    def _finish(self) -> None:
        tally, now = self._tally, time.perf_counter()
        refused = self._buffer.startswith(b"HTTP/1.1 429")
        if self._buffer.startswith(b"HTTP/1.1 200"):
            tally.latencies.append(now - self._sent_at)
            tally.first_bytes.append(self._first_at - self._sent_at)
            tally.events += self._buffer.count(b"data: ")
        elif refused:
            tally.refusals.append(now - self._sent_at)
        else:
            tally.bad += 1
        if now < self._deadline and not (refused and self._until_refused):
            self._send()
        else:
            self._transport.close()


def requests(port: int, body: bytes, headers: list[str], subjects: int) -> Iterator[bytes]:
    """Whole requests, for ever."""
    lines = ["POST /v1/chat/completions HTTP/1.1", f"host: 127.0.0.1:{port}", "content-type: application/json"]
    head = "\r\n".join([*lines, f"content-length: {len(body)}", *headers, "", ""])
    if "{n}" not in head:
        return itertools.repeat(head.encode() + body)
    return (head.replace("{n}", str(number)).encode() + body for number in itertools.cycle(range(subjects)))


async def load(options: argparse.Namespace) -> dict[str, float]:
    """Run the load."""
    tally, loop = Tally(), asyncio.get_running_loop()
    endless = requests(options.port, options.body.read_bytes(), options.headers, options.subjects)
    begin = time.perf_counter()
    deadline = begin + options.seconds
    ends = []
    for _ in range(options.connections):
        done: asyncio.Future[None] = loop.create_future()
        ends.append(done)
        connection = Connection(endless.__next__, tally, deadline, done, until_refused=options.until_refused)
        await loop.create_connection(lambda connection=connection: connection, "127.0.0.1", options.port)
    await asyncio.wait(ends, timeout=options.seconds + 30)
    wall = time.perf_counter() - begin
    ordered, first, refusals = sorted(tally.latencies), sorted(tally.first_bytes), sorted(tally.refusals)
    return {
        "ok": len(ordered),
        "refused": len(refusals),
        "bad": tally.bad,
        "events": tally.events,
        "wall_s": wall,
        "requests_per_s": len(ordered) / wall,
        "p50_ms": _quantile(ordered, 0.5) * 1000,
        "p95_ms": _quantile(ordered, 0.95) * 1000,
        "p99_ms": _quantile(ordered, 0.99) * 1000,
        "slowest_ms": (ordered[-1] if ordered else 0.0) * 1000,
        "first_byte_p50_ms": _quantile(first, 0.5) * 1000,
        "refused_p50_ms": _quantile(refusals, 0.5) * 1000,
        "refused_p99_ms": _quantile(refusals, 0.99) * 1000,
    }


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.load")
    parser.add_argument("--subjects", type=int, default=1)
    parser.add_argument("--until-refused", action="store_true", help="a connection that is refused is not used again")
    parser.add_argument("port", type=int)
    parser.add_argument("body", type=Path)
    parser.add_argument("connections", type=int)
    parser.add_argument("seconds", type=float)
    parser.add_argument("headers", nargs="*")
    return parser.parse_args()


if __name__ == "__main__":
    print(json.dumps(uvloop.run(load(_options()))))

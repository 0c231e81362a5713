"""The load client: closed loop, raw sockets, bounded in time. Prints one JSON object.

Usage: python -m bench.load PORT BODY_FILE CONNECTIONS SECONDS [HEADER...]
"""

import asyncio
import json
import sys
import time
from pathlib import Path
from typing import Final, cast

import uvloop

_END_OF_CHUNKS: Final = b"\r\n0\r\n\r\n"


class Tally:
    """What all connections saw."""

    def __init__(self) -> None:
        self.latencies: list[float] = []
        self.first_bytes: list[float] = []
        self.bad = 0
        self.events = 0


class Connection(asyncio.Protocol):
    """One keep-alive connection: request, whole answer, next request, until the time is up."""

    def __init__(self, request: bytes, tally: Tally, deadline: float, done: "asyncio.Future[None]") -> None:
        self._request, self._tally, self._deadline, self._done = request, tally, deadline, done
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
        self._transport.write(self._request)

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
        if self._buffer.startswith(b"HTTP/1.1 200"):
            tally.latencies.append(now - self._sent_at)
            tally.first_bytes.append(self._first_at - self._sent_at)
            tally.events += self._buffer.count(b"data: ")
        else:
            tally.bad += 1
        if now < self._deadline:
            self._send()
        else:
            self._transport.close()


async def load(port: int, body: bytes, connections: int, seconds: float, headers: list[str]) -> dict[str, float]:
    """Run the load."""
    lines = ["POST /v1/chat/completions HTTP/1.1", f"host: 127.0.0.1:{port}", "content-type: application/json"]
    request = "\r\n".join([*lines, f"content-length: {len(body)}", *headers, "", ""]).encode() + body
    tally, loop = Tally(), asyncio.get_running_loop()
    begin = time.perf_counter()
    ends = []
    for _ in range(connections):
        done: asyncio.Future[None] = loop.create_future()
        ends.append(done)
        await loop.create_connection(
            lambda done=done: Connection(request, tally, begin + seconds, done), "127.0.0.1", port
        )
    await asyncio.wait(ends, timeout=seconds + 30)
    wall = time.perf_counter() - begin
    ordered = sorted(tally.latencies)
    first = sorted(tally.first_bytes)
    return {
        "ok": len(ordered),
        "bad": tally.bad,
        "events": tally.events,
        "wall_s": wall,
        "requests_per_s": len(ordered) / wall,
        "p50_ms": _quantile(ordered, 0.5) * 1000,
        "p99_ms": _quantile(ordered, 0.99) * 1000,
        "first_byte_p50_ms": _quantile(first, 0.5) * 1000,
    }


def _quantile(ordered: list[float], share: float) -> float:
    return ordered[min(int(len(ordered) * share), len(ordered) - 1)] if ordered else 0.0


if __name__ == "__main__":
    arguments = sys.argv[1:]
    content = Path(arguments[1]).read_bytes()
    print(
        json.dumps(uvloop.run(load(int(arguments[0]), content, int(arguments[2]), float(arguments[3]), arguments[4:])))
    )

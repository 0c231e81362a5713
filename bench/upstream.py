"""A fast fake provider: answers from memory. Usage: python -m bench.upstream PORT"""

import asyncio
import sys
from typing import Any

import uvloop
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

from bench.bodies import GAP_S, PACED, SLOW, SLOW_S, answer, events

_ANSWER = answer()
_EVENTS = events()
_PACED = f'"content":"{PACED}"'.encode()
_SLOW = f'"content":"{SLOW}"'.encode()
_JSON = [("content-type", "application/json")]
_STREAM = [("content-type", "text/event-stream")]


async def app(scope: Any, protocol: Any) -> None:
    """Answer one request."""
    body: bytes = await protocol()
    if b'"stream":true' not in body[-200:] and b'"stream": true' not in body[-200:]:
        if _SLOW in body[:400]:
            await asyncio.sleep(SLOW_S)
        protocol.response_bytes(200, _JSON, _ANSWER)
        return
    transport = protocol.response_stream(200, _STREAM)
    paced = _PACED in body[:400]
    for event in _EVENTS:
        await transport.send_bytes(event)
        if paced:
            await asyncio.sleep(GAP_S)


async def main(port: int) -> None:
    """Serve until ended."""
    await Server(
        app, port=port, interface=Interfaces.RSGI, websockets=False, backlog=4096, backpressure=4096,
        log_level=LogLevels.error,
    ).serve()  # fmt: skip


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))

"""The bare forwarder: Starlette on Granian, upstream through pyreqwest, no key, no record, no price.

It is what a gateway that governs nothing costs on this stack. Usage: python -m bench.forwarder PORT UPSTREAM
"""

import sys
from collections.abc import AsyncIterator

import uvloop
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server
from pyreqwest.client import ClientBuilder
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

_HEADERS = {"content-type": "application/json", "authorization": "Bearer sk-bench"}
_CLIENT = ClientBuilder().build()
_UPSTREAM = sys.argv[2] if len(sys.argv) > 2 else ""


async def _stream(body: bytes, path: str) -> AsyncIterator[bytes]:
    request = _CLIENT.post(_UPSTREAM + path).headers(_HEADERS).body_bytes(body).streamed_read_buffer_limit(0)
    async with request.build_streamed() as response:
        while (chunk := await response.body_reader.read_chunk()) is not None:
            yield bytes(chunk)


async def forward(request: Request) -> Response:
    """Hand a request on."""
    body = await request.body()
    if b'"stream":true' in body or b'"stream": true' in body:
        return StreamingResponse(_stream(body, request.url.path), media_type="text/event-stream")
    response = await _CLIENT.post(_UPSTREAM + request.url.path).headers(_HEADERS).body_bytes(body).build().send()
    return Response(bytes(await response.bytes()), status_code=response.status, media_type="application/json")


app = Starlette(routes=[Route("/v1/chat/completions", forward, methods=["POST"])])


async def main(port: int) -> None:
    """Serve until ended."""
    await Server(
        app, port=port, interface=Interfaces.ASGI, websockets=False, backlog=4096, backpressure=4096,
        log_level=LogLevels.error,
    ).serve()  # fmt: skip


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1])))

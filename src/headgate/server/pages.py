"""Hands everything that is no front door to the console, which runs as a process of its own behind the same port."""

from datetime import timedelta

from pyreqwest.client import ClientBuilder
from pyreqwest.exceptions import PyreqwestError
from starlette.types import Receive, Scope, Send

from headgate.server.http import IncomingBody, send_whole

_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "content-length",
    }
)
_MAX_FORM_BYTES = 16 * 1024 * 1024
_AWAY = b"<!doctype html><title>Headgate</title><p>The console is starting or away; try again in a moment."


class ConsoleProxy:
    """A reverse proxy to one loopback address."""

    def __init__(self, console_url: str) -> None:
        """`console_url` has no trailing slash."""
        self._url = console_url
        self._client = (
            ClientBuilder().follow_redirects(False).gzip(False).brotli(False).zstd(False).deflate(False)
            .no_proxy().timeout(timedelta(seconds=120)).build()
        )  # fmt: skip

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one page."""
        incoming = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        body = await IncomingBody(receive, incoming, _MAX_FORM_BYTES).read()
        headers = {name: value for name, value in incoming.items() if name not in _HOP_BY_HOP}
        client = scope.get("client")
        headers["x-forwarded-for"] = client[0] if client else ""
        headers["x-forwarded-proto"] = incoming.get("x-forwarded-proto", scope.get("scheme", "http"))
        query: bytes = scope.get("query_string", b"")
        path = scope.get("raw_path", scope["path"].encode()).split(b"?")[0].decode("latin-1")
        url = self._url + path + ("?" + query.decode("latin-1") if query else "")
        request = self._client.request(scope["method"], url).headers(headers).body_bytes(body)
        try:
            response = await request.build().send()
            answer = bytes(await response.bytes())
        except PyreqwestError:
            await send_whole(send, 503, [(b"content-type", b"text/html; charset=utf-8")], _AWAY)
            return
        answered = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in response.headers.items()
            if name not in _HOP_BY_HOP
        ]
        await send_whole(send, response.status, answered, answer)

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

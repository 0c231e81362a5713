"""Hands everything that is no front door to the console, which runs as a process of its own behind the same port."""

from datetime import timedelta
from typing import Final
from urllib.parse import quote

import msgspec
from pyreqwest.client import ClientBuilder
from pyreqwest.exceptions import PyreqwestError

from headgate.domain.errors import BadRequest, Forbidden, NotAuthenticated, Unavailable
from headgate.server.exchange import Exchange
from headgate.server.http import IncomingBody, unreadable_headers

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
SESSION_PATH: Final = "/internal/session-key"
"""Where the console tells whose session it is; nobody outside may ask there."""
_OF_A_SESSION: Final = frozenset({"cookie", "x-csrftoken", "origin", "referer", "host"})
_UNQUOTED = "/~!$&'()*+,;=:@"
"""What a path may hold as it is; the rest is escaped again, for it came with its escapes decoded."""
_MAX_FORM_BYTES = 16 * 1024 * 1024
_COOKIES = "A cookie that another application on this host has set is not ASCII: delete the cookies of this host."
_PROGRAMS = ("/api/", "/costs")
"""Addresses that programs read."""
_NO_ANSWER = "The console is starting or away; try again in a moment."
_NO_SESSIONS = "The console does not answer, so sessions cannot be looked up; retry, or show a virtual key."
_AWAY = b"<!doctype html><title>Headgate</title><p>The console is starting or away; try again in a moment."


class _Session(msgspec.Struct):
    sha256: str


class _NoSession(msgspec.Struct):
    error: str
    code: str


_decode_refusal: Final = msgspec.json.Decoder(_NoSession).decode
_decode_session: Final = msgspec.json.Decoder(_Session).decode


class ConsoleProxy:
    """A reverse proxy to one loopback address."""

    def __init__(self, console_url: str) -> None:
        """`console_url` has no trailing slash."""
        self._url = console_url
        self._client = (
            ClientBuilder().follow_redirects(False).gzip(False).brotli(False).zstd(False).deflate(False)
            .no_proxy().timeout(timedelta(seconds=120)).build()
        )  # fmt: skip

    async def __call__(self, exchange: Exchange) -> None:
        """Serve one page.

        Raises:
            BadRequest: the cookies cannot be read, so that nobody would be logged in.
            TooLarge: the form is.
            Unavailable: the console does not answer, at an address that programs read.
            ClientGoneError: the form never came whole.
        """
        incoming = dict(exchange.header_fields())
        if "cookie" in unreadable_headers(exchange, incoming):
            raise BadRequest(_COOKIES, code="invalid_value", param="cookie")
        body = await IncomingBody(exchange, incoming, _MAX_FORM_BYTES).read()
        headers = {name: value for name, value in incoming.items() if name not in _HOP_BY_HOP}
        headers["x-forwarded-for"] = exchange.client
        headers["x-forwarded-proto"] = incoming.get("x-forwarded-proto", exchange.scheme)
        query = exchange.query
        url = self._url + quote(exchange.path, safe=_UNQUOTED) + ("?" + query if query else "")
        request = self._client.request(exchange.method, url).headers(headers).body_bytes(body)
        try:
            response = await request.build().send()
            answer = bytes(await response.bytes())
        except PyreqwestError as error:
            if exchange.path.startswith(_PROGRAMS):
                raise Unavailable(_NO_ANSWER, code="console_unavailable", retry_after_s=5) from error
            exchange.respond(503, [(b"content-type", b"text/html; charset=utf-8")], _AWAY)
            return
        answered = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in response.headers.items()
            if name not in _HOP_BY_HOP
        ]
        exchange.respond(response.status, answered, answer)

    async def key_hash_of_session(self, exchange: Exchange) -> bytes:
        """The hash of the virtual key behind a browser's session; the console checks session and CSRF token.

        Raises:
            NotAuthenticated: there is no session.
            Forbidden: the call may come from another site, or the person is no member of where he works.
            Unavailable: the console does not answer.
        """
        incoming = dict(exchange.header_fields())
        headers = {name: value for name, value in incoming.items() if name in _OF_A_SESSION}
        headers["x-forwarded-proto"] = incoming.get("x-forwarded-proto", exchange.scheme)
        try:
            response = await self._client.post(self._url + SESSION_PATH).headers(headers).body_bytes(b"").build().send()
            answer = bytes(await response.bytes())
        except PyreqwestError as error:
            raise Unavailable(_NO_SESSIONS, code="console_unavailable", retry_after_s=5) from error
        if response.status >= 500:
            raise Unavailable(_NO_SESSIONS, code="console_unavailable", retry_after_s=5)
        if response.status == 200:
            return bytes.fromhex(_decode_session(answer).sha256)
        if response.status == 403:
            if response.headers.get("content-type", "").startswith("application/json"):
                refusal = _decode_refusal(answer)
                raise Forbidden(refusal.error, code=refusal.code)
            message = "The session's CSRF token is missing or wrong: send x-csrftoken from the same site."
            raise Forbidden(message, code="csrf_failed")
        message = "Nobody is signed in: sign in at /admin/, or show a virtual key (Authorization: Bearer <key>)."
        raise NotAuthenticated(message, code="missing_api_key")

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()

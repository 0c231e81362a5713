"""Calls to providers, through pyreqwest: the one file to change for another HTTP client."""

from collections.abc import AsyncIterator, Mapping
from datetime import timedelta
from typing import Final, Self

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import (
    BuilderError,
    DetailedPyreqwestError,
    PoolTimeoutError,
    PyreqwestError,
    RequestTimeoutError,
)
from pyreqwest.request import StreamRequest
from pyreqwest.response import Response

from headgate.domain.errors import UpstreamBroken, UpstreamError, UpstreamTimeout, UpstreamUnreachable
from headgate.pipeline.ports import StreamedBody

_CONNECTING: Final = "client error (Connect)"
"""What the client's transport says of a call that never got a connection."""


class HttpUpstream:
    """Sends requests; keeps connections alive between them."""

    def __init__(self, client: Client) -> None:
        """Take a built client; see `open`."""
        self._client = client

    @classmethod
    def open(cls, *, connect_timeout_s: float, read_timeout_s: float) -> Self:
        """Build the client; needs no running loop.

        Bodies are passed on as they are, so no compression is asked for; redirects are not followed, for a provider
        credential must not travel to an address that no admin named.
        """
        builder = (
            ClientBuilder()
            .connect_timeout(timedelta(seconds=connect_timeout_s))
            .read_timeout(timedelta(seconds=read_timeout_s))
            .follow_redirects(False)
            .gzip(False)
            .brotli(False)
            .zstd(False)
            .deflate(False)
            .user_agent("headgate")
        )
        return cls(builder.build())

    async def post(
        self,
        url: str,
        headers: Mapping[str, str],
        body: bytes | StreamedBody,
        *,
        provider: str,
        stream: bool = True,
    ) -> "HttpAnswer":
        """Send and wait for the response headers, or without `stream` for the whole answer, which is cheaper.

        Raises:
            UpstreamUnreachable: no byte of the request left.
            UpstreamTimeout, UpstreamBroken: bytes may have left.
        """
        try:
            unsent = self._client.post(url).headers(dict(headers))
            if isinstance(body, bytes):
                unsent = unsent.body_bytes(body)
            else:
                # Its length is known, so that it is not sent in chunks, which not every operator takes.
                unsent = unsent.header("content-length", str(body.length)).body_stream(body.chunks())
            request = unsent.streamed_read_buffer_limit(0).build_streamed() if stream else unsent.build()
        except ValueError as error:
            message = f"The request to {provider} cannot be written: {error}"
            raise UpstreamUnreachable(message, provider=provider, unbilled=True) from error
        try:
            if isinstance(request, StreamRequest):
                return HttpAnswer(request, await request.__aenter__(), provider)
            return HttpAnswer(None, await request.send(), provider)
        except PyreqwestError as error:
            raise _upstream_error(error, provider) from error

    async def fetch(self, method: str, url: str, headers: Mapping[str, str], *, provider: str) -> "HttpAnswer":
        """Send a request without a body, and wait for the whole answer.

        Raises:
            UpstreamUnreachable: no byte of the request left.
            UpstreamTimeout, UpstreamBroken: bytes may have left.
        """
        try:
            request = self._client.request(method, url).headers(dict(headers)).build()
        except ValueError as error:
            message = f"The request to {provider} cannot be written: {error}"
            raise UpstreamUnreachable(message, provider=provider, unbilled=True) from error
        try:
            return HttpAnswer(None, await request.send(), provider)
        except PyreqwestError as error:
            raise _upstream_error(error, provider) from error

    async def close(self) -> None:
        """Close all connections."""
        await self._client.close()


class HttpAnswer:
    """A provider's answer whose headers are here."""

    def __init__(self, request: StreamRequest | None, response: Response, provider: str) -> None:
        """Wrap an entered streamed request, or the response of a whole one."""
        self.status = response.status
        self._request = request
        self._response = response
        self._provider = provider

    def header(self, name: str) -> str | None:
        """One response header; None also for one that is not text."""
        try:
            return self._response.get_header(name)
        except ValueError:
            return None

    async def body(self) -> bytes:
        """Read it whole, and let go of the connection."""
        try:
            return bytes(await self._response.bytes())
        except PyreqwestError as error:
            raise _upstream_error(error, self._provider) from error
        finally:
            await self.close()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Read as it comes."""
        reader = self._response.body_reader
        try:
            while (chunk := await reader.read_chunk()) is not None:
                yield bytes(chunk)
        except PyreqwestError as error:
            raise _upstream_error(error, self._provider) from error

    async def close(self) -> None:
        """Let go of the connection; idempotent."""
        request, self._request = self._request, None
        if request is not None:
            await request.__aexit__(None, None, None)


def _was_connecting(error: PyreqwestError) -> bool:
    """Whether no connection was made. The error's class does not tell: a reset after the request left has the same."""
    details = error.details if isinstance(error, DetailedPyreqwestError) else None
    return any(cause["message"] == _CONNECTING for cause in (details or {}).get("causes") or ())


def _upstream_error(error: PyreqwestError, provider: str) -> UpstreamError:
    if isinstance(error, (BuilderError, PoolTimeoutError)) or _was_connecting(error):
        timed_out = isinstance(error, RequestTimeoutError)
        return UpstreamUnreachable(f"{provider} cannot be reached.", provider=provider, timed_out=timed_out)
    if isinstance(error, RequestTimeoutError):
        return UpstreamTimeout(f"{provider} did not answer in time.", provider=provider, unbilled=False)
    return UpstreamBroken(f"The answer of {provider} broke off.", provider=provider, unbilled=False)

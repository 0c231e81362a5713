"""The client for programs that do something else meanwhile."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from types import TracebackType
from typing import Self, Unpack

import httpx2

from headgate.client.answers import Reading
from headgate.client.batches import CONCURRENCY, settled
from headgate.client.connection import broken, connection_error, timeout_of
from headgate.client.endpoints import (
    AiRequest,
    AiResponse,
    Document,
    ai_refusal,
    ai_response,
    ask_ai,
    ask_analytics,
    ask_quote,
    ask_usage,
    document_of,
)
from headgate.client.errors import HeadgateError, NotReadYet, StatusError, status_error
from headgate.client.machine import MACHINE, Machine
from headgate.client.options import read_options
from headgate.client.requests import Outgoing, TextRequest, text_body, text_call
from headgate.client.results import Generation
from headgate.client.retries import Tries
from headgate.client.traces import count


class AsyncHeadgate:
    """Calls models through a gateway. Close it, or use it in an `async with`."""

    def __init__(
        self,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout_s: float = 600,
        max_retries: int = 2,
        idempotent: bool = True,
        http_client: httpx2.AsyncClient | None = None,
        machine: Machine = MACHINE,
    ) -> None:
        """As `Headgate`."""
        self._options = read_options(
            base_url=base_url, api_key=api_key, timeout_s=timeout_s, max_retries=max_retries, idempotent=idempotent
        )
        self._http = http_client or httpx2.AsyncClient()
        self._owned = http_client is None
        self._machine = machine

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        """Close its connections."""
        if self._owned:
            await self._http.aclose()

    async def generate_text(self, **request: Unpack[TextRequest]) -> Generation:
        """As `Headgate.generate_text`."""
        outgoing = self._outgoing(request, stream=False)
        began = self._machine.monotonic()
        response = await self.send(outgoing)
        reading = Reading(outgoing, response.headers, began=began, machine=self._machine)
        return count(reading.whole(response.content))

    def generate_text_stream(self, **request: Unpack[TextRequest]) -> "AsyncTextStream":
        """As `Headgate.generate_text_stream`; there is nothing to await but the texts."""
        return AsyncTextStream(self, self._outgoing(request, stream=True), self._machine)

    async def batch_generate(
        self, requests: Sequence[TextRequest], *, concurrency: int = CONCURRENCY
    ) -> list[Generation]:
        """As `Headgate.batch_generate`."""
        free = asyncio.Semaphore(max(1, concurrency))

        async def one(request: TextRequest) -> Generation | HeadgateError:
            async with free:
                try:
                    return await self.generate_text(**request)
                except HeadgateError as error:
                    return error

        return settled(await asyncio.gather(*[one(request) for request in requests]))

    async def ai_request(self, **request: Unpack[AiRequest]) -> AiResponse:
        """As `Headgate.ai_request`."""
        try:
            response = await self.send(ask_ai(request, self._options, drawn_key=self._machine.unique()))
        except StatusError as error:
            return ai_refusal(error)
        return ai_response(response.content)

    async def quote(self, **request: Unpack[TextRequest]) -> Document:
        """As `Headgate.quote`."""
        outgoing = ask_quote(text_body(request), request, self._options)
        return document_of((await self.send(outgoing)).content)

    async def get_user_analytics(self, *, user_id: str | int | None = None, days: int = 30) -> Document:
        """As `Headgate.get_user_analytics`."""
        return await self._analytics("user/", user_id=user_id, days=days)

    async def get_system_analytics(self, *, days: int = 7) -> Document:
        """As `Headgate.get_system_analytics`."""
        return await self._analytics("system/", days=days)

    async def get_spend_limit(self, *, user_id: str | int | None = None) -> Document:
        """As `Headgate.get_spend_limit`."""
        return await self._analytics("user/spend-limit/", user_id=user_id)

    async def get_usage(self, *, organization: str | None = None) -> Document:
        """As `Headgate.get_usage`."""
        return document_of((await self.send(ask_usage(self._options, organization=organization))).content)

    async def _analytics(self, what: str, **query: str | int | None) -> Document:
        return document_of((await self.send(ask_analytics(what, self._options, **query))).content)

    async def send(self, outgoing: Outgoing, *, stream: bool = False) -> httpx2.Response:
        """As `Headgate.send`."""
        tries = Tries(outgoing, self._options, self._machine)
        while True:
            try:
                return await self._send_once(outgoing, stream=stream)
            except HeadgateError as failure:
                wait = tries.wait_after(failure)
            await self._machine.sleep_async(wait)

    async def _send_once(self, outgoing: Outgoing, *, stream: bool) -> httpx2.Response:
        request = self._http.build_request(
            outgoing.method,
            self._options.base_url + outgoing.path,
            headers=outgoing.headers,
            content=outgoing.body,
            timeout=timeout_of(outgoing, self._options),
        )
        try:
            response = await self._http.send(request, stream=True)
            if response.is_success and stream:
                return response
            try:
                await response.aread()
            finally:
                await response.aclose()
        except httpx2.HTTPError as error:
            raise connection_error(error, self._options) from error
        if not response.is_success:
            raise status_error(response.status_code, response.headers, response.content)
        return response

    def _outgoing(self, request: TextRequest, *, stream: bool) -> Outgoing:
        return text_call(request, self._options, stream=stream, drawn_key=self._machine.unique())


class AsyncTextStream:
    """As `TextStream`, for `async for` and `async with`."""

    def __init__(self, client: AsyncHeadgate, outgoing: Outgoing, machine: Machine) -> None:
        """Nothing is sent yet."""
        self._client = client
        self._outgoing = outgoing
        self._machine = machine
        self._response: httpx2.Response | None = None
        self._result: Generation | None = None
        self._texts = self._read()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def __aiter__(self) -> AsyncIterator[str]:
        return self._texts

    @property
    def stream(self) -> AsyncIterator[str]:
        """The texts; the same as iterating over this."""
        return self._texts

    @property
    def result(self) -> Generation:
        """The whole answer and what it came to.

        Raises:
            NotReadYet: the stream is not at its end.
        """
        if self._result is None:
            raise NotReadYet
        return self._result

    async def close(self) -> None:
        """Stop reading. The gateway reads on, and what the answer costs is charged."""
        await self._texts.aclose()
        if self._response is not None:
            await self._response.aclose()

    async def _read(self) -> AsyncGenerator[str]:
        began = self._machine.monotonic()
        response = self._response = await self._client.send(self._outgoing, stream=True)
        reading = Reading(self._outgoing, response.headers, began=began, machine=self._machine)
        try:
            async for chunk in response.aiter_bytes():
                for text in reading.feed(chunk):
                    yield text
        except httpx2.HTTPError as error:
            raise broken(error, reading) from error
        finally:
            await response.aclose()
        reading.finish()
        self._result = count(reading.result())

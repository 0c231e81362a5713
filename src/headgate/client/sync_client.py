"""The client for programs that wait."""

import contextvars
from collections.abc import Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
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


class Headgate:
    """Calls models through a gateway. May be used by several threads at once; close it, or use it in a `with`."""

    def __init__(
        self,
        *,
        base_url: str | None = None,
        api_key: str | None = None,
        timeout_s: float = 600,
        max_retries: int = 2,
        idempotent: bool = True,
        http_client: httpx2.Client | None = None,
        machine: Machine = MACHINE,
    ) -> None:
        """Say where, as whom, and how patiently. Nothing is sent yet.

        Args:
            base_url: the gateway's address; `HEADGATE_BASE_URL`, else `http://127.0.0.1:8000`.
            api_key: a virtual key; `HEADGATE_API_KEY`.
            timeout_s: longest silence of the gateway.
            max_retries: how often a call is sent again after a failure that may pass.
            idempotent: give every call an idempotency key, so that it can be sent again although it may have been
                charged. The gateway then keeps the answer for a day; without, such calls are not sent again.
            http_client: to send with, for proxies and certificates; it stays yours to close.
            machine: time, waiting and chance.

        Raises:
            NotConfigured: there is no virtual key, or the address is none.
        """
        self._options = read_options(
            base_url=base_url, api_key=api_key, timeout_s=timeout_s, max_retries=max_retries, idempotent=idempotent
        )
        self._http = http_client or httpx2.Client()
        self._owned = http_client is None
        self._machine = machine

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close its connections."""
        if self._owned:
            self._http.close()

    def generate_text(self, **request: Unpack[TextRequest]) -> Generation:
        """Ask, and wait for the whole answer.

        Raises:
            HeadgateError: see `headgate.client.errors`.
        """
        outgoing = self._outgoing(request, stream=False)
        began = self._machine.monotonic()
        response = self.send(outgoing)
        reading = Reading(outgoing, response.headers, began=began, machine=self._machine)
        return count(reading.whole(response.content))

    def generate_text_stream(self, **request: Unpack[TextRequest]) -> "TextStream":
        """Ask, and read the answer while it is written. It is sent when the reading begins."""
        return TextStream(self, self._outgoing(request, stream=True), self._machine)

    def batch_generate(self, requests: Sequence[TextRequest], *, concurrency: int = CONCURRENCY) -> list[Generation]:
        """Ask several questions, some of them at once; answers come in the order of the questions.

        Raises:
            BatchFailed: some failed; it has what the others got.
        """

        def one(request: TextRequest) -> Generation | HeadgateError:
            try:
                return self.generate_text(**request)
            except HeadgateError as error:
                return error

        with ThreadPoolExecutor(max_workers=max(1, concurrency)) as threads:
            # Each in the context of the caller: a trace that is open there is open here.
            running = [threads.submit(contextvars.copy_context().run, one, request) for request in requests]
            return settled([each.result() for each in running])

    def ai_request(self, **request: Unpack[AiRequest]) -> AiResponse:
        """Ask through the request API; a refusal is an answer with `success` False.

        Raises:
            ConnectionFailed: nobody answered.
        """
        try:
            response = self.send(ask_ai(request, self._options, drawn_key=self._machine.unique()))
        except StatusError as error:
            return ai_refusal(error)
        return ai_response(response.content)

    def quote(self, **request: Unpack[TextRequest]) -> Document:
        """Tell what `generate_text` would cost and who would decide, without sending it: the gateway's quote."""
        outgoing = ask_quote(text_body(request), request, self._options)
        return document_of(self.send(outgoing).content)

    def get_user_analytics(self, *, user_id: str | int | None = None, days: int = 30) -> Document:
        """Give the analytics of a user; None: of the key's own."""
        return self._analytics("user/", user_id=user_id, days=days)

    def get_system_analytics(self, *, days: int = 7) -> Document:
        """Give the analytics of everybody; for administrators."""
        return self._analytics("system/", days=days)

    def get_spend_limit(self, *, user_id: str | int | None = None) -> Document:
        """Tell how a user's budgets stand: `blocked`, `daily_spend`, `daily_limit`, `daily_percent_used`, monthly."""
        return self._analytics("user/spend-limit/", user_id=user_id)

    def get_usage(self, *, organization: str | None = None) -> Document:
        """Tell what an organization has used today, and of which limits; None: the key's own.

        Returns:
            `tokens_used`, `tokens_limit`, `cost_usd`, `cost_limit_usd`, `cost_gbp`, `requests`, `over_limit`,
            `warnings`, `budgets`, `hours` and more.
        """
        return document_of(self.send(ask_usage(self._options, organization=organization)).content)

    def _analytics(self, what: str, **query: str | int | None) -> Document:
        return document_of(self.send(ask_analytics(what, self._options, **query)).content)

    def send(self, outgoing: Outgoing, *, stream: bool = False) -> httpx2.Response:
        """Send a call until it is answered: for endpoints that this client has no method for.

        Returns:
            A successful answer; its body is read, unless it is to be streamed.

        Raises:
            HeadgateError: as `generate_text`.
        """
        tries = Tries(outgoing, self._options, self._machine)
        while True:
            try:
                return self._send_once(outgoing, stream=stream)
            except HeadgateError as failure:
                wait = tries.wait_after(failure)
            self._machine.sleep(wait)

    def _send_once(self, outgoing: Outgoing, *, stream: bool) -> httpx2.Response:
        request = self._http.build_request(
            outgoing.method,
            self._options.base_url + outgoing.path,
            headers=outgoing.headers,
            content=outgoing.body,
            timeout=timeout_of(outgoing, self._options),
        )
        try:
            response = self._http.send(request, stream=True)
            if response.is_success and stream:
                return response
            try:
                response.read()
            finally:
                response.close()
        except httpx2.HTTPError as error:
            raise connection_error(error, self._options) from error
        if not response.is_success:
            raise status_error(response.status_code, response.headers, response.content)
        return response

    def _outgoing(self, request: TextRequest, *, stream: bool) -> Outgoing:
        return text_call(request, self._options, stream=stream, drawn_key=self._machine.unique())


class TextStream:
    """The texts of an answer, in the order in which they are written; read it once, to its end or in a `with`."""

    def __init__(self, client: Headgate, outgoing: Outgoing, machine: Machine) -> None:
        """Nothing is sent yet."""
        self._client = client
        self._outgoing = outgoing
        self._machine = machine
        self._response: httpx2.Response | None = None
        self._result: Generation | None = None
        self._texts = self._read()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[str]:
        return self._texts

    @property
    def stream(self) -> Iterator[str]:
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

    def _read(self) -> Generator[str]:
        began = self._machine.monotonic()
        response = self._response = self._client.send(self._outgoing, stream=True)
        reading = Reading(self._outgoing, response.headers, began=began, machine=self._machine)
        try:
            for chunk in response.iter_bytes():
                yield from reading.feed(chunk)
        except httpx2.HTTPError as error:
            raise broken(error, reading) from error
        finally:
            response.close()
        reading.finish()
        self._result = count(reading.result())

    def close(self) -> None:
        """Stop reading. The gateway reads on, and what the answer costs is charged."""
        self._texts.close()
        if self._response is not None:
            self._response.close()

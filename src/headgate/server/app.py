"""The application of a data-plane worker: the front doors first, everything else behind them."""

import contextlib
import datetime as dt
from collections.abc import Callable

import msgspec

from headgate.domain.errors import Fault, NotFound, Refused
from headgate.infra import clock
from headgate.pipeline.doors import Envelope, find_door
from headgate.pipeline.identify import identify
from headgate.policy.access import check_key
from headgate.server.ai_request import PATH as AI_REQUEST_PATH
from headgate.server.compose import Worker
from headgate.server.exchange import ClientGoneError, Exchange
from headgate.server.http import headers_of, key_hash_of, send_error
from headgate.server.kept_answers import PREFIX as KEPT_PREFIX
from headgate.server.models import (
    Model,
    find_model,
    render_anthropic,
    render_anthropic_list,
    render_gemini,
    render_gemini_list,
    render_openai,
    render_openai_list,
    visible_models,
)
from headgate.server.quote import PATH as QUOTE_PATH
from headgate.server.quote import serve_quote

_JSON = [(b"content-type", b"application/json")]
_MODELS = ("/v1/models", "/v1beta/models")
_GEMINI = "/v1beta/"
_RENDERED: dict[Envelope, tuple[Callable[[Model], bytes], Callable[[list[Model]], bytes]]] = {
    Envelope.OPENAI: (render_openai, render_openai_list),
    Envelope.ANTHROPIC: (render_anthropic, render_anthropic_list),
    Envelope.GEMINI: (render_gemini, render_gemini_list),
}


class App:
    """Dispatches by path."""

    def __init__(self, worker: Worker) -> None:
        """Take a composed worker."""
        self._worker = worker

    async def __call__(self, exchange: Exchange) -> None:
        """Serve one request."""
        path = exchange.path
        door = find_door(path)
        if door is not None:
            await self._worker.handler(door, exchange)
        else:
            await self._other(path, exchange)

    async def _other(self, path: str, exchange: Exchange) -> None:
        if path == "/healthz":
            exchange.respond(200, _JSON, b'{"status":"ok"}')
        elif path == "/readyz":
            self._ready(exchange)
        elif path == AI_REQUEST_PATH:
            await self._worker.ai_requests(exchange)
        elif path == QUOTE_PATH:
            await serve_quote(self._worker.quotes, exchange, self._worker.reception)
        elif path.startswith(KEPT_PREFIX):
            await self._worker.kept_answers(exchange)
        elif path.rstrip("/") in _MODELS or path.startswith(tuple(f"{start}/" for start in _MODELS)):
            await self._models(path, exchange)
        elif path.startswith(("/v1/", "/internal/", _GEMINI)) or self._worker.pages is None:
            error = NotFound(f"There is no endpoint {path}.", code="no_such_endpoint")
            envelope = Envelope.GEMINI if path.startswith(_GEMINI) else Envelope.OPENAI
            send_error(exchange, error, envelope, clock.request_id())
        else:
            try:
                with contextlib.suppress(ClientGoneError):
                    await self._worker.pages(exchange)
            except Refused as error:
                send_error(exchange, error, Envelope.OPENAI, clock.request_id())

    def _ready(self, exchange: Exchange) -> None:
        state = self._worker.readiness()
        status = 200 if state.ready else 503
        exchange.respond(status, _JSON, msgspec.json.encode(state))

    async def _models(self, path: str, exchange: Exchange) -> None:
        request_id = clock.request_id()
        envelope = Envelope.GEMINI if path.startswith(_GEMINI) else Envelope.OPENAI
        try:
            headers = headers_of(exchange)
            if "anthropic-version" in headers:
                envelope = Envelope.ANTHROPIC
            query = exchange.query if envelope is Envelope.GEMINI else ""
            config = self._worker.feed.current()
            principal = await identify(self._worker.feed, key_hash_of(headers, query))
            organization = config.organizations.get(principal.organization_id)
            if refusal := check_key(principal, organization, scope="models", now=clock.now()):
                raise refusal
            today = dt.datetime.fromtimestamp(clock.now(), dt.UTC).date()
            models = visible_models(principal, config, today)
            name = path.partition("/models/")[2]
            render_one, render_all = _RENDERED[envelope]
            body = render_one(find_model(models, name)) if name else render_all(models)
        except Refused as error:
            send_error(exchange, error, envelope, request_id)
        except Exception as error:  # noqa: BLE001 - no traceback reaches a client
            fault = Fault(repr(error))
            fault.__cause__ = error
            send_error(exchange, fault, envelope, request_id)
        else:
            exchange.respond(200, [*_JSON, (b"x-request-id", request_id.encode())], body)

"""The ASGI application of a data-plane worker: the front doors first, everything else behind them."""

import contextlib
import datetime as dt

import msgspec
from starlette.types import Receive, Scope, Send

from headgate.domain.errors import Fault, NotFound, Refused
from headgate.infra import clock
from headgate.pipeline.doors import DOORS, Envelope
from headgate.pipeline.identify import identify
from headgate.policy.access import check_key
from headgate.server.compose import Worker
from headgate.server.http import ClientGoneError, headers_of, key_hash_of, send_error, send_whole
from headgate.server.models import (
    find_model,
    render_anthropic,
    render_anthropic_list,
    render_openai,
    render_openai_list,
    visible_models,
)
from headgate.server.quote import PATH as QUOTE_PATH
from headgate.server.quote import serve_quote

_JSON = [(b"content-type", b"application/json")]
_MODELS = "/v1/models"


class App:
    """Dispatches by path."""

    def __init__(self, worker: Worker) -> None:
        """Take a composed worker."""
        self._worker = worker

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "http":
            door = DOORS.get(scope["path"])
            if door is not None:
                await self._worker.handler(door, scope, receive, send)
            else:
                await self._other(scope, receive, send)
        else:
            # No websocket is offered: refusing the handshake is all there is to say.
            await send({"type": "websocket.close", "code": 1000})

    async def _other(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path == "/healthz":
            await send_whole(send, 200, _JSON, b'{"status":"ok"}')
        elif path == "/readyz":
            await self._ready(send)
        elif path == QUOTE_PATH:
            await serve_quote(self._worker.quotes, scope, receive, send, max_body_bytes=self._worker.max_body_bytes)
        elif path == _MODELS or path.startswith(_MODELS + "/"):
            await self._models(path, scope, send)
        elif path.startswith("/v1/") or self._worker.pages is None:
            error = NotFound(f"There is no endpoint {path}.", code="no_such_endpoint")
            await send_error(send, error, Envelope.OPENAI, clock.request_id())
        else:
            try:
                with contextlib.suppress(ClientGoneError):
                    await self._worker.pages(scope, receive, send)
            except Refused as error:
                await send_error(send, error, Envelope.OPENAI, clock.request_id())

    async def _ready(self, send: Send) -> None:
        state = self._worker.readiness()
        status = 200 if state.ready else 503
        await send_whole(send, status, _JSON, msgspec.json.encode(state))

    async def _models(self, path: str, scope: Scope, send: Send) -> None:
        request_id = clock.request_id()
        envelope = Envelope.OPENAI
        try:
            headers = headers_of(scope)
            if "anthropic-version" in headers:
                envelope = Envelope.ANTHROPIC
            config = self._worker.feed.current()
            principal = await identify(self._worker.feed, key_hash_of(headers))
            organization = config.organizations.get(principal.organization_id)
            if refusal := check_key(principal, organization, scope="models", now=clock.now()):
                raise refusal
            today = dt.datetime.fromtimestamp(clock.now(), dt.UTC).date()
            models = visible_models(principal, config, today)
            if path == _MODELS:
                body = render_anthropic_list(models) if envelope is Envelope.ANTHROPIC else render_openai_list(models)
            else:
                model = find_model(models, path.removeprefix(_MODELS + "/"))
                body = render_anthropic(model) if envelope is Envelope.ANTHROPIC else render_openai(model)
        except Refused as error:
            await send_error(send, error, envelope, request_id)
        except Exception as error:  # noqa: BLE001 - no traceback reaches a client
            fault = Fault(repr(error))
            fault.__cause__ = error
            await send_error(send, fault, envelope, request_id)
        else:
            await send_whole(send, 200, [*_JSON, (b"x-request-id", request_id.encode())], body)

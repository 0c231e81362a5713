"""`POST /api/ai/request`: one question, one answer, in the words of seed 004; on the same pipeline as every door.

The body is made into a chat completion, so that whatever serves one serves this. A key comes in any of the usual
headers; without one the console says which key is behind the browser's session (`server/pages.py`).
"""

from collections.abc import Awaitable, Callable, Mapping
from decimal import Decimal
from typing import Any, Final

import msgspec

from headgate.domain.errors import BadRequest, Fault, GatewayError, NotAllowed, UpstreamBroken, UpstreamRejected
from headgate.domain.formats import Format
from headgate.pipeline.attribution import MAX_LABEL_CHARS, merged
from headgate.pipeline.call import Pipeline
from headgate.pipeline.doors import Door, Envelope
from headgate.pipeline.ports import Clock, Configs
from headgate.pipeline.request import Reply, Request
from headgate.server.exchange import ClientGoneError, Exchange
from headgate.server.http import IncomingBody, attribution_of, headers_of, key_hash_of, send_error, shows_key
from headgate.translate.registry import codec_for

PATH: Final = "/api/ai/request"
DOOR: Final = Door(
    path=PATH,
    format=Format.OPENAI_CHAT,
    envelope=Envelope.AI_REQUEST,
    limit="maxTokens",
    scope="chat",
    streams=False,
    prompt="messages",
)
_ABSENT: Final = msgspec.Raw(b"null")
_NINE: Final = Decimal("0.000000001")


class _Asked(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    """The body, as the seed names its fields."""

    model: str
    prompt: str | None = None
    messages: msgspec.Raw = _ABSENT
    team_id: str | None = None
    project_id: str | None = None
    app_id: str | None = None
    client_id: str | None = None
    user_id: str | None = None
    task_type: str | None = None
    max_tokens: int | None = None
    temperature: float | None = None

    def attribution(self) -> dict[str, str]:
        """Whom it asks to be charged to.

        Raises:
            BadRequest: a label is too long.
        """
        given = {
            "team": self.team_id,
            "project": self.project_id,
            "app": self.app_id,
            "client": self.client_id,
            "user": self.user_id,
            "task": self.task_type,
        }
        for name, value in given.items():
            if value is not None and len(value) > MAX_LABEL_CHARS:
                field = "taskType" if name == "task" else f"{name}Id"
                message = f"'{field}' is longer than {MAX_LABEL_CHARS} characters."
                raise BadRequest(message, code="label_too_long", param=field)
        return {name: value for name, value in given.items() if value}

    def chat_body(self) -> bytes:
        """The same question as a chat completion.

        Raises:
            BadRequest: it asks nothing, or twice.
        """
        given = bytes(self.messages) != b"null"
        if given == (self.prompt is not None):
            message = "Give either 'prompt', a text, or 'messages', a list of {role, content}."
            raise BadRequest(message, code="missing_field", param="prompt")
        messages: Any = self.messages if given else [{"role": "user", "content": self.prompt}]
        document: dict[str, Any] = {"model": self.model, "messages": messages}
        if self.max_tokens is not None:
            document["max_tokens"] = self.max_tokens
        if self.temperature is not None:
            document["temperature"] = self.temperature
        return _encode(document)


class _Message(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Message
    finish_reason: str | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0


class _Chat(msgspec.Struct):
    """What is taken over of a chat completion."""

    choices: list[_Choice]
    model: str = ""
    usage: _Usage | None = None


_encode: Final = msgspec.json.Encoder(decimal_format="number").encode
_decode: Final = msgspec.json.Decoder(_Asked).decode
_decode_chat: Final = msgspec.json.Decoder(_Chat).decode


class AiRequests:
    """Serves the request API."""

    def __init__(
        self,
        pipeline: Pipeline,
        configs: Configs,
        clock: Clock,
        *,
        max_body_bytes: int,
        sessions: Callable[[Exchange], Awaitable[bytes]] | None = None,
    ) -> None:
        """Take the pipeline; `configs` for exchange rates, `sessions` to find the key behind a browser's session."""
        self._sessions = sessions
        self._pipeline = pipeline
        self._configs = configs
        self._clock = clock
        self._max_body_bytes = max_body_bytes
        self.running = 0
        """Calls that a shutdown waits for."""

    async def __call__(self, exchange: Exchange) -> None:
        """Serve one call to its end."""
        self.running += 1
        try:
            await self._serve(exchange)
        finally:
            self.running -= 1

    async def _serve(self, exchange: Exchange) -> None:
        request_id = self._clock.request_id()
        incoming = IncomingBody(exchange, {}, self._max_body_bytes)
        try:
            if exchange.method != "POST":
                message = f"{PATH} takes POST only."
                raise NotAllowed(message, code="method_not_allowed")
            started, arrived_at = self._clock.monotonic(), self._clock.now()
            headers = headers_of(exchange)
            incoming = IncomingBody(exchange, headers, self._max_body_bytes)
            key_hash = await self._key_hash(exchange, headers)
            asked = _read(await incoming.read())
            request = Request(
                id=request_id,
                door=DOOR,
                arrived_at=arrived_at,
                started=started,
                key_hash=key_hash,
                headers=headers,
                attribution=merged(attribution_of(headers), asked.attribution()),
                body=asked.chat_body(),
            )
            reply = await self._pipeline.run(request)
            answer = self._answer(reply, request)
        except ClientGoneError:
            return
        except GatewayError as error:
            await incoming.discard()
            send_error(exchange, error, DOOR.envelope, request_id, limit=DOOR.limit)
        except Exception as error:  # noqa: BLE001 - no traceback reaches a client
            await incoming.discard()
            fault = Fault(repr(error))
            fault.__cause__ = error
            send_error(exchange, fault, DOOR.envelope, request_id)
        else:
            exchange.respond(200, reply.headers, _encode(answer))

    async def _key_hash(self, exchange: Exchange, headers: Mapping[str, str]) -> bytes:
        """Of the key that the call shows; without one, of the key behind its session."""
        if self._sessions is not None and "cookie" in headers and not shows_key(exchange):
            return await self._sessions(exchange)
        return key_hash_of(headers)

    def _answer(self, reply: Reply, request: Request) -> dict[str, Any]:
        """The seed's words for a chat completion.

        Raises:
            UpstreamRejected: the provider refused; what it said, in this door's envelope.
            UpstreamBroken: what it sent is no chat completion.
        """
        told = {name: value.decode("latin-1") for name, value in reply.headers}
        provider = told.get(b"x-headgate-deployment", "")
        if reply.status >= 400:
            message = codec_for(Format.OPENAI_CHAT).parse_error(reply.status, reply.body)
            raise UpstreamRejected(message, provider=provider, unbilled=True, status=reply.status, body=reply.body)
        try:
            chat = _decode_chat(reply.body)
            choice = chat.choices[0]
        except (msgspec.DecodeError, IndexError) as error:
            message = "The provider's answer is no chat completion."
            raise UpstreamBroken(message, provider=provider, unbilled=False) from error
        cost = told.get(b"x-headgate-cost-usd")
        return {
            "success": True,
            "content": choice.message.content or "",
            "estimatedCostEur": self._in_euros(cost),
            "costUsd": None if cost is None else Decimal(cost),
            "usage": None if chat.usage is None else _usage(chat.usage),
            "model": chat.model,
            "deployment": provider,
            "finishReason": choice.finish_reason,
            "requestId": request.id,
            "latencyMs": round((self._clock.monotonic() - request.started) * 1000, 3),
            "degradedTo": told.get(b"x-headgate-degraded-to"),
        }

    def _in_euros(self, cost: str | None) -> Decimal | None:
        """Exact in USD, rounded once to nine places in euros; None: unpriced, or no rate of the euro is known."""
        rates = [Decimal(r.usd_rate) for r in self._configs.current().exchange_rates if r.currency == "EUR"]
        return None if cost is None or not rates else (Decimal(cost) / rates[0]).quantize(_NINE)


def _usage(usage: _Usage) -> Mapping[str, int]:
    return {
        "promptTokens": usage.prompt_tokens,
        "completionTokens": usage.completion_tokens,
        "totalTokens": usage.total_tokens,
    }


def _read(body: bytes) -> _Asked:
    try:
        return _decode(body)
    except msgspec.ValidationError as error:
        message, _, path = str(error).partition(" - at `")
        field = path.rstrip("`").removeprefix("$.") or None
        raise BadRequest(f"{message}.", code="invalid_value", param=field) from error
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadRequest(f"The body is not valid JSON: {error}.", code="invalid_json") from error

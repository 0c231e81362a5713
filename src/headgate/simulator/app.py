"""The simulated provider as a raw ASGI application."""

import asyncio
import hashlib
import os
from collections.abc import Callable
from functools import partial
from itertools import count

import msgspec
from starlette.types import Receive, Scope, Send

from headgate.infra import clock
from headgate.simulator.admin import answer_admin
from headgate.simulator.answer import Choice, answer, prompt_counts
from headgate.simulator.anthropic_messages import render_message, script_message
from headgate.simulator.anthropic_reading import read_messages
from headgate.simulator.ask import Ask
from headgate.simulator.bill import Bill
from headgate.simulator.exchange import Exchange
from headgate.simulator.gemini import find_gemini, render_gemini_models
from headgate.simulator.gemini_content import render_gemini_error
from headgate.simulator.knobs import Knobs
from headgate.simulator.listing import render_model, render_models
from headgate.simulator.natives import Native, Spoken, find_native
from headgate.simulator.openai_chat import render_chat, script_chat
from headgate.simulator.openai_completions import serve_completions
from headgate.simulator.openai_embeddings import read_embeddings, render_embeddings
from headgate.simulator.openai_images import serve_image_edits, serve_images
from headgate.simulator.openai_moderations import serve_moderations
from headgate.simulator.openai_reading import read_chat
from headgate.simulator.openai_responses import kept, render_response, response_id, script_response
from headgate.simulator.openai_responses_reading import read_responses
from headgate.simulator.openai_speech import serve_speech
from headgate.simulator.openai_transcription import serve_transcription
from headgate.simulator.prices import PRICES, Counts
from headgate.simulator.refusals import Refusal, injected_refusal, render_anthropic_error, render_openai_error
from headgate.simulator.rerank import serve_rerank
from headgate.simulator.served import Asked, Served
from headgate.simulator.settings import Settings
from headgate.simulator.stored import StoredResponses

LARGEST_BODY = 64 * 1024 * 1024
_JSON = (b"content-type", b"application/json")
_EVENTS = (b"content-type", b"text/event-stream; charset=utf-8")
_NOTHING = Counts()
_SERVED = {
    "/v1/completions": serve_completions,
    "/v1/moderations": serve_moderations,
    "/v1/images/generations": serve_images,
    "/v1/images/edits": serve_image_edits,
    "/v1/audio/speech": serve_speech,
    "/v1/audio/transcriptions": serve_transcription,
    "/v1/audio/translations": serve_transcription,
    "/v1/rerank": serve_rerank,
    "/v2/rerank": serve_rerank,
}


class _Call(msgspec.Struct, frozen=True):
    """One HTTP request, read."""

    path: str
    target: str
    """Path and query as they travelled."""
    body: bytes
    headers: dict[bytes, bytes]
    unique: str
    """32 hexadecimal digits for the ids of the answer."""

    @property
    def for_anthropic(self) -> bool:
        return self.path.startswith("/v1/messages") or b"anthropic-version" in self.headers

    @property
    def text_headers(self) -> dict[str, str]:
        return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in self.headers.items()}

    @property
    def knobs_header(self) -> bytes | None:
        return self.headers.get(b"x-simulate")


class Simulator:
    """The ASGI application, its process knobs and its bill."""

    def __init__(self, settings: Settings) -> None:
        """Start with an empty bill."""
        self.bill = Bill(settings.bill_limit)
        self.knobs: Knobs = settings.knobs
        self._draws = count()
        self._stored = StoredResponses()
        self._endpoints = {
            "/v1/chat/completions": self._chat,
            "/v1/responses": self._responses,
            "/v1/embeddings": self._embeddings,
            "/v1/messages": self._messages,
            "/v1/messages/count_tokens": self._count_tokens,
            **{path: partial(self._play, serve) for path, serve in _SERVED.items()},
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one ASGI connection."""
        if scope["type"] == "lifespan":
            await _live(receive, send)
        elif scope["type"] == "http":
            await self._serve(scope, receive, send)

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        call = _Call(path, _target_of(scope), await _read_body(receive), dict(scope["headers"]), os.urandom(16).hex())
        exchange = Exchange(
            send,
            self.bill,
            request_id=call.headers.get(b"x-request-id", b"").decode("latin-1"),
            attempt=call.headers.get(b"x-headgate-attempt", b"").decode("latin-1"),
            endpoint=path,
        )
        native = find_native(path)
        endpoint = self._endpoints.get(path) if native is None else partial(self._native, native)
        if (gemini := find_gemini(path)) is not None:
            endpoint = partial(self._play, gemini)
        try:
            if endpoint is None:
                body = await self._look_up(call, scope)
                await exchange.send_body(200, self._headers(call, _JSON), body)
            elif scope["method"] != "POST":
                raise Refusal(405, f"{path} takes POST.")
            elif len(call.body) > LARGEST_BODY:
                raise Refusal(413, f"A body has at most {LARGEST_BODY} bytes.")
            else:
                await endpoint(call, exchange)
        except Refusal as refusal:
            if endpoint is not None:
                exchange.post(refusal.model, refusal.status, _NOTHING, stream=False, completed=False)
            await self._refuse(call, exchange, refusal)

    async def _chat(self, call: _Call, exchange: Exchange) -> None:
        ask = read_chat(call.body, call.knobs_header, self.knobs)
        await self._inject_error(call, exchange, ask.knobs, ask.model.name, stream=ask.stream)
        choices = answer(ask)
        prompt = prompt_counts(ask, PRICES[ask.model.name])
        counts = _with_output(prompt, choices)
        created = int(clock.now())
        if ask.stream:
            script = script_chat(ask, choices, counts, unique=call.unique, created=created)
            await exchange.play_stream(script, self._headers(call, _EVENTS), ask.knobs, ask.model.name, prompt)
        else:
            body = render_chat(ask, choices, counts, unique=call.unique, created=created)
            await exchange.play_whole(body, self._headers(call, _JSON), ask.knobs, ask.model.name, counts)

    async def _responses(self, call: _Call, exchange: Exchange) -> None:
        wish = read_responses(call.body, call.knobs_header, self.knobs, self._stored)
        ask = wish.ask
        await self._inject_error(call, exchange, ask.knobs, ask.model.name, stream=ask.stream)
        choice = answer(ask)[0]
        prompt = prompt_counts(ask, PRICES[ask.model.name])
        counts = _with_output(prompt, [choice])
        created = int(clock.now())
        response = render_response(wish, choice, counts, unique=call.unique, created=created)
        if wish.store:
            self._stored.keep(response_id(call.unique), kept(wish, response, counts, call.unique))
        if ask.stream:
            script = script_response(wish, choice, response, unique=call.unique, created=created)
            await exchange.play_stream(script, self._headers(call, _EVENTS), ask.knobs, ask.model.name, prompt)
        else:
            body = msgspec.json.encode(response)
            await exchange.play_whole(body, self._headers(call, _JSON), ask.knobs, ask.model.name, counts)

    async def _messages(self, call: _Call, exchange: Exchange) -> None:
        ask = self._read_messages(call, counting=False)
        await self._inject_error(call, exchange, ask.knobs, ask.model.name, stream=ask.stream)
        choice = answer(ask)[0]
        prompt = prompt_counts(ask, PRICES[ask.model.name])
        counts = _with_output(prompt, [choice])
        if ask.stream:
            script = script_message(ask, choice, counts, unique=call.unique)
            await exchange.play_stream(script, self._headers(call, _EVENTS), ask.knobs, ask.model.name, prompt)
        else:
            body = render_message(ask, choice, counts, unique=call.unique)
            await exchange.play_whole(body, self._headers(call, _JSON), ask.knobs, ask.model.name, counts)

    async def _native(self, native: Native, call: _Call, exchange: Exchange) -> None:
        if (fault := native.find_fault(call.target, call.text_headers, call.body)) is not None:
            raise Refusal(403, fault)
        ask = native.read(call.body, call.knobs_header, self.knobs)
        await self._inject_error(call, exchange, ask.knobs, ask.model.name, stream=ask.stream)
        choice = answer(ask)[0]
        prompt = prompt_counts(ask, PRICES[ask.model.name]) if native.caches else Counts(input=ask.prompt_tokens)
        said = Spoken(ask, choice, _with_output(prompt, [choice]), call.unique, int(clock.now()))
        if ask.stream:
            headers = self._headers(call, (b"content-type", native.stream_type))
            await exchange.play_stream(native.script(said), headers, ask.knobs, ask.model.name, prompt)
        else:
            headers = self._headers(call, _JSON)
            await exchange.play_whole(native.render(said), headers, ask.knobs, ask.model.name, said.counts)

    async def _count_tokens(self, call: _Call, exchange: Exchange) -> None:
        ask = self._read_messages(call, counting=True)
        await self._inject_error(call, exchange, ask.knobs, ask.model.name, stream=False)
        body = msgspec.json.encode({"input_tokens": ask.prompt_tokens})
        await exchange.play_whole(body, self._headers(call, _JSON), ask.knobs, ask.model.name, _NOTHING)

    async def _embeddings(self, call: _Call, exchange: Exchange) -> None:
        ask = read_embeddings(call.body, call.knobs_header, self.knobs)
        await self._inject_error(call, exchange, ask.knobs, ask.model.name, stream=False)
        counts = Counts(input=ask.tokens)
        body = render_embeddings(ask, counts, unique=call.unique)
        await exchange.play_whole(body, self._headers(call, _JSON), ask.knobs, ask.model.name, counts)

    async def _play(self, serve: Callable[[Asked], Served], call: _Call, exchange: Exchange) -> None:
        served = serve(
            Asked(
                call.path,
                call.body,
                call.headers,
                self.knobs,
                call.unique,
                int(clock.now()),
                call.target.partition("?")[2],
            )
        )
        headers = self._headers(call, (b"content-type", served.content_type))
        await self._inject_error(call, exchange, served.knobs, served.model, stream=served.script is not None)
        if served.script is not None:
            await exchange.play_stream(served.script, headers, served.knobs, served.model, served.counts)
        else:
            await exchange.play_whole(served.body, headers, served.knobs, served.model, served.counts)

    def _read_messages(self, call: _Call, *, counting: bool) -> Ask:
        if b"anthropic-version" not in call.headers:
            raise Refusal(400, "anthropic-version: the header is needed.")
        return read_messages(call.body, call.knobs_header, self.knobs, counting=counting)

    async def _look_up(self, call: _Call, scope: Scope) -> bytes:
        if call.path == "/health":
            return b'{"status":"ok"}'
        if call.path.startswith("/_simulator/"):
            return await answer_admin(self, scope["method"], call.path, scope["query_string"], call.body)
        if scope["method"] == "GET" and call.path == "/v1beta/models":
            return render_gemini_models()
        if scope["method"] == "GET" and call.path == "/v1/models":
            return render_models(for_anthropic=call.for_anthropic)
        if scope["method"] == "GET" and call.path.startswith("/v1/models/"):
            return render_model(call.path.removeprefix("/v1/models/"), for_anthropic=call.for_anthropic)
        if call.path.startswith("/v1/responses/"):
            return self._stored.look_up(scope["method"], call.path.removeprefix("/v1/responses/"))
        raise Refusal(404, f"Nothing answers {scope['method']} {call.path}.", code="unknown_url")

    async def _inject_error(self, call: _Call, exchange: Exchange, knobs: Knobs, model: str, *, stream: bool) -> None:
        error = knobs.error
        if error is None or self._draw(call) >= error.probability:
            return
        exchange.post(model, error.status, _NOTHING, stream=stream, completed=False)
        if knobs.latency_ms:
            await asyncio.sleep(knobs.latency_ms / 1000)
        raise injected_refusal(error.status, error.retry_after)

    def _draw(self, call: _Call) -> float:
        """A number in [0, 1) that is the same for the same request id and attempt; without an id, the next in line."""
        name = call.headers.get(b"x-request-id") or str(next(self._draws)).encode()
        seed = name + b"/" + call.headers.get(b"x-headgate-attempt", b"")
        return int.from_bytes(hashlib.blake2b(seed, digest_size=4).digest()) / 2**32

    async def _refuse(self, call: _Call, exchange: Exchange, refusal: Refusal) -> None:
        headers = self._headers(call, _JSON)
        if refusal.retry_after is not None:
            headers.append((b"retry-after", str(refusal.retry_after).encode()))
        if (native := find_native(call.path)) is not None:
            body = native.refuse(refusal, call.unique)
            headers += native.error_headers(refusal)
        elif find_gemini(call.path) is not None or call.path.startswith("/v1beta/"):
            body = render_gemini_error(refusal)
        elif call.for_anthropic:
            body = render_anthropic_error(refusal, f"req_01{call.unique[:22]}")
        else:
            body = render_openai_error(refusal)
        await exchange.send_body(refusal.status, headers, body)

    def _headers(self, call: _Call, content_type: tuple[bytes, bytes]) -> list[tuple[bytes, bytes]]:
        if (native := find_native(call.path)) is not None and native.headers is not None:
            return [content_type, *native.headers(call.unique)]
        if call.for_anthropic:
            return [content_type, (b"request-id", b"req_01" + call.unique[:22].encode())]
        return [
            content_type,
            (b"x-request-id", b"req_" + call.unique.encode()),
            (b"openai-version", b"2020-10-01"),
        ]


def create_app(settings: Settings | None = None) -> Simulator:
    """Build the application; every one has its own bill and knobs."""
    return Simulator(Settings() if settings is None else settings)


def _with_output(prompt: Counts, choices: list[Choice]) -> Counts:
    return msgspec.structs.replace(
        prompt,
        output=sum(choice.output_tokens for choice in choices),
        output_reasoning=sum(choice.reasoning_tokens for choice in choices),
    )


def _target_of(scope: Scope) -> str:
    path: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope.get("query_string", b"")
    return (path + b"?" + query if query else path).decode("latin-1")


async def _read_body(receive: Receive) -> bytes:
    """The whole body; one that is too large is read no further than shows it."""
    message = await receive()
    body: bytes = message.get("body", b"")
    if not message.get("more_body"):
        return body
    parts = [body]
    size = len(body)
    while message.get("more_body") and size <= LARGEST_BODY:
        message = await receive()
        parts.append(message.get("body", b""))
        size += len(parts[-1])
    return b"".join(parts)


async def _live(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return

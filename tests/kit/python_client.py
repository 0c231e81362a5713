"""For tests of the Python client: a machine without time, a gateway that answers by a script, both clients alike."""

import datetime as dt
import inspect
import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import httpx2

from headgate.client import AsyncHeadgate, Headgate
from headgate.client.machine import Machine

KEY = "sk-hg-a-virtual-key"
ADDRESS = "http://gateway.localhost:8000"
WHEN = dt.datetime(2026, 1, 1, 12, tzinfo=dt.UTC)
RECEIPT = (
    b'{"request_id":"aigw_1_a","cost_usd":0.00014,"cost_eur":0.000112,"estimated":false,"provider":"openai",'
    b'"model":"gpt-4o","prompt_tokens":100,"completion_tokens":10,"total_tokens":110,"attempts":1,"latency_ms":4.5}'
)
HEADERS = {"x-request-id": "aigw_1_a", "x-headgate-provider": "openai", "content-type": "application/json"}

Answer = httpx2.Response | Exception


class StoppedMachine:
    """Time moves only by waiting; chance is always a half; unique texts count."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.drawn = 0

    def machine(self) -> Machine:
        return Machine(
            monotonic=lambda: sum(self.waits),
            now=lambda: WHEN,
            chance=lambda: 0.5,
            unique=self._draw,
            sleep=self.waits.append,
            sleep_async=self._sleep,
        )

    def _draw(self) -> str:
        self.drawn += 1
        return f"drawn-{self.drawn}"

    async def _sleep(self, seconds: float) -> None:
        self.waits.append(seconds)


class Scripted:
    """A gateway that gives its answers in order, and remembers what it was asked."""

    def __init__(self, *script: Answer | Callable[[httpx2.Request], httpx2.Response]) -> None:
        self.script: list[Answer | Callable[[httpx2.Request], httpx2.Response]] = list(script)
        self.asked: list[httpx2.Request] = []
        self.stopped = StoppedMachine()

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.asked.append(request)
        answer = self.script.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer if isinstance(answer, httpx2.Response) else answer(request)

    @property
    def bodies(self) -> list[Any]:
        return [json.loads(request.content) for request in self.asked]


class Both:
    """Either client behind one face: what a test says holds for both."""

    def __init__(self, kind: str, gateway: Scripted, **options: Any) -> None:
        self.gateway = gateway
        shared = {"base_url": ADDRESS, "api_key": KEY, "machine": gateway.stopped.machine(), **options}
        self._sync: Headgate | None = None
        self._async: AsyncHeadgate | None = None
        if kind == "sync":
            self._sync = Headgate(http_client=httpx2.Client(transport=httpx2.MockTransport(gateway.answer)), **shared)
        else:

            async def answer(request: httpx2.Request) -> httpx2.Response:
                return gateway.answer(request)

            self._async = AsyncHeadgate(
                http_client=httpx2.AsyncClient(transport=httpx2.MockTransport(answer)), **shared
            )

    @property
    def client(self) -> Any:
        return self._sync or self._async

    async def call(self, name: str, *arguments: Any, **options: Any) -> Any:
        result = getattr(self.client, name)(*arguments, **options)
        return await result if inspect.isawaitable(result) else result

    async def ask(self, **changes: Any) -> Any:
        return await self.call("generate_text", **({"model": "gpt-4o", "messages": "Hello"} | changes))

    async def stream(self, **changes: Any) -> tuple[list[str], Any]:
        """The texts, and the stream."""
        stream = self.client.generate_text_stream(**({"model": "gpt-4o", "messages": "Hello"} | changes))
        if self._sync is not None:
            return list(stream), stream
        return [text async for text in stream], stream


def completion(content: str | None = "Hi there", **changes: Any) -> bytes:
    document = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "model": "gpt-4o-2024-11-20",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": content}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110},
    }
    return json.dumps(document | changes).encode()


def answered(body: bytes | None = None, **headers: str) -> httpx2.Response:
    more = {"x-headgate-receipt": RECEIPT.decode()} | {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(200, content=completion() if body is None else body, headers=HEADERS | more)


def refused(status: int, code: str | None = None, *, param: str | None = None, **headers: str) -> httpx2.Response:
    said = {"message": f"Because of {code}.", "type": "x", "param": param, "code": code, "source": "gateway"}
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return httpx2.Response(
        status, content=json.dumps({"error": said}).encode(), headers={"x-request-id": "aigw_1_a"} | more
    )


def chunks(*texts: str, done: bool = True, receipt: bool = True) -> list[bytes]:
    head = {"id": "chatcmpl-1", "object": "chat.completion.chunk", "model": "gpt-4o-2024-11-20"}

    def chunk(delta: dict[str, Any], reason: str | None = None) -> bytes:
        return _event(head | {"choices": [{"index": 0, "delta": delta, "finish_reason": reason}]})

    usage = {"prompt_tokens": 100, "completion_tokens": 10, "total_tokens": 110}
    events = [chunk({"role": "assistant", "content": ""}), *[chunk({"content": text}) for text in texts]]
    if done:
        events += [chunk({}, "stop"), _event(head | {"choices": [], "usage": usage}), b"data: [DONE]\n\n"]
    if receipt:
        events.append(b"event: headgate.receipt\ndata: " + RECEIPT + b"\n\n")
    return events


def _event(document: Any) -> bytes:
    return b"data: " + json.dumps(document).encode() + b"\n\n"


class Pieces(httpx2.SyncByteStream, httpx2.AsyncByteStream):
    """A body in pieces, which may end in an error."""

    def __init__(self, pieces: Sequence[bytes], error: Exception | None = None) -> None:
        self._pieces = pieces
        self._error = error
        self.closed = False

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces
        if self._error is not None:
            raise self._error

    async def __aiter__(self):
        for piece in self:
            yield piece

    def close(self) -> None:
        self.closed = True

    async def aclose(self) -> None:
        self.closed = True


def streamed(pieces: Sequence[bytes], error: Exception | None = None) -> httpx2.Response:
    headers = HEADERS | {"content-type": "text/event-stream; charset=utf-8"}
    return httpx2.Response(200, stream=Pieces(pieces, error), headers=headers)

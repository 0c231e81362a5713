"""From the bytes of an answer to a `Generation`, streamed or not."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

import msgspec

from headgate.client.errors import AnswerUnreadable, stream_error
from headgate.client.machine import Machine
from headgate.client.requests import RECEIPT_HEADER, Outgoing
from headgate.client.results import Generation, Usage
from headgate.client.sse import Event, EventReader

RECEIPT_EVENT: Final = "headgate.receipt"


class _Said(msgspec.Struct):
    content: str | None = None


class _Choice(msgspec.Struct):
    message: _Said = msgspec.field(default_factory=_Said)
    delta: _Said = msgspec.field(default_factory=_Said)
    finish_reason: str | None = None
    index: int = 0


class _Counts(msgspec.Struct):
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0


class _Completion(msgspec.Struct):
    """A whole answer, or a chunk of a streamed one."""

    model: str | None = None
    choices: list[_Choice] = []
    usage: _Counts | None = None
    error: dict[str, Any] | None = None


class Receipt(msgspec.Struct, frozen=True):
    """What the gateway says that the request came to."""

    request_id: str | None = None
    cost_usd: Decimal | None = None
    estimated: bool = False
    provider: str | None = None
    model: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    attempts: int = 1
    costs: Mapping[str, Decimal] = {}
    """In other currencies."""


_completion = msgspec.json.Decoder(_Completion).decode
_receipt = msgspec.json.Decoder(Receipt).decode
_fields = msgspec.json.Decoder(dict[str, msgspec.Raw]).decode
_amount = msgspec.json.Decoder(Decimal | None).decode


def parse_receipt(text: bytes) -> Receipt:
    """Read a receipt; amounts are decimal literals and stay exact.

    Raises:
        AnswerUnreadable: it is none.
    """
    try:
        receipt = _receipt(text)
        costs = {
            name.removeprefix("cost_").upper(): _amount(value)
            for name, value in _fields(text).items()
            if name.startswith("cost_") and name != "cost_usd"
        }
    except msgspec.DecodeError as error:
        message = f"The receipt cannot be read: {error}."
        raise AnswerUnreadable(message) from error
    known = {currency: amount for currency, amount in costs.items() if amount is not None}
    return msgspec.structs.replace(receipt, costs=known)


class Reading:
    """One answer while it is read: the call, its headers, what was said so far."""

    def __init__(self, outgoing: Outgoing, headers: Mapping[str, str], *, began: float, machine: Machine) -> None:
        """`began`: monotonic seconds, when the call was made."""
        self._outgoing = outgoing
        self._headers = headers
        self._began = began
        self._machine = machine
        self._texts: list[str] = []
        self._model: str | None = None
        self._finish_reason: str | None = None
        self._usage: Usage | None = None
        self._receipt: Receipt | None = None
        self._ended = False
        self._events = EventReader()

    @property
    def request_id(self) -> str | None:
        """As the headers say."""
        return self._headers.get("x-request-id")

    def whole(self, body: bytes) -> Generation:
        """Read an answer that is not streamed.

        Raises:
            AnswerUnreadable: it is no chat completion.
        """
        self._take(self._decode(body))
        if (text := self._headers.get(RECEIPT_HEADER)) is not None:
            self._receipt = parse_receipt(text.encode("latin-1"))
        return self.result()

    def feed(self, chunk: bytes) -> list[str]:
        """Take a chunk of a stream; give the texts in it.

        Raises:
            StreamBroken: the gateway says that the stream ended in an error.
            AnswerUnreadable: it is no stream of a chat completion.
        """
        texts: list[str] = []
        for event in self._events.feed(chunk):
            texts += self._hear(event)
        return texts

    def finish(self) -> None:
        """The stream is at its end.

        Raises:
            StreamBroken: its answer is not.
        """
        if not self._ended:
            raise stream_error({"message": "The stream broke off before its end."}, self.request_id)

    def result(self) -> Generation:
        """What the answer came to; call it at its end."""
        receipt = self._receipt or self._from_headers()
        return Generation(
            request_id=self.request_id or receipt.request_id or "",
            content="".join(self._texts),
            usage=self._usage or _usage_of(receipt),
            latency_ms=round((self._machine.monotonic() - self._began) * 1000, 3),
            cost=receipt.cost_usd,
            model=self._model or receipt.model or "",
            provider=self._headers.get("x-headgate-provider") or receipt.provider,
            finish_reason=self._finish_reason,
            timestamp=self._machine.now(),
            from_cache=self._headers.get("x-headgate-cache", "").startswith("hit"),
            replayed=self._headers.get("x-headgate-idempotent-replay") == "true",
            estimated=receipt.estimated,
            attempts=max(receipt.attempts, 1),
            costs=receipt.costs,
            idempotency_key=self._outgoing.idempotency_key,
        )

    def _hear(self, event: Event) -> list[str]:
        if event.name == RECEIPT_EVENT:
            self._receipt = parse_receipt(event.data)
            return []
        if event.data == b"[DONE]":
            self._ended = True
            return []
        chunk = self._decode(event.data)
        if chunk.error is not None:
            raise stream_error(chunk.error, self.request_id)
        return self._take(chunk)

    def _decode(self, body: bytes) -> _Completion:
        try:
            return _completion(body)
        except msgspec.DecodeError as error:
            message = f"The answer is no chat completion ({error}); check base_url."
            raise AnswerUnreadable(message, request_id=self.request_id) from error

    def _take(self, said: _Completion) -> list[str]:
        self._model = said.model or self._model
        if (counts := said.usage) is not None:
            self._usage = Usage(
                prompt_tokens=counts.prompt_tokens,
                completion_tokens=counts.completion_tokens,
                total_tokens=counts.total_tokens,
            )
        texts: list[str] = []
        for choice in said.choices:
            # Of several answers (`n`), the first: the others are for those who use the format itself.
            if choice.index == 0:
                self._finish_reason = choice.finish_reason or self._finish_reason
                # Not every OpenAI-compatible provider says [DONE] after it.
                self._ended = self._ended or choice.finish_reason is not None
                if text := choice.message.content or choice.delta.content:
                    texts.append(text)
        self._texts += texts
        return texts

    def _from_headers(self) -> Receipt:
        """What can be told without a receipt: the cost of an answer that is not streamed."""
        try:
            cost = Decimal(self._headers["x-headgate-cost-usd"])
        except (KeyError, InvalidOperation):
            cost = None
        attempts = self._headers.get("x-headgate-attempts", "1")
        return Receipt(cost_usd=cost, attempts=int(attempts) if attempts.isdecimal() else 1)


def _usage_of(receipt: Receipt) -> Usage | None:
    prompt, completion, total = receipt.prompt_tokens, receipt.completion_tokens, receipt.total_tokens
    if prompt is None or completion is None or total is None:
        return None
    return Usage(prompt_tokens=prompt, completion_tokens=completion, total_tokens=total)

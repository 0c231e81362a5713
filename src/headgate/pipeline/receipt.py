"""What a request came to, told to the client that asks for it with `x-headgate-receipt: true`.

A whole answer carries it in a header. A stream's cost is known when its headers are long gone: there it is one more
event behind the last one of the client's format, after everything is on record. Who did not ask gets the bytes as they
were; who asked and passes them to a stock SDK loses nothing, for those stop reading at the end of their format.
"""

import json
import re
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from decimal import Decimal
from typing import Any, Final

import msgspec

from headgate.domain.money import nano_to_usd
from headgate.domain.outcome import Outcome
from headgate.ledger.postings import count
from headgate.ledger.records import Logged
from headgate.pipeline.config import Config
from headgate.pipeline.request import Reply

RECEIPT_HEADER: Final = "x-headgate-receipt"
RECEIPT_EVENT: Final = "headgate.receipt"

_NANO: Final = Decimal("0.000000001")
_encode = msgspec.json.Encoder(decimal_format="number").encode


def with_receipt(reply: Reply, logged: Callable[[], Logged | None], config: Config) -> Reply:
    """The same reply with its receipt.

    Args:
        reply: of a request that is on record, or will be when its stream has ended.
        logged: gives the request's row, once it ended.
        config: the snapshot in force: its exchange rates.
    """
    if reply.stream is None:
        if (row := logged()) is not None:
            reply.headers.append((RECEIPT_HEADER.encode(), _receipt(row, config)))
    elif dict(reply.headers).get(b"content-type", b"").startswith(b"text/event-stream"):
        reply.stream = _followed(reply.stream, logged, config)
    return reply


async def _followed(
    stream: AsyncGenerator[bytes], logged: Callable[[], Logged | None], config: Config
) -> AsyncGenerator[bytes]:
    async with aclosing(stream):
        async for chunk in stream:
            yield chunk
    if (row := logged()) is not None:
        yield b"event: %s\ndata: %s\n\n" % (RECEIPT_EVENT.encode(), _receipt(row, config))


def _receipt(logged: Logged, config: Config) -> bytes:
    """JSON on one line, in ASCII: a header can hold nothing else."""
    cost = None if logged.cost is None else nano_to_usd(logged.cost)
    counted = count(logged.usage)
    document: dict[str, Any] = {
        "request_id": logged.request_id,
        "cost_usd": cost,
        **_in_other_currencies(cost, config),
        "estimated": logged.outcome is Outcome.ESTIMATED,
        "provider": logged.provider,
        "model": logged.response_model,
        "prompt_tokens": counted.prompt,
        "completion_tokens": counted.completion,
        "total_tokens": counted.total,
        "attempts": logged.attempts,
        "latency_ms": logged.latency_ms,
    }
    text = _encode(document).decode()
    return re.sub(r"[^\x20-\x7e]+", lambda found: json.dumps(found[0])[1:-1], text).encode("ascii")


def _in_other_currencies(cost: Decimal | None, config: Config) -> dict[str, Decimal | None]:
    return {
        f"cost_{rate.currency.lower()}": None if cost is None else (cost / Decimal(rate.usd_rate)).quantize(_NANO)
        for rate in config.exchange_rates
        if rate.currency != "USD"
    }

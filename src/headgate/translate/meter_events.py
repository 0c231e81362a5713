"""What the meters of all formats share: cutting a stream after complete events, and reading figures without floats."""

import re
from decimal import Decimal
from typing import Final

import msgspec

BLANK_LINE: Final = re.compile(rb"\n\r?\n")
XAI_TICKS_PER_USD: Final = 10_000_000_000

_STANDARD_TIERS: Final = frozenset({"default", "auto", "standard", "standard_only", "on_demand", ""})


class StreamCutter:
    """Holds back the bytes of an event that is not complete yet."""

    __slots__ = ("_rest",)

    def __init__(self) -> None:
        self._rest = bytearray()

    def complete(self, chunk: bytes) -> bytes:
        """Give all bytes up to the end of the last complete event."""
        rest = self._rest
        if not rest and chunk.endswith(b"\n\n"):
            return chunk
        # An event of megabytes comes in hundreds of chunks: what was looked at is not looked at again.
        seen = max(len(rest) - 2, 0)
        rest += chunk
        line_feeds, with_return = rest.rfind(b"\n\n", seen), rest.rfind(b"\n\r\n", seen)
        cut = max(line_feeds + 2 if line_feeds >= 0 else 0, with_return + 3 if with_return >= 0 else 0)
        complete = bytes(rest[:cut])
        del rest[:cut]
        return complete

    def rest(self) -> bytes:
        """Give what is left at the end of the stream."""
        rest = bytes(self._rest)
        self._rest.clear()
        return rest


def raw_events(complete: bytes) -> list[bytes]:
    """Cut complete events apart; their concatenation is what came in."""
    events: list[bytes] = []
    start = 0
    for match in BLANK_LINE.finditer(complete):
        events.append(complete[start : match.end()])
        start = match.end()
    if start < len(complete):
        events.append(complete[start:])
    return events


def event_data(raw: bytes) -> bytes:
    """The data of one raw event, joined with newlines; empty when it has none."""
    if raw.startswith(b"data:") and raw.count(b"\ndata:") == 0:
        end = raw.find(b"\n")
        return raw[5 : end if end >= 0 else len(raw)].strip()
    lines = [line.partition(b":")[2].strip() for line in raw.splitlines() if line.startswith(b"data:")]
    return b"\n".join(lines)


def priced_tier(*tiers: object) -> str | None:
    """The first tier that changes the price."""
    for tier in tiers:
        if isinstance(tier, str) and tier not in _STANDARD_TIERS:
            return tier
    return None


def reported_cost(usage: dict[str, object]) -> Decimal | None:
    """What the operator says it charged, USD: OpenRouter and Vercel `cost`, Perplexity `cost.total_cost`, xAI ticks."""
    cost = usage.get("cost")
    if isinstance(cost, dict):
        cost = cost.get("total_cost")  # pyright: ignore[reportUnknownMemberType,reportUnknownVariableType]
    if cost is None and (ticks := usage.get("cost_in_usd_ticks")):
        # Grok on Azure always sends 0 ticks: no statement rather than a free call.
        amount = exact_amount(ticks)  # pyright: ignore[reportUnknownArgumentType]
        return None if amount is None else amount / XAI_TICKS_PER_USD
    return exact_amount(cost)  # pyright: ignore[reportUnknownArgumentType]


def exact_amount(value: object) -> Decimal | None:
    """A figure as it stands in the JSON; None for anything that is not an amount."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    amount = Decimal(value)
    return amount if amount.is_finite() and amount >= 0 else None


def error_message(error: object) -> str:
    """The message of an error object, whatever its shape."""
    if isinstance(error, dict):
        message = error.get("message") or error.get("type") or error.get("code")  # pyright: ignore[reportUnknownMemberType,reportUnknownVariableType]
        return str(message) if message else "unknown error"  # pyright: ignore[reportUnknownArgumentType]
    return str(error)


ABSENT: Final = msgspec.Raw()
"""Default of raw fields: msgspec takes `Raw` in no union, so that an empty one stands for "not there"."""

object_decoder: Final = msgspec.json.Decoder(dict[str, object], float_hook=Decimal)
"""Decodes figures with a point as Decimal, from their digits."""


def as_object(raw: msgspec.Raw) -> dict[str, object] | None:
    """Decode a raw JSON object; None for anything else."""
    try:
        return object_decoder.decode(raw)
    except (msgspec.DecodeError, ArithmeticError):
        return None


def is_null(raw: msgspec.Raw) -> bool:
    """Whether a raw field is absent or null."""
    text = bytes(raw)
    return not text or text == b"null"

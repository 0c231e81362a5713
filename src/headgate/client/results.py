"""What a call gives."""

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal

import msgspec


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens as the provider reported them."""

    prompt_tokens: int
    """Everything that was read, cached tokens among them."""
    completion_tokens: int
    """Everything that was written, reasoning among it."""
    total_tokens: int


class Generation(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer, and what it came to."""

    request_id: str
    """By which the request log, the cost events and the trace name it."""
    content: str
    """The text of the answer; empty where the model answered with something else."""
    usage: Usage | None
    """None: the provider reported none, which is not zero."""
    latency_ms: float
    """From the call to its end as the caller saw it, retries included."""
    cost: Decimal | None
    """What was booked, exact USD; None: the model has no price. It is never rounded and never a float."""
    model: str
    """That answered, in the provider's words."""
    provider: str | None
    """That answered; None where the gateway does not say."""
    finish_reason: str | None
    """`stop`, `length`, `tool_calls`, `content_filter`."""
    timestamp: dt.datetime
    """When the answer was whole, UTC."""
    from_cache: bool = False
    """A cache of the gateway answered."""
    replayed: bool = False
    """The answer of an earlier request with the same idempotency key: nothing was charged for this one."""
    estimated: bool = False
    """The usage is not known, and `cost` is the most that it can have been."""
    attempts: int = 1
    """Sent to providers; `cost` is that of all."""
    costs: Mapping[str, Decimal] = {}
    """`cost` in other currencies, by their code (`EUR`, `GBP`), as far as the gateway has exchange rates."""
    idempotency_key: str | None = None
    """Under which the call was made."""

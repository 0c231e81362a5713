"""What a journal holds: one frozen record per fact, in the order in which the facts became true.

`Sent` is written before the first byte leaves for the provider, `Settled` before the last byte goes to the client,
`Logged` once per request. A `Sent` without a `Settled` in the journal of a dead worker is an orphan: it is posted at
its hold (see `money-protocol` rules 11, 13, 17 and 19).
"""

from decimal import Decimal
from enum import StrEnum

import msgspec

from headgate.domain.budget import LeaseClass, WindowId
from headgate.domain.ids import CardId, DeploymentId, KeyId, OrganizationId, RequestId
from headgate.domain.money import NanoUsd
from headgate.domain.outcome import Outcome
from headgate.domain.principal import Attribution
from headgate.domain.trace import TraceContext
from headgate.domain.usage import Usage
from headgate.domain.verdict import Verdict


class Held(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What an attempt holds in one window."""

    window: WindowId
    lease_class: LeaseClass
    amount: int
    """In the window's unit."""


class Charge(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What an attempt costs one window."""

    cost: int
    """Booked in full, in the window's unit."""
    from_lease: int
    """Of that, what the lease covers; the rest is an overrun."""


class Sent(msgspec.Struct, frozen=True, kw_only=True, tag="sent", gc=False):
    """An attempt is about to leave. Carries every dimension that its cost event will have."""

    request_id: RequestId
    attempt: int
    """From 1."""
    at: float
    """Epoch seconds."""
    organization_id: OrganizationId
    key_id: KeyId
    attribution: Attribution
    endpoint: str
    """The door's path, for example `/v1/messages`."""
    provider: str
    deployment_id: DeploymentId
    original_model: str
    """As the caller wrote it."""
    request_model: str
    """As sent upstream."""
    card_id: CardId | None
    """None: unpriced, which only an organisation that allows it may send."""
    hold: NanoUsd | None
    """Upper bound of the cost; None with an unpriced model."""
    stream: bool
    holds: tuple[Held, ...] = ()
    """One per window in scope, ascending by window."""


class Settled(msgspec.Struct, frozen=True, kw_only=True, tag="settled", gc=False):
    """An attempt ended."""

    request_id: RequestId
    attempt: int
    at: float
    outcome: Outcome
    """`OK`, `ESTIMATED`, `REJECTED` make a cost event; `UNREACHED` makes none."""
    usage: Usage | None
    """As reported; None when the provider reported none."""
    cost: NanoUsd | None
    """What is booked; None: unpriced."""
    card_id: CardId | None
    """The card in force for the model that answered."""
    unpriced_units: tuple[str, ...] = ()
    """Units with a quantity that the card has no rate for: `cost` leaves them out and the event says so."""
    response_model: str | None
    service_tier: str | None = None
    reported_cost: Decimal | None = None
    """What the provider says that it charged, USD."""
    upstream_request_id: str | None = None
    status: int | None
    """The provider's HTTP status, None when there was none."""
    error: str | None = None
    """Stable code when the outcome is not OK."""
    charges: tuple[Charge, ...] = ()
    """One per hold of the `Sent`, in its order; empty where nothing is charged (`REJECTED`, `UNREACHED`)."""
    kept_id: str | None = None
    """What the provider calls its answer, where it keeps it to be asked for again."""


class Tried(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one attempt of a request came to, for people who read the log."""

    deployment_id: DeploymentId
    provider: str
    model: str
    """As sent upstream."""
    outcome: Outcome
    status: int | None
    """The provider's HTTP status, None when there was none."""
    error: str | None
    """Stable code when the outcome is not OK."""
    ms: float
    """From its start to its end."""
    cost: NanoUsd | None
    """None: unpriced, or nothing is booked."""


class Logged(msgspec.Struct, frozen=True, kw_only=True, tag="logged", gc=False):
    """A request ended, however it ended: one row of the request log."""

    request_id: RequestId
    at: float
    """When the request arrived, epoch seconds."""
    organization_id: OrganizationId
    key_id: KeyId
    attribution: Attribution
    endpoint: str
    original_model: str | None
    provider: str | None
    response_model: str | None
    outcome: Outcome
    status: int
    """HTTP status that the client got."""
    error: str | None
    message: str | None
    """Why, in one sentence, when `outcome` is not OK."""
    attempts: int
    usage: Usage | None
    cost: NanoUsd | None
    stream: bool
    latency_ms: float
    """From the first byte in to the last byte out."""
    upstream_ms: float | None
    """Spent waiting for the provider."""
    first_content_ms: float | None
    """Until the first content of a stream."""
    prompt_sha256: str
    """Of the request body as it came."""
    client_gone: bool
    """The client hung up before the end."""
    verdicts: tuple[Verdict, ...] = ()
    """What policies and shadow rules said against it."""
    degraded_to: str | None = None
    """The open model that was called instead, because a budget did not admit the one that was asked for."""
    clamped_to: int | None = None
    """`max_tokens` as it was sent, where a budget lowered it."""
    route: str | None = None
    """Name of the route that the request took; None: the caller named a deployment."""
    arm: str | None = None
    """Of the route: of a split the arm that was assigned, otherwise the one that was tried first."""
    tries: tuple[Tried, ...] = ()
    """Every attempt, first to last; none where the only one went well, for its cost event says it all."""
    trace: TraceContext | None = None
    """What the caller says of the trace that the request belongs to."""


class Raised(msgspec.Struct, frozen=True, kw_only=True, tag="raised", gc=False):
    """A running attempt holds more than its `Sent` says: a stream drew on."""

    request_id: RequestId
    attempt: int
    hold: NanoUsd
    """All of it."""
    holds: tuple[Held, ...]
    """All of them, as in the `Sent`."""


class Side(StrEnum):
    """Who said something."""

    REQUEST = "request"
    ANSWER = "answer"


class Captured(msgspec.Struct, frozen=True, kw_only=True, tag="captured", gc=False):
    """A piece of the text of a request or an answer, for an organization that keeps it; stands before its `Logged`."""

    request_id: RequestId
    organization_id: str
    at: float
    """When the request arrived, epoch seconds."""
    side: Side
    number: int
    """From 0; a text is the sum of its pieces."""
    text: str
    """Redacted; so short that the record fits where any other does."""


Record = Sent | Raised | Settled | Logged | Captured

_encoder = msgspec.msgpack.Encoder(decimal_format="string")
_decoder: msgspec.msgpack.Decoder[Record] = msgspec.msgpack.Decoder(Record)


def encode_record(record: Record) -> bytes:
    """Encode the payload of one journal frame."""
    return _encoder.encode(record)


def decode_record(payload: bytes) -> Record:
    """Decode the payload of one journal frame.

    Raises:
        msgspec.DecodeError: not a record of this version.
    """
    return _decoder.decode(payload)

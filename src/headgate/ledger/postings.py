"""What is posted to the books: rows as values, made from journal records by pure functions.

A posting is inserted once and never updated. Its id makes a second posting of the same record change nothing.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any, NamedTuple, TypedDict

import msgspec

from headgate.domain.budget import LeaseClass, WindowId
from headgate.domain.ids import CardId, DeploymentId, KeyId, OrganizationId, OwnerId, RequestId
from headgate.domain.money import NanoUsd
from headgate.domain.outcome import Outcome
from headgate.domain.principal import Attribution
from headgate.domain.trace import TraceContext
from headgate.domain.usage import INPUT_UNITS, OUTPUT_UNITS, Unit, Usage
from headgate.ledger.records import Captured, Logged, Raised, Sent, Settled, Tried

ORPHANED = "orphaned"
"""`error` of what a process left behind when it ended without settling."""


class CostEventPosting(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt's cost event. Field names are the columns of `headgate_cost_event`."""

    event_id: str
    """`<request_id>:<attempt>`."""
    request_id: RequestId
    attempt: int
    occurred_at: float
    """When the attempt was sent, epoch seconds: the same in a settled event and in an orphan's."""
    settled_at: float
    organization_id: OrganizationId
    key_id: KeyId
    end_user: str | None
    team: str | None
    project: str | None
    app: str | None
    client: str | None
    agent: str | None
    task: str | None
    endpoint: str
    provider: str
    deployment_id: DeploymentId
    original_model: str
    request_model: str
    response_model: str | None
    card_id: CardId | None
    """The card that priced it: of the model that answered, or of the model that was asked when none is known."""
    stream: bool
    hold_nano: NanoUsd | None
    amount_nano: NanoUsd | None
    """None: unpriced."""
    estimated: bool
    outcome: Outcome
    quantities: dict[Unit, int] | None
    """Per unit; None: the provider reported no usage, which is not zero."""
    prompt_tokens: int | None
    completion_tokens: int | None
    total_tokens: int | None
    unpriced_units: tuple[str, ...]
    reported_cost: Decimal | None
    """USD, as the provider says."""
    service_tier: str | None
    upstream_request_id: str | None
    status: int | None
    error: str | None
    kept_id: str | None = None
    """What the provider calls its answer, where it keeps it: by this the answer's organization finds it again."""


class RequestLogPosting(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the request log. Field names are the columns of `headgate_request_log`."""

    request_id: RequestId
    occurred_at: float
    """When the request arrived, epoch seconds."""
    organization_id: OrganizationId
    key_id: KeyId
    end_user: str | None
    team: str | None
    project: str | None
    app: str | None
    client: str | None
    agent: str | None
    task: str | None
    endpoint: str
    original_model: str | None
    provider: str | None
    response_model: str | None = None
    outcome: Outcome
    status: int | None = None
    """None: nobody knows what the client got, because our process ended."""
    error: str | None
    message: str | None
    attempts: int
    quantities: dict[Unit, int] | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    cost_nano: NanoUsd | None
    stream: bool
    latency_ms: float | None = None
    upstream_ms: float | None = None
    first_content_ms: float | None = None
    prompt_sha256: str = ""
    """Hexadecimal, empty when unknown."""
    client_gone: bool = False
    verdicts: tuple[dict[str, str], ...] = ()
    """Objections, each with `policy`, `rule`, `effect` and `reason`."""
    degraded_to: str | None = None
    clamped_to: int | None = None
    route: str | None = None
    arm: str | None = None
    tries: tuple[dict[str, Any], ...] = ()
    """Attempts, each with the fields of `Tried`; its cost as `cost_nano`."""


class WindowCharge(NamedTuple):
    """What one attempt costs one window; counts only with its event, so that it counts once."""

    event_id: str
    window: WindowId
    lease_class: LeaseClass
    cost: int
    from_lease: int


class ContentPosting(msgspec.Struct, frozen=True, kw_only=True):
    """A piece of a request's text. Field names are columns of `headgate_content`."""

    id: str
    """`<request_id>:<side>:<number>`."""
    request_id: RequestId
    organization_id: str
    occurred_at: float
    """When the request arrived, epoch seconds."""
    side: str
    number: int
    text: str


def content(captured: Captured) -> ContentPosting:
    """Make the row of a piece of text."""
    return ContentPosting(
        id=f"{captured.request_id}:{captured.side}:{captured.number}",
        request_id=captured.request_id,
        organization_id=captured.organization_id,
        occurred_at=captured.at,
        side=captured.side,
        number=captured.number,
        text=captured.text,
    )


class DeliveryPosting(msgspec.Struct, frozen=True, kw_only=True):
    """A sink is to be told of a request. Field names are columns of `headgate_delivery`."""

    sink: str
    request_id: RequestId
    occurred_at: float
    """When the request arrived, epoch seconds."""
    context: dict[str, str] | None
    """What the caller said of its trace; see `TraceContext`."""


Announce = Callable[[RequestLogPosting, TraceContext | None], Sequence[DeliveryPosting]]
"""Which sinks are to be told of a request."""


def told_to_nobody(log: RequestLogPosting, trace: TraceContext | None) -> Sequence[DeliveryPosting]:
    """No sink wants to know."""
    del log, trace
    return ()


class OwnerPosting(msgspec.Struct, frozen=True, kw_only=True):
    """What one step of ingest posts: the next stretch of one owner's journal, in one transaction."""

    owner_id: OwnerId
    posted_from: int
    """Journal offset up to which the books are posted, as the worker knows it; the swap's old value."""
    posted_to: int
    """The swap's new value."""
    low_watermark: int
    """Oldest offset that has to be read again after a restart: of the first "sent" that is not settled yet."""
    events: tuple[CostEventPosting, ...] = ()
    logs: tuple[RequestLogPosting, ...] = ()
    charges: tuple[WindowCharge, ...] = ()
    deliveries: tuple[DeliveryPosting, ...] = ()
    content: tuple[ContentPosting, ...] = ()


class PostResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a posting inserted; what is missing here had been posted before."""

    event_ids: frozenset[str]
    request_ids: frozenset[str]


def cost_event(sent: Sent, settled: Settled) -> CostEventPosting | None:
    """Make the cost event of a settled attempt; None when nothing can have reached the provider.

    Raises:
        ValueError: the records are of two different attempts.
    """
    if (sent.request_id, sent.attempt) != (settled.request_id, settled.attempt):
        message = f"{settled.request_id}:{settled.attempt} does not settle {sent.request_id}:{sent.attempt}"
        raise ValueError(message)
    if settled.outcome is Outcome.UNREACHED:
        return None
    counted = count(settled.usage)
    return CostEventPosting(
        event_id=event_id_of(sent),
        request_id=sent.request_id,
        attempt=sent.attempt,
        occurred_at=sent.at,
        settled_at=settled.at,
        organization_id=sent.organization_id,
        key_id=sent.key_id,
        **_whom(sent.attribution),
        endpoint=sent.endpoint,
        provider=sent.provider,
        deployment_id=sent.deployment_id,
        original_model=sent.original_model,
        request_model=sent.request_model,
        response_model=settled.response_model,
        card_id=settled.card_id or sent.card_id,
        stream=sent.stream,
        hold_nano=sent.hold,
        amount_nano=settled.cost,
        estimated=settled.outcome is Outcome.ESTIMATED,
        outcome=settled.outcome,
        quantities=counted.quantities,
        prompt_tokens=counted.prompt,
        completion_tokens=counted.completion,
        total_tokens=counted.total,
        unpriced_units=settled.unpriced_units,
        reported_cost=settled.reported_cost,
        service_tier=settled.service_tier,
        upstream_request_id=settled.upstream_request_id,
        status=settled.status,
        error=settled.error,
        kept_id=settled.kept_id,
    )


def window_charges(sent: Sent, settled: Settled) -> list[WindowCharge]:
    """What a settled attempt costs the windows that it was held in."""
    return [
        WindowCharge(event_id_of(sent), hold.window, hold.lease_class, charge.cost, charge.from_lease)
        for hold, charge in zip(sent.holds, settled.charges, strict=False)
        if charge.cost or charge.from_lease
    ]


def orphan_charges(sent: Sent) -> list[WindowCharge]:
    """What an attempt that nobody settled costs them: all that it held."""
    return [
        WindowCharge(event_id_of(sent), hold.window, hold.lease_class, hold.amount, hold.amount)
        for hold in sent.holds
        if hold.amount
    ]


def event_id_of(sent: Sent) -> str:
    """Name the cost event of an attempt."""
    return f"{sent.request_id}:{sent.attempt}"


def raised(sent: Sent, more: Raised) -> Sent:
    """The attempt as it stands after it drew more."""
    return msgspec.structs.replace(sent, hold=more.hold, holds=more.holds)


def orphan_event(sent: Sent, at: float) -> CostEventPosting:
    """Make the cost event of an attempt that nobody settled: booked at its hold, estimated.

    Args:
        sent: what left.
        at: when it was found, epoch seconds.
    """
    settled = Settled(
        request_id=sent.request_id,
        attempt=sent.attempt,
        at=at,
        outcome=Outcome.ESTIMATED,
        usage=None,
        cost=sent.hold,
        card_id=sent.card_id,
        response_model=None,
        status=None,
        error=ORPHANED,
    )
    event = cost_event(sent, settled)
    if event is None:
        message = "an estimated attempt has a cost event"
        raise AssertionError(message)
    return event


def request_log(logged: Logged) -> RequestLogPosting:
    """Make the row of a request that ended."""
    counted = count(logged.usage)
    return RequestLogPosting(
        request_id=logged.request_id,
        occurred_at=logged.at,
        organization_id=logged.organization_id,
        key_id=logged.key_id,
        **_whom(logged.attribution),
        endpoint=logged.endpoint,
        original_model=logged.original_model,
        provider=logged.provider,
        response_model=logged.response_model,
        outcome=logged.outcome,
        status=logged.status,
        error=logged.error,
        message=logged.message,
        attempts=logged.attempts,
        quantities=counted.quantities,
        prompt_tokens=counted.prompt,
        completion_tokens=counted.completion,
        total_tokens=counted.total,
        cost_nano=logged.cost,
        stream=logged.stream,
        latency_ms=logged.latency_ms,
        upstream_ms=logged.upstream_ms,
        first_content_ms=logged.first_content_ms,
        prompt_sha256=logged.prompt_sha256,
        client_gone=logged.client_gone,
        verdicts=tuple(msgspec.structs.asdict(verdict) for verdict in logged.verdicts) if logged.verdicts else (),
        degraded_to=logged.degraded_to,
        clamped_to=logged.clamped_to,
        route=logged.route,
        arm=logged.arm,
        tries=tuple(map(_tried, logged.tries)) if logged.tries else (),
    )


def orphan_log(sent: Sent) -> RequestLogPosting:
    """Make the row of a request that nobody logged, from its last attempt: its cost is that attempt's hold."""
    return RequestLogPosting(
        request_id=sent.request_id,
        occurred_at=sent.at,
        organization_id=sent.organization_id,
        key_id=sent.key_id,
        **_whom(sent.attribution),
        endpoint=sent.endpoint,
        original_model=sent.original_model,
        provider=sent.provider,
        outcome=Outcome.ESTIMATED,
        error=ORPHANED,
        message="The gateway process ended before the answer did.",
        attempts=sent.attempt,
        cost_nano=sent.hold,
        stream=sent.stream,
    )


def _tried(tried: Tried) -> dict[str, Any]:
    fields = msgspec.structs.asdict(tried)
    fields["cost_nano"] = fields.pop("cost")
    return fields


class _Whom(TypedDict):
    """Attribution as columns."""

    end_user: str | None
    team: str | None
    project: str | None
    app: str | None
    client: str | None
    agent: str | None
    task: str | None


def _whom(attribution: Attribution) -> _Whom:
    return {
        "end_user": attribution.user,
        "team": attribution.team,
        "project": attribution.project,
        "app": attribution.app,
        "client": attribution.client,
        "agent": attribution.agent,
        "task": attribution.task,
    }


class Counted(NamedTuple):
    """Usage as columns; all None where the provider reported none."""

    quantities: dict[Unit, int] | None
    prompt: int | None
    completion: int | None
    total: int | None


def count(usage: Usage | None) -> Counted:
    """Spread usage over columns."""
    if usage is None:
        return Counted(None, None, None, None)
    prompt = completion = 0
    for unit, quantity in usage.quantities.items():
        if unit in INPUT_UNITS:
            prompt += quantity
        elif unit in OUTPUT_UNITS:
            completion += quantity
    # A unit is a string: the column takes the dictionary as it is.
    return Counted(usage.quantities, prompt, completion, prompt + completion)

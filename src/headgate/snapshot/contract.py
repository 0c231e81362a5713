"""What the control plane publishes and the data plane reads.

Two things are published: the snapshot (everything small and shared, as one blob with a revision) and one record per
virtual key (looked up by hash when the key is first seen). Both carry `CONTRACT_VERSION`; a reader that meets another
version keeps what it has and says so. Tables (created by the control plane's migrations, read by `infra/`):

    headgate_publication(revision BIGINT PRIMARY KEY, key_hash TEXT NULL)
        One row per change, in commit order. `key_hash` NULL: the snapshot changed. Otherwise: that key changed.
    headgate_snapshot(revision BIGINT PRIMARY KEY, payload BLOB)
        Encoded `Snapshot`. The newest revision counts.
    headgate_published_key(key_hash TEXT PRIMARY KEY, payload BLOB)
        Encoded `PublishedKey`; a revoked key has no row.
"""

from enum import StrEnum
from typing import TypeVar

import msgspec

from headgate.domain.budget import BudgetId, BudgetUnit, Period, Scope
from headgate.domain.ids import DeploymentId
from headgate.domain.money import NanoUsd
from headgate.domain.prices import PriceCard
from headgate.domain.principal import Principal

CONTRACT_VERSION = 3

DEFAULT_CRITICAL_TASKS = ("ads_copy", "brand_voice")


class Organization(msgspec.Struct, frozen=True, kw_only=True):
    """What the data plane must know of an organisation."""

    id: str
    name: str
    enabled: bool
    """`aiGatewayEnabled`: False answers 403 at every door."""
    shared_deployments: bool = True
    """May use deployments that belong to no organisation (the environment's and the operator's)."""
    unpriced_allowed: bool = False
    """May call models without a price card: their cost events have no amount. Never applies under a hard budget."""
    capture_content: bool = False
    open_model: str | None = None
    """Public name of the model that requests degrade to when a budget does not admit them; None: they are refused."""
    critical_tasks: tuple[str, ...] = DEFAULT_CRITICAL_TASKS
    """Tasks that may use what lies between the limit and the hard limit of a soft budget."""
    task_timeouts_ms: dict[str, int] = {}
    """Task -> longest time that one attempt may take until its answer begins (streamed) or is whole."""


class SubjectEpoch(msgspec.Struct, frozen=True, array_like=True):
    """How often one subject's window of a shared budget was reset."""

    subject: str
    epoch: int


class Budget(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A limit on what a scope may spend in a period. All budgets in a request's scope are held, or none."""

    id: BudgetId
    organization_id: str | None
    """None: the installation's; counts every organisation (scope `system`) or applies inside each of them."""
    name: str
    scope: Scope
    subject: str | None = None
    """External id (for a key: its id) whose spending it bounds; None: each subject of the scope has windows of its own.
    Always None for `system` and `organization`."""
    period: Period
    calendar: str
    """Id of the `Calendar` with the edges of its windows."""
    unit: BudgetUnit
    limit: int
    """Nano-USD (at the rate in force), tokens or requests."""
    hard: int
    """What critical tasks may go to: the limit times the soft multiplier; the limit itself for a hard budget."""
    limit_version: int = 1
    """Grows with every change of the limit; the newer wins."""
    epoch: int = 0
    """Grows with every reset: windows of another epoch are other windows."""
    subject_epochs: tuple[SubjectEpoch, ...] = ()
    """Resets of single subjects, on top of `epoch`."""
    currency: str = "USD"
    usd_rate: str = "1"
    """USD per unit of the currency, as a decimal literal; frozen in the window that is opened with it."""
    clamp: bool = False
    """May lower `max_tokens` to what is affordable instead of refusing."""
    top_up: bool = False
    """Streams may start with a part of their hold and draw more while they run; cut when there is no more."""
    policy: str | None = None
    """Name of the policy that it enforces: refused with 403 in that name instead of 429."""
    shadow: bool = False
    """Counts, and says what it would refuse, but refuses nothing."""


class Edge(msgspec.Struct, frozen=True, array_like=True):
    """One window of a calendar."""

    label: str
    """`2026-11-20`, `2026-11` or `total`."""
    starts_at: int
    """Epoch seconds; for a period without end 0."""
    ends_at: int | None
    """Excluded; None: never."""


class Calendar(msgspec.Struct, frozen=True, kw_only=True):
    """Edges of a period in a time zone, computed once, so that all nodes agree on them."""

    id: str
    """`<period>:<time zone>`."""
    edges: tuple[Edge, ...]
    """Ascending, without gaps, from yesterday's on and well into the future."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """What an organisation allows. An empty list allows all; block beats allow. Its daily cost is a `Budget`."""

    id: str
    organization_id: str
    name: str
    shadow: bool = False
    """Says what it would refuse, but refuses nothing."""
    allowed_models: tuple[str, ...] = ()
    """Globs over public model names."""
    blocked_models: tuple[str, ...] = ()
    allowed_providers: tuple[str, ...] = ()
    allowed_tasks: tuple[str, ...] = ()
    required_attribution: tuple[str, ...] = ()
    """Names of `Attribution` fields that a request must carry."""
    max_tokens_per_request: int | None = None
    """Input bound and output bound together."""
    max_cost_per_request: NanoUsd | None = None


class RateLimit(msgspec.Struct, frozen=True, kw_only=True):
    """Counts per minute, and requests at once."""

    id: str
    organization_id: str | None
    """None: the installation's."""
    scope: str
    """`key`, `user`, `organization`, `model` or `deployment`."""
    subject: str | None = None
    """Key id, external user id, public model name, deployment id; None: each of them has its own count."""
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrency: int | None = None


class Widening(msgspec.Struct, frozen=True, array_like=True):
    """A model whose provider billed more than its bound: the bound grows by what was seen."""

    provider: str
    """As price cards name it."""
    model: str
    factor_ppm: int
    """Millionths, above 1,000,000: what a hold is multiplied by."""


class ExchangeRate(msgspec.Struct, frozen=True, array_like=True):
    """What one unit of a currency is worth now, for figures that are shown beside USD."""

    currency: str
    usd_rate: str
    """Decimal literal."""


class Deployment(msgspec.Struct, frozen=True, kw_only=True):
    """One callable target: provider, model, credential, address."""

    id: DeploymentId
    organization_id: str | None
    """None: shared by all organisations that allow it."""
    name: str
    """Public model name, or `*` for every model of the provider (called `<provider>/<model>` or by its bare name)."""
    provider: str
    model: str | None = None
    """Model name sent upstream; None: the name that the caller used."""
    base_url: str | None = None
    """None: the provider's own."""
    credential: bytes | None = None
    """Encrypted with the installation's secret; None: the environment's."""
    priority: int = 0
    """Higher first, among deployments that serve the same name."""
    weight: int = 1
    """Share of the requests among deployments of the same name and priority."""
    format: str | None = None
    """The one wire format (`domain/formats.py`) that is spoken here; None: any that the provider speaks."""
    api_version: str | None = None
    """Azure: the classic addresses (`/openai/deployments/<model>/...?api-version=`) instead of `/openai/v1`."""
    timeout_ms: int | None = None
    """Longest time that one attempt may take until its answer begins (streamed) or is whole; None: the worker's."""


class Strategy(StrEnum):
    """How a route orders its arms for one request."""

    PRIORITY = "priority"
    """As they are listed."""
    WEIGHTED = "weighted"
    """By chance, in proportion to their weights."""
    LATENCY = "latency"
    """The one that has answered soonest lately."""
    COST = "cost"
    """The one whose upper bound is lowest for this request."""
    SPLIT = "split"
    """An A/B test: by weight, but the same caller always gets the same arm."""


class Arm(msgspec.Struct, frozen=True, kw_only=True):
    """One of the models that a route chooses between."""

    name: str
    """In reports."""
    model: str
    """Public model name: a deployment's, `<provider>/<model>`, or a bare one; never another route's."""
    weight: int = 1


class RouteRule(msgspec.Struct, frozen=True, kw_only=True):
    """An alias: a public model name that stands for others."""

    id: str
    organization_id: str | None
    """None: for all organisations that may use shared deployments."""
    name: str
    """The alias. It goes before deployments of the same name."""
    strategy: Strategy
    arms: tuple[Arm, ...]
    """In the order in which they are fallen back to."""
    sticky_by: str = "user"
    """Split: `user` (the end user, else the key), `key` or `request`."""
    retries: int | None = None
    """At the same deployment; None: the worker's."""
    hedge_after_ms: int | None = None
    """When no answer has begun by then, the next arm is asked too; None: never."""


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is small enough to be in every worker."""

    version: int = CONTRACT_VERSION
    organizations: tuple[Organization, ...]
    deployments: tuple[Deployment, ...]
    cards: tuple[PriceCard, ...]
    budgets: tuple[Budget, ...] = ()
    """All but those of single keys, which come with their key."""
    calendars: tuple[Calendar, ...] = ()
    policies: tuple[Policy, ...] = ()
    rate_limits: tuple[RateLimit, ...] = ()
    widenings: tuple[Widening, ...] = ()
    exchange_rates: tuple[ExchangeRate, ...] = ()
    routes: tuple[RouteRule, ...] = ()


class PublishedKey(msgspec.Struct, frozen=True, kw_only=True):
    """One virtual key."""

    version: int = CONTRACT_VERSION
    principal: Principal
    budgets: tuple[Budget, ...] = ()
    """Of this key alone (scope `key`)."""


class ContractMismatchError(Exception):
    """The blob was written by another version of the contract."""


_snapshot_encoder = msgspec.msgpack.Encoder(decimal_format="string")
_snapshot_decoder = msgspec.msgpack.Decoder(Snapshot)
_NONE = msgspec.Raw(_snapshot_encoder.encode(()))
_fields_decoder = msgspec.msgpack.Decoder(dict[str, msgspec.Raw])
_list_decoder = msgspec.msgpack.Decoder(list[msgspec.Raw])
_budget_decoder = msgspec.msgpack.Decoder(Budget)
_key_decoder = msgspec.msgpack.Decoder(PublishedKey)


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """Encode for `headgate_snapshot.payload`."""
    return _snapshot_encoder.encode(snapshot)


def decode_snapshot(payload: bytes) -> Snapshot:
    """Decode `headgate_snapshot.payload`.

    Budgets are decoded one by one. A thread that decodes a hundred thousand of them in one call keeps all others of its
    process, and with them every running request, from going on for a third of a second.

    Raises:
        ContractMismatchError: written by another version, or unreadable.
    """
    try:
        fields = _fields_decoder.decode(payload)
        budgets = _list_decoder.decode(fields.pop("budgets", _NONE))
        snapshot = _checked(_snapshot_decoder, _snapshot_encoder.encode(fields))
        return msgspec.structs.replace(snapshot, budgets=tuple([_budget_decoder.decode(each) for each in budgets]))
    except msgspec.DecodeError as error:
        raise ContractMismatchError(str(error)) from error


def encode_key(key: PublishedKey) -> bytes:
    """Encode for `headgate_published_key.payload`."""
    return _snapshot_encoder.encode(key)


def decode_key(payload: bytes) -> PublishedKey:
    """Decode `headgate_published_key.payload`.

    Raises:
        ContractMismatchError: written by another version, or unreadable.
    """
    return _checked(_key_decoder, payload)


T = TypeVar("T", Snapshot, PublishedKey)


def _checked(decoder: msgspec.msgpack.Decoder[T], payload: bytes) -> T:
    try:
        decoded = decoder.decode(payload)
    except msgspec.DecodeError as error:
        raise ContractMismatchError(str(error)) from error
    if decoded.version != CONTRACT_VERSION:
        message = f"written by contract version {decoded.version}, this is {CONTRACT_VERSION}"
        raise ContractMismatchError(message)
    return decoded

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

from typing import TypeVar

import msgspec

from headgate.domain.ids import DeploymentId
from headgate.domain.prices import PriceCard
from headgate.domain.principal import Principal

CONTRACT_VERSION = 1


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


class Snapshot(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is small enough to be in every worker."""

    version: int = CONTRACT_VERSION
    organizations: tuple[Organization, ...]
    deployments: tuple[Deployment, ...]
    cards: tuple[PriceCard, ...]


class PublishedKey(msgspec.Struct, frozen=True, kw_only=True):
    """One virtual key."""

    version: int = CONTRACT_VERSION
    principal: Principal


class ContractMismatchError(Exception):
    """The blob was written by another version of the contract."""


_snapshot_encoder = msgspec.msgpack.Encoder(decimal_format="string")
_snapshot_decoder = msgspec.msgpack.Decoder(Snapshot)
_key_decoder = msgspec.msgpack.Decoder(PublishedKey)


def encode_snapshot(snapshot: Snapshot) -> bytes:
    """Encode for `headgate_snapshot.payload`."""
    return _snapshot_encoder.encode(snapshot)


def decode_snapshot(payload: bytes) -> Snapshot:
    """Decode `headgate_snapshot.payload`.

    Raises:
        ContractMismatchError: written by another version, or unreadable.
    """
    return _checked(_snapshot_decoder, payload)


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

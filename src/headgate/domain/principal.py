"""Who a request is, after authentication, and whom it is charged to."""

import msgspec

from headgate.domain.ids import KeyId, OrganizationId


class Attribution(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Whom a request is charged to inside its organisation: its own external ids; None: not given."""

    user: str | None = None
    team: str | None = None
    project: str | None = None
    app: str | None = None
    client: str | None = None
    agent: str | None = None
    task: str | None = None


class Principal(msgspec.Struct, frozen=True, kw_only=True):
    """The virtual key behind a request, as the control plane published it."""

    key_id: KeyId
    key_name: str
    organization_id: OrganizationId
    expires_at: float | None = None
    """Epoch seconds, or None for a key that does not expire."""
    allowed_models: tuple[str, ...] = ()
    """Globs over public model names; empty allows all."""
    scopes: tuple[str, ...] = ()
    """Endpoints this key may call (`chat`, `messages`, `embeddings`, `models`); empty allows all."""
    defaults: Attribution = Attribution()
    """Used where the caller gives nothing."""
    locked: tuple[str, ...] = ()
    """Names of `Attribution` fields that the caller may not change."""

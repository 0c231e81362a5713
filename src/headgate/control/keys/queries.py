"""Reads: virtual keys as the data plane knows them."""

from typing import Any

import msgspec

from headgate.control.budgets.queries import budgets_of_key
from headgate.control.keys.models import VirtualKey
from headgate.domain.ids import KeyId, OrganizationId
from headgate.domain.principal import Attribution, Principal
from headgate.snapshot.contract import PublishedKey

ATTRIBUTION_FIELDS: tuple[str, ...] = Attribution.__struct_fields__
ANALYTICS_SCOPE = "analytics"
"""Of the API about what happened, which the control plane answers."""
SCOPES = (
    "chat",
    "messages",
    "gemini",
    "embeddings",
    "completions",
    "moderations",
    "rerank",
    "images",
    "audio",
    "models",
    ANALYTICS_SCOPE,
)


def published(key: VirtualKey) -> PublishedKey:
    """Return the key as it is published."""
    defaults: dict[str, Any] = key.defaults
    return PublishedKey(
        principal=Principal(
            key_id=KeyId(key.pk),
            key_name=key.name,
            organization_id=OrganizationId(key.organization_id),
            expires_at=key.expires_at.timestamp() if key.expires_at else None,
            allowed_models=tuple(key.allowed_models),
            scopes=tuple(key.scopes),
            defaults=msgspec.convert(defaults, Attribution),
            locked=tuple(key.locked),
        ),
        budgets=budgets_of_key(key),
    )

"""May this key call this model here? Pure decisions that name their reason."""

from fnmatch import fnmatchcase
from typing import Final

from headgate.domain.errors import Forbidden, NotAuthenticated, Refused
from headgate.domain.principal import Attribution, Principal
from headgate.snapshot.contract import Organization

ORGANIZATION_HEADER: Final = "x-headgate-organization"
"""Whom the caller believes that the key charges."""

_FIELDS = Attribution.__struct_fields__
_NOTHING = Attribution()


def check_key(principal: Principal, organization: Organization | None, *, scope: str, now: float) -> Refused | None:
    """Decide whether a key may call an endpoint at all.

    Args:
        principal: who shows the key.
        organization: its organisation in the snapshot; None when the snapshot does not know it.
        scope: what the endpoint is called in a key's `scopes`.
        now: epoch seconds.

    Returns:
        Why not, or None.
    """
    if principal.expires_at is not None and now >= principal.expires_at:
        return NotAuthenticated("This virtual key has expired; ask an admin for a new one.", code="key_expired")
    if organization is None or not organization.enabled:
        return Forbidden(
            "The AI gateway is switched off for this organisation; an admin can enable it in its settings.",
            code="organization_disabled",
        )
    if principal.scopes and scope not in principal.scopes:
        return Forbidden(
            f"This virtual key may not call {scope!r}; its scopes are {', '.join(principal.scopes)}.",
            code="scope_not_allowed",
        )
    return None


def check_organization(organization: Organization, asked: str | None) -> Refused | None:
    """Decide whether the organisation that a caller names is the one that pays: the key's, by its id or its name."""
    if asked is None or asked in {organization.id, organization.name}:
        return None
    return Forbidden(
        f"This virtual key belongs to {organization.name!r}, not to {asked!r}: use a key of that organisation. "
        "Customers of your own are labelled with x-headgate-client.",
        code="organization_mismatch",
        param=ORGANIZATION_HEADER,
    )


def check_model(principal: Principal, model: str) -> Refused | None:
    """Decide whether a key may call a model, by its public name."""
    if model_allowed(principal, model):
        return None
    return Forbidden(
        f"This virtual key may not use model {model!r}; it allows {', '.join(principal.allowed_models)}.",
        code="model_not_allowed",
        param="model",
    )


def model_allowed(principal: Principal, model: str) -> bool:
    """Whether a key's globs admit a model name."""
    allowed = principal.allowed_models
    return not allowed or any(fnmatchcase(model, pattern) for pattern in allowed)


def attribute(principal: Principal, asked: Attribution) -> Attribution:
    """Whom to charge: locked fields from the key, then what the caller asks, then the key's defaults."""
    defaults = principal.defaults
    if asked == _NOTHING:
        return defaults
    if not principal.locked and defaults == _NOTHING:
        return asked
    chosen = {
        name: getattr(defaults, name)
        if name in principal.locked or getattr(asked, name) is None
        else getattr(asked, name)
        for name in _FIELDS
    }
    return Attribution(**chosen)

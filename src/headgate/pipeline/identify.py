"""Key -> principal."""

from headgate.domain.errors import NotAuthenticated
from headgate.domain.principal import Principal
from headgate.pipeline.ports import Keys


async def identify(keys: Keys, key_hash: bytes) -> Principal:
    """Find who shows a key.

    Raises:
        NotAuthenticated: no such key, or a revoked one.
        Unavailable: the key is not in memory and the store does not answer; never 401, for the key may be good.
    """
    principal = keys.cached(key_hash) or await keys.find(key_hash)
    if principal is None:
        raise NotAuthenticated(
            "This virtual key is unknown or was revoked; check it, or ask an admin for a new one.",
            code="invalid_api_key",
        )
    return principal

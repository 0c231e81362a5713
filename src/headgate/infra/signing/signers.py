"""Which signer shows credentials by which scheme."""

from collections.abc import Mapping

from headgate.domain.errors import UpstreamUnsigned
from headgate.pipeline.ports import Signer
from headgate.providers.provider import Auth
from headgate.routing.target import Target


class Signers:
    """Signs by the scheme of the target's operator."""

    def __init__(self, by_auth: Mapping[Auth, Signer]) -> None:
        """One signer per scheme."""
        self._by_auth = by_auth

    async def sign(
        self, target: Target, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> Mapping[str, str]:
        """The headers with which this very request may be sent.

        Raises:
            UpstreamUnsigned: there is no credential, or it could not be fetched: nothing was sent.
        """
        provider = target.provider
        signer = self._by_auth.get(provider.auth)
        if signer is None:
            message = f"Requests to {provider.title} cannot be signed here ({provider.auth})."
            raise UpstreamUnsigned(message, provider=provider.name)
        return await signer.sign(target, method, url, headers, body)

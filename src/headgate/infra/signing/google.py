"""Shows Google an access token of a service account."""

from collections.abc import Callable, Mapping
from typing import Final

from headgate.domain.errors import UpstreamUnsigned
from headgate.infra.signing.fresh import Fresh, Loaded, NoCredentialError, Source
from headgate.routing.target import Target

Headers = Mapping[str, str]
_REMEMBERED: Final = 1_024
"""Accounts whose tokens are kept; past so many all are fetched anew."""


class GoogleSigner:
    """Shows a token of a deployment's own account, or of the environment's."""

    def __init__(self, monotonic: Callable[[], float], load: Callable[[str | None], Source[Headers]] | None = None):
        """Nothing is fetched yet. `load` makes the source of a credential's tokens (None: of the environment's)."""
        self._monotonic = monotonic
        self._load = load or _load
        self._tokens: dict[str | None, Fresh[Headers]] = {}

    async def sign(
        self, target: Target, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> Mapping[str, str]:
        """The headers with which this request may be sent.

        Raises:
            UpstreamUnsigned: there is no account, or no token could be fetched: nothing was sent.
        """
        del method, url, body
        title = target.provider.title
        if target.credential is None and not target.ambient:
            message = f"The deployment has an address of its own but no credential for {title}: give it one."
            raise UpstreamUnsigned(message, provider=target.provider.name)
        try:
            shown = await self._of(target.credential).get()
        except NoCredentialError as error:
            raise UpstreamUnsigned(str(error), provider=target.provider.name) from error
        return {**headers, **shown}

    def _of(self, credential: str | None) -> Fresh[Headers]:
        found = self._tokens.get(credential)
        if found is None:
            if len(self._tokens) >= _REMEMBERED:
                self._tokens.clear()
            load = self._load
            source = Loaded(lambda: load(credential))
            found = self._tokens[credential] = Fresh(source, self._monotonic)
        return found


def _load(credential: str | None) -> Source[Headers]:
    from headgate.infra.signing import google_tokens  # noqa: PLC0415 - only who signs pays for loading google-auth

    if credential is None:
        return google_tokens.Tokens(google_tokens.environment_account)
    return google_tokens.Tokens(lambda: google_tokens.service_account_of(credential))

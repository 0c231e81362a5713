"""Signs requests to AWS (Signature Version 4)."""

import asyncio
from collections.abc import Callable, Mapping
from typing import Final, Protocol

from headgate.domain.errors import UpstreamUnsigned
from headgate.infra.signing.aws_keys import keys_of_variables, region_of
from headgate.infra.signing.fresh import Fresh, Loaded, NoCredentialError, Source
from headgate.providers.secrets import AwsKeys, SecretError, read_aws_keys
from headgate.routing.target import Target

_SERVICE: Final = "bedrock"


class _Sign(Protocol):
    def __call__(
        self, keys: AwsKeys, service: str, region: str, method: str, url: str, content_type: str, body: bytes
    ) -> dict[str, str]: ...


class AwsSigner:
    """Signs with a deployment's own keys, or with what the environment has."""

    def __init__(self, environ: Mapping[str, str], monotonic: Callable[[], float]) -> None:
        """Nothing is loaded or fetched yet."""
        self._environ = environ
        self._ambient = Fresh(Loaded(_load_environment), monotonic)
        self._sign: _Sign | None = None

    async def sign(
        self, target: Target, method: str, url: str, headers: Mapping[str, str], body: bytes
    ) -> Mapping[str, str]:
        """The headers with which this very request may be sent.

        Only the content's type is signed beside what must be: a proxy may add to the others.

        Raises:
            UpstreamUnsigned: there are no keys, or they could not be fetched: nothing was sent.
        """
        try:
            keys = await self._keys(target)
            if keys is None:
                # A Bedrock API key is shown, not signed with.
                return {**headers, "authorization": f"Bearer {(target.credential or '').strip()}"}
            region = region_of(url, keys, self._environ)
        except (NoCredentialError, SecretError) as error:
            raise UpstreamUnsigned(str(error), provider=target.provider.name) from error
        if self._sign is None:
            self._sign = await asyncio.to_thread(_load_sign)
        content_type = headers.get("content-type", "application/json")
        return {**headers, **self._sign(keys, _SERVICE, region, method, url, content_type, body)}

    async def _keys(self, target: Target) -> AwsKeys | None:
        """What to sign with; None: nothing, the credential is shown."""
        if target.credential is not None:
            return read_aws_keys(target.credential)
        if not target.ambient:
            message = (
                f"The deployment has an address of its own but no credential for {target.provider.title}: give it one."
            )
            raise NoCredentialError(message)
        if (keys := keys_of_variables(self._environ)) is not None:
            return keys
        return await self._ambient.get()


def _load_sign() -> _Sign:
    from headgate.infra.signing.sigv4 import sign  # noqa: PLC0415 - only who signs pays for loading botocore

    return sign


def _load_environment() -> Source[AwsKeys]:
    from headgate.infra.signing.sigv4 import EnvironmentKeys  # noqa: PLC0415 - as above

    return EnvironmentKeys()

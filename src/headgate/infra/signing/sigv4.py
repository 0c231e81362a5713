"""AWS's signatures and keys, through botocore.

Loading that takes a tenth of a second: only who signs does, in a thread.
"""

from collections.abc import Mapping
from typing import Final, cast

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials, RefreshableCredentials
from botocore.exceptions import BotoCoreError
from botocore.session import Session

from headgate.infra.signing.fresh import Age, NoCredentialError
from headgate.providers.secrets import AwsKeys

_AHEAD_S: Final = 15 * 60
"""As botocore itself does: it fetches nothing before."""
_TOO_OLD_S: Final = 60
_REMEDY: Final = "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, AWS_PROFILE, or give the machine a role"


def sign(
    keys: AwsKeys, service: str, region: str, method: str, url: str, content_type: str, body: bytes
) -> dict[str, str]:
    """Headers that sign this very request, in lower case."""
    request = AWSRequest(method=method, url=url, data=body, headers={"content-type": content_type})
    credentials = Credentials(keys.access_key_id, keys.secret_access_key, keys.session_token)
    SigV4Auth(credentials, service, region).add_auth(request)
    signed = cast("Mapping[str, str]", request.headers)
    return {name.lower(): value for name, value in signed.items()}


class EnvironmentKeys:
    """Whatever AWS's own tools would use here: profiles, web identity, the role of the container or the machine."""

    def __init__(self) -> None:
        """Nothing is looked for yet."""
        self._credentials: Credentials | None = None

    def fetch(self) -> AwsKeys:
        """Look for them, or fetch them anew.

        Raises:
            NoCredentialError: there are none.
        """
        try:
            if self._credentials is None:
                self._credentials = Session().get_credentials()
            if self._credentials is None:
                message = f"There are no AWS credentials: {_REMEDY}."
                raise NoCredentialError(message)
            frozen = self._credentials.get_frozen_credentials()
        except BotoCoreError as error:
            # Botocore's messages name profiles, files and addresses, never keys.
            message = f"AWS credentials could not be fetched ({error}): {_REMEDY}."
            raise NoCredentialError(message) from error
        return AwsKeys(access_key_id=frozen.access_key, secret_access_key=frozen.secret_key, session_token=frozen.token)

    def age(self) -> Age:
        """Only keys of a role age."""
        credentials = self._credentials
        if credentials is None:
            return Age.DEAD
        if not isinstance(credentials, RefreshableCredentials):
            return Age.FRESH
        if credentials.refresh_needed(_TOO_OLD_S):
            return Age.DEAD
        return Age.STALE if credentials.refresh_needed(_AHEAD_S) else Age.FRESH

"""What signs requests to AWS: keys, and the region that they sign for."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from headgate.infra.signing.fresh import NoCredentialError
from headgate.providers.secrets import AwsKeys

REGION_VARIABLES: Final = ("AWS_REGION", "AWS_DEFAULT_REGION")
_REGION_IN_HOST: Final = re.compile(r"(?:^|\.)bedrock-[a-z-]+\.([a-z]{2}(?:-[a-z]+)+-\d+)\.")


def keys_of_variables(environ: Mapping[str, str]) -> AwsKeys | None:
    """Keys that stand in the environment itself; None: there are none."""
    given, secret = environ.get("AWS_ACCESS_KEY_ID"), environ.get("AWS_SECRET_ACCESS_KEY")
    if not given or not secret:
        return None
    return AwsKeys(
        access_key_id=given, secret_access_key=secret, session_token=environ.get("AWS_SESSION_TOKEN") or None
    )


def region_of(url: str, keys: AwsKeys, environ: Mapping[str, str]) -> str:
    """The region to sign for: the address's, the credential's, the environment's.

    Raises:
        NoCredentialError: nobody says it.
    """
    if found := _REGION_IN_HOST.search(urlsplit(url).hostname or ""):
        return found[1]
    given = keys.region or next((value for name in REGION_VARIABLES if (value := environ.get(name))), None)
    if given is None:
        message = "The address does not say which AWS region it is in: set AWS_REGION, or add region to the credential."
        raise NoCredentialError(message)
    return given

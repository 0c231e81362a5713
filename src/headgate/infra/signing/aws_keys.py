"""What signs requests to AWS: keys, and the region that they sign for."""

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec

from headgate.infra.signing.fresh import NoCredentialError

REGION_VARIABLES: Final = ("AWS_REGION", "AWS_DEFAULT_REGION")
_REGION_IN_HOST: Final = re.compile(r"(?:^|\.)bedrock-[a-z-]+\.([a-z]{2}(?:-[a-z]+)+-\d+)\.")


class AwsKeys(msgspec.Struct, frozen=True, kw_only=True):
    """Keys of a user or a role."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None
    region: str | None = None
    """Where the address does not say it: a proxy, say."""


def read_keys(credential: str) -> AwsKeys:
    """A deployment's own credential: `{"access_key_id": …, "secret_access_key": …, "session_token": …}`.

    Raises:
        NoCredentialError: it is none.
    """
    try:
        keys = msgspec.json.decode(credential, type=AwsKeys)
    except (msgspec.DecodeError, UnicodeEncodeError):
        keys = None
    if keys is None or not keys.access_key_id or not keys.secret_access_key:
        message = "The deployment's credential is neither an API key nor JSON with access_key_id and secret_access_key."
        # Without the decoder's words: they may quote the secret.
        raise NoCredentialError(message)
    return keys


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

"""What the secret of an operator that signs looks like, as an administrator writes it."""

from typing import Any, Final

import msgspec

from headgate.providers.provider import Auth, Provider

TOKEN_URI: Final = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
_HINT: Final = 4
_SHORTEST_HINTED: Final = 16
_NAMES: Final = ("access_key_id", "private_key_id")
"""What a secret that is an object is called; it is none itself."""


class SecretError(ValueError):
    """This is no secret of that kind. The message says what is, and quotes nothing."""


class AwsKeys(msgspec.Struct, frozen=True, kw_only=True):
    """Keys of a user or a role."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None
    region: str | None = None
    """Where the address does not say it: a proxy, say."""


def read_aws_keys(secret: str) -> AwsKeys | None:
    """`{"access_key_id": …, "secret_access_key": …, "session_token": …, "region": …}`; None: an API key, as it is.

    Raises:
        SecretError: neither.
    """
    if not _is_object(secret):
        return None
    try:
        keys = msgspec.json.decode(secret, type=AwsKeys)
    except (msgspec.DecodeError, UnicodeEncodeError):
        keys = None
    if keys is None or not keys.access_key_id or not keys.secret_access_key:
        raise SecretError("Give a Bedrock API key, or JSON with access_key_id and secret_access_key.") from None
    return keys


def read_service_account(secret: str) -> dict[str, Any]:
    """The JSON key of a Google service account.

    Other kinds of credential files name addresses to fetch from and files to read: those may only come out of the
    environment, for whoever may write a deployment's credential may not make this machine fetch and read.

    Raises:
        SecretError: it is none, or asks for its tokens elsewhere than at Google.
    """
    try:
        info = msgspec.json.decode(secret, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeEncodeError):
        info = {}
    if info.get("type") != "service_account" or info.get("token_uri", TOKEN_URI) != TOKEN_URI:
        raise SecretError("Give the JSON key of a service account whose token_uri is Google's.")
    return {**info, "token_uri": TOKEN_URI}


def check_secret(provider: Provider, secret: str) -> None:
    """Refuse what the operator's signer could not use.

    Raises:
        SecretError: it could not.
    """
    if provider.auth is Auth.AWS:
        read_aws_keys(secret)
    elif provider.auth is Auth.GOOGLE:
        read_service_account(secret)


def hint_of(secret: str) -> str:
    """A few signs by which people tell secrets apart, and which give nothing away; empty where there are none."""
    if _is_object(secret):
        try:
            fields = msgspec.json.decode(secret, type=dict[str, Any])
        except (msgspec.DecodeError, UnicodeEncodeError):
            return ""
        secret = next((name for key in _NAMES if isinstance(name := fields.get(key), str)), "")
    return secret[-_HINT:] if len(secret) >= _SHORTEST_HINTED else ""


def _is_object(secret: str) -> bool:
    return secret.lstrip().startswith("{")

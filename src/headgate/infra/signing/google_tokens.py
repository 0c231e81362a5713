"""Google's access tokens, through google-auth.

Loading that takes a tenth of a second: only who signs does, in a thread.
"""

from collections.abc import Callable
from typing import Final, cast

import google.auth
import urllib3
from google.auth.credentials import Credentials, TokenState
from google.auth.exceptions import GoogleAuthError
from google.auth.transport.urllib3 import Request
from google.oauth2 import service_account

from headgate.infra.signing.fresh import Age, NoCredentialError
from headgate.providers.secrets import SecretError, read_service_account

SCOPES: Final = ("https://www.googleapis.com/auth/cloud-platform",)
_TIMEOUT_S: Final = 10.0
_AGES: Final = {TokenState.FRESH: Age.FRESH, TokenState.STALE: Age.STALE, TokenState.INVALID: Age.DEAD}
_REMEDY: Final = "set GOOGLE_APPLICATION_CREDENTIALS to a file, or give the machine a service account"


class Tokens:
    """Fetches tokens of one account."""

    def __init__(self, find: Callable[[], Credentials], request: Request | None = None) -> None:
        """`find` gives the account's credentials, and may block; `request` is how tokens are asked for."""
        self._find = find
        self._request = request or Request(
            urllib3.PoolManager(retries=False, timeout=urllib3.Timeout(total=_TIMEOUT_S))
        )
        self._credentials: Credentials | None = None

    def fetch(self) -> dict[str, str]:
        """The headers that show a fresh token.

        Raises:
            NoCredentialError: there is no account, or Google gives it no token.
        """
        try:
            if self._credentials is None:
                self._credentials = self._find()
            self._credentials.refresh(self._request)
        except GoogleAuthError as error:
            # Google's words name accounts and reasons, never keys.
            message = f"Google gave no access token ({_first_words(error)}): {_REMEDY}."
            raise NoCredentialError(message) from error
        headers: dict[str, str] = {}
        self._credentials.apply(headers)
        return headers

    def age(self) -> Age:
        """Of the last token."""
        return Age.DEAD if self._credentials is None else _AGES[self._credentials.token_state]


def environment_account() -> Credentials:
    """Whatever Google's own tools would use here (Application Default Credentials)."""
    found, _ = google.auth.default(scopes=SCOPES)
    return cast("Credentials", found)


def service_account_of(credential: str) -> Credentials:
    """A deployment's own credential: the JSON key of a service account.

    Raises:
        NoCredentialError: it is no such key.
    """
    try:
        info = read_service_account(credential)
        return service_account.Credentials.from_service_account_info(info, scopes=SCOPES)  # pyright: ignore[reportUnknownMemberType]
    except SecretError as error:
        raise NoCredentialError(str(error)) from None
    except (ValueError, GoogleAuthError):
        # Without the library's words: they may quote the secret.
        message = "The deployment's credential is not the whole JSON key of a service account."
        raise NoCredentialError(message) from None


def _first_words(error: Exception) -> str:
    said = str(error.args[0]) if error.args else type(error).__name__
    return said[:200]

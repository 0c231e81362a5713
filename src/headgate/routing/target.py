"""One callable deployment, resolved for a model name: where a body goes and with which headers."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

import msgspec

from headgate.domain.formats import Format
from headgate.domain.ids import DeploymentId
from headgate.providers.provider import Auth, Provider

FORMAT_HEADERS: Final[dict[Format, dict[str, str]]] = {
    Format.ANTHROPIC_MESSAGES: {"anthropic-version": "2023-06-01"},
    Format.ANTHROPIC_COUNT_TOKENS: {"anthropic-version": "2023-06-01"},
}
"""Headers without which a format is refused; a client's own value replaces them where the operator forwards it."""

_KEY_HEADERS: Final = frozenset({Auth.X_API_KEY, Auth.API_KEY, Auth.X_GOOG_API_KEY})
"""Schemes that are called after the header that holds the credential as it is."""


class Target(msgspec.Struct, frozen=True, kw_only=True):
    """One callable deployment, resolved for a model name."""

    deployment_id: DeploymentId
    provider: Provider
    base_url: str
    credential: str | None
    """Decrypted; None for operators that take none, and for what is `ambient`."""
    ambient: bool = False
    """The credential is whatever the environment has to sign with. Never set for an address that only the database
    names: the environment's credential must not be collected there."""
    model: str
    """Sent upstream."""
    timeout_ms: int | None = None
    """Longest time that one attempt may take here until its answer begins; None: the worker's."""
    arm: str | None = None
    """Of the route that led here; None: the caller named the deployment's own name."""

    def headers(self, format_: Format, client: Mapping[str, str]) -> dict[str, str]:
        """Request headers for this deployment: its credential, and what of the client's headers is protocol."""
        headers = {"content-type": "application/json", **FORMAT_HEADERS.get(format_, {})}
        auth = self.provider.format_auth.get(format_, self.provider.auth)
        if auth is Auth.BEARER and self.credential:
            headers["authorization"] = f"Bearer {self.credential}"
        elif self.credential and auth in _KEY_HEADERS:
            headers[auth.value] = self.credential
        for name in self.provider.forwarded_headers:
            if value := client.get(name):
                headers[name] = value
        return headers

    def url(self, format_: Format, *, stream: bool = False) -> str:
        """Where a body of this format goes."""
        path = self.provider.paths[format_]
        if stream:
            path = self.provider.stream_paths.get(format_, path)
        return self.base_url + (path.replace("{model}", quote(self.model, safe="@")) if "{" in path else path)

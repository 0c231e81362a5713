"""Which deployment serves a model name, compiled from the snapshot."""

from collections.abc import Iterable, Mapping
from typing import Final
from urllib.parse import quote

import msgspec

from headgate.domain.formats import Format
from headgate.domain.ids import DeploymentId
from headgate.providers.provider import Auth, Provider
from headgate.snapshot.contract import Deployment

ANY_MODEL = "*"
REMEMBERED: Final = 8_192
"""Names come from callers: past so many the memory is emptied, so that it stays flat."""

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
    """Decrypted; None for operators that take none."""
    model: str
    """Sent upstream."""

    def headers(self, format_: Format, client: Mapping[str, str]) -> dict[str, str]:
        """Request headers for this deployment: its credential, and what of the client's headers is protocol."""
        headers = {"content-type": "application/json", **FORMAT_HEADERS.get(format_, {})}
        if self.provider.auth is Auth.BEARER and self.credential:
            headers["authorization"] = f"Bearer {self.credential}"
        elif self.credential and self.provider.auth in _KEY_HEADERS:
            headers[self.provider.auth.value] = self.credential
        for name in self.provider.forwarded_headers:
            if value := client.get(name):
                headers[name] = value
        return headers

    def url(self, format_: Format, *, stream: bool = False) -> str:
        """Where a body of this format goes."""
        path = self.provider.paths[format_]
        if stream:
            path = self.provider.stream_paths.get(format_, path)
        return self.base_url + (path.replace("{model}", quote(self.model, safe="")) if "{" in path else path)


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A deployment with its operator, address and opened credential."""

    deployment: Deployment
    provider: Provider
    base_url: str
    credential: str | None


class RouteTable:
    """Finds deployments by public model name; lookups do not grow with the number of deployments."""

    def __init__(self, routes: Iterable[Route]) -> None:
        """Index by organisation and name, the highest priority first."""
        self._remembered: dict[tuple[str, str, bool], list[Target]] = {}
        self._named: dict[tuple[str | None, str], list[Route]] = {}
        self._open: dict[tuple[str | None, str], list[Route]] = {}
        self._prefixes: list[tuple[str, str]] = []
        self.routes = sorted(routes, key=lambda route: -route.deployment.priority)
        for route in self.routes:
            organization = route.deployment.organization_id
            if route.deployment.name == ANY_MODEL:
                self._open.setdefault((organization, route.provider.name), []).append(route)
                self._prefixes.extend((prefix, route.provider.name) for prefix in route.provider.model_prefixes)
            else:
                self._named.setdefault((organization, route.deployment.name), []).append(route)
        self._prefixes = sorted(set(self._prefixes), key=lambda pair: -len(pair[0]))

    def targets(self, model: str, *, organization_id: str, shared: bool) -> list[Target]:
        """`find_targets`, remembered: the same few names are asked for all day."""
        key = (model, organization_id, shared)
        found = self._remembered.get(key)
        if found is None:
            if len(self._remembered) >= REMEMBERED:
                self._remembered.clear()
            found = self._remembered[key] = self.find_targets(model, organization_id=organization_id, shared=shared)
        return found

    def find_targets(self, model: str, *, organization_id: str, shared: bool) -> list[Target]:
        """Deployments for a public name, best first.

        The organisation's own before shared ones, exact names before `<provider>/<model>`, and that before bare names
        that an operator's prefixes claim.
        """
        scopes: tuple[str | None, ...] = (organization_id, None) if shared else (organization_id,)
        named = [
            _target(route, route.deployment.model or model)
            for scope in scopes
            for route in self._named.get((scope, model), ())
        ]
        if named:
            return named
        provider, slash, rest = model.partition("/")
        if slash and rest:
            prefixed = [_target(route, rest) for scope in scopes for route in self._open.get((scope, provider), ())]
            if prefixed:
                return prefixed
        return [
            _target(route, model)
            for prefix, owner in self._prefixes
            if model.startswith(prefix)
            for scope in scopes
            for route in self._open.get((scope, owner), ())
        ]

    def visible(self, *, organization_id: str, shared: bool) -> list[Route]:
        """All deployments that the organisation may use."""
        return [
            route
            for route in self.routes
            if route.deployment.organization_id == organization_id
            or (shared and route.deployment.organization_id is None)
        ]


def _target(route: Route, model: str) -> Target:
    return Target(
        deployment_id=route.deployment.id,
        provider=route.provider,
        base_url=route.base_url,
        credential=route.credential,
        model=model,
    )

"""What a model name stands for, compiled from the snapshot."""

from collections.abc import Iterable, Iterator
from typing import Final

import msgspec

from headgate.domain.ids import DeploymentId
from headgate.providers.provider import Provider
from headgate.routing.candidates import Branch, Candidates, Tier, Weighted, candidates_of
from headgate.routing.target import Target
from headgate.snapshot.contract import Deployment, RouteRule

ANY_MODEL = "*"
REMEMBERED: Final = 8_192
"""Names come from callers: past so many the memory is emptied, so that it stays flat."""

Scopes = tuple[str | None, ...]
"""An organisation and, where it may use what is shared, None."""


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """A deployment with its operator, address and opened credential."""

    deployment: Deployment
    provider: Provider
    base_url: str
    credential: str | None
    ambient: bool = False
    """The credential is whatever the environment has to sign with: the address is the environment's own too."""


class RouteTable:
    """Finds what a public model name stands for; lookups grow neither with the deployments nor with the routes."""

    def __init__(self, routes: Iterable[Route], rules: Iterable[RouteRule] = ()) -> None:
        """Index by organisation and name, the highest priority first."""
        self._remembered: dict[tuple[str, str, bool], Candidates] = {}
        self._named: dict[tuple[str | None, str], list[Route]] = {}
        self._open: dict[tuple[str | None, str], list[Route]] = {}
        self._prefixes: list[tuple[str, str]] = []
        self._rules: dict[str | None, dict[str, RouteRule]] = {}
        for rule in rules:
            self._rules.setdefault(rule.organization_id, {})[rule.name] = rule
        self.routes = sorted(routes, key=lambda route: -route.deployment.priority)
        for route in self.routes:
            organization = route.deployment.organization_id
            if route.deployment.name == ANY_MODEL:
                self._open.setdefault((organization, route.provider.name), []).append(route)
                self._prefixes.extend((prefix, route.provider.name) for prefix in route.provider.model_prefixes)
            else:
                self._named.setdefault((organization, route.deployment.name), []).append(route)
        self._prefixes = sorted(set(self._prefixes), key=lambda pair: -len(pair[0]))

    def find(self, model: str, *, organization_id: str, shared: bool) -> Candidates:
        """What a name stands for, remembered: the same few names are asked for all day.

        A route goes before a deployment, and of each the organisation's own before a shared one.
        """
        key = (model, organization_id, shared)
        found = self._remembered.get(key)
        if found is None:
            if len(self._remembered) >= REMEMBERED:
                self._remembered.clear()
            found = self._remembered[key] = self._find(model, _scopes(organization_id, shared=shared))
        return found

    def targets(self, model: str, *, organization_id: str, shared: bool) -> list[Target]:
        """All targets of a name as they are listed, whatever the route's strategy says."""
        found = self.find(model, organization_id=organization_id, shared=shared)
        listed = [each.target for branch in found.branches for tier in branch.tiers for each in tier]
        return list(found.choice(listed).targets)

    def visible(self, *, organization_id: str, shared: bool) -> list[Route]:
        """All deployments that the organisation may use."""
        return [
            route
            for route in self.routes
            if route.deployment.organization_id == organization_id
            or (shared and route.deployment.organization_id is None)
        ]

    def deployment(self, deployment_id: DeploymentId, *, organization_id: str, shared: bool) -> Target | None:
        """One deployment by its id, whatever the model; None: it is gone, or the organisation may not use it."""
        found = (
            route
            for route in self.visible(organization_id=organization_id, shared=shared)
            if route.deployment.id == deployment_id
        )
        route = next(found, None)
        return None if route is None else _target(route, route.deployment.model or route.deployment.name, None)

    def visible_rules(self, *, organization_id: str, shared: bool) -> list[RouteRule]:
        """All routes that the organisation may use; of two of the same name, its own."""
        found: dict[str, RouteRule] = {}
        for scope in reversed(_scopes(organization_id, shared=shared)):
            found |= self._rules.get(scope, {})
        return list(found.values())

    def _find(self, model: str, scopes: Scopes) -> Candidates:
        rule = next((rule for scope in scopes if (rule := self._rules.get(scope, {}).get(model)) is not None), None)
        if rule is None:
            return candidates_of(None, [Branch(arm=None, tiers=self._tiers(model, scopes, None))])
        arms = [Branch(arm=arm, tiers=self._tiers(arm.model, scopes, arm.name)) for arm in rule.arms]
        return candidates_of(rule, arms)

    def _tiers(self, model: str, scopes: Scopes, arm: str | None) -> tuple[Tier, ...]:
        """Deployments for a public name, best first, those of one scope and priority together.

        The organisation's own before shared ones, exact names before `<provider>/<model>`, and that before bare names
        that an operator's prefixes claim.
        """
        tiers: dict[tuple[int, int], list[Weighted]] = {}
        seen: set[str] = set()
        for rank, (route, sent) in self._ranked(model, scopes):
            if route.deployment.id in seen:
                continue
            seen.add(route.deployment.id)
            tier = tiers.setdefault((rank, -route.deployment.priority), [])
            tier.append(Weighted(_target(route, sent, arm), route.deployment.weight))
        return tuple(map(tuple, tiers.values()))

    def _ranked(self, model: str, scopes: Scopes) -> Iterator[tuple[int, tuple[Route, str]]]:
        """Routes in descending order of their claim to a name, each with the claim's rank and the model it sends."""
        claims = [
            [(route, route.deployment.model or model) for route in self._named.get((scope, model), ())]
            for scope in scopes
        ]
        if not any(claims):
            provider, slash, rest = model.partition("/")
            if slash and rest:
                claims = [[(route, rest) for route in self._open.get((scope, provider), ())] for scope in scopes]
        if not any(claims):
            claims = [
                [(route, model) for route in self._open.get((scope, owner), ())]
                for prefix, owner in self._prefixes
                if model.startswith(prefix)
                for scope in scopes
            ]
        return ((rank, claim) for rank, of_rank in enumerate(claims) for claim in of_rank)


def _scopes(organization_id: str, *, shared: bool) -> Scopes:
    return (organization_id, None) if shared else (organization_id,)


def _target(route: Route, model: str, arm: str | None) -> Target:
    return Target(
        deployment_id=route.deployment.id,
        provider=route.provider,
        base_url=route.base_url,
        credential=route.credential,
        ambient=route.ambient,
        model=model,
        timeout_ms=route.deployment.timeout_ms,
        arm=arm,
    )

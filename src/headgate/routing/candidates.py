"""What a model name stands for, the same for every request: the targets to choose between, and how."""

from collections.abc import Iterable, Sequence

import msgspec

from headgate.routing.target import Target
from headgate.snapshot.contract import Arm, RouteRule, Strategy


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Where one request goes."""

    targets: tuple[Target, ...]
    """The first is tried first, the others are its fallbacks, in this order; each comes once."""
    route: str | None = None
    """Name of the route; None: the caller named a deployment."""
    arm: str | None = None
    """Of a split the arm that was assigned, also while it is at rest; otherwise the one that the first target is of."""
    strategy: Strategy | None = None
    retries: int | None = None
    """At the same deployment; None: the worker's."""
    hedge_after_ms: int | None = None
    """When no answer has begun by then, the next target is asked too; None: never."""


class Weighted(msgspec.Struct, frozen=True):
    """A target and its share among those of its tier."""

    target: Target
    weight: int


Tier = tuple[Weighted, ...]
"""Deployments of one priority: requests are spread over them."""


class Branch(msgspec.Struct, frozen=True, kw_only=True):
    """What one arm leads to; without a route there is one branch without an arm."""

    arm: Arm | None
    tiers: tuple[Tier, ...]
    """The next one is what the one before falls back to."""


class Candidates(msgspec.Struct, frozen=True, kw_only=True):
    """A model name, resolved for an organisation."""

    rule: RouteRule | None
    branches: tuple[Branch, ...]
    """Those that lead somewhere."""
    settled: Choice | None
    """Where only what is at rest can change the order; None: there is something to choose."""

    @property
    def strategy(self) -> Strategy | None:
        """How the route orders its arms; None without a route."""
        return None if self.rule is None else self.rule.strategy

    def choice(self, targets: Sequence[Target], arm: str | None = None) -> Choice:
        """The choice of these targets, in this order.

        Args:
            targets: a target that comes again is left out where it comes again.
            arm: which was assigned; None: that of the first target.
        """
        once = _once(targets)
        if self.rule is None:
            return Choice(targets=once)
        return Choice(
            targets=once,
            route=self.rule.name,
            arm=arm or (once[0].arm if once else None),
            strategy=self.rule.strategy,
            retries=self.rule.retries,
            hedge_after_ms=self.rule.hedge_after_ms,
        )


def candidates_of(rule: RouteRule | None, branches: Iterable[Branch]) -> Candidates:
    """What a name stands for, with the choice where there is nothing to choose."""
    found = Candidates(rule=rule, branches=tuple(branch for branch in branches if branch.tiers), settled=None)
    tiers = [tier for branch in found.branches for tier in branch.tiers]
    listed = found.choice([each.target for tier in tiers for each in tier])
    as_listed = found.strategy in {None, Strategy.PRIORITY} and all(len(tier) == 1 for tier in tiers)
    return msgspec.structs.replace(found, settled=listed) if as_listed or len(listed.targets) <= 1 else found


def _once(targets: Sequence[Target]) -> tuple[Target, ...]:
    first: dict[tuple[str, str], Target] = {}
    for target in targets:
        first.setdefault((target.deployment_id, target.model), target)
    return tuple(first.values())

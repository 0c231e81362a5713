"""Where one request goes, and where it goes next when that fails."""

from collections.abc import Callable, Iterable
from itertools import zip_longest
from typing import Final, NamedTuple

import msgspec

from headgate.domain.ids import DeploymentId
from headgate.routing.candidates import Branch, Candidates, Choice, Weighted
from headgate.routing.spread import assigned, drawn
from headgate.routing.table import RouteTable
from headgate.routing.target import Target
from headgate.snapshot.contract import RouteRule, Strategy

EXPLORED: Final = 0.1
"""Share of the requests that go to a deployment whose latency is not known, while that of others is."""


class Asker(NamedTuple):
    """By what a split may recognise who asks."""

    user: str | None
    """The end user's external id."""
    key: str
    """Virtual key id."""
    request: str
    """Request id: every request is assigned anew."""


class Conditions(NamedTuple):
    """How deployments do now, and what they would cost: whatever an order may depend on."""

    latency_of: Callable[[DeploymentId], float | None]
    """In any unit; None: not measured lately."""
    cost_of: Callable[[Target], int | None]
    """Upper bound for this request, nano-USD; None: no price is known."""
    is_open: Callable[[DeploymentId], bool]
    """At rest, in cooldown: only what is left when all others failed."""


def compile_plan(
    table: RouteTable,
    model: str,
    *,
    organization_id: str,
    shared: bool,
    pick: float,
    asker: Asker,
    conditions: Conditions,
) -> Choice:
    """Order the targets of a model name for one request.

    Args:
        table: of the snapshot in force.
        model: as the caller wrote it.
        organization_id: who asks.
        shared: the organisation may use what is shared.
        pick: chance, from 0 up to 1, which is excluded.
        asker: whom a split assigns.
        conditions: of the moment.

    Returns:
        A choice without targets where nothing serves the name. What is at rest comes last, but it comes: if all are,
        the first is tried nevertheless.
    """
    found = table.find(model, organization_id=organization_id, shared=shared)
    if found.settled is not None:
        return _rested(found.settled, conditions.is_open)
    return _rested(_chosen(found, pick, asker, conditions), conditions.is_open)


def _rested(choice: Choice, is_open: Callable[[DeploymentId], bool]) -> Choice:
    """The choice with what is at rest behind all others."""
    targets = choice.targets
    if len(targets) <= 1:
        return choice
    awake: list[Target] = []
    resting: list[Target] = []
    for target in targets:
        (resting if is_open(target.deployment_id) else awake).append(target)
    if not resting or not awake:
        return choice
    arm = choice.arm if choice.strategy is Strategy.SPLIT else awake[0].arm
    return msgspec.structs.replace(choice, targets=(*awake, *resting), arm=arm)


def _chosen(found: Candidates, pick: float, asker: Asker, conditions: Conditions) -> Choice:
    match found.strategy:
        case Strategy.LATENCY | Strategy.COST:
            return found.choice(_measured(found, pick, conditions))
        case Strategy.SPLIT:
            assert found.rule is not None
            first = _assigned(found.rule, found.branches, asker)
            rest = [branch for branch in found.branches if branch is not first]
            assert first.arm is not None
            return found.choice(_spread((first, *rest), pick), first.arm.name)
        case Strategy.WEIGHTED:
            weights = [_weight(branch) for branch in found.branches]
            branches, pick = drawn(found.branches, weights, pick)
            return found.choice(_spread(branches, pick))
        case _:
            return found.choice(_spread(found.branches, pick))


def _spread(branches: Iterable[Branch], pick: float) -> list[Target]:
    """The arms in this order; within each, requests are spread over the deployments of a tier."""
    targets: list[Target] = []
    for branch in branches:
        for tier in branch.tiers:
            order, pick = drawn(tier, [each.weight for each in tier], pick)
            targets.extend(each.target for each in order)
    return targets


def _measured(found: Candidates, pick: float, conditions: Conditions) -> list[Target]:
    """All arms' deployments side by side, tier after tier; by chance where they measure the same."""
    targets: list[Target] = []
    for tiers in zip_longest(*(branch.tiers for branch in found.branches), fillvalue=()):
        tier = [
            Weighted(each.target, each.weight * _weight(branch))
            for branch, of_branch in zip(found.branches, tiers, strict=True)
            for each in of_branch
        ]
        order, pick = drawn([each.target for each in tier], [each.weight for each in tier], pick)
        if found.strategy is Strategy.COST:
            targets.extend(_cheapest(order, conditions.cost_of))
        else:
            soonest, pick = _soonest(order, conditions.latency_of, pick)
            targets.extend(soonest)
    return targets


def _cheapest(targets: list[Target], cost_of: Callable[[Target], int | None]) -> list[Target]:
    """Lowest bound first; what has no price last."""
    priced = [(cost_of(target), target) for target in targets]
    known = sorted(((cost, target) for cost, target in priced if cost is not None), key=lambda pair: pair[0])
    return [target for _, target in known] + [target for cost, target in priced if cost is None]


def _soonest(
    targets: list[Target], latency_of: Callable[[DeploymentId], float | None], pick: float
) -> tuple[list[Target], float]:
    """Lowest latency first; of those whose latency is not known, one is tried first now and then.

    As long as none is known they come by chance.
    """
    timed = [(latency_of(target.deployment_id), target) for target in targets]
    known = sorted(((time, target) for time, target in timed if time is not None), key=lambda pair: pair[0])
    soonest = [target for _, target in known]
    unknown = [target for time, target in timed if time is None]
    if not soonest or not unknown:
        return soonest or unknown, pick
    if pick < EXPLORED:
        return [unknown[0], *soonest, *unknown[1:]], pick / EXPLORED
    return soonest + unknown, (pick - EXPLORED) / (1 - EXPLORED)


def _assigned(rule: RouteRule, branches: tuple[Branch, ...], asker: Asker) -> Branch:
    names = [branch.arm.name for branch in branches if branch.arm is not None]
    return branches[assigned(rule.id, names, [_weight(branch) for branch in branches], _sticky(rule, asker))]


def _sticky(rule: RouteRule, asker: Asker) -> str:
    """What the asker is recognised by; a user and a key that are called the same are two."""
    if rule.sticky_by == "request":
        return f"request:{asker.request}"
    if rule.sticky_by == "user" and asker.user is not None:
        return f"user:{asker.user}"
    return f"key:{asker.key}"


def _weight(branch: Branch) -> int:
    return 1 if branch.arm is None else branch.arm.weight

"""Writes: `maxCostPerDayEur`, kept as a budget that is held like any other and refuses in the policy's name."""

from decimal import Decimal

from headgate.control.budgets.models import Budget, Source
from headgate.control.budgets.operations import change_conduct, change_limit, create_budget, retire
from headgate.control.budgets.resets import change_time_zone
from headgate.control.identifiers import new_id
from headgate.control.policies.models import Policy
from headgate.control.policies.queries import EUR
from headgate.domain.budget import BudgetUnit, Period, Scope
from headgate.policy.verdicts import Rule


def keep_budget(policy: Policy, *, actor: str) -> None:
    """Open, change or retire the policy's budget, so that it says what the policy says; the caller saves the policy.

    A budget that is opened, also again after the policy was off, starts from what the day has cost so far.
    """
    limit = policy.max_cost_per_day_eur if policy.enabled else None
    budget = policy.budget if policy.budget is not None and policy.budget.retired_at is None else None
    if limit is None:
        retire_budget(policy)
        policy.budget = None
    elif budget is None:
        policy.budget = _open(policy, limit)
    else:
        _change(budget, policy, limit, actor)


def retire_budget(policy: Policy) -> None:
    """Take the policy's budget out of force; what was spent stays on record."""
    if policy.budget is not None:
        retire(policy.budget)


def _open(policy: Policy, limit: Decimal) -> Budget:
    return create_budget(
        organization=policy.organization,
        name=_title(policy),
        scope=Scope.ORGANIZATION.value,
        period=Period.DAY.value,
        time_zone=policy.time_zone,
        unit=BudgetUnit.MONEY.value,
        limit=limit,
        currency=EUR,
        shadow=policy.shadow,
        source=Source.POLICY,
        policy_name=policy.name,
    )


def _change(budget: Budget, policy: Policy, limit: Decimal, actor: str) -> None:
    if budget.policy_name != policy.name:
        Budget.objects.filter(pk=budget.pk).update(policy_name=policy.name)
    if (budget.name, budget.shadow) != (_title(policy), policy.shadow):
        change_conduct(budget, name=_title(policy), shadow=policy.shadow)
    if budget.limit != limit:
        change_limit(budget, limit)
    if budget.time_zone != policy.time_zone:
        reason = f'policy "{policy.name}" was changed'
        change_time_zone(budget, policy.time_zone, change_id=new_id(), reason=reason, actor=actor)


def _title(policy: Policy) -> str:
    return f"{policy.name}: {Rule.MAX_COST_PER_DAY}"

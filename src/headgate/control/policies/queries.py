"""Reads: policies as the data plane knows them."""

from decimal import Decimal

from django.utils import timezone

from headgate.control.budgets.limits import limits
from headgate.control.currencies.queries import usd_rate
from headgate.control.policies.models import Policy
from headgate.domain.budget import BudgetUnit
from headgate.domain.money import NanoUsd
from headgate.snapshot import contract

EUR = "EUR"


def published_policies() -> tuple[contract.Policy, ...]:
    """Return every enabled policy as it is published, in a stable order. Limits in EUR take today's rate."""
    rows = list(Policy.objects.filter(enabled=True).order_by("organization_id", "name", "pk"))
    priced = any(row.max_cost_per_request_eur is not None for row in rows)
    rate = usd_rate(EUR, on=timezone.now().date()) if priced else None
    return tuple(published(row, rate) for row in rows)


def published(row: Policy, rate: Decimal | None) -> contract.Policy:
    """Return the policy as it is published.

    Args:
        row: the policy.
        rate: USD per EUR; only a policy with a cost per request needs it.
    """
    return contract.Policy(
        id=row.pk,
        organization_id=row.organization_id,
        name=row.name,
        shadow=row.shadow,
        allowed_models=tuple(row.allowed_models),
        blocked_models=tuple(row.blocked_models),
        allowed_providers=tuple(row.allowed_providers),
        allowed_tasks=tuple(row.allowed_tasks),
        required_attribution=tuple(row.required_attribution),
        max_tokens_per_request=row.max_tokens_per_request,
        max_cost_per_request=euros_to_nano(row.max_cost_per_request_eur, rate),
    )


def euros_to_nano(amount: Decimal | None, rate: Decimal | None) -> NanoUsd | None:
    """Return an amount of EUR in nano-USD, rounded down: a limit is never more than what was written.

    Args:
        amount: EUR, or None for no limit.
        rate: USD per EUR.

    Raises:
        ValueError: there is an amount and no rate.
    """
    if amount is None:
        return None
    if rate is None:
        message = f"{amount} EUR cannot be converted without a rate"
        raise ValueError(message)
    return NanoUsd(limits(BudgetUnit.MONEY, amount, usd_rate=rate).limit)

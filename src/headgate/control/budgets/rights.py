"""Who may lift a limit, beyond whose rows he sees."""

from collections.abc import Iterable

from django.http import HttpRequest

from headgate.control.budgets.models import Budget, Source
from headgate.control.scoping import administrated_ids
from headgate.domain.budget import Scope

OPERATORS_SCOPES = (Scope.SYSTEM.value, Scope.ORGANIZATION.value)
"""An organization's own admins do not lift what the operator allows all of it."""


def is_operators(budget: Budget) -> bool:
    """Say whether only the operator may lift it: a limit of all of an organization that is not its own."""
    return budget.scope in OPERATORS_SCOPES and budget.source != Source.ORGANIZATION


def may_govern(request: HttpRequest, budget: Budget) -> bool:
    """Say whether the user may change or reset the budget."""
    if request.user.is_superuser:
        return True
    return not is_operators(budget) and budget.organization_id in administrated_ids(request)


def governed(request: HttpRequest, budgets: Iterable[Budget]) -> list[Budget]:
    """Return those that are in force and that the user may govern."""
    return [budget for budget in budgets if budget.retired_at is None and may_govern(request, budget)]

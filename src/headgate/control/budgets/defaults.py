"""Writes: the budgets that the environment asks for, brought up to date at every start."""

from django.core.exceptions import ValidationError

from headgate.control.budgets.environment import TRACKING, BudgetDefaults, DefaultBudget
from headgate.control.budgets.models import Budget, Source
from headgate.control.budgets.operations import change_limit, create_budget, retire
from headgate.control.budgets.queries import live_budgets
from headgate.control.environment import SettingsError


def synchronise(wanted: BudgetDefaults) -> None:
    """Create, change and retire what the environment asks for; change nothing where nothing changed.

    Raises:
        SettingsError: a limit that cannot be kept, or costs are not tracked and there is a budget; names the variable.
    """
    for default in wanted.budgets:
        try:
            _synchronise_one(default)
        except ValidationError as error:
            message = f"{default.variable}: {' '.join(error.messages)}"
            raise SettingsError(message) from error
    for budget in live_budgets().filter(soft=True).exclude(soft_multiplier=wanted.soft_multiplier):
        change_limit(budget, budget.limit, multiplier=wanted.soft_multiplier)
    if not wanted.tracking:
        _refuse_budgets(wanted)


def _synchronise_one(default: DefaultBudget) -> None:
    own = live_budgets().filter(source=Source.ENVIRONMENT, scope=default.scope, period=default.period)
    budget = own.select_for_update().first()
    if default.limit is None:
        if budget is not None:
            retire(budget)
    elif budget is None:
        create_budget(
            name=default.name,
            scope=default.scope.value,
            period=default.period.value,
            limit=default.limit,
            source=Source.ENVIRONMENT.value,
        )
    elif budget.limit != default.limit:
        change_limit(budget, default.limit)


def _refuse_budgets(wanted: BudgetDefaults) -> None:
    budgets = list(live_budgets())
    if not budgets:
        return
    ours = [each.variable for each in wanted.budgets if each.limit is not None]
    remedies = [f"set {' and '.join(ours)} to none"] if ours else []
    if any(_by_hand(budget) for budget in budgets):
        remedies.append("retire the others on the pages")
    names = ", ".join(repr(budget.name) for budget in budgets)
    message = f"{TRACKING} is false, and a budget needs what is tracked: {names}. Set it to true, or " + (
        ", and ".join(remedies) + "."
    )
    raise SettingsError(message)


def _by_hand(budget: Budget) -> bool:
    return budget.source != Source.ENVIRONMENT

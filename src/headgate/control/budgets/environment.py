"""Budgets that the environment asks for. Free of Django's models, so that the settings can read it."""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation

import msgspec

from headgate.control.environment import SettingsError, switch
from headgate.domain.budget import Period, Scope

TRACKING = "AI_COST_TRACKING_ENABLED"
SOFT_MULTIPLIER = "AI_BUDGET_SOFT_LIMIT_MULTIPLIER"
NONE = "none"
_DECIMALS = 6


class DefaultBudget(msgspec.Struct, frozen=True, kw_only=True):
    """A budget of the whole installation that a variable asks for."""

    variable: str
    name: str
    scope: Scope
    period: Period
    limit: Decimal | None
    """USD; None: there is none."""


class BudgetDefaults(msgspec.Struct, frozen=True, kw_only=True):
    """What the environment says about budgets."""

    budgets: tuple[DefaultBudget, ...]
    tracking: bool
    """False: figures are not shown, and there must be no budget."""
    soft_multiplier: Decimal
    """The hard limit of a soft budget is so many times its limit; at least 1."""


def budget_defaults(environ: Mapping[str, str]) -> BudgetDefaults:
    """Read the variables. An empty one counts as unset.

    Raises:
        SettingsError: nonsense; names the variable.
    """
    return BudgetDefaults(
        budgets=(
            DefaultBudget(
                variable="AI_MONTHLY_SPEND_LIMIT_USD",
                name="Monthly spend of everybody",
                scope=Scope.SYSTEM,
                period=Period.MONTH,
                limit=_limit(environ, "AI_MONTHLY_SPEND_LIMIT_USD", Decimal(1000)),
            ),
            DefaultBudget(
                variable="AI_USER_DAILY_SPEND_LIMIT_USD",
                name="Daily spend of each user",
                scope=Scope.USER,
                period=Period.DAY,
                limit=_limit(environ, "AI_USER_DAILY_SPEND_LIMIT_USD", Decimal(5)),
            ),
            DefaultBudget(
                variable="AI_USER_MONTHLY_SPEND_LIMIT_USD",
                name="Monthly spend of each user",
                scope=Scope.USER,
                period=Period.MONTH,
                limit=_limit(environ, "AI_USER_MONTHLY_SPEND_LIMIT_USD", None),
            ),
        ),
        tracking=switch(environ, TRACKING, default=True),
        soft_multiplier=_multiplier(environ),
    )


def _limit(environ: Mapping[str, str], variable: str, default: Decimal | None) -> Decimal | None:
    text = environ.get(variable, "").strip()
    if not text:
        return default
    if text.lower() == NONE:
        return None
    amount = _decimal(text)
    if amount is None or amount < 0:
        message = f"{variable} is {text!r}: give an amount of USD of 0 or more, or {NONE!r}."
        raise SettingsError(message)
    return amount


def _multiplier(environ: Mapping[str, str]) -> Decimal:
    text = environ.get(SOFT_MULTIPLIER, "").strip()
    amount = _decimal(text) if text else Decimal(2)
    if amount is None or not 1 <= amount <= 1000 or amount != round(amount, _DECIMALS):
        message = f"{SOFT_MULTIPLIER} is {text!r}: give a number from 1 to 1000 with at most {_DECIMALS} decimals."
        raise SettingsError(message)
    return amount


def _decimal(text: str) -> Decimal | None:
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return amount if amount.is_finite() else None

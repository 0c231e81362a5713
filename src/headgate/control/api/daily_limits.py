"""Operations: what an organization may spend in a day, and starting its day anew: seed 003."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Annotated, Any

from django.core.exceptions import ValidationError
from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema
from pydantic import BeforeValidator, ConfigDict

from headgate.control.api.analytics import caller_of
from headgate.control.api.callers import Caller
from headgate.control.api.parameters import OrganizationName, Reason
from headgate.control.api.schemas import REFUSALS, Amount, amount
from headgate.control.api.spend_limits import (
    NO_REASON,
    KeptBudget,
    ResetOfBudget,
    check_reset,
    kept_budget,
    reset_id_of,
    reset_of_budget,
)
from headgate.control.api.usage import GBP, AmountGbp, BudgetUsage, budget_usage, limit_in
from headgate.control.budgets.daily_limits import DailyLimit, check_daily_limit, reset_daily, set_daily_limits
from headgate.control.budgets.models import Source
from headgate.control.budgets.today import BudgetStanding, fullest, standings
from headgate.control.currencies.queries import USD, rates_in_force
from headgate.control.organizations.models import Organization
from headgate.domain.budget import BudgetUnit, Period
from headgate.domain.errors import BadRequest, Forbidden
from headgate.domain.money import NanoUsd, nano_to_usd

router = Router(tags=["usage"])
_TOKENS, _COST, _COST_GBP = "daily_token_limit", "daily_cost_limit", "daily_cost_limit_gbp"
_FIELDS = {BudgetUnit.TOKENS: _TOKENS, BudgetUnit.MONEY: _COST}
_ADMINS_ONLY = (
    "Limits are set by the installation's operator and by the organization's own administrators, signed in at /admin/."
)


def _number(value: Any) -> Any:
    if isinstance(value, bool):
        message = "Input should be a number"
        raise ValueError(message)  # noqa: TRY004 - pydantic takes this one for a finding
    return value


class BudgetChange(Schema):
    """Limits of a day. What is not named stays as it is; null takes a limit away."""

    model_config = ConfigDict(extra="forbid")

    daily_token_limit: Annotated[int | None, BeforeValidator(_number)] = Field(None, description="Whole tokens.")
    daily_cost_limit: Annotated[Decimal | None, BeforeValidator(_number)] = Field(None, description="In the currency.")
    currency: str = Field(USD, pattern="^[A-Z]{3}$", description="Of daily_cost_limit; its exchange rate is known.")
    daily_cost_limit_gbp: Annotated[Decimal | None, BeforeValidator(_number)] = Field(
        None, description="In pounds, instead of daily_cost_limit and currency."
    )
    soft: bool | None = Field(
        None, description="Critical tasks may go to AI_BUDGET_SOFT_LIMIT_MULTIPLIER times the limits; a new one: true."
    )


class DailyBudget(BudgetUsage):
    """A daily budget of all of the organization."""

    currency: str | None = Field(description="Of limit_in_currency; null for tokens and requests.")
    limit_in_currency: Amount | None = Field(description="As it was set.")
    yours: bool = Field(description="What the caller sets with this operation.")


class Budgets(Schema):
    """What an organization may spend in a day."""

    organization: str
    organization_name: str
    as_of: dt.datetime
    daily_token_limit: int | None = Field(description="Of the budget that decides first; null: there is none.")
    daily_cost_limit_usd: Amount | None
    daily_cost_limit_gbp: AmountGbp | None
    may_set: bool = Field(description="The caller may set limits.")
    currencies: list[str] = Field(description="Those that limits can be set in.")
    budgets: list[DailyBudget]


class ChangedBudgets(Budgets):
    """What an organization may spend in a day, after a change."""

    changed: list[str] = Field(description="Fields of which something changed; the same call again changes nothing.")


@router.get("budget", response={200: Budgets, **REFUSALS}, operation_id="budget")
@router.get("budget/", response={200: Budgets, **REFUSALS}, include_in_schema=False)
def budget(request: HttpRequest, organization: OrganizationName = None) -> dict[str, Any]:
    """What an organization may spend in a day: for its members and its keys."""
    caller = caller_of(request)
    return budgets_of(caller, Organization.objects.get(pk=caller.organization_in(organization)))


@router.post("budget", response={200: ChangedBudgets, **REFUSALS}, operation_id="set_budget")
@router.post("budget/", response={200: ChangedBudgets, **REFUSALS}, include_in_schema=False)
def set_budget(request: HttpRequest, payload: BudgetChange, organization: OrganizationName = None) -> dict[str, Any]:
    """Say what an organization may spend in a day: for the operator, and for its own administrators beside him."""
    caller = caller_of(request)
    owner = Organization.objects.get(pk=caller.organization_in(organization))
    source = caller.limits_set_by(owner.pk)
    if source is None or caller.person is None:
        raise Forbidden(_ADMINS_ONLY, code="admins_only")
    wanted = _wanted(payload)
    for field, each in wanted.items():
        _check(owner, field, each)
    changed = set_daily_limits(owner, wanted.values(), source=source, actor=caller.person)
    return {**budgets_of(caller, owner), "changed": [_FIELDS[unit] for unit in changed]}


class DailyReset(Schema):
    """Why."""

    reason: Reason = NO_REASON


class DailyResetAnswer(Schema):
    """What a reset came to."""

    organization: str
    reset: list[ResetOfBudget]
    kept: list[KeptBudget] = Field(description="Budgets that the caller may not reset.")


@router.post("reset-daily", response={200: DailyResetAnswer, **REFUSALS}, operation_id="reset_daily")
@router.post("reset-daily/", response={200: DailyResetAnswer, **REFUSALS}, include_in_schema=False)
def reset_day(
    request: HttpRequest, payload: DailyReset | None = None, organization: OrganizationName = None
) -> dict[str, Any]:
    """Start the day of an organization's daily budgets anew, for administrators: a dated adjustment each.

    With an `Idempotency-Key`, the same call again does nothing.
    """
    caller = caller_of(request)
    owner = Organization.objects.get(pk=caller.resettable_organization(organization))
    assert caller.person is not None, "a key resets nothing"
    done = reset_daily(
        owner,
        may=caller.may_reset,
        reset_id=reset_id_of(request, "reset-daily", owner.pk),
        reason=payload.reason if payload else NO_REASON,
        actor=caller.person,
    )
    check_reset(done)
    return {
        "organization": owner.pk,
        "reset": [reset_of_budget(each) for each in done.reset],
        "kept": [kept_budget(each) for each in done.kept],
    }


def budgets_of(caller: Caller, owner: Organization) -> dict[str, Any]:
    """Return the fields of `Budgets`."""
    now = timezone.now()
    source = caller.limits_set_by(owner.pk)
    found, _ = standings(owner.pk, now)
    daily = [each for each in found if each.budget.period == Period.DAY]
    tokens, cost = (fullest(daily, unit) for unit in (BudgetUnit.TOKENS, BudgetUnit.MONEY))
    rates = rates_in_force(now.astimezone(dt.UTC).date())
    mine = _of_source(daily, owner, source)
    return {
        "organization": owner.pk,
        "organization_name": owner.name,
        "as_of": now,
        "daily_token_limit": None if tokens is None else tokens.limit,
        "daily_cost_limit_usd": None if cost is None else amount(nano_to_usd(NanoUsd(cost.limit))),
        "daily_cost_limit_gbp": None if cost is None else limit_in(cost, GBP, rates.get(GBP)),
        "may_set": source is not None,
        "currencies": list(rates),
        "budgets": [_daily(each, yours=each.budget.pk in mine) for each in daily],
    }


def _of_source(daily: Iterable[BudgetStanding], owner: Organization, source: Source | None) -> set[str]:
    """Return the ids of the budgets that a caller changes: the oldest of a unit, as `daily_budget` finds it."""
    found: dict[str, str] = {}
    for each in daily:
        row = each.budget
        if row.source == source and row.organization_id == owner.pk and not row.shadow:
            found.setdefault(row.unit, row.pk)
    return set(found.values())


def _daily(standing: BudgetStanding, *, yours: bool) -> dict[str, Any]:
    row = standing.budget
    money = row.unit == BudgetUnit.MONEY
    return {
        **budget_usage(standing),
        "currency": row.currency if money else None,
        "limit_in_currency": amount(row.limit) if money else row.limit,
        "yours": yours,
    }


def _wanted(payload: BudgetChange) -> dict[str, DailyLimit]:
    """Return what is to be, by the field that says so.

    Raises:
        BadRequest: nothing is named, or an amount in two currencies.
    """
    given = payload.model_fields_set
    if {_COST, _COST_GBP} <= given:
        message = f"{_COST_GBP}: give it, or {_COST} with currency, but not both."
        raise BadRequest(message, code="invalid_value", param=_COST_GBP)
    found: dict[str, DailyLimit] = {}
    if _TOKENS in given:
        tokens = payload.daily_token_limit
        limit = None if tokens is None else Decimal(tokens)
        found[_TOKENS] = DailyLimit(BudgetUnit.TOKENS, limit, soft=payload.soft)
    if _COST in given:
        found[_COST] = DailyLimit(BudgetUnit.MONEY, payload.daily_cost_limit, payload.currency, payload.soft)
    if _COST_GBP in given:
        found[_COST_GBP] = DailyLimit(BudgetUnit.MONEY, payload.daily_cost_limit_gbp, GBP, payload.soft)
    if not found:
        message = f"Name at least one of {_TOKENS}, {_COST} and {_COST_GBP}; null takes a limit away."
        raise BadRequest(message, code="missing_field", param=_TOKENS)
    return found


def _check(owner: Organization, field: str, wanted: DailyLimit) -> None:
    """Refuse a limit that cannot be kept, in the name of its field.

    Raises:
        BadRequest: naming the field and the remedy.
    """
    try:
        check_daily_limit(owner, wanted)
    except ValidationError as error:
        named = error.message_dict if hasattr(error, "error_dict") else {}
        param = "currency" if "currency" in named and field == _COST else field
        raise BadRequest(f"{param}: {' '.join(error.messages)}", code="invalid_value", param=param) from error

"""Operation: what an organization has used today, of which limits, as budgets' windows say at this moment: seed 003."""

import datetime as dt
from decimal import Decimal
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Field, Router, Schema
from pydantic import WithJsonSchema

from headgate.control.api.analytics import caller_of
from headgate.control.api.parameters import OrganizationName
from headgate.control.api.schemas import REFUSALS, Amount, Percent, amount
from headgate.control.budgets.levels import Level
from headgate.control.budgets.models import Source
from headgate.control.budgets.today import (
    BudgetStanding,
    Refusal,
    exhausted_installation,
    fullest,
    standings,
)
from headgate.control.currencies.queries import in_currency, rates_in_force
from headgate.control.organizations.models import Organization
from headgate.control.rollups.figures import Figures
from headgate.control.rollups.queries import Interval, Point, Seen, Span, added, series
from headgate.domain.budget import BudgetUnit
from headgate.domain.money import NanoUsd, nano_to_usd

router = Router(tags=["usage"])
GBP = "GBP"
AmountGbp = Annotated[Decimal, WithJsonSchema({"type": "number", "description": "In pounds, at the rate in force."})]
SET_BY = {Source.ADMIN: "operator", Source.ORGANIZATION: "organization"}


class BudgetUsage(Schema):
    """How one budget of all of the organization stands in its current period."""

    budget: str
    unit: BudgetUnit = Field(description="What used, held and limit count; money is in USD.")
    period: str
    set_by: str = Field(description="operator, organization, policy or environment.")
    soft: bool = Field(description="Critical tasks may go to the hard limit.")
    shadow: bool = Field(description="Refuses nothing.")
    used: Amount | None
    held: Amount | None = Field(description="Set aside for calls that run, or by workers.")
    limit: Amount | None
    hard_limit: Amount | None
    percent_used: Percent | None
    level: Level
    resets_at: dt.datetime | None


class HourOfUsage(Schema):
    """One hour of the UTC day, as the books have it."""

    start: dt.datetime
    requests: int
    errors: int
    refused: int
    tokens: int
    cost_usd: Amount | None
    cost_gbp: AmountGbp | None


class RefusedRequest(Schema):
    """The newest request, where a budget refused it."""

    at: dt.datetime
    message: str


class Usage(Schema):
    """What an organization has used today, and of which limits."""

    organization: str
    organization_name: str
    day: dt.date = Field(description="UTC.")
    as_of: dt.datetime
    requests: int = Field(description="Today.")
    errors: int
    refused: int
    tokens_used: int = Field(description="Of the daily budget of tokens that decides first; without one, today.")
    tokens_held: int
    tokens_limit: int | None = Field(description="Null: there is none.")
    tokens_hard_limit: int | None
    tokens_percent_used: Percent | None
    tokens_level: Level
    tokens_resets_at: dt.datetime | None
    cost_usd: Amount | None = Field(description="Of the daily budget of money that decides first; without one, today.")
    cost_held_usd: Amount | None
    cost_limit_usd: Amount | None
    cost_hard_limit_usd: Amount | None
    cost_gbp: AmountGbp | None = Field(description="Null without an exchange rate.")
    cost_limit_gbp: AmountGbp | None
    cost_percent_used: Percent | None
    cost_level: Level
    cost_resets_at: dt.datetime | None
    over_limit: bool = Field(description="Nothing is left of a budget of the organization, or of everybody's.")
    warnings: list[str]
    last_refusal: RefusedRequest | None
    budgets: list[BudgetUsage]
    hours: list[HourOfUsage]


@router.get("usage", response={200: Usage, **REFUSALS}, operation_id="usage")
@router.get("usage/", response={200: Usage, **REFUSALS}, include_in_schema=False)
def usage(request: HttpRequest, organization: OrganizationName = None) -> dict[str, Any]:
    """What an organization has used today: for its members and its keys, from windows as they stand."""
    owner = Organization.objects.get(pk=caller_of(request).organization_in(organization))
    return usage_of(owner, timezone.now())


def usage_of(owner: Organization, now: dt.datetime) -> dict[str, Any]:
    """Return the fields of `Usage`."""
    found, refusal = standings(owner.pk, now)
    rates = rates_in_force(now.astimezone(dt.UTC).date())
    hours = series(Seen(frozenset({owner.pk})), Span.last_days(1, now), Interval.HOUR, now=now)
    today = added([point.figures._replace(latencies=None) for point in hours])
    return {
        "organization": owner.pk,
        "organization_name": owner.name,
        "day": now.astimezone(dt.UTC).date(),
        "as_of": now,
        "requests": today.requests,
        "errors": today.errors,
        "refused": today.refused,
        **_tokens(fullest(found, BudgetUnit.TOKENS), today),
        **_cost(fullest(found, BudgetUnit.MONEY), today, rates.get(GBP)),
        **_alarms(found, exhausted_installation(now)),
        "last_refusal": None if refusal is None else refused(refusal),
        "budgets": [budget_usage(each) for each in found],
        "hours": [_hour(point, rates.get(GBP)) for point in hours],
    }


def budget_usage(standing: BudgetStanding) -> dict[str, Any]:
    """Return the fields of `BudgetUsage`."""
    budget = standing.budget
    unit = BudgetUnit(budget.unit)
    figures = {"used": standing.spent, "held": standing.held, "limit": standing.limit, "hard_limit": standing.hard}
    return {
        "budget": budget.name,
        "unit": unit,
        "period": budget.period,
        "set_by": SET_BY.get(Source(budget.source), budget.source),
        "soft": budget.soft,
        "shadow": budget.shadow,
        **{name: in_unit(unit, figure) for name, figure in figures.items()},
        "percent_used": _shown(unit, standing.percent_used),
        "level": standing.level,
        "resets_at": standing.ends_at,
    }


def in_unit(unit: BudgetUnit, figure: int) -> Decimal | None:
    """Return a figure of a window: USD where amounts are shown, or tokens or requests."""
    return amount(nano_to_usd(NanoUsd(figure))) if unit is BudgetUnit.MONEY else Decimal(figure)


def limit_in(standing: BudgetStanding, currency: str, rate: Decimal | None) -> Decimal | None:
    """Return a limit of money in a currency: as it was set where it was set in it."""
    if standing.budget.currency == currency:
        return amount(standing.budget.limit)
    return None if rate is None else amount(in_currency(NanoUsd(standing.limit), rate))


def refused(refusal: Refusal) -> dict[str, Any]:
    """Return the fields of `RefusedRequest`."""
    return {"at": refusal.at, "message": refusal.message}


def _tokens(standing: BudgetStanding | None, today: Figures) -> dict[str, Any]:
    if standing is None:
        return {
            **dict.fromkeys(("tokens_limit", "tokens_hard_limit", "tokens_percent_used", "tokens_resets_at")),
            "tokens_used": today.total_tokens,
            "tokens_held": 0,
            "tokens_level": Level.OK,
        }
    return {
        "tokens_used": standing.spent,
        "tokens_held": standing.held,
        "tokens_limit": standing.limit,
        "tokens_hard_limit": standing.hard,
        "tokens_percent_used": standing.percent_used,
        "tokens_level": standing.level,
        "tokens_resets_at": standing.ends_at,
    }


def _cost(standing: BudgetStanding | None, today: Figures, rate: Decimal | None) -> dict[str, Any]:
    if standing is None:
        names = ("limit_usd", "hard_limit_usd", "limit_gbp", "percent_used", "resets_at")
        return {
            **dict.fromkeys(f"cost_{name}" for name in names),
            "cost_usd": amount(today.cost_usd),
            "cost_held_usd": in_unit(BudgetUnit.MONEY, 0),
            "cost_gbp": _pounds(today.amount_nano, rate),
            "cost_level": Level.OK,
        }
    if standing.budget.currency == GBP:
        # The rate is fixed when a window opens.
        rate = standing.usd_rate
    figures = {"usd": standing.spent, "held_usd": standing.held, "limit_usd": standing.limit}
    return {
        **{f"cost_{name}": in_unit(BudgetUnit.MONEY, figure) for name, figure in figures.items()},
        "cost_hard_limit_usd": in_unit(BudgetUnit.MONEY, standing.hard),
        "cost_gbp": _pounds(NanoUsd(standing.spent), rate),
        "cost_limit_gbp": limit_in(standing, GBP, rate),
        "cost_percent_used": amount(standing.percent_used),
        "cost_level": standing.level,
        "cost_resets_at": standing.ends_at,
    }


def _alarms(found: list[BudgetStanding], installation: list[str]) -> dict[str, Any]:
    told = [each for each in found if each.level is not Level.OK]
    return {
        "over_limit": bool(installation)
        or any(each.level is Level.EXCEEDED and not each.budget.shadow for each in found),
        "warnings": [_warning(each) for each in told]
        + [f"Budget {name!r} of the whole installation is exceeded." for name in installation],
    }


def _warning(standing: BudgetStanding) -> str:
    budget = standing.budget
    what = "is nearly spent"
    if standing.level is Level.EXCEEDED:
        what = "is exceeded" if standing.used_up else "refused the newest request"
    resets = "" if standing.ends_at is None else f" It resets at {standing.ends_at:%Y-%m-%dT%H:%M:%SZ}."
    shadow = " It is a shadow and refuses nothing." if budget.shadow else ""
    return f"Budget {budget.name!r} {what}: {standing.percent_used.normalize():f} % are spent.{shadow}{resets}"


def _hour(point: Point, rate: Decimal | None) -> dict[str, Any]:
    figures = point.figures
    return {
        "start": point.start,
        "requests": figures.requests,
        "errors": figures.errors,
        "refused": figures.refused,
        "tokens": figures.total_tokens,
        "cost_usd": amount(figures.cost_usd),
        "cost_gbp": _pounds(figures.amount_nano, rate),
    }


def _pounds(figure: NanoUsd, rate: Decimal | None) -> Decimal | None:
    return None if rate is None else amount(in_currency(figure, rate))


def _shown(unit: BudgetUnit, percent: Decimal) -> Decimal | None:
    return amount(percent) if unit is BudgetUnit.MONEY else percent

"""The page of seed 003 for developers: what is used now, moving while one looks; limits of a day, starting it anew.

`static/headgate/dev_usage.js` asks the usage API every two seconds. There only where `DEV_TOOLS_ENABLED` says so.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone

from headgate.control.api.daily_limits import budgets_of
from headgate.control.api.usage import usage_of
from headgate.control.currencies.queries import USD, literal
from headgate.control.identifiers import new_id
from headgate.control.pages import charts
from headgate.control.pages.organizations import choices, chosen
from headgate.control.pages.shell import caller_of_page, page_of, show
from headgate.control.tracking import costs_shown
from headgate.domain.budget import BudgetUnit

HOURS = 24


def dev_usage(request: HttpRequest) -> HttpResponse:
    """Show the page, where there are such pages.

    Raises:
        Http404: there are none here.
    """
    if not settings.DEV_TOOLS:
        raise Http404
    return _live(request)


@page_of
def _live(request: HttpRequest) -> HttpResponse:
    organization = chosen(request)
    context: dict[str, Any] = {"organization": organization, "organizations": choices(request)}
    if organization is not None:
        caller = caller_of_page(request)
        budgets = budgets_of(caller, organization)
        mine = {each["unit"]: each for each in budgets["budgets"] if each["yours"]}
        hours = usage_of(organization, timezone.now())["hours"]
        context |= {
            "may_set": budgets["may_set"] and settings.BUDGET_DEFAULTS.tracking,
            "may_reset": caller.resets_everything or organization.pk in caller.administrated,
            "currencies": budgets["currencies"],
            "tokens": _limit(mine.get(BudgetUnit.TOKENS)),
            "cost": _limit(mine.get(BudgetUnit.MONEY)),
            "currency": mine[BudgetUnit.MONEY]["currency"] if BudgetUnit.MONEY in mine else USD,
            "soft": all(each["soft"] for each in mine.values()),
            "multiplier": literal(settings.BUDGET_DEFAULTS.soft_multiplier),
            "given_id": new_id(),
            "charts": _charts(hours),
        }
    return show(request, "headgate/dev_usage.html", "Live usage", context)


def _limit(budget: dict[str, Any] | None) -> str:
    """Return a limit as the form's field has it."""
    return "" if budget is None else literal(budget["limit_in_currency"])


def _charts(hours: Sequence[dict[str, Any]]) -> list[charts.Chart]:
    """Return pictures of the whole day, whose later hours are still empty; the script moves them on."""
    labels = [f"{hour:02}:00" for hour in range(HOURS)]
    found = [_bars("Tokens by hour today (UTC)", "Tokens", labels, [Decimal(each["tokens"]) for each in hours], "")]
    if costs_shown():
        costs = [each["cost_usd"] for each in hours]
        found.append(_bars("Cost by hour today (UTC)", "Cost", labels, costs, USD))
    return found


def _bars(title: str, name: str, labels: Sequence[str], amounts: Sequence[Decimal], unit: str) -> charts.Chart:
    day = [*amounts, *(Decimal(0) for _ in range(len(labels) - len(amounts)))]
    curve = charts.Curve(name, [float(each) for each in day], [literal(each) for each in day])
    return charts.bars(title, "Hour", labels, curve, unit=unit)

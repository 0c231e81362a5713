"""`/admin/ai-analytics/users/`: every user with what he spent today and this month, how near that is to his limits."""

import datetime as dt
from decimal import Decimal
from typing import Any, cast

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from headgate.control.api.callers import Caller
from headgate.control.api.rendering import csv_answer
from headgate.control.budgets.levels import Level
from headgate.control.budgets.standing import Standing
from headgate.control.budgets.user_list import Order, UserList, UserRow, user_standings
from headgate.control.pages.analytics.filters import Choice, Filters, filters_of, reset_page
from headgate.control.pages.analytics.fresh import notice
from headgate.control.pages.analytics.people import page_of_user
from headgate.control.pages.analytics.spend import BADGES, percent_of, spend_bar
from headgate.control.pages.analytics.tables import Cell, Column, Table
from headgate.control.pages.shell import page_of, show
from headgate.control.tracking import costs_shown
from headgate.domain.budget import Scope
from headgate.domain.money import NanoUsd, nano_to_usd

PAGE = "analytics_users"
PER_PAGE = 50
ASKED = ("status", "search", "order")
ORDERS: tuple[Order, ...] = ("monthly", "daily", "name")
"""The first one where nothing else is asked for."""
_CSV = (
    *("Username", "Daily Spend", "Monthly Spend", "Status", "Email", "Organization"),
    *("Daily Limit", "Daily Held", "Daily Percent"),
    *("Monthly Limit", "Monthly Limit Of", "Monthly Held", "Monthly Percent", "Last Request Refused"),
)


@page_of
def users(request: HttpRequest) -> HttpResponse:
    """Show a page of users of the organizations that the reader may see."""
    filters = filters_of(request, PAGE, *ASKED)
    number = _page(request.GET.get("page", ""))
    now = timezone.now()
    found = _standings(filters, now, limit=PER_PAGE + 1, offset=PER_PAGE * (number - 1))
    asked = cast("dict[str, Any]", filters.other)
    context = {
        "filters": filters,
        "fresh": notice(now),
        "choices": _choices(filters, found),
        "table": _table(filters, found.rows[:PER_PAGE]),
        "search": filters.other.get("search", ""),
        "kept": {name: value for name, value in _kept(filters).items() if name != "search"},
        "csv": filters.link("analytics_users_csv", **asked),
        "page": number,
        "before": filters.link(PAGE, **asked, page=number - 1 if number > 2 else None) if number > 1 else "",
        "after": filters.link(PAGE, **asked, page=number + 1) if len(found.rows) > PER_PAGE else "",
    }
    return show(request, "headgate/analytics/users.html", "User Spend Monitoring", context)


@page_of
def users_csv(request: HttpRequest) -> HttpResponse:
    """Give the same users as a file, all of them."""
    filters = filters_of(request, PAGE, *ASKED)
    found = _standings(filters, timezone.now(), limit=None)
    names = filters.names
    return csv_answer("users", _CSV, (_line(row, names) for row in found.rows))


def may_reset(caller: Caller, organization: str) -> bool:
    """Say whether the reader may start spend of the organization's users anew."""
    return caller.resets_everything or organization in caller.administrated


def _standings(filters: Filters, now: dt.datetime, *, limit: int | None, offset: int = 0) -> UserList:
    status = filters.other.get("status", "")
    return user_standings(
        filters.seen,
        now,
        status=Level(status) if status in set(Level) else None,
        search=filters.other.get("search", ""),
        order=_order(filters),
        limit=limit,
        offset=offset,
    )


def _order(filters: Filters) -> Order:
    return next((order for order in ORDERS if order == filters.other.get("order")), ORDERS[0])


def _choices(filters: Filters, found: UserList) -> list[Choice]:
    """Return links to all users and to those of a status, with how many there are."""
    chosen = filters.other.get("status", "")
    titles = {Level.WARNING: "Warning (from 80%)", Level.EXCEEDED: "Exceeded (from 100%)"}
    kept = cast("dict[str, Any]", {name: value for name, value in filters.other.items() if name != "status"})
    return [
        Choice(f"All Users {sum(found.counts.values()):,}", filters.link(PAGE, **kept), chosen not in set(titles)),
        *(
            Choice(f"{title} {found.counts[status]:,}", filters.link(PAGE, **kept, status=status), chosen == status)
            for status, title in titles.items()
        ),
    ]


def _kept(filters: Filters) -> dict[str, str]:
    organization = {"organization": filters.organization} if filters.organization else {}
    return {**filters.kept, **organization}


def _table(filters: Filters, rows: list[UserRow]) -> Table:
    names = filters.names
    several = filters.several
    columns = [
        _column(filters, "Username", "name"),
        Column("E-mail"),
        *([Column("Organization")] if several else []),
        _column(filters, "Daily spend", "daily"),
        _column(filters, "Monthly spend", "monthly"),
        Column("Status"),
        Column("Reset"),
    ]
    cells = [_row(filters, row, [Cell(names.get(row.organization_id, ""))] if several else []) for row in rows]
    empty = "No user matches." if filters.other else "There are no users yet: they appear with their first request."
    return Table("Users", columns, cells, empty, stacked=True)


def _column(filters: Filters, title: str, order: Order) -> Column:
    kept = cast("dict[str, Any]", {name: value for name, value in filters.other.items() if name != "order"})
    asked = {} if order == ORDERS[0] else {"order": order}
    return Column(title, href=filters.link(PAGE, **kept, **asked), sorted=_order(filters) == order)


def _row(filters: Filters, row: UserRow, organization: list[Cell]) -> list[Cell]:
    title, colour = BADGES[row.status]
    may = may_reset(filters.caller, row.organization_id)
    return [
        Cell(row.user, page_of_user(filters, (row.organization_id, row.user), row.person_id)),
        Cell(row.email or "-"),
        *organization,
        Cell(spend_bar(row.daily)),
        Cell(spend_bar(row.monthly)),
        Cell(title, label=colour, note="a budget refused the last request" if row.refused else ""),
        Cell("Reset", reset_page(row.organization_id, row.user)) if may else Cell("-"),
    ]


def _line(row: UserRow, names: dict[str, str]) -> list[object]:
    return [
        row.user,
        _usd(row.daily.spend),
        _usd(row.monthly.spend),
        BADGES[row.status][0],
        row.email,
        names.get(row.organization_id, row.organization_id),
        _usd(row.daily.limit),
        _usd(row.daily.held),
        percent_of(row.daily),
        _usd(row.monthly.limit),
        _whose(row.monthly),
        _usd(row.monthly.held),
        percent_of(row.monthly),
        "yes" if row.refused else "no",
    ]


def _usd(amount: NanoUsd | None) -> Decimal | None:
    """Return an amount for a file; nothing where costs are not shown."""
    return None if amount is None or not costs_shown() else nano_to_usd(amount)


def _whose(standing: Standing) -> str:
    if standing.scope is None:
        return ""
    return "user" if standing.scope == Scope.USER else "everybody"


def _page(text: str) -> int:
    return max(int(text), 1) if text.isascii() and text.isdigit() and len(text) < 7 else 1

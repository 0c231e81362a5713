"""What a person sees of himself: what he has spent of which limits, his requests, and his own keys."""

import datetime as dt
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from headgate.control.budgets.standing import Standing, standing_of
from headgate.control.display import moment, usd
from headgate.control.keys.models import VirtualKey
from headgate.control.keys.own import may_create_own_key, own_keys
from headgate.control.organizations.models import Organization
from headgate.control.pages.bars import bar
from headgate.control.pages.daily import chart_of_days
from headgate.control.pages.key_rows import key_row
from headgate.control.pages.organizations import choices, chosen
from headgate.control.pages.recent import recent_requests
from headgate.control.pages.shell import caller_of_page, page_of, show, signed_in
from headgate.control.requestlog.records import newest_records
from headgate.control.rollups.figures import Figures
from headgate.control.rollups.queries import Seen, Span, added, breakdown
from headgate.control.tracking import costs_shown
from headgate.domain.budget import Scope

DAYS = 30
NEWEST = 10


@page_of
def account(request: HttpRequest) -> HttpResponse:
    """Show the person's own figures in the organization that he works in."""
    return account_page(request)


def account_page(
    request: HttpRequest, *, refusal: str = "", wrong: str = "", typed: dict[str, str] | None = None
) -> HttpResponse:
    """Return the page; with what was refused of the form for a new key, if that is why it is shown."""
    organization, now = chosen(request), timezone.now()
    context: dict[str, Any] = {"organization": organization, "organizations": choices(request)}
    if organization is not None:
        person = signed_in(request)
        seen, span = Seen(frozenset({str(organization.pk)}), person.username), Span.last_days(DAYS, now)
        days = breakdown(seen, span, ("day",), latencies=False)
        context |= {
            "member": str(organization.pk) in caller_of_page(request).own,
            "limits": _limits(person.username, organization, now) if costs_shown() else [],
            "cards": _cards(added([each.figures for each in days])),
            "chart": chart_of_days(days, span),
            "requests": recent_requests([each.row for each in newest_records(seen, limit=NEWEST)], decisions=False),
            "keys": [_key(key, now) for key in own_keys(person, organization)],
            "may_create": may_create_own_key(person, organization),
            "costs": f"/costs?{urlencode({'orgId': organization.pk, 'userId': person.username})}",
            "today": now.date().isoformat(),
            "refusal": refusal,
            "wrong": wrong,
            "typed": typed or {},
        }
    return show(request, "headgate/account.html", "My account", context, status=400 if refusal else 200)


def _limits(user: str, organization: Organization, now: dt.datetime) -> list[dict[str, Any]]:
    standing = standing_of(user, str(organization.pk), now)
    return [_limit("Spent today", standing.daily), _limit("Spent this month", standing.monthly)]


def _limit(title: str, standing: Standing) -> dict[str, Any]:
    if standing.limit is None or standing.percent_used is None:
        return {"title": title, "value": usd(standing.spend), "note": "There is no limit."}
    whose = "of everybody's limit" if standing.scope == Scope.SYSTEM else "of your limit"
    said = f"{standing.percent_used} % {whose}, {usd(standing.limit)}"
    notes = [
        f"{usd(standing.held)} held for calls" if standing.held else "",
        f"resets {moment(standing.resets_at)} UTC" if standing.resets_at else "",
    ]
    return {
        "title": title,
        "value": usd(standing.spend),
        "bar": bar(standing.percent_used, said),
        "note": ", ".join(filter(None, notes)),
    }


def _cards(figures: Figures) -> list[dict[str, str]]:
    cost = [{"title": f"Cost in {DAYS} days", "value": usd(figures.amount_nano)}] if costs_shown() else []
    return [
        *cost,
        {"title": f"Requests in {DAYS} days", "value": f"{figures.requests:,}"},
        {"title": "Tokens", "value": f"{figures.total_tokens:,}"},
        {"title": "Failed requests", "value": f"{figures.errors:,}"},
    ]


def _key(key: VirtualKey, now: dt.datetime) -> dict[str, Any]:
    return {**key_row(key, now), "expires": moment(key.expires_at) if key.expires_at else "never"}

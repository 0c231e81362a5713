"""`/admin/ai-analytics/requests/`: the newest first, of everybody, of one user, or those alone that failed."""

import datetime as dt
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from headgate.control.pages.analytics.filters import Choice, Filters, filters_of
from headgate.control.pages.analytics.fresh import notice
from headgate.control.pages.analytics.records import activity, errors
from headgate.control.pages.shell import page_of, show
from headgate.control.requestlog.records import Kind, Position, Record, newest_records
from headgate.control.rollups.queries import Seen
from headgate.control.sinks.health import langsmith_health
from headgate.domain.errors import BadRequest

PER_PAGE = 50
PAGE = "analytics_requests"


@page_of
def requests(request: HttpRequest) -> HttpResponse:
    """Show a page of requests that the reader may see."""
    filters = filters_of(request, PAGE, "user", "errors", "slow")
    kind = _kind(filters)
    user = None if kind is Kind.SLOW else filters.other.get("user")
    seen = Seen(filters.seen.organizations, user)
    found = newest_records(seen, limit=PER_PAGE + 1, before=_position(request), kind=kind)
    shown = found[:PER_PAGE]
    context: dict[str, Any] = {
        "filters": filters,
        "fresh": notice(timezone.now()),
        "choices": _choices(filters),
        "whose": user,
        "older": _older(shown[-1], filters) if len(found) > PER_PAGE else "",
        "newest_page": filters.link(PAGE, **filters.other) if "before" in request.GET else "",
    }
    if kind is Kind.FAILED:
        context["table"] = errors("Errors", shown, filters, langsmith_health())
    else:
        name = "Slow Requests (over 5 s)" if kind is Kind.SLOW else "Requests"
        context["table"] = activity(name, shown, filters, empty="There is no such request.")
    title = f"Requests of {user}" if user else "Requests"
    return show(request, "headgate/analytics/requests.html", title, context)


def _kind(filters: Filters) -> Kind:
    if "slow" in filters.other:
        return Kind.SLOW
    return Kind.FAILED if "errors" in filters.other else Kind.ALL


def _choices(filters: Filters) -> list[Choice]:
    kind, user = _kind(filters), filters.other.get("user")
    return [
        Choice("All requests", filters.link(PAGE, user=user), kind is Kind.ALL),
        Choice("Errors", filters.link(PAGE, user=user, errors="1"), kind is Kind.FAILED),
        Choice("Slow", filters.link(PAGE, slow="1"), kind is Kind.SLOW),
    ]


def _older(last: Record, filters: Filters) -> str:
    before = f"{last.row.occurred_at.isoformat()}~{last.row.request_id}"
    return filters.link(PAGE, **filters.other, before=before)


def _position(request: HttpRequest) -> Position | None:
    """Read where the page before ended.

    Raises:
        BadRequest: that is no place in the log.
    """
    text = request.GET.get("before", "")
    if not text:
        return None
    moment, _, request_id = text.partition("~")
    try:
        at = dt.datetime.fromisoformat(moment)
    except ValueError:
        at = None
    if at is None or at.tzinfo is None or not request_id:
        raise BadRequest("There is no such page: begin at the newest requests.", code="invalid_value", param="before")
    return Position(at, request_id)

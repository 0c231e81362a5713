"""`/costs`: JSON and CSV for programs, a page for people, at one address and with the same figures."""

import datetime as dt
from collections.abc import Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.urls import resolve
from django.utils import timezone
from django.utils.cache import patch_vary_headers
from django.views.decorators.csrf import csrf_exempt
from pydantic import ValidationError

from headgate.control.api.app import api
from headgate.control.api.cost_query import FILTERS, MOST_GROUPS, NAMES, CostQuery
from headgate.control.api.rendering import wants_page
from headgate.control.display import NOTHING, usd
from headgate.control.keys.models import VirtualKey
from headgate.control.organizations.models import Organization
from headgate.control.pages import cost_links as links
from headgate.control.pages.bars import share
from headgate.control.pages.daily import chart_of_days
from headgate.control.pages.shell import caller_of_page, page_of, show
from headgate.control.rollups.figures import Figures
from headgate.control.rollups.queries import Line, Seen, added, breakdown
from headgate.control.tracking import costs_shown
from headgate.domain.errors import BadRequest

ORDERS = {"cost": "amount_nano", "requests": "requests", "tokens": "total_tokens", "day": "day"}
"""What the page can sort by, the most or the newest first."""
TITLES = {
    "orgId": "Organization",
    "teamId": "Team",
    "projectId": "Project",
    "appId": "App",
    "clientId": "Client",
    "userId": "User",
    "agentId": "Agent",
    "keyId": "Virtual key",
    "provider": "Provider",
    "model": "Model",
    "taskType": "Task",
    "endpoint": "Endpoint",
    "day": "Day (UTC)",
}
_PERCENT = Decimal("0.01")
_PROGRAMS = tuple(api.urls[0])


class _Column(NamedTuple):
    """The head of a column of the table."""

    title: str
    href: str | None = None
    """Sorts by it."""
    sorted: bool = False
    number: bool = False


@csrf_exempt
def costs(request: HttpRequest) -> HttpResponse:
    """Answer a browser with the page, and everybody else as the API does."""
    if wants_page(request):
        answer = page(request)
    else:
        view, arguments, named = resolve(links.PATH, _PROGRAMS)  # type: ignore[arg-type]  # Django takes patterns, too
        answer = view(request, *arguments, **named)
    patch_vary_headers(answer, ["Accept"])
    return answer


@page_of
def page(request: HttpRequest) -> HttpResponse:
    """Show what was spent, by any dimensions; what cannot be asked is said beside what was typed."""
    if links.FORM in request.GET:
        return HttpResponseRedirect(links.asked_by_form(request.GET))
    seen = caller_of_page(request).widest
    try:
        asked = question(request.GET)
        span, groups, order = asked.span(timezone.now()), asked.groups, _order(request.GET)
    except BadRequest as error:
        return show(request, "headgate/costs.html", "Costs", _refused(request, seen, error), status=400)
    days = breakdown(seen, span, ("day",), where=asked.where, latencies=False)
    found = breakdown(
        seen,
        span,
        [NAMES[name] for name in groups],
        where=asked.where,
        latencies=False,
        order=order,
        limit=asked.limit + 1,
        offset=asked.offset,
    )
    whole = added([each.figures for each in days])
    lines = found[: asked.limit]
    named = _names(seen, groups, lines, request.GET)
    context = {
        **_form(request, seen, named),
        "span": span,
        "last_day": span.until - dt.timedelta(days=1),
        "chips": [chip._replace(value=_called(named, chip.name, chip.value)) for chip in links.chips(request.GET)],
        "cards": _cards(whole),
        "chart": chart_of_days(days, span),
        "columns": _columns(request.GET, groups),
        "rows": [_row(request.GET, groups, each, whole, named) for each in lines],
        "total": _sums(whole, whole),
        "groups": len(groups),
        "json": links.export(request.GET, "json"),
        "csv": links.export(request.GET, "csv"),
        "newer": _newer(request.GET, asked),
        "older": links.address(request.GET, offset=str(asked.offset + asked.limit)) if len(found) > len(lines) else "",
        "first": asked.offset + 1,
        "last": asked.offset + len(lines),
    }
    return show(request, "headgate/costs.html", "Costs", context)


def question(query: QueryDict) -> CostQuery:
    """Read an address.

    Raises:
        BadRequest: a value that there cannot be; `param` names it.
    """
    given = {name: query[name] for name in (*FILTERS, *_QUESTIONS) if name in query}
    try:
        return CostQuery.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        raise BadRequest(f"{name}: {first['msg']}.", code="invalid_value", param=name) from error


_QUESTIONS = ("source", "groupBy", "days", "since", "until", "limit", "offset")


def _order(query: QueryDict) -> str:
    name = query.get("sort", "cost" if costs_shown() else "requests")
    grouped = "day" in query.get("groupBy", "").split(",")
    if name not in ORDERS or (name == "day" and not grouped):
        message = f"sort: give one of {', '.join(ORDERS)}; day where costs are grouped by the day."
        raise BadRequest(message, code="invalid_value", param="sort")
    return ORDERS[name]


def _refused(request: HttpRequest, seen: Seen, error: BadRequest) -> dict[str, Any]:
    return {**_form(request, seen, _names(seen, [], [], request.GET)), "refusal": error.message, "wrong": error.param}


def _form(request: HttpRequest, seen: Seen, named: dict[str, dict[str, str]]) -> dict[str, Any]:
    """Return what the form shows: what is asked, as it was typed."""
    query = request.GET
    grouped = [name.strip() for name in query.get("groupBy", "model").split(",")]
    filters = [
        {
            "name": name,
            "title": TITLES[name],
            "value": query.get(name, ""),
            "none": name in query and not query[name],
        }
        for name in FILTERS
        if name != "orgId"
    ]
    return {
        "whose": "your own requests" if seen.user is not None else "everybody's requests in " + _where(seen, named),
        "organizations": sorted(named["orgId"].items(), key=lambda each: each[1].lower()),
        "organization": query.get("orgId", ""),
        "filters": filters,
        "filtered": any(query.get(each) for each in FILTERS),
        "groupings": [grouped[position] if position < len(grouped) else "" for position in range(MOST_GROUPS)],
        "names": [(name, TITLES[name]) for name in NAMES],
        "days": query.get("days", "" if {"since", "until"} & set(query) else "30"),
        "since": query.get("since", ""),
        "until": query.get("until", ""),
        "kept": [(name, query[name]) for name in ("source", "sort", "limit") if query.get(name)],
    }


def _where(seen: Seen, named: dict[str, dict[str, str]]) -> str:
    return "all organizations" if seen.organizations is None else ", ".join(sorted(named["orgId"].values()))


def _names(seen: Seen, groups: Sequence[str], lines: Sequence[Line], query: QueryDict) -> dict[str, dict[str, str]]:
    """Return what ids are called: of the organizations that are seen, and of the keys that are shown."""
    organizations, keys = Organization.objects.order_by("name"), VirtualKey.objects.all()
    if seen.organizations is not None:
        organizations = organizations.filter(pk__in=seen.organizations)
        keys = keys.filter(organization_id__in=seen.organizations)
    shown = {query["keyId"]} if query.get("keyId") else set()
    if "keyId" in groups:
        position = groups.index("keyId")
        shown |= {each.values[position] for each in lines if each.values[position]}
    return {
        "orgId": dict(organizations.values_list("pk", "name")),
        "keyId": dict(keys.filter(pk__in=shown).values_list("pk", "name")) if shown else {},
    }


def _called(named: dict[str, dict[str, str]], name: str, value: str) -> str:
    return named.get(name, {}).get(value, value)


def _cards(whole: Figures) -> list[dict[str, str]]:
    estimated = f"{whole.estimated:,} of them booked at their hold" if whole.estimated else ""
    unpriced = f"{whole.unpriced:,} attempts without a price are not in it" if whole.unpriced else ""
    cost = [{"title": "Cost", "value": usd(whole.amount_nano), "note": unpriced}] if costs_shown() else []
    return [
        *cost,
        {"title": "Requests", "value": f"{whole.requests:,}"},
        {"title": "Attempts", "value": f"{whole.attempts:,}", "note": estimated},
        {"title": "Tokens", "value": f"{whole.total_tokens:,}"},
    ]


def _columns(query: QueryDict, groups: Sequence[str]) -> list[_Column]:
    chosen = query.get("sort", "cost" if costs_shown() else "requests")

    def sortable(title: str, name: str, *, number: bool) -> _Column:
        return _Column(title, links.address(query, sort=name), name == chosen, number)

    grouped = [
        sortable(TITLES[name], name, number=False) if name == "day" else _Column(TITLES[name])
        for name in groups
    ]  # fmt: skip
    counted = [sortable("Requests", "requests", number=True), sortable("Tokens", "tokens", number=True)]
    cost = [sortable("Cost", "cost", number=True), _Column("Share")] if costs_shown() else []
    return [*grouped, *counted, *cost]


def _row(
    query: QueryDict, groups: Sequence[str], found: Line, whole: Figures, named: dict[str, dict[str, str]]
) -> dict[str, Any]:
    values = [
        {
            "title": TITLES[name],
            "text": NOTHING if value is None else _called(named, name, str(value)),
            "href": links.of_value(query, name, value),
        }
        for name, value in zip(groups, found.values, strict=True)
    ]
    return {"values": values, "sums": _sums(found.figures, whole)}


def _sums(figures: Figures, whole: Figures) -> list[dict[str, Any]]:
    cells = [
        {"title": "Requests", "text": f"{figures.requests:,}"},
        {"title": "Tokens", "text": f"{figures.total_tokens:,}"},
    ]
    if not costs_shown():
        return cells
    part = Decimal(100 * figures.amount_nano) / whole.amount_nano if whole.amount_nano else Decimal(0)
    bar = share(part.quantize(_PERCENT))
    return [*cells, {"title": "Cost", "text": usd(figures.amount_nano)}, {"title": "Share", "text": bar, "bar": True}]


def _newer(query: QueryDict, asked: CostQuery) -> str:
    return links.address(query, offset=str(max(0, asked.offset - asked.limit))) if asked.offset else ""

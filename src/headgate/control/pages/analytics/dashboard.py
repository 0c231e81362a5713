"""`/admin/ai-analytics/`: what everything came to in the last days, who spent most today, and what went wrong."""

import datetime as dt
from typing import NamedTuple
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from headgate.control.display import usd, usd_of
from headgate.control.pages.analytics.filters import Filters, filters_of
from headgate.control.pages.analytics.fresh import notice
from headgate.control.pages.analytics.people import page_of_user, people_of
from headgate.control.pages.analytics.records import activity, errors
from headgate.control.pages.analytics.tables import Cell, Column, Table, figure, share
from headgate.control.pages.charts import Chart
from headgate.control.pages.daily import chart_of
from headgate.control.pages.shell import page_of, show
from headgate.control.requestlog.records import Kind, newest_records
from headgate.control.rollups.figures import Figures
from headgate.control.rollups.queries import Interval, Line, Overview, Span, overview, series, top_spenders
from headgate.control.sinks.health import SinkHealth, langsmith_health
from headgate.control.tracking import costs_shown

TITLE = "AI Analytics Dashboard"
NEWEST = 10
SPENDERS = 10
MODELS = 10


class Tracing(NamedTuple):
    """How LangSmith is doing, in words."""

    state: str
    colour: str
    detail: str
    href: str


@page_of
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show the figures of the organizations that the reader may see, or of one of them."""
    filters = filters_of(request, "analytics")
    now = timezone.now()
    span = Span.last_days(filters.days, now)
    found = overview(filters.seen, span)
    health = langsmith_health(now)
    errors_page = filters.link("analytics_requests", errors="1")
    newest = activity(
        "Recent Activity",
        newest_records(filters.seen, limit=NEWEST),
        filters,
        empty="No request has been made yet.",
        more=filters.link("analytics_requests"),
    )
    context = {
        "filters": filters,
        "fresh": notice(now),
        "health": health,
        # Of all organizations, as at the API: how much waits for LangSmith is the operator's to know.
        "tracing": tracing(health) if filters.caller.sees_everything else None,
        "cards": cards(found.whole, filters),
        "unpriced": found.whole.unpriced if costs_shown() else 0,
        "chart": chart(filters, span, now),
        "providers": breakdown_table("Provider Breakdown", "provider", found, filters),
        "models": breakdown_table("Models", "model", found, filters),
        "spenders": spenders(filters, now),
        "newest": newest,
        "nothing_yet": not newest.rows,
        "errors": errors(
            "Recent Errors",
            newest_records(filters.seen, limit=NEWEST, kind=Kind.FAILED),
            filters,
            health,
            more=errors_page,
        ),
        "address": f"{request.scheme}://{request.get_host()}",
    }
    return show(request, "headgate/analytics/dashboard.html", TITLE, context)


def tracing(health: SinkHealth) -> Tracing:
    """Say how LangSmith is doing: connected, disconnected, or off and why."""
    if not health.tracing:
        return Tracing("Off", "", f"Nothing is traced: {health.reason}", "")
    href = health.project_url or ""
    if health.connected:
        behind = "up to date" if not health.behind else f"{health.behind:,} still to be told, {health.behind_s:,.0f} s"
        sampled = "" if health.sampling_rate >= 1 else f"; {health.sampling_rate:.0%} of the traces are sampled"
        refused = f"; {health.refused:,} refused" if health.refused else ""
        return Tracing("Connected", "success", f"Tracing is on, {behind}{sampled}{refused}.", href)
    why = health.last_error or ("nobody has heard of it lately" if health.tried_at else "it was not asked yet")
    waiting = f"{health.behind:,} requests wait, none is lost." if health.behind else "No request waits."
    return Tracing("Disconnected", "danger", f"Tracing is on, but {why}. {waiting}", href)


def costs_page(filters: Filters, **asked: str) -> str:
    """Return the address of `/costs` about the same days and organization."""
    organization = {"orgId": filters.organization} if filters.organization else {}
    return "/costs?" + urlencode({"days": str(filters.days), **organization, **asked})


def cards(whole: Figures, filters: Filters) -> list[dict[str, str]]:
    """Return the sums that come first, and where each can be looked into."""
    average = whole.cost_per_request_usd
    cost = [{"title": "Total Cost", "value": usd(whole.amount_nano), "href": costs_page(filters, groupBy="provider")}]
    mean = [
        {
            "title": "Avg Cost/Request",
            "value": "-" if average is None else usd_of(average),
            "href": costs_page(filters, groupBy="model"),
        }
    ]
    failed = {
        "title": "Error Rate",
        "value": share(whole.error_rate),
        "href": filters.link("analytics_requests", errors="1"),
        "note": f"{whole.errors:,} of {whole.requests:,} requests",
    }
    counted = {
        "title": "Total Tokens",
        "value": f"{whole.total_tokens:,}",
        "href": costs_page(filters, groupBy="model", sort="tokens"),
    }
    return [*(cost if costs_shown() else []), counted, failed, *(mean if costs_shown() else [])]


def chart(filters: Filters, span: Span, now: dt.datetime) -> Chart:
    """Draw costs per day, today's per hour; requests where nobody looks at costs."""
    interval = Interval.HOUR if filters.days == 1 else Interval.DAY
    points = series(filters.seen, span, interval, now=now)
    figures = [each.figures for each in points]
    if interval is Interval.HOUR:
        return chart_of("hour", "Hour (UTC)", [f"{each.start:%H:%M}" for each in points], figures)
    return chart_of("day", "Day (UTC)", [f"{each.start:%Y-%m-%d}" for each in points], figures)


def breakdown_table(title: str, by: str, found: Overview, filters: Filters) -> Table:
    """Show what each provider or model came to, the most expensive first."""
    columns = [
        Column(by.capitalize()),
        Column("Requests", number=True),
        *([Column("Cost", number=True)] if costs_shown() else []),
        Column("Error rate", number=True),
    ]
    finer = "model" if by == "provider" else "provider"
    lines = found.by[by][:MODELS]
    rows = [_breakdown_row(each, by, finer, filters) for each in lines]
    more = costs_page(filters, groupBy=by)
    return Table(title, columns, rows, "Nothing was called in this time.", href=more, anchor=f"by-{by}")


def _breakdown_row(each: Line, by: str, finer: str, filters: Filters) -> list[Cell]:
    name, figures = each.values[0], each.figures
    inside = costs_page(filters, groupBy=finer, **{by: name or ""})
    return [
        Cell(name or "none chosen", inside),
        figure(f"{figures.requests:,}", costs_page(filters, groupBy="day", **{by: name or ""})),
        *([figure(usd(figures.amount_nano), inside)] if costs_shown() else []),
        figure(share(figures.error_rate), filters.link("analytics_requests", errors="1") if figures.errors else ""),
    ]


def spenders(filters: Filters, now: dt.datetime) -> Table:
    """Show who spent most today."""
    lines = top_spenders(filters.seen, Span.last_days(1, now), SPENDERS)
    people = people_of((str(each.values[0]), str(each.values[1])) for each in lines)
    names = filters.names
    columns = [
        Column("User"),
        Column("E-mail"),
        *([Column("Organization")] if filters.several else []),
        Column("Requests", number=True),
        *([Column("Spent today", number=True)] if costs_shown() else []),
    ]
    rows = []
    for each in lines:
        user = (str(each.values[0]), str(each.values[1]))
        person = people.get(user)
        rows.append(
            [
                Cell(user[1], page_of_user(filters, user, person.pk if person else None)),
                Cell(person.email if person and person.email else "-"),
                *([Cell(names.get(user[0], user[0]))] if filters.several else []),
                figure(
                    f"{each.figures.requests:,}", filters.link("analytics_requests", user=user[1], organization=user[0])
                ),
                *([figure(usd(each.figures.amount_nano))] if costs_shown() else []),
            ]
        )
    title = f"Top {SPENDERS} Users (Today)"
    return Table(title, columns, rows, "No user has spent anything today.", href=filters.link("analytics_users"))

"""`/admin/ai-analytics/system/`: how fast and how well requests were answered, by what was called and over time."""

import datetime as dt
from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from headgate.control.api.parameters import MOST_DAYS_BY_HOUR
from headgate.control.display import milliseconds
from headgate.control.pages.analytics.dashboard import costs_page
from headgate.control.pages.analytics.filters import Choice, Filters, filters_of
from headgate.control.pages.analytics.fresh import notice
from headgate.control.pages.analytics.records import activity
from headgate.control.pages.analytics.tables import Cell, Column, Table, figure, share
from headgate.control.pages.charts import Chart, Curve, bars, line
from headgate.control.pages.shell import page_of, show
from headgate.control.requestlog.records import Kind, newest_records
from headgate.control.rollups.figures import Figures
from headgate.control.rollups.queries import MOST_DAYS_WITH_LATENCIES, Interval, Line, Point, Span, overview, series

PAGE = "analytics_system"
PERCENTILES = (50, 95, 99)
LINES = 20
NEWEST = 10
_LABELS = {Interval.HOUR: "%m-%d %H:%M", Interval.DAY: "%Y-%m-%d", Interval.WEEK: "%Y-%m-%d"}


@page_of
def system(request: HttpRequest) -> HttpResponse:
    """Show latencies, errors and usage of the organizations that the reader may see, or of one of them."""
    filters = filters_of(request, PAGE, "interval")
    now = timezone.now()
    span = Span.last_days(filters.days, now)
    interval = interval_of(filters)
    found = overview(filters.seen, span)
    points = series(filters.seen, span, interval, now=now)
    slow = newest_records(filters.seen, limit=NEWEST, kind=Kind.SLOW)
    context = {
        "filters": filters,
        "fresh": notice(now),
        "cards": cards(found.whole, filters),
        "intervals": intervals(filters, interval),
        "usage": usage(points, interval),
        "latencies": latencies(points, interval) if filters.days <= MOST_DAYS_WITH_LATENCIES else None,
        "most_days": MOST_DAYS_WITH_LATENCIES,
        "endpoints": table("Errors and Latency by Endpoint", "endpoint", found.by["endpoint"], filters),
        "models": table("By Model", "model", found.by["model"], filters),
        "providers": table("By Provider", "provider", found.by["provider"], filters),
        "slow": activity(
            "Slow Requests (over 5 s)",
            slow,
            filters,
            empty="No request took more than 5 s.",
            more=filters.link("analytics_requests", slow="1"),
        ),
    }
    return show(request, "headgate/analytics/system.html", "System Metrics", context)


def interval_of(filters: Filters) -> Interval:
    """Return how long the stretches are: as asked for where that is offered, else as fits the days."""
    asked = filters.other.get("interval")
    usual = Interval.HOUR if filters.days == 1 else Interval.DAY
    return next((each for each in offered(filters) if each == asked), usual)


def offered(filters: Filters) -> list[Interval]:
    """Return the intervals that there are points for, few enough to be seen."""
    return [each for each in Interval if each is not Interval.HOUR or filters.days <= MOST_DAYS_BY_HOUR]


def intervals(filters: Filters, chosen: Interval) -> list[Choice]:
    """Return links to the same page by hour, day and week."""
    return [Choice(f"Per {each}", filters.link(PAGE, interval=each.value), each is chosen) for each in offered(filters)]


def cards(whole: Figures, filters: Filters) -> list[dict[str, str]]:
    """Return the sums that come first, and where they can be looked into."""
    refused = f", {whole.refused:,} refused" if whole.refused else ""
    return [
        {
            "title": "Success Rate",
            "value": share(whole.success_rate),
            "href": filters.link("analytics_requests"),
            "note": f"{whole.succeeded:,} of {whole.requests:,} requests{refused}",
        },
        {
            "title": "Error Rate",
            "value": share(whole.error_rate),
            "href": filters.link("analytics_requests", errors="1"),
            "note": f"{whole.errors:,} of {whole.requests:,} requests",
        },
        {
            "title": "Latency p50 / p95 / p99",
            "value": " / ".join(milliseconds(whole.percentile_ms(percent)) for percent in PERCENTILES),
            "href": "#by-endpoint",
        },
        {
            "title": "Slow Requests (over 5 s)",
            "value": f"{whole.slow or 0:,}",
            "href": filters.link("analytics_requests", slow="1"),
        },
    ]


def usage(points: Sequence[Point], interval: Interval) -> Chart:
    """Draw requests, with those that failed and those that were refused apart."""
    curves = [
        Curve(name, counts, [f"{count:,}" for count in counts])
        for name, counts in (
            ("Answered", [point.figures.succeeded for point in points]),
            ("Refused", [point.figures.refused for point in points]),
            ("Errors", [point.figures.errors for point in points]),
        )
    ]
    over = f"{interval.capitalize()} (UTC)"
    return bars(f"Requests per {interval}", over, _labels(points, interval), *curves, stacked=True)


def latencies(points: Sequence[Point], interval: Interval) -> Chart:
    """Draw what 50, 95 and 99 per cent of the requests did not exceed."""
    curves = []
    for percent in PERCENTILES:
        found = [point.figures.percentile_ms(percent) for point in points]
        drawn = [None if each is None else round(each / 1000, 3) for each in found]
        curves.append(Curve(f"p{percent}", drawn, [milliseconds(each) for each in found]))
    over = f"{interval.capitalize()} (UTC)"
    return line(f"Latency per {interval}", over, _labels(points, interval), *curves, unit="s")


def table(title: str, by: str, lines: Sequence[Line], filters: Filters) -> Table:
    """Show errors and latencies of each endpoint, model or provider, what was asked most first."""
    columns = [
        Column(by.capitalize()),
        *(Column(name, number=True) for name in ("Requests", "Errors", "Error rate", "p50", "p95", "p99", "Slow")),
    ]
    busiest = sorted(lines, key=lambda each: -each.figures.requests)[:LINES]
    rows = [_row(each, by, filters) for each in busiest]
    more = costs_page(filters, groupBy=by)
    return Table(title, columns, rows, "Nothing was called in this time.", href=more, more="Costs", anchor=f"by-{by}")


def _row(each: Line, by: str, filters: Filters) -> list[Cell]:
    figures = each.figures
    return [
        Cell(each.values[0] or f"no {by}"),
        figure(f"{figures.requests:,}"),
        figure(f"{figures.errors:,}", filters.link("analytics_requests", errors="1") if figures.errors else ""),
        figure(share(figures.error_rate)),
        *(figure(milliseconds(figures.percentile_ms(percent))) for percent in PERCENTILES),
        figure(f"{figures.slow or 0:,}", filters.link("analytics_requests", slow="1") if figures.slow else ""),
    ]


def _labels(points: Sequence[Point], interval: Interval) -> list[str]:
    return [f"{_utc(point.start):{_LABELS[interval]}}" for point in points]


def _utc(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(dt.UTC)

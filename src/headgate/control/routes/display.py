"""How the report of a route looks on its page."""

from typing import Any

from headgate.control.display import NOTHING, UNPRICED, milliseconds, usd
from headgate.control.routes.report import PERIODS, ArmFigures, Report
from headgate.control.tracking import costs_shown


def report_table(report: Report, days: int) -> dict[str, Any]:
    """Return the report as the page shows it."""
    costs = ["Cost", "Per request"] if costs_shown() else []
    headers = ["Arm", "Requests", "Share", "Errors", *costs, "Tokens", "Latency p50", "Latency p95"]
    return {
        "periods": [
            {"days": each, "title": "1 day" if each == 1 else f"{each} days", "shown": each == days} for each in PERIODS
        ],
        "requests": report.requests,
        "whole": report.whole,
        "table": {"headers": headers, "rows": [_row(each, report.requests) for each in report.arms]},
    }


def _row(figures: ArmFigures, all_requests: int) -> list[str]:
    return [
        figures.arm,
        f"{figures.requests:,}",
        share(figures.requests, all_requests),
        f"{figures.errors:,} ({share(figures.errors, figures.requests)})" if figures.errors else "0",
        *([_cost(figures), usd(figures.cost_per_request, missing=NOTHING)] if costs_shown() else []),
        f"{figures.tokens:,}",
        milliseconds(figures.p50_ms),
        milliseconds(figures.p95_ms),
    ]


def _cost(figures: ArmFigures) -> str:
    """What is booked, and that something has no amount."""
    return f"{usd(figures.cost)} + {figures.unpriced:,} {UNPRICED}" if figures.unpriced else usd(figures.cost)


def share(part: int, whole: int) -> str:
    """Return a share in percent, to a tenth; a dash of nothing."""
    return f"{part / whole:.1%}" if whole else NOTHING
